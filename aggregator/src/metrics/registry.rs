//! How metrics enter the registry, and the numbers that Prometheus takes.

use contract::time::Moment;
use prometheus::core::Collector;
use prometheus::{GaugeVec, IntCounter, IntCounterVec, Opts, Registry};

/// Metrics that could not be registered or written.
#[derive(Debug, thiserror::Error)]
pub enum MetricsError {
    /// The registry rejects a name or a label: a fault of the program.
    #[error("metrics: {0}")]
    Refused(#[from] prometheus::Error),
    /// A writer of the plan states panicked, so they cannot be trusted.
    #[error("the plan states were left incomplete")]
    Broken,
}

pub(super) fn register<C: Collector + Clone + 'static>(registry: &Registry, collector: C) -> Result<C, MetricsError> {
    registry.register(Box::new(collector.clone()))?;
    Ok(collector)
}

pub(super) fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec, MetricsError> {
    register(registry, GaugeVec::new(Opts::new(name, help), labels)?)
}

pub(super) fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> Result<IntCounterVec, MetricsError> {
    register(registry, IntCounterVec::new(Opts::new(name, help), labels)?)
}

/// Sets a counter absolutely; a lower count restarts it.
pub(super) fn set_total(counter: &IntCounter, total: u64) {
    if total < counter.get() {
        counter.reset();
    }
    counter.inc_by(total - counter.get());
}

/// Whole seconds since 1970 as a float, exact until the year 2106.
pub(super) fn seconds(moment: Moment) -> f64 {
    u32::try_from(moment.0).map_or(0.0, f64::from)
}
