//! Flows: counts that add up, complete only if all their parts are.

use super::key::{grains, narrow};
use super::view::LedgerView;
use crate::ledger::{PartialSum, Rollup};
use contract::catalogue::SeriesRef;
use contract::period::Period;

impl LedgerView<'_> {
    /// The sum of a period's parts in the next finer grain, or at the series' own grain the figure
    /// that its sources give together.
    pub(super) fn flow(&self, of: SeriesRef, period: Period) -> Option<Rollup> {
        let (series, definition) = narrow(of);
        let own = self.series(of).grain;
        if period.grain == own {
            let is_included = self.cutoff.sees_flow(period.end());
            return if is_included { self.ledger.combined(series, definition, period.index) } else { None };
        }
        let finer = grains(self.series(of)).filter(|grain| *grain < period.grain).last()?;
        if finer == own && self.cutoff.sees_flow(period.end()) {
            // The ledger has the sums over all figures, and the view includes all of them.
            let parts = Period::holding(own, period.end()).index - Period::holding(own, period.start()).index;
            return self.ledger.sum(series, definition, period.index)?.of(parts);
        }
        let (mut sum, mut parts) = (PartialSum::default(), 0);
        for part in period.parts(finer) {
            parts += 1;
            if let Some(part) = self.rollup(of, part) {
                sum.add(&part);
            }
        }
        sum.of(parts)
    }
}
