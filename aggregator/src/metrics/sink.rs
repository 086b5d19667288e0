//! The writes of the sinks, the alerts, and the degraded components.

use super::registry::{MetricsError, counters, gauges, register, seconds};
use crate::health::{Component, DegradedComponent};
use contract::time::Micros;
use prometheus::{GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Registry};
use std::collections::BTreeMap;
use std::time::Duration;

/// Seconds of a sink's write: from one message on loopback to all points over a slow line.
const WRITE_BUCKETS: [f64; 8] = [0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 30.0, 120.0];

/// The metrics of the sinks.
#[derive(Debug)]
pub(crate) struct SinkMetrics {
    pending: GaugeVec,
    fill: GaugeVec,
    writes: IntCounterVec,
    written: IntCounterVec,
    dead: IntCounterVec,
    last_success: GaugeVec,
    duration: HistogramVec,
    alerts: GaugeVec,
    degraded: GaugeVec,
}

impl SinkMetrics {
    pub(super) fn new(r: &Registry) -> Result<Self, MetricsError> {
        let last = "shihyo_sink_last_success_timestamp_seconds";
        let duration = ("shihyo_sink_write_duration_seconds", "Duration of a sink's successful write.");
        let duration = HistogramOpts::new(duration.0, duration.1).buckets(WRITE_BUCKETS.to_vec());
        let degraded = "1 while a component does not work, and why.";
        let pending = "Changes that a sink has not written yet.";
        Ok(Self {
            pending: gauges(r, "shihyo_sink_pending_changes", pending, &["sink", "partition"])?,
            fill: gauges(
                r,
                "shihyo_sink_fill_plans",
                "Plans that a sink's first fill has yet to write.",
                &["sink", "partition"],
            )?,
            writes: counters(r, "shihyo_sink_writes_total", "Writes of a sink by outcome.", &["sink", "outcome"])?,
            written: counters(
                r,
                "shihyo_sink_written_total",
                "Points or messages that a sink has accepted.",
                &["sink"],
            )?,
            dead: counters(r, "shihyo_sink_dead_letters_total", "Points that a sink rejects for ever.", &["sink"])?,
            last_success: gauges(r, last, "When a sink last accepted a write.", &["sink"])?,
            alerts: gauges(r, "shihyo_alerts", "Alerts that are pending or firing.", &["state"])?,
            degraded: gauges(r, "shihyo_component_degraded", degraded, &["component", "reason"])?,
            duration: register(r, HistogramVec::new(duration, &["sink"])?)?,
        })
    }

    /// Sets how many changes a sink has not written yet.
    pub(crate) fn set_pending(&self, sink: &str, partition: i32, changes: i64) {
        let changes = u32::try_from(changes).map_or(f64::INFINITY, f64::from);
        self.pending.with_label_values(&[sink, &partition.to_string()]).set(changes);
    }

    /// Sets how many plans a sink's first fill has yet to write.
    pub(crate) fn set_fill(&self, sink: &str, partition: i32, plans: usize) {
        let plans = u32::try_from(plans).map_or(f64::INFINITY, f64::from);
        self.fill.with_label_values(&[sink, &partition.to_string()]).set(plans);
    }

    /// Observes a successful write.
    pub(crate) fn observe_write(&self, sink: &str, written: u64, dead: u64, took: Duration, at: Micros) {
        self.writes.with_label_values(&[sink, "ok"]).inc();
        self.written.with_label_values(&[sink]).inc_by(written);
        self.dead.with_label_values(&[sink]).inc_by(dead);
        self.last_success.with_label_values(&[sink]).set(seconds(at.moment()));
        self.duration.with_label_values(&[sink]).observe(took.as_secs_f64());
    }

    /// Sets how many alerts of the open partitions are pending, and how many fire.
    pub(crate) fn set_alerts(&self, pending: u32, firing: u32) {
        for (state, count) in [("pending", pending), ("firing", firing)] {
            self.alerts.with_label_values(&[state]).set(f64::from(count));
        }
    }

    pub(super) fn set_degraded(&self, degraded: &BTreeMap<Component, DegradedComponent>) {
        self.degraded.reset();
        for (component, state) in degraded {
            self.degraded.with_label_values(&[component.name(), state.reason.name()]).set(1.0);
        }
    }

    /// Counts a failed write.
    pub(crate) fn count_failed_write(&self, sink: &str) {
        self.writes.with_label_values(&[sink, "failed"]).inc();
    }
}
