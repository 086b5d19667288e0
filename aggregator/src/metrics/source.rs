//! What is told of sources: polls as they happen, and from the books what each gave last and what is due of it.

use super::{Metrics, MetricsError, counters, gauges, kept, seconds};
use aggregator_core::judge::sources_due;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::time::{Micros, Moment};
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Registry};
use std::time::Duration;

/// Seconds of a poll: from a local file to a slow server's time-out.
const POLL_BUCKETS: [f64; 8] = [0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0];
const PLAN_SOURCE: [&str; 2] = ["plan", "source"];
const PLAN_SERIES_SOURCE: [&str; 3] = ["plan", "series", "source"];

#[derive(Debug)]
pub(super) struct SourceMetrics {
    visits: IntCounterVec,
    poll: HistogramVec,
    last_success: GaugeVec,
    latest: GaugeVec,
    due: GaugeVec,
}

impl SourceMetrics {
    pub(super) fn new(r: &Registry) -> Result<Self, MetricsError> {
        let visits = "Polls by outcome; of those that failed the reason, else empty.";
        let poll = HistogramOpts::new("shihyo_poll_duration_seconds", "Duration of a poll of a source.");
        let last = ("shihyo_source_last_success_timestamp_seconds", "When a source was last read, changed or not.");
        let latest = (
            "shihyo_source_latest_figure_timestamp_seconds",
            "The moment that a source's latest known figure describes.",
        );
        let due = "When a source's next figure is overdue, its grace included; in the past when it is.";
        Ok(Self {
            visits: counters(r, "shihyo_visits_total", visits, &["plan", "source", "outcome", "reason"])?,
            poll: kept(r, HistogramVec::new(poll.buckets(POLL_BUCKETS.to_vec()), &PLAN_SOURCE)?)?,
            last_success: gauges(r, last.0, last.1, &PLAN_SOURCE)?,
            latest: gauges(r, latest.0, latest.1, &PLAN_SERIES_SOURCE)?,
            due: gauges(r, "shihyo_source_due_timestamp_seconds", due, &PLAN_SERIES_SOURCE)?,
        })
    }

    pub(super) fn clear(&self) {
        self.latest.reset();
        self.due.reset();
    }

    pub(super) fn refresh(&self, plan: &str, book: &PlanState, ask: ReportPeriod) {
        for standing in sources_due(&book.view(ask.cutoff()), ask) {
            let series = &book.catalogue.series[standing.series];
            let labels = [plan, series.id.as_str(), series.sources[standing.source].id.as_str()];
            let set = |gauges: &GaugeVec, moment: Option<Moment>| {
                if let Some(moment) = moment {
                    gauges.with_label_values(&labels).set(seconds(moment));
                }
            };
            set(&self.latest, standing.latest);
            set(&self.due, standing.due);
        }
    }
}

impl Metrics {
    /// Tells of one poll: ids from the configuration, the outcome's word (`changed`, `unchanged`, or the label of a
    /// failure), how long it took and when it ended.
    pub fn visited(&self, plan: &str, source: &str, outcome: &str, took: Duration, at: Micros) {
        let read = matches!(outcome, "changed" | "unchanged");
        let (outcome, reason) = if read { (outcome, "") } else { ("failed", outcome) };
        self.source.visits.with_label_values(&[plan, source, outcome, reason]).inc();
        self.source.poll.with_label_values(&[plan, source]).observe(took.as_secs_f64());
        if read {
            self.source.last_success.with_label_values(&[plan, source]).set(seconds(at.moment()));
        }
    }
}
