//! Reports polls to the metrics, and an outbox that takes nothing to the health of the process.

use crate::clock::SystemClock;
use aggregator::health::{Component, Health};
use aggregator::metrics::Metrics;
use bus::PublishError;
use collectors::runner::{PollObserver, PollReport};
use contract::time::{Clock, Micros};
use std::sync::Arc;

/// Reports polls to the metrics, and an outbox that takes nothing to the health of the process.
pub(crate) struct PollReporter {
    pub(super) metrics: Arc<Metrics>,
    pub(super) health: Arc<Health>,
}

impl PollObserver for PollReporter {
    fn finished(&self, report: &PollReport) {
        let age = report.age.and_then(|age| i64::try_from(age.as_micros()).ok()).unwrap_or(0);
        let read = Micros(SystemClock.now().0.saturating_sub(age));
        self.metrics.observe_poll(&report.plan, &report.source, report.outcome, report.duration, read);
    }

    fn read_before(&self, plan: &str, source: &str, at: Micros) {
        self.metrics.set_source_read(plan, source, at);
    }

    fn outbox(&self, error: Option<&PublishError>) {
        match error {
            None => self.health.recover(Component::Outbox),
            Some(error) => {
                self.health.degrade(Component::Outbox, error, error.to_string(), None, SystemClock.now());
            }
        }
    }
}
