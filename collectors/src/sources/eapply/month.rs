//! One month of an export, as its rows add up.

use super::super::disclosure_control::suppressed;
use contract::record::{Breakdown, Value};

/// What the rows of one month come to.
#[derive(Debug, Default)]
pub(super) struct MonthTally {
    /// Applications by procedure; the key of rows without one is empty.
    by_procedure: Breakdown,
    /// Why the sum is not known, where a procedure's count is not given.
    unknown: Option<&'static str>,
    /// True once a row could not be read: a sum without it would be too small.
    pub(super) broken: bool,
}

impl MonthTally {
    /// Adds a procedure's count.
    pub(super) fn add(&mut self, procedure: &str, count: i64) {
        let sum = self.by_procedure.entry(procedure.to_owned()).or_insert(0);
        *sum = sum.saturating_add(count);
    }

    /// A procedure is on offer, and its count is not given.
    pub(super) fn add_unknown(&mut self, procedure: &str, why: &'static str) {
        self.add(procedure, 0);
        self.unknown.get_or_insert(why);
    }

    /// Applications in all procedures.
    pub(super) fn applications(&self) -> Value {
        match self.unknown {
            Some(why) => Value::Unknown(why.to_owned()),
            None => Value::Known(self.by_procedure.values().fold(0, |sum, count| sum.saturating_add(*count))),
        }
    }

    /// Procedures on offer.
    pub(super) fn procedures(&self) -> i64 {
        let named = self.by_procedure.keys().filter(|name| !name.is_empty());
        i64::try_from(named.count()).unwrap_or(i64::MAX)
    }

    /// Applications by procedure, small cells suppressed; `None` when some are not known.
    pub(super) fn breakdown(self, bound: i64) -> Option<Breakdown> {
        let complete = self.unknown.is_none() && !self.by_procedure.contains_key("");
        complete.then(|| suppressed(self.by_procedure, bound))
    }
}
