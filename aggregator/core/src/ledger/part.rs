//! Combines the figures of several sources about one period of a flow, and sums periods.

use super::figure::LedgerEntry;
use contract::catalogue::{Combine, Series, SeriesSource};
use contract::period::Period;

/// The figure of one period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rollup {
    /// The figure, or of an incomplete flow the sum of its known parts; `None` when nothing is known.
    pub value: Option<i128>,
    /// Ended, and all parts known.
    pub complete: bool,
    /// Some part is provisional.
    pub provisional: bool,
    /// Some part is a final figure that was changed later.
    pub restated: bool,
}

/// How the sources of a flow become one figure.
#[derive(Debug)]
pub(super) struct SourceCombination {
    combine: Combine,
    sources: Vec<SeriesSource>,
    /// No source has a from or until: all take part always.
    undated: bool,
}

impl SourceCombination {
    pub(super) fn new(series: &Series) -> Self {
        let undated = series.sources.iter().all(|s| s.from.is_none() && s.until.is_none());
        Self { combine: series.combine, sources: series.sources.clone(), undated }
    }

    pub(super) fn sources(&self) -> u8 {
        u8::try_from(self.sources.len()).unwrap_or(u8::MAX)
    }

    fn takes_part(&self, source: usize, period: Period) -> bool {
        // Finding a period's instants is the dear part.
        self.undated || self.sources[source].takes_part(period.start(), period.end())
    }

    /// The figure of one period; `None` when there is no observation of it.
    pub(super) fn combine<'e>(&self, period: Period, entries: impl Iterator<Item = &'e LedgerEntry>) -> Option<Rollup> {
        let (mut counted, mut any, mut rollup) = (0, false, Rollup::default());
        for entry in entries {
            any = true;
            let Some(value) = entry.value() else { continue };
            if !self.takes_part(usize::from(entry.source), period) {
                continue;
            }
            counted += 1;
            rollup.value = Some(rollup.value.unwrap_or(0) + i128::from(value));
            rollup.provisional |= !entry.is_final();
            rollup.restated |= entry.restated();
            if self.combine == Combine::First {
                break;
            }
        }
        let wanted = match self.combine {
            Combine::First => 1,
            Combine::Sum => (0..self.sources.len()).filter(|i| self.takes_part(*i, period)).count().max(1),
        };
        any.then_some(Rollup { complete: counted == wanted, ..rollup })
    }
}

/// The sum of the parts of a period, updated as parts change.
///
/// ```
/// use aggregator_core::ledger::{PartialSum, Rollup};
///
/// let known = |value| Rollup { value: Some(value), complete: true, ..Rollup::default() };
/// let mut quarter = PartialSum::default();
/// quarter.add(&known(10));
/// quarter.add(&known(20));
/// assert_eq!(quarter.of(3), Some(Rollup { value: Some(30), ..Rollup::default() }));
/// quarter.add(&known(30));
/// assert_eq!(quarter.of(3), Some(known(60)));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct PartialSum {
    value: i128,
    parts: i32,
    known: i32,
    complete: i32,
    provisional: i32,
    restated: i32,
}

impl PartialSum {
    fn count(&mut self, part: &Rollup, sign: i32) {
        self.value += part.value.unwrap_or(0) * i128::from(sign);
        self.parts += sign;
        self.known += sign * i32::from(part.value.is_some());
        self.complete += sign * i32::from(part.complete);
        self.provisional += sign * i32::from(part.provisional);
        self.restated += sign * i32::from(part.restated);
    }

    /// Counts a part in.
    pub fn add(&mut self, part: &Rollup) {
        self.count(part, 1);
    }

    /// Counts one part out and another in.
    pub(super) fn replace(&mut self, before: Option<&Rollup>, after: Option<&Rollup>) {
        if let Some(before) = before {
            self.count(before, -1);
        }
        if let Some(after) = after {
            self.count(after, 1);
        }
    }

    /// The sum of a period that consists of `parts`; `None` when there is no part.
    pub fn of(&self, parts: i32) -> Option<Rollup> {
        (self.parts > 0).then_some(Rollup {
            value: (self.known > 0).then_some(self.value),
            complete: self.complete == parts,
            provisional: self.provisional > 0,
            restated: self.restated > 0,
        })
    }
}
