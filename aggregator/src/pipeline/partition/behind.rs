//! What the stored derived rows lack while records come faster than all of them can be written.
//!
//! ```text
//! full batches keep coming -> facts and position are committed; this collects which rows they change
//! the stream has a pause, or a second is over -> the rows, judgements, sinks' changes and alerts, in one transaction
//! ```
//!
//! The plan states are settled with every batch, so who reads them misses nothing. A row that many batches change is written
//! once. What is here when a process dies is found again by the mark in the store (`store/derived_mark.rs`).

use crate::store::ObservationRow;
use aggregator_core::ledger::FigureKey;
use aggregator_core::rollup::{RollupChange, RollupKey};
use contract::time::Micros;
use rustc_hash::FxHashSet;
use std::collections::BTreeMap;

/// How long derived rows wait at most.
const LONGEST: Micros = Micros(1_000_000);

/// The rows of a partition that are to be derived, by plan.
#[derive(Debug, Default)]
pub(crate) struct BehindRows {
    since: Option<Micros>,
    /// Plans to be judged, with the rollups that changed.
    plans: BTreeMap<String, FxHashSet<RollupKey>>,
    /// Figures that came, for sinks, by the number of their plan.
    figures: BTreeMap<i64, FxHashSet<FigureKey>>,
}

impl BehindRows {
    /// A plan was settled, which changed these rollups; it is to be judged.
    pub(crate) fn settled(&mut self, plan: &str, changes: &[RollupChange]) {
        self.plans.entry(plan.to_owned()).or_default().extend(changes.iter().map(|(key, _)| *key));
    }

    /// Figures came.
    pub(crate) fn came(&mut self, rows: &[ObservationRow<'_>]) {
        for of_plan in rows.chunk_by(|one, other| one.names.plan == other.names.plan) {
            self.figures.entry(of_plan[0].names.plan).or_default().extend(of_plan.iter().map(|row| row.key));
        }
    }

    /// Nothing is written of it now.
    pub(crate) fn wait(&mut self, now: Micros) {
        self.since.get_or_insert(now);
    }

    /// True when it has waited as long as it may. A clock that was set back ends it too.
    pub(crate) fn is_over(&self, now: Micros) -> bool {
        self.since.is_some_and(|since| now < since || now.0 - since.0 >= LONGEST.0)
    }

    /// True when the stored rows are those of the facts.
    pub(crate) fn is_empty(&self) -> bool {
        self.plans.is_empty()
    }

    /// All plans, to be derived now, with what changed of each.
    pub(crate) fn take(&mut self) -> BTreeMap<String, FxHashSet<RollupKey>> {
        self.since = None;
        std::mem::take(&mut self.plans)
    }

    /// The figures that came of a plan, by its number.
    pub(crate) fn take_figures(&mut self, plan: i64) -> FxHashSet<FigureKey> {
        self.figures.remove(&plan).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_wait_for_a_second_since_the_first_of_them() {
        let mut behind = BehindRows::default();
        assert!(behind.is_empty() && !behind.is_over(Micros(i64::MAX)));
        behind.settled("p", &[]);
        behind.wait(Micros(5));
        behind.wait(Micros(900_000));
        assert!(!behind.is_empty());
        assert!(!behind.is_over(Micros(1_000_004)));
        assert!(behind.is_over(Micros(1_000_005)));
        assert!(behind.is_over(Micros(4)), "the clock was set back");
        assert_eq!(behind.take().len(), 1);
        assert!(behind.is_empty() && !behind.is_over(Micros(i64::MAX)));
    }
}
