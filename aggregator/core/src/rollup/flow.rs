//! Flows: counts that add up, complete only if all their parts are.

use super::{Rollup, View};
use crate::ledger::Entry;
use contract::catalogue::{Combine, Series, SeriesRef};
use contract::period::Period;

impl View<'_> {
    /// The sum of a period's parts in the next finer grain, or at the series' own grain the figure
    /// that its sources give together.
    pub(super) fn flow(&self, of: SeriesRef, period: Period) -> Option<Rollup> {
        let series = self.series(of);
        if period.grain == series.grain {
            return self.own(of, period);
        }
        let finer = super::grains(series).filter(|grain| *grain < period.grain).last()?;
        let mut sum = Rollup { complete: true, ..Rollup::default() };
        let mut seen = false;
        for part in period.parts(finer) {
            let Some(part) = self.rollup(of, part) else {
                sum.complete = false;
                continue;
            };
            seen = true;
            if let Some(value) = part.value {
                sum.value = Some(sum.value.unwrap_or(0) + value);
            }
            sum.complete &= part.complete;
            sum.provisional |= part.provisional;
            sum.restated |= part.restated;
        }
        seen.then_some(sum)
    }

    fn own(&self, of: SeriesRef, period: Period) -> Option<Rollup> {
        if !self.cut.sees_flow(period.end()) {
            return None;
        }
        let index = u16::try_from(of.series).unwrap_or(u16::MAX);
        let bucket = self.ledger.bucket(index, period.index);
        let entries = self.ledger.buckets(of.series, of.definition).get(&bucket.index)?;
        let first = entries.partition_point(|e| e.index < period.index);
        let said = entries[first..].iter().take_while(|e| e.index == period.index);
        let said: Vec<&Entry> = said.collect();
        (!said.is_empty()).then(|| together(self.series(of), period, &said))
    }
}

/// What the sources of a series say together about one own-grain period.
fn together(series: &Series, period: Period, said: &[&Entry]) -> Rollup {
    let takes_part = |i: usize| series.sources[i].takes_part(period.start(), period.end());
    let known = || said.iter().filter(|e| takes_part(usize::from(e.source)) && e.figure.value.is_some());
    let counted: Vec<&&Entry> = match series.combine {
        Combine::First => known().take(1).collect(),
        Combine::Sum => known().collect(),
    };
    let wanted = match series.combine {
        Combine::First => 1,
        Combine::Sum => (0..series.sources.len()).filter(|i| takes_part(*i)).count().max(1),
    };
    let sum = counted.iter().filter_map(|e| e.figure.value).map(i128::from).sum();
    Rollup {
        value: (!counted.is_empty()).then_some(sum),
        complete: counted.len() == wanted,
        provisional: counted.iter().any(|e| !e.figure.settled),
        restated: counted.iter().any(|e| e.restated()),
    }
}
