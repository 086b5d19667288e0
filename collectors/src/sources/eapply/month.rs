//! The sums of one month of an export.

use crate::sources::disclosure_control::suppressed;
use contract::record::{Breakdown, Value};

/// The sums of the rows of one month.
#[derive(Debug, Default)]
pub(super) struct MonthTally {
    /// Applications by procedure; the key of rows without one is empty.
    by_procedure: Breakdown,
    /// The unknown value of the sum, where a procedure has no count.
    unknown: Option<Value>,
    /// True when a row is unreadable: without it the sum is too small.
    pub(super) broken: bool,
}

impl MonthTally {
    /// Adds a procedure's count. A procedure without a count is on offer, and the sum is unknown.
    pub(super) fn add(&mut self, procedure: &str, count: Value) {
        let sum = self.by_procedure.entry(procedure.to_owned()).or_insert(0);
        match count {
            Value::Known(count) => *sum = sum.saturating_add(count),
            unknown @ Value::Unknown(_) => {
                self.unknown.get_or_insert(unknown);
            }
        }
    }

    /// True when all rows were read and none lacks its count.
    pub(super) fn is_known(&self) -> bool {
        !self.broken && self.unknown.is_none()
    }

    /// Applications in all procedures.
    pub(super) fn applications(&self) -> Value {
        let sum = || Value::Known(self.by_procedure.values().fold(0, |sum, count| sum.saturating_add(*count)));
        self.unknown.clone().unwrap_or_else(sum)
    }

    /// Procedures on offer.
    pub(super) fn procedures(&self) -> i64 {
        let named = self.by_procedure.keys().filter(|name| !name.is_empty());
        i64::try_from(named.count()).unwrap_or(i64::MAX)
    }

    /// Applications by procedure, with small cells suppressed; `None` when a count is unknown.
    pub(super) fn breakdown(self, bound: i64) -> Option<Breakdown> {
        let complete = self.unknown.is_none() && !self.by_procedure.contains_key("");
        complete.then(|| suppressed(self.by_procedure, bound))
    }
}
