//! What sources delivered: known figures, and figures that they themselves call unknown.

use super::view::LedgerView;
use crate::ledger::LedgerEntry;
use contract::catalogue::{Combine, SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::time::Moment;
use std::collections::BTreeSet;

impl LedgerView<'_> {
    /// The figures of a flow in `[from, to)` that the view includes and whose sources take part, in order.
    fn flows_between(&self, of: SeriesRef, from: Moment, to: Moment) -> impl DoubleEndedIterator<Item = &LedgerEntry> {
        let series = self.series(of);
        self.ledger.between(of.series, of.definition, from, to).filter(move |e| {
            let own = self.period(of, e);
            let inside = own.start() >= from && own.end() <= to && self.sees(of, e);
            inside && series.sources[usize::from(e.source)].takes_part(own.start(), own.end())
        })
    }

    /// The last period of a flow in `[from, to)` with a known figure of any source.
    pub fn last_known_flow(&self, of: SeriesRef, from: Moment, to: Moment) -> Option<Period> {
        let known = self.flows_between(of, from, to).rfind(|e| e.value().is_some())?;
        Some(self.period(of, known))
    }

    /// The sources that gave the figures of a period of a flow or counter.
    pub fn sources_of(&self, of: SeriesRef, period: Period) -> BTreeSet<u8> {
        match self.series(of).shape {
            Shape::Flow => self.sources_between(of, period.start(), period.end()),
            Shape::Level | Shape::Counter => self.increase_sources(of, period),
        }
    }

    /// The sources that gave the figures of a flow in `[from, to)`.
    pub fn sources_between(&self, of: SeriesRef, from: Moment, to: Moment) -> BTreeSet<u8> {
        let series = self.series(of);
        let known = self.flows_between(of, from, to).filter(|e| e.value().is_some());
        if series.sources.len() == 1 {
            return known.take(1).map(|e| e.source).collect();
        }
        let mut last = None;
        let counts = |e: &&LedgerEntry| series.combine == Combine::Sum || last.replace(e.index) != Some(e.index);
        known.filter(counts).map(|e| e.source).collect()
    }

    /// True when a source delivered all of a period of a flow or counter: each part is known from it, or called
    /// unknown by it. Without a source: each part from any that takes part in it.
    pub fn is_delivered(&self, of: SeriesRef, source: Option<u8>, period: Period) -> bool {
        match self.series(of).shape {
            Shape::Flow => {
                let wanted = |e: &&LedgerEntry| source.is_none_or(|only| only == e.source);
                let all = self.flows_between(of, period.start(), period.end()).filter(wanted);
                let delivered: BTreeSet<i32> = all.map(|e| e.index).collect();
                let own = self.series(of).grain;
                period.parts(own).all(|part| delivered.contains(&part.index))
            }
            Shape::Counter => {
                let all = 0..u8::try_from(self.series(of).sources.len()).unwrap_or(u8::MAX);
                let mut wanted = all.filter(|s| source.is_none_or(|only| only == *s));
                wanted.any(|source| self.borders_are_delivered(of, source, period))
            }
            Shape::Level => false,
        }
    }

    /// True when a source knows the flow of a period, or when it is missing only because the source calls the reading at
    /// a border unknown.
    fn borders_are_delivered(&self, of: SeriesRef, source: u8, period: Period) -> bool {
        let described = &self.series(of).sources[usize::from(source)];
        if !described.takes_part(period.start(), period.end()) {
            return false;
        }
        if self.is_increase_known(of, source, period) {
            return true;
        }
        let known = [period.start(), period.end()].map(|at| self.is_border_known(of, source, at));
        let unknown = [period.start(), period.end()].map(|at| self.is_border_unknown(of, source, at));
        let delivered = (0..2).all(|i| known[i] || unknown[i]);
        delivered && !(known[0] && known[1])
    }

    /// True when a source calls the reading at a border unknown.
    fn is_border_unknown(&self, of: SeriesRef, source: u8, at: Moment) -> bool {
        let window = Period::closing(self.series(of).grain, at);
        let mut entries = self.ledger.between(of.series, of.definition, window.start(), at);
        entries.any(|e| {
            let read = self.period(of, e).start();
            e.source == source && e.value().is_none() && read > window.start() && read <= at && self.sees(of, e)
        })
    }

    /// True when a source has a figure inside a period or later; of a flow or counter one that it calls unknown will
    /// do. Any source when `None`.
    pub fn is_known_since(&self, of: SeriesRef, source: Option<u8>, period: Period) -> bool {
        let series = self.series(of);
        let flow = series.shape == Shape::Flow;
        let inside = |e: &LedgerEntry| {
            let own = self.period(of, e);
            let (from, to) = (own.start(), if flow { own.end() } else { own.start() });
            let late_enough = from > period.start() || (flow && from == period.start());
            late_enough && series.sources[usize::from(e.source)].takes_part(from, to)
        };
        let wanted = |e: &&LedgerEntry| {
            let counts = match series.shape {
                Shape::Level => e.value().is_some(),
                Shape::Flow => true,
                Shape::Counter => e.value().is_none() || self.is_reading(of, e),
            };
            counts && source.is_none_or(|s| s == e.source)
        };
        let later = self.ledger.between(of.series, of.definition, period.start(), self.cutoff.at);
        later.rev().filter(|e| self.sees(of, e) && inside(e)).any(|e| wanted(&e))
    }

    /// The period that must be whole for a month of a flow or counter to be known: of a quarterly series the quarter.
    pub fn cover(&self, of: SeriesRef, month: Period) -> Period {
        month.within(self.series(of).grain.max(Grain::Month))
    }
}
