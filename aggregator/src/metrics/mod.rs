//! The metrics for Prometheus. Only this folder names the crate `prometheus`.
//!
//! Events are counted as they happen ([`Metrics::observe_poll`], [`Metrics::observe_batch_commit`]). Counts that the store
//! keeps ([`Metrics::set_record_counts`]) and figures of the plan states ([`Metrics::exposition`]) are set absolutely, so
//! that a restart changes nothing. No address, cell text or other content becomes a label: labels are ids of the
//! configuration and constants of the program.

mod bus;
mod kpi;
mod plan;
mod plan_limit;
mod registry;
mod sink;
mod source;
#[cfg(test)]
mod tests;

pub use bus::OutboxBacklog;
pub use registry::MetricsError;

use crate::health::{Component, DegradedComponent, RejectBoard};
use crate::plan_states::SharedPlanStates;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use bus::BusMetrics;
use contract::period::Period;
use contract::time::Micros;
use kpi::KpiMetrics;
use parking_lot::Mutex;
use plan::PlanMetrics;
use plan_limit::PlanLimit;
use prometheus::{
    Encoder, GaugeVec, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, Registry, TextEncoder,
};
use registry::{counters, gauges, register, set_total};
use sink::SinkMetrics;
use source::SourceMetrics;
use std::collections::BTreeMap;
use std::time::Duration;

/// The content type of [`Metrics::exposition`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// Seconds of a commit: from an idle disk to one that needs a person.
const COMMIT_BUCKETS: [f64; 9] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2.5];
/// Summaries that one scrape computes at most; the other plans are counted as they were last.
const MAX_SUMMARIES: usize = 200;

/// The records of all plans by disposition, as the store counts them: received = stored + duplicate + quarantined +
/// folded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublishedCounts {
    /// Records read from the bus.
    pub received: u64,
    /// Records stored.
    pub stored: u64,
    /// Records that were stored before.
    pub duplicate: u64,
    /// Records put into quarantine with a reason.
    pub quarantined: u64,
    /// Polls that brought nothing and that no row stands for any more.
    pub folded: u64,
    /// Stored records that a later one replaces.
    pub superseded: u64,
}

/// Every metric of the process, in a registry of its own.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Held while absolute figures are set, and while they are read: no scrape sees a part of them.
    scrape: Mutex<()>,
    received: IntCounter,
    records: IntCounterVec,
    superseded: IntGauge,
    keys: GaugeVec,
    source: SourceMetrics,
    commit: Histogram,
    ready: IntGauge,
    kpi: KpiMetrics,
    plan: PlanMetrics,
    limit: PlanLimit,
    sink: SinkMetrics,
    bus: BusMetrics,
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
        let records = "Records by disposition as the store counts them; a replay from quarantine looks like a restart.";
        let commit =
            histogram("shihyo_batch_commit_duration_seconds", "Duration of a batch's commit.", &COMMIT_BUCKETS);
        let metrics = Self {
            scrape: Mutex::new(()),
            received: register(r, IntCounter::new("shihyo_records_received_total", "Records read from the bus.")?)?,
            records: counters(r, "shihyo_records_total", records, &["disposition"])?,
            superseded: register(
                r,
                IntGauge::new("shihyo_records_superseded", "Stored records that a later one replaces.")?,
            )?,
            keys: gauges(r, "shihyo_key_list_info", "The keys that records are verified by; always 1.", &["digest"])?,
            source: SourceMetrics::new(r)?,
            commit: register(r, Histogram::with_opts(commit)?)?,
            ready: register(r, IntGauge::new("shihyo_ready", "1 when the pipeline has caught up.")?)?,
            kpi: KpiMetrics::new(r)?,
            plan: PlanMetrics::new(r)?,
            limit: PlanLimit::default(),
            sink: SinkMetrics::new(r)?,
            bus: BusMetrics::new(r)?,
            registry,
        };
        metrics.set_record_counts(PublishedCounts::default());
        Ok(metrics)
    }

    /// Gives series of their own only to the KPIs and sources of the first of these plans, by id. The others are in the counts
    /// by plan and in the totals.
    pub fn limit_plans<'a>(&self, limit: usize, plans: impl Iterator<Item = &'a str>) {
        self.limit.set(limit, plans);
    }

    /// Sets the counts of records to those of the store: absolute, so that a second call changes nothing.
    ///
    /// A count below the exported one (after a rebuild or a replay from quarantine) restarts its counter, as a restart of
    /// the process does.
    pub fn set_record_counts(&self, counts: PublishedCounts) {
        let _scrape = self.scrape.lock();
        set_total(&self.received, counts.received);
        let dispositions = [
            ("stored", counts.stored),
            ("duplicate", counts.duplicate),
            ("quarantined", counts.quarantined),
            ("folded", counts.folded),
        ];
        for (disposition, count) in dispositions {
            set_total(&self.records.with_label_values(&[disposition]), count);
        }
        self.superseded.set(i64::try_from(counts.superseded).unwrap_or(i64::MAX));
    }

    /// Observes the commit of a batch.
    pub fn observe_batch_commit(&self, took: Duration) {
        self.commit.observe(took.as_secs_f64());
    }

    /// The text of a scrape, with the KPIs of the plans that `shows` accepts, each at the plan's `default_on`, else at `today`.
    pub fn exposition(
        &self,
        plans: &SharedPlanStates,
        today: Period,
        ready: bool,
        shows: impl Fn(&PlanState) -> bool,
    ) -> Result<String, MetricsError> {
        let _scrape = self.scrape.lock();
        self.ready.set(i64::from(ready));
        self.kpi.clear();
        self.plan.clear();
        self.source.clear();
        let plans = plans.read().map_err(|_| MetricsError::Broken)?;
        let mut computed = 0;
        for (id, plan) in plans.iter().filter(|(_, plan)| shows(plan)) {
            let period = ReportPeriod(plan.catalogue.plan.default_on.unwrap_or(today));
            let summary = plan.known_summary(period).or_else(|| {
                computed += 1;
                if computed <= MAX_SUMMARIES { Some(plan.summary(period)) } else { plan.last_summary(period) }
            });
            self.plan.count(id, summary);
            if self.limit.names(id) {
                self.kpi.refresh(id, plan, period);
                self.source.refresh(id, plan, period);
            } else {
                self.plan.leave_out(plan.catalogue.kpis.len());
            }
        }
        drop(plans);
        let mut text = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut text)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Counts a poll: ids of the configuration, the outcome's label (`changed`, `unchanged`, or that of a failure), its
    /// duration, and when the source was last answered whole.
    pub fn observe_poll(&self, plan: &str, source: &str, outcome: &str, took: Duration, at: Micros) {
        if self.limit.names(plan) {
            self.source.observe_poll((plan, source), outcome, took, at);
        } else {
            self.source.observe_poll_of_many((plan, source), outcome, took, at);
        }
    }

    /// Sets when a source was last answered whole, before this process polls it.
    pub fn set_source_read(&self, plan: &str, source: &str, at: Micros) {
        if self.limit.names(plan) {
            self.source.set_read((plan, source), at);
        } else {
            self.source.set_read_of_many((plan, source), at, true);
        }
    }

    /// Sets the digest of the key list.
    pub(crate) fn set_keys(&self, digest: &str) {
        self.keys.with_label_values(&[digest]).set(1.0);
    }

    /// Sets the polls that arrived in part, by plan and source.
    pub(crate) fn set_incomplete_polls<'a>(&self, polls: impl Iterator<Item = (&'a str, &'a str)>) {
        let _scrape = self.scrape.lock();
        self.source.set_incomplete(polls);
    }

    /// Sets the outbox's backlog.
    pub fn set_outbox(&self, backlog: OutboxBacklog) {
        self.bus.set_outbox(backlog);
    }

    /// Sets how many records of each assigned partition were not read yet.
    pub fn set_lag(&self, partitions: impl Iterator<Item = (i32, u64)>) {
        self.bus.set_lag(partitions);
    }

    /// Sets when records were last stored.
    pub(crate) fn set_last_handled(&self, at: Micros) {
        self.bus.set_last_handled(at);
    }

    /// Sets the degraded components; a component that works has no sample.
    pub fn set_degraded(&self, degraded: &BTreeMap<Component, DegradedComponent>) {
        let _scrape = self.scrape.lock();
        self.sink.set_degraded(degraded);
    }

    /// Sets the rows that could not be read, by plan, source and reason.
    pub fn set_rejects(&self, board: &RejectBoard) {
        let _scrape = self.scrape.lock();
        self.source.set_rejects(board);
    }

    /// The metrics of the sinks.
    pub(crate) fn sinks(&self) -> &SinkMetrics {
        &self.sink
    }
}
