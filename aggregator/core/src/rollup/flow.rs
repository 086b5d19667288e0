//! Flows: counts that add up, complete only if all their parts are.

use super::{LedgerView, Rollup, narrow};
use crate::ledger::PartialSum;
use contract::catalogue::SeriesRef;
use contract::period::Period;

impl LedgerView<'_> {
    /// The sum of a period's parts in the next finer grain, or at the series' own grain the figure
    /// that its sources give together.
    pub(super) fn flow(&self, of: SeriesRef, period: Period) -> Option<Rollup> {
        let (series, definition) = narrow(of);
        let own = self.series(of).grain;
        if period.grain == own {
            let seen = self.cut.sees_flow(period.end());
            return if seen { self.ledger.part(series, definition, period.index) } else { None };
        }
        let finer = super::grains(self.series(of)).filter(|grain| *grain < period.grain).last()?;
        if finer == own && self.cut.sees_flow(period.end()) {
            // The ledger keeps these sums of everything; here everything is seen.
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
