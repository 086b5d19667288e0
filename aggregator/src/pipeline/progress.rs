//! How far the pipeline is, for readiness, metrics and tests.

use super::counts::RecordCounts;
use crate::health::{Component, DegradedReason, Health, Readiness};
use crate::metrics::{self, Metrics};
use crate::store::{OpenPoll, StoreError};
use contract::error::chain;
use contract::time::Micros;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Written by the pipeline; read by pages, metrics and tests.
#[derive(Debug, Default)]
pub struct Progress {
    state: Mutex<PipelineState>,
    health: Arc<Health>,
    metrics: Option<Arc<Metrics>>,
}

/// How far a pipeline is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PipelineState {
    /// True once all that waited on the bus when partitions were assigned has been read.
    pub ready: bool,
    /// The same as health has it.
    pub readiness: Readiness,
    /// Where all records of the open partitions went.
    pub counts: RecordCounts,
    /// The next offset by partition.
    pub positions: BTreeMap<i32, i64>,
    /// Records put into quarantine since the start, by reason.
    pub quarantined: BTreeMap<&'static str, u64>,
    /// The error of the store that is retried just now.
    pub store_error: Option<String>,
    /// Polls that arrived in part.
    pub incomplete_polls: Vec<OpenPoll>,
}

impl Progress {
    /// Progress that also reports to health and metrics.
    pub fn new(health: Arc<Health>, metrics: Option<Arc<Metrics>>) -> Self {
        Self { state: Mutex::default(), health, metrics }
    }

    /// The state now.
    pub fn state(&self) -> PipelineState {
        self.state.lock().clone()
    }

    /// The counts now.
    pub fn counts(&self) -> RecordCounts {
        self.state.lock().counts
    }

    /// The metrics of the process.
    pub(crate) fn metrics(&self) -> Option<&Arc<Metrics>> {
        self.metrics.as_ref()
    }

    /// Whether all that waited has been read.
    pub(super) fn is_ready(&self) -> bool {
        self.state.lock().ready
    }

    /// Whether the pipeline has caught up.
    pub(super) fn set_readiness(&self, readiness: Readiness) {
        let mut state = self.state.lock();
        if state.readiness != readiness {
            state.ready = readiness == Readiness::Ready;
            state.readiness = readiness;
            self.health.set_readiness(readiness);
        }
    }

    /// What is stored.
    pub(super) fn set_counts(&self, counts: RecordCounts, positions: BTreeMap<i32, i64>) {
        let mut state = self.state.lock();
        (state.counts, state.positions) = (counts, positions);
        drop(state);
        if let Some(metrics) = &self.metrics {
            metrics.set_record_counts(counts.into());
        }
    }

    /// A batch was committed.
    pub(super) fn batch_stored(&self, took: Duration, at: Micros) {
        if let Some(metrics) = &self.metrics {
            metrics.observe_batch_commit(took);
            metrics.set_last_handled(at);
        }
    }

    /// Records went into quarantine.
    pub(super) fn count_quarantined(&self, reasons: impl Iterator<Item = &'static str>) {
        let mut state = self.state.lock();
        for reason in reasons {
            *state.quarantined.entry(reason).or_default() += 1;
        }
    }

    /// The polls that arrived in part.
    pub(super) fn set_incomplete_polls<'a>(&self, polls: impl Iterator<Item = &'a OpenPoll> + Clone, now: Micros) {
        let mut state = self.state.lock();
        // Asked at every request, and almost always nothing has changed.
        if state.incomplete_polls.iter().eq(polls.clone()) {
            return;
        }
        let polls: Vec<OpenPoll> = polls.cloned().collect();
        if let Some(metrics) = &self.metrics {
            metrics.set_incomplete_polls(polls.iter().map(|poll| (poll.plan.as_str(), poll.source.as_str())));
        }
        match polls.first() {
            None => self.health.recover(Component::Polls),
            Some(first) => {
                let text = incomplete(first, polls.len());
                tracing::warn!(error = text, "polls arrived in part");
                self.health.degrade(Component::Polls, DegradedReason::Incomplete, text, None, now);
            }
        }
        state.incomplete_polls = polls;
    }

    /// The health of the process.
    pub(crate) fn health(&self) -> &Arc<Health> {
        &self.health
    }

    /// The store failed and is retried.
    pub(super) fn store_failed(&self, error: &StoreError, now: Micros) {
        let mut state = self.state.lock();
        let text = chain(error);
        self.health.degrade(Component::Store, error, text.clone(), None, now);
        state.store_error = Some(text);
    }

    /// The store works again.
    pub(super) fn store_recovered(&self) {
        let mut state = self.state.lock();
        self.health.recover(Component::Store);
        state.store_error = None;
    }
}

/// What is missing, and the remedy.
fn incomplete(first: &OpenPoll, count: usize) -> String {
    let OpenPoll { plan, source, poll, size, arrived, .. } = first;
    let more = if count > 1 { format!(" and {} other polls", count - 1) } else { String::new() };
    format!(
        "of the poll {poll} of {plan}/{source}{more} only {} of {} records arrived; take it back with `shihyo retract` on \
         the collector's machine: the source is then published once more",
        arrived.unwrap_or_default(),
        size.records
    )
}

impl From<RecordCounts> for metrics::PublishedCounts {
    fn from(counts: RecordCounts) -> Self {
        let RecordCounts { received, stored, duplicate, quarantined, folded, superseded } = counts;
        Self { received, stored, duplicate, quarantined, folded, superseded }
    }
}
