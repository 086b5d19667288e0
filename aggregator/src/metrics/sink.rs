//! What the workers of sinks tell.

use super::{Metrics, MetricsError, SINK_BUCKETS, counters, gauges, kept, seconds};
use crate::health::{Component, DegradedComponent};
use contract::time::Micros;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Registry};
use std::collections::BTreeMap;
use std::time::Duration;

#[derive(Debug)]
pub(super) struct SinkMetrics {
    pending: GaugeVec,
    writes: IntCounterVec,
    written: IntCounterVec,
    dead: IntCounterVec,
    last_success: GaugeVec,
    turn: HistogramVec,
    alerts: GaugeVec,
    degraded: GaugeVec,
}

impl SinkMetrics {
    pub(super) fn new(r: &Registry) -> Result<Self, MetricsError> {
        let last = "shihyo_sink_last_success_timestamp_seconds";
        let turn = HistogramOpts::new("shihyo_sink_turn_seconds", "Duration of a sink's successful turn.");
        let degraded = "1 while a component does not work, and why.";
        let pending = "Changes that a sink has not written yet.";
        Ok(Self {
            pending: gauges(r, "shihyo_sink_pending_changes", pending, &["sink", "partition"])?,
            writes: counters(r, "shihyo_sink_writes_total", "Turns of a sink by outcome.", &["sink", "outcome"])?,
            written: counters(r, "shihyo_sink_written_total", "Points or messages a sink has taken.", &["sink"])?,
            dead: counters(r, "shihyo_sink_dead_letters_total", "Points a sink will never take.", &["sink"])?,
            last_success: gauges(r, last, "When a sink last took something.", &["sink"])?,
            alerts: gauges(r, "shihyo_alerts", "Alerts that wait for their hold, or fire.", &["state"])?,
            degraded: gauges(r, "shihyo_component_degraded", degraded, &["component", "reason"])?,
            turn: kept(r, HistogramVec::new(turn.buckets(SINK_BUCKETS.to_vec()), &["sink"])?)?,
        })
    }
}

impl Metrics {
    /// How many changes a sink has not written yet.
    pub(crate) fn sink_pending(&self, sink: &str, partition: i32, changes: i64) {
        let changes = u32::try_from(changes).map_or(f64::INFINITY, f64::from);
        self.sink.pending.with_label_values(&[sink, &partition.to_string()]).set(changes);
    }

    /// A sink's turn that was taken.
    pub(crate) fn sink_wrote(&self, sink: &str, written: u64, dead: u64, took: Duration, at: Micros) {
        self.sink.writes.with_label_values(&[sink, "ok"]).inc();
        self.sink.written.with_label_values(&[sink]).inc_by(written);
        self.sink.dead.with_label_values(&[sink]).inc_by(dead);
        self.sink.last_success.with_label_values(&[sink]).set(seconds(at.moment()));
        self.sink.turn.with_label_values(&[sink]).observe(took.as_secs_f64());
    }

    /// How many alerts of the open partitions wait for their hold, and how many fire.
    pub(crate) fn alerts(&self, pending: u32, firing: u32) {
        for (state, count) in [("pending", pending), ("firing", firing)] {
            self.sink.alerts.with_label_values(&[state]).set(f64::from(count));
        }
    }

    /// Sets the degraded components; a component that works has no sample.
    pub fn set_degraded(&self, degraded: &BTreeMap<Component, DegradedComponent>) {
        let _turn = self.turn();
        self.sink.degraded.reset();
        for (component, state) in degraded {
            self.sink.degraded.with_label_values(&[component.name(), state.reason.name()]).set(1.0);
        }
    }

    /// A sink's turn that failed.
    pub(crate) fn sink_failed(&self, sink: &str) {
        self.sink.writes.with_label_values(&[sink, "failed"]).inc();
    }
}
