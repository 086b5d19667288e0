//! Our own figures for Prometheus: the only file that names the crate `prometheus`.
//!
//! Two kinds meet here. What happens is told as it happens ([`Metrics::visited`], [`Metrics::batch_committed`]);
//! what is known is set absolutely, from counts that the store keeps ([`Metrics::counted`]) and from the books
//! when somebody scrapes ([`Metrics::exposition`]), so that a restart changes nothing. No address, cell text or
//! other content becomes a label: only ids of the configuration and words of ours.

mod bus;
mod sink;
mod source;

pub use bus::OutboxBacklog;

use crate::plan_states::SharedPlanStates;
use aggregator_core::judge::Status;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::{CanonicalNumber, KpiReport};
use aggregator_core::report_period::ReportPeriod;
use bus::BusMetrics;
use contract::exact::canonical;
use contract::period::Period;
use contract::time::Moment;
use prometheus::core::Collector;
use prometheus::{
    Encoder, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Opts, Registry, TextEncoder,
};
use sink::SinkMetrics;
use source::SourceMetrics;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// The content type of [`Metrics::exposition`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Seconds of a commit: from an idle disk to one that needs a person.
const COMMIT_BUCKETS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];
/// Seconds of a sink's turn: from one message on loopback to a full projection over a slow line.
const SINK_BUCKETS: [f64; 8] = [0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0, 120.0];
const PLAN_KPI: [&str; 2] = ["plan", "kpi"];

/// Metrics that could not be made or written.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// A name or a label was refused by the registry: a mistake of ours.
    #[error("metrics: {0}")]
    Refused(#[from] prometheus::Error),
    /// A writer of the books panicked, so what they say cannot be trusted.
    #[error("the books were left half written")]
    Broken,
}

/// The records of all plans as the store counts them: received = stored + duplicate + quarantined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublishedCounts {
    /// Records read from the bus.
    pub received: u64,
    /// Records kept.
    pub stored: u64,
    /// Records that were there already.
    pub duplicate: u64,
    /// Records set aside with a reason.
    pub quarantined: u64,
    /// Stored records that no longer stand.
    pub superseded: u64,
}

/// Every metric of the process, in a registry of its own.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Held while absolute figures are set, and while they are read: no scrape sees them half set.
    turn: Mutex<()>,
    received: IntCounter,
    records: IntCounterVec,
    superseded: IntGauge,
    source: SourceMetrics,
    commit: Histogram,
    ready: IntGauge,
    kpi: KpiMetrics,
    sink: SinkMetrics,
    bus: BusMetrics,
}

#[derive(Debug)]
struct KpiMetrics {
    value: GaugeVec,
    target: GaugeVec,
    path: GaugeVec,
    status: GaugeVec,
}

impl Metrics {
    /// All metrics at their start; `version` is the version of the binary.
    pub fn new(version: &str) -> Result<Self, MetricsError> {
        let registry = Registry::new();
        let r = &registry;
        let histogram =
            |name: &str, help: &str, buckets: &[f64]| HistogramOpts::new(name, help).buckets(buckets.to_vec());
        let build = gauges(r, "shihyo_build_info", "The version that runs; always 1.", &["version"])?;
        build.with_label_values(&[version]).set(1.0);
        let records = "Records by fate as the store counts them; a replay from quarantine reads as a restart.";
        let commit = histogram("shihyo_batch_commit_seconds", "Duration of a batch's commit.", &COMMIT_BUCKETS);
        let metrics = Self {
            turn: Mutex::new(()),
            received: kept(r, IntCounter::new("shihyo_records_received_total", "Records read from the bus.")?)?,
            records: counters(r, "shihyo_records_total", records, &["fate"])?,
            superseded: kept(r, IntGauge::new("shihyo_records_superseded", "Stored records that no longer stand.")?)?,
            source: SourceMetrics::new(r)?,
            commit: kept(r, Histogram::with_opts(commit)?)?,
            ready: kept(r, IntGauge::new("shihyo_ready", "1 when the pipeline has caught up.")?)?,
            kpi: KpiMetrics::new(r)?,
            sink: SinkMetrics::new(r)?,
            bus: BusMetrics::new(r)?,
            registry,
        };
        metrics.counted(PublishedCounts::default());
        Ok(metrics)
    }

    /// Sets the records' counts to those the store keeps: absolute, so calling it twice changes nothing.
    ///
    /// A count below the one shown (a rebuild, a replay from quarantine) restarts its counter, as a restart of the
    /// process would.
    pub fn counted(&self, counts: PublishedCounts) {
        let _turn = self.turn();
        set_total(&self.received, counts.received);
        let fates = [("stored", counts.stored), ("duplicate", counts.duplicate), ("quarantined", counts.quarantined)];
        for (fate, count) in fates {
            set_total(&self.records.with_label_values(&[fate]), count);
        }
        self.superseded.set(i64::try_from(counts.superseded).unwrap_or(i64::MAX));
    }

    /// Tells of one batch's commit.
    pub fn batch_committed(&self, took: Duration) {
        self.commit.observe(took.as_secs_f64());
    }

    /// The text of a scrape; the KPIs of the books that `shows` lets through, as at each plan's `default_on`, else at `today`.
    pub fn exposition(
        &self,
        books: &SharedPlanStates,
        today: Period,
        ready: bool,
        shows: impl Fn(&PlanState) -> bool,
    ) -> Result<String, MetricsError> {
        let _turn = self.turn();
        self.ready.set(i64::from(ready));
        self.kpi.clear();
        self.source.clear();
        for (plan, book) in books.read().map_err(|_| MetricsError::Broken)?.iter().filter(|(_, book)| shows(book)) {
            let ask = ReportPeriod(book.catalogue.plan.default_on.unwrap_or(today));
            self.kpi.refresh(plan, book, ask);
            self.source.refresh(plan, book, ask);
        }
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        // Nothing is kept under the lock that a panic could leave half done: the next turn sets it all again.
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KpiMetrics {
    fn new(r: &Registry) -> Result<Self, MetricsError> {
        let status = "1 for the status that a KPI has, 0 for the others; all 0 before the plan.";
        Ok(Self {
            value: gauges(r, "shihyo_kpi_value", "Value in the KPI's unit; absent where there is none.", &PLAN_KPI)?,
            target: gauges(r, "shihyo_kpi_target", "Target in the KPI's unit.", &PLAN_KPI)?,
            path: gauges(r, "shihyo_kpi_path", "Guide (not the plan's target) at the value's moment.", &PLAN_KPI)?,
            status: gauges(r, "shihyo_kpi_status", status, &["plan", "kpi", "status"])?,
        })
    }

    fn clear(&self) {
        for gauges in [&self.value, &self.target, &self.path, &self.status] {
            gauges.reset();
        }
    }

    fn refresh(&self, plan: &str, book: &PlanState, ask: ReportPeriod) {
        for kpi in &book.report(ask, false).kpis {
            self.show(plan, kpi);
        }
    }

    fn show(&self, plan: &str, kpi: &KpiReport) {
        let labels = [plan, kpi.id.as_str()];
        let numbers =
            [(&self.value, kpi.value.as_ref()), (&self.target, Some(&kpi.target)), (&self.path, kpi.path.as_ref())];
        for (gauges, number) in numbers {
            if let Some(number) = number {
                gauges.with_label_values(&labels).set(float(number));
            }
        }
        for status in Status::ALL {
            let has = kpi.status == Some(status.name());
            self.status.with_label_values(&[plan, &kpi.id, status.name()]).set(f64::from(u8::from(has)));
        }
    }
}

/// A canonical number as the nearest float: Prometheus knows no other.
fn float(number: &CanonicalNumber) -> f64 {
    canonical(&number.0).parse().unwrap_or(f64::NAN)
}

/// Whole seconds since 1970 as a float, exact until the year 2106.
fn seconds(moment: Moment) -> f64 {
    u32::try_from(moment.0).map_or(0.0, f64::from)
}

fn set_total(counter: &IntCounter, total: u64) {
    if total < counter.get() {
        counter.reset();
    }
    counter.inc_by(total - counter.get());
}

fn kept<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Result<C, MetricsError> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, MetricsError> {
    kept(registry, GaugeVec::new(Opts::new(name, help), labels)?)
}

fn counters(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<IntCounterVec, MetricsError> {
    kept(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

#[cfg(test)]
mod tests;
