//! Rollups: figures of hours to fiscal years, as seen at one moment asked.

mod counter;
mod flow;
mod level;
mod plan_rollups;
#[cfg(test)]
mod tests;

pub use crate::ledger::Rollup;
pub use level::LevelReading;
pub(crate) use level::state;
pub use plan_rollups::{PlanRollups, RollupChange, TouchedBucket};

use crate::ledger::{Ledger, LedgerEntry};
use crate::report_period::Cutoff;
use contract::catalogue::{Catalogue, Series, SeriesRef, Shape};
use contract::period::{Grain, Period};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

/// Which rollup: series, definition and period, in the order of the canonical export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RollupKey {
    /// Index of the series.
    pub series: u16,
    /// Index of the definition.
    pub definition: u8,
    /// Period.
    pub period: Period,
}

/// The ledger as seen at a moment asked.
pub struct LedgerView<'a> {
    /// The catalogue of the ledger.
    pub catalogue: &'a Catalogue,
    /// The figures.
    pub ledger: &'a Ledger,
    /// What is seen.
    pub cut: Cutoff,
    kept: Option<&'a PlanRollups>,
    totals: RefCell<HashMap<(SeriesPair, u8), Rc<counter::CounterReadings>>>,
}

/// A series and definition as a hashable pair.
type SeriesPair = (usize, usize);

/// The grains in which a series is rolled up.
pub fn grains(series: &Series) -> impl Iterator<Item = Grain> {
    let finest = match series.shape {
        Shape::Level => Grain::Month,
        Shape::Flow | Shape::Counter => series.grain,
    };
    Grain::ALL.into_iter().filter(move |grain| *grain >= finest)
}

impl<'a> LedgerView<'a> {
    /// A view that computes everything from the ledger.
    pub fn new(catalogue: &'a Catalogue, ledger: &'a Ledger, cut: Cutoff) -> Self {
        Self { catalogue, ledger, cut, kept: None, totals: RefCell::default() }
    }

    /// A view that takes what it can from kept rollups.
    pub fn over(catalogue: &'a Catalogue, ledger: &'a Ledger, cut: Cutoff, kept: &'a PlanRollups) -> Self {
        Self { kept: Some(kept), ..Self::new(catalogue, ledger, cut) }
    }

    /// The same figures at another moment.
    #[must_use]
    pub fn at(&self, cut: Cutoff) -> LedgerView<'a> {
        LedgerView { kept: self.kept, ..LedgerView::new(self.catalogue, self.ledger, cut) }
    }

    /// The series of a reference.
    pub fn series(&self, of: SeriesRef) -> &'a Series {
        &self.catalogue.series[of.series]
    }

    /// True when a period of a series is seen to its last instant.
    pub fn has_ended(&self, series: &Series, period: Period) -> bool {
        ended(self.cut, series, period)
    }

    /// True when a figure is seen.
    pub fn sees(&self, of: SeriesRef, entry: &LedgerEntry) -> bool {
        let period = self.period(of, entry);
        match self.series(of).shape {
            Shape::Flow => self.cut.sees_flow(period.end()),
            Shape::Level | Shape::Counter => self.cut.sees_instant(period.start()),
        }
    }

    /// The period of a figure (of an instant: the hour or day that starts at it).
    pub fn period(&self, of: SeriesRef, entry: &LedgerEntry) -> Period {
        self.ledger.period(narrow(of).0, entry.index)
    }

    /// The rollup of a period; `None` when no observation of it is seen.
    pub fn rollup(&self, of: SeriesRef, period: Period) -> Option<Rollup> {
        let series = self.series(of);
        if let Some(kept) = self.kept.filter(|kept| kept.holds(self.cut, series, period)) {
            return kept.get(&key(of, period));
        }
        self.compute(of, period)
    }

    fn compute(&self, of: SeriesRef, period: Period) -> Option<Rollup> {
        match self.series(of).shape {
            Shape::Flow => self.flow(of, period),
            Shape::Level => self.closing(of, period),
            Shape::Counter => self.increase(of, period),
        }
    }

    /// Every rollup of every series that is seen, in the order of the canonical export.
    pub fn all(&self) -> Vec<(RollupKey, Rollup)> {
        let mut rows = Vec::new();
        let by_id = |ids: Vec<&str>| {
            let mut order: Vec<usize> = (0..ids.len()).collect();
            order.sort_by(|a, b| ids[*a].cmp(ids[*b]));
            order
        };
        for series in by_id(self.catalogue.series.iter().map(|s| s.id.as_str()).collect()) {
            let definitions = self.catalogue.series[series].definitions.iter().map(|d| d.id.as_str()).collect();
            for definition in by_id(definitions) {
                let of = SeriesRef { series, definition };
                let rollups = self.periods(of).into_iter().filter_map(|p| Some((key(of, p), self.rollup(of, p)?)));
                rows.extend(rollups);
            }
        }
        rows
    }

    /// The periods in every grain that hold at least one seen observation, finest grain first.
    fn periods(&self, of: SeriesRef) -> BTreeSet<Period> {
        let series = self.series(of);
        let finest = grains(series).next().unwrap_or(Grain::Month);
        let entries = self.ledger.figures(of.series, of.definition);
        let own = entries.filter(|e| self.sees(of, e)).map(|e| self.home(of, e, finest));
        let own: BTreeSet<Period> = own.collect();
        grains(series).flat_map(|grain| own.iter().map(move |p| p.within(grain))).collect()
    }

    /// The period of `grain` that a figure falls in: flows as they run, instants as they close.
    fn home(&self, of: SeriesRef, entry: &LedgerEntry, grain: Grain) -> Period {
        let period = self.period(of, entry);
        match self.series(of).shape {
            Shape::Flow => period.within(grain),
            Shape::Level | Shape::Counter => Period::closing(grain, period.start()),
        }
    }

    /// True when a source, or any when `None`, has a known figure inside a period or later.
    pub fn is_known_since(&self, of: SeriesRef, source: Option<u8>, period: Period) -> bool {
        let series = self.series(of);
        if series.shape == Shape::Counter {
            let all = 0..u8::try_from(series.sources.len()).unwrap_or(u8::MAX);
            let mut wanted = all.filter(|s| source.is_none_or(|only| only == *s));
            return wanted.any(|source| self.is_read_since(of, source, period.start()));
        }
        let flow = series.shape == Shape::Flow;
        let inside = |e: &LedgerEntry| {
            let own = self.period(of, e);
            let (from, to) = (own.start(), if flow { own.end() } else { own.start() });
            let late_enough = from > period.start() || (flow && from == period.start());
            late_enough && series.sources[usize::from(e.source)].takes_part(from, to)
        };
        let wanted = |e: &&LedgerEntry| e.figure.value.is_some() && source.is_none_or(|s| s == e.source);
        let later = self.ledger.between(of.series, of.definition, period.start(), self.cut.at);
        later.rev().filter(wanted).any(|e| inside(e) && self.sees(of, e))
    }
}

/// True when a period of a series is seen to its last instant at a cut.
fn ended(cut: Cutoff, series: &Series, period: Period) -> bool {
    match series.shape {
        Shape::Flow => cut.sees_flow(period.end()),
        Shape::Level | Shape::Counter => cut.sees_instant(period.end()),
    }
}

/// The indexes of a reference as the ledger packs them.
fn narrow(of: SeriesRef) -> (u16, u8) {
    (u16::try_from(of.series).unwrap_or(u16::MAX), u8::try_from(of.definition).unwrap_or(u8::MAX))
}

fn key(of: SeriesRef, period: Period) -> RollupKey {
    let (series, definition) = narrow(of);
    RollupKey { series, definition, period }
}
