//! The backlog of the outbox, and the lag of the consumer.

use super::registry::{MetricsError, gauges, register, seconds, set_total};
use contract::time::Micros;
use prometheus::{Gauge, GaugeVec, IntCounter, Registry};
use std::time::Duration;

/// The backlog of a collector's outbox, and what its shipper has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutboxBacklog {
    /// Records that wait to be shipped.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes at which polling stops.
    pub limit: u64,
    /// Age of the oldest.
    pub oldest: Duration,
    /// Records shipped since the start.
    pub shipped: u64,
    /// Deliveries that failed and were repeated, since the start.
    pub failures: u64,
}

#[derive(Debug)]
pub(super) struct BusMetrics {
    records: Gauge,
    bytes: Gauge,
    limit: Gauge,
    oldest: Gauge,
    shipped: IntCounter,
    failures: IntCounter,
    handled: Gauge,
    lag: GaugeVec,
}

impl BusMetrics {
    pub(super) fn new(r: &Registry) -> Result<Self, MetricsError> {
        let gauge = |name: &str, help: &str| register(r, Gauge::new(name, help)?);
        let counter = |name: &str, help: &str| register(r, IntCounter::new(name, help)?);
        let handled = "shihyo_last_record_handled_timestamp_seconds";
        let oldest = "Age of the oldest record that waits to be shipped.";
        Ok(Self {
            records: gauge("shihyo_outbox_records", "Records that wait to be shipped.")?,
            bytes: gauge("shihyo_outbox_bytes", "Bytes that wait to be shipped.")?,
            limit: gauge("shihyo_outbox_limit_bytes", "Bytes at which polling stops; 0 without a limit.")?,
            oldest: gauge("shihyo_outbox_oldest_age_seconds", oldest)?,
            shipped: counter("shihyo_shipped_records_total", "Records the bus has acknowledged.")?,
            failures: counter("shihyo_ship_failures_total", "Deliveries that failed and were tried again.")?,
            handled: gauge(handled, "When the last batch of records was stored.")?,
            lag: gauges(r, "shihyo_bus_lag_records", "Records on the bus that were not read yet.", &["partition"])?,
        })
    }

    pub(super) fn set_outbox(&self, backlog: OutboxBacklog) {
        let OutboxBacklog { records, bytes, limit, oldest, shipped, failures } = backlog;
        for (gauge, count) in [(&self.records, records), (&self.bytes, bytes), (&self.limit, limit)] {
            gauge.set(float(count));
        }
        self.oldest.set(oldest.as_secs_f64());
        set_total(&self.shipped, shipped);
        set_total(&self.failures, failures);
    }

    pub(super) fn set_lag(&self, partitions: impl Iterator<Item = (i32, u64)>) {
        self.lag.reset();
        for (partition, records) in partitions {
            self.lag.with_label_values(&[&partition.to_string()]).set(float(records));
        }
    }

    pub(super) fn set_last_handled(&self, at: Micros) {
        self.handled.set(seconds(at.moment()));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a metric of that size is exact enough")]
fn float(count: u64) -> f64 {
    count as f64
}
