//! The readings of one source of a counter.

use crate::ledger::Rollup;
use contract::time::Moment;

/// The readings of one source with the increases so far.
#[derive(Debug, Default)]
pub(super) struct CounterReadings {
    pub(super) steps: Vec<CounterStep>,
}

/// One reading.
#[derive(Clone, Copy, Debug)]
pub(super) struct CounterStep {
    pub(super) at: Moment,
    /// Increase since the first reading ever.
    pub(super) total: i128,
    /// Decreases so far that a person must explain.
    pub(super) breaks: u32,
    /// Provisional readings so far, this one included.
    pub(super) provisional: u32,
    pub(super) is_provisional: bool,
    pub(super) restated: u32,
}

impl CounterReadings {
    /// The latest reading in `(after, upto]`.
    pub(super) fn reading(&self, after: Moment, upto: Moment) -> Option<&CounterStep> {
        let upper = self.steps.partition_point(|s| s.at <= upto);
        self.steps[..upper].last().filter(|s| s.at > after)
    }
}

/// The rise between two readings; `None` when a break lies between them.
pub(super) fn rise(from: &CounterStep, to: &CounterStep) -> Option<Rollup> {
    (from.breaks == to.breaks).then(|| Rollup {
        value: Some(to.total - from.total),
        complete: true,
        provisional: from.is_provisional || to.provisional > from.provisional,
        restated: to.restated > from.restated,
    })
}
