//! Levels: the latest known state, and the state that closes a period.

use super::key::RollupKey;
use super::view::LedgerView;
use crate::ledger::{Ledger, LedgerEntry, Rollup};
use contract::catalogue::{Combine, Series, SeriesRef};
use contract::period::Period;
use contract::time::Moment;

/// A known state, or a value made of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelReading {
    /// The integer.
    pub value: i128,
    /// The instant it describes.
    pub at: Moment,
    /// Not settled yet.
    pub provisional: bool,
    /// A final figure that was changed later.
    pub restated: bool,
    /// The sources it came from, as indexes into the series' sources.
    pub sources: Vec<u8>,
}

impl LedgerView<'_> {
    /// The latest known state at an instant in `(after, upto]`.
    pub fn latest(&self, of: SeriesRef, after: Moment, upto: Moment) -> Option<LevelReading> {
        self.readings(of, after, upto).next()
    }

    /// The known states at instants in `(after, upto]` up to the cutoff, latest first.
    pub fn readings(&self, of: SeriesRef, after: Moment, upto: Moment) -> impl Iterator<Item = LevelReading> {
        let series = self.series(of);
        let mut latest_first = self.ledger.between(of.series, of.definition, after, upto).rev().peekable();
        std::iter::from_fn(move || {
            loop {
                let first = latest_first.next()?;
                let mut entries = vec![first];
                while let Some(next) = latest_first.next_if(|e| e.index == first.index) {
                    entries.push(next);
                }
                entries.reverse();
                let at = self.period(of, first).start();
                if at > after && at <= upto && self.cutoff.sees_instant(at) {
                    let reading = combine(series, at, &entries);
                    if reading.is_some() {
                        return reading;
                    }
                }
            }
        })
    }

    /// The states that two series both have at instants after `after`, latest first.
    pub fn joint_readings(
        &self,
        first: SeriesRef,
        second: SeriesRef,
        after: Moment,
    ) -> impl Iterator<Item = (LevelReading, LevelReading)> {
        let readings = self.readings(first, after, self.cutoff.at);
        readings.filter_map(move |reading| {
            let other = self.latest(second, Moment(reading.at.0 - 1), reading.at)?;
            Some((reading, other))
        })
    }

    /// The closing of a period: the latest known state in `(start, end]`.
    pub(super) fn closing(&self, of: SeriesRef, period: Period) -> Option<Rollup> {
        let (start, end) = (period.start(), period.end());
        if let Some(reading) = self.latest(of, start, end) {
            return Some(Rollup {
                value: Some(reading.value),
                complete: self.has_ended(self.series(of), period),
                provisional: reading.provisional,
                restated: reading.restated,
            });
        }
        let inside = |e: &LedgerEntry| {
            let at = self.period(of, e).start();
            at > start && at <= end && self.cutoff.sees_instant(at)
        };
        self.ledger.between(of.series, of.definition, start, end).any(inside).then(Rollup::default)
    }
}

/// The state at one instant, whatever the cutoff; `None` when there is no observation of it.
pub(crate) fn level_rollup(series: &Series, ledger: &Ledger, key: RollupKey) -> Option<Rollup> {
    let entries: Vec<&LedgerEntry> = ledger.entries_at(key.series, key.definition, key.period.index).collect();
    let reading = combine(series, key.period.start(), &entries);
    let known = |r: LevelReading| Rollup {
        value: Some(r.value),
        complete: true,
        provisional: r.provisional,
        restated: r.restated,
    };
    (!entries.is_empty()).then(|| reading.map(known).unwrap_or_default())
}

/// The level that the sources of a series give at one instant; `None` when it is not known.
fn combine(series: &Series, at: Moment, entries: &[&LedgerEntry]) -> Option<LevelReading> {
    let takes_part = |i: usize| series.sources[i].takes_part(at, at);
    let known = || entries.iter().filter(|e| takes_part(usize::from(e.source)) && e.value().is_some());
    let counted: Vec<&&LedgerEntry> = match series.combine {
        Combine::First => known().take(1).collect(),
        Combine::Sum => known().collect(),
    };
    let wanted = match series.combine {
        Combine::First => 1,
        Combine::Sum => (0..series.sources.len()).filter(|i| takes_part(*i)).count(),
    };
    (counted.len() == wanted && wanted > 0).then(|| LevelReading {
        value: counted.iter().filter_map(|e| e.value()).map(i128::from).sum(),
        at,
        provisional: counted.iter().any(|e| !e.is_final()),
        restated: counted.iter().any(|e| e.restated()),
        sources: counted.iter().map(|e| e.source).collect(),
    })
}
