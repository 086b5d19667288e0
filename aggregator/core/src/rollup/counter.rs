//! Counters: the flow of a period is what a running total rose by between its border readings.
//!
//! Increases are summed once from the first reading ever; a period is the difference of two sums, so
//! every grain agrees and gaps inside a period are harmless.

use super::counter_readings::{CounterReadings, CounterStep, rise};
use super::view::LedgerView;
use crate::ledger::{LedgerEntry, Rollup};
use contract::catalogue::{Combine, Decrease, SeriesRef};
use contract::period::Period;
use contract::time::Moment;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

impl LedgerView<'_> {
    pub(super) fn totals(&self, of: SeriesRef, source: u8) -> Rc<CounterReadings> {
        let key = ((of.series, of.definition), source);
        if let Some(totals) = self.totals.borrow().get(&key) {
            return Rc::clone(totals);
        }
        let entries = self.ledger.figures(of.series, of.definition);
        let readings: Vec<&LedgerEntry> = entries.filter(|e| e.source == source).collect();
        let totals = Rc::new(self.sum_up(of, &readings));
        self.totals.borrow_mut().insert(key, Rc::clone(&totals));
        totals
    }

    fn sum_up(&self, of: SeriesRef, readings: &[&LedgerEntry]) -> CounterReadings {
        let restart = self.series(of).decrease == Decrease::Restart;
        let mut labelled = false;
        let mut last: BTreeMap<&str, i64> = BTreeMap::new();
        let mut steps: Vec<CounterStep> = Vec::with_capacity(readings.len());
        for entry in readings.iter().take_while(|e| self.sees(of, e)) {
            let becomes_labelled = !labelled && entry.value().is_some() && entry.breakdown().is_some();
            labelled |= becomes_labelled;
            let Some(labels) = labels(entry, labelled) else { continue };
            let first = steps.is_empty();
            let before = steps.last().copied();
            let mut step = CounterStep {
                at: self.period(of, entry).start(),
                total: before.map_or(0, |s| s.total),
                breaks: before.map_or(0, |s| s.breaks),
                provisional: before.map_or(0, |s| s.provisional) + u32::from(!entry.is_final()),
                is_provisional: !entry.is_final(),
                restated: before.map_or(0, |s| s.restated) + u32::from(entry.restated()),
            };
            if becomes_labelled && !first {
                // Totals with and without labels are not comparable.
                step.breaks += 1;
                last.clear();
            }
            for (label, value) in labels {
                let known = last.insert(label, value).unwrap_or(0);
                if first || becomes_labelled {
                    continue;
                }
                if value >= known {
                    step.total += i128::from(value) - i128::from(known);
                } else if restart && labelled {
                    step.total += i128::from(value);
                } else {
                    step.breaks += 1;
                }
            }
            steps.push(step);
        }
        CounterReadings { steps }
    }

    /// The border reading of an instant: the latest known one in (instant - grain, instant].
    pub(super) fn border<'t>(&self, of: SeriesRef, totals: &'t CounterReadings, at: Moment) -> Option<&'t CounterStep> {
        let window = Period::closing(self.series(of).grain, at);
        totals.reading(window.start(), at)
    }

    /// The flow of a period: by source order the first that knows it, or the sum of all.
    pub(super) fn increase(&self, of: SeriesRef, period: Period) -> Option<Rollup> {
        let (start, end) = (period.start(), period.end());
        let inside = |e: &LedgerEntry| {
            let at = self.period(of, e).start();
            at > start && at <= end && self.cutoff.sees_instant(at)
        };
        if !self.ledger.between(of.series, of.definition, start, end).any(inside) {
            return None;
        }
        let unknown = Rollup::default();
        if !self.has_ended(self.series(of), period) {
            return Some(unknown);
        }
        let sources = self.series(of).sources.iter().enumerate().filter(|(_, s)| s.takes_part(start, end));
        let mut flows = sources.map(|(i, _)| {
            let totals = self.totals(of, u8::try_from(i).unwrap_or(u8::MAX));
            rise(self.border(of, &totals, start)?, self.border(of, &totals, end)?)
        });
        let combined = match self.series(of).combine {
            Combine::First => flows.flatten().next(),
            Combine::Sum => {
                let known: Option<Vec<Rollup>> = flows.by_ref().collect();
                known.filter(|k| !k.is_empty()).map(|known| Rollup {
                    value: Some(known.iter().filter_map(|r| r.value).sum()),
                    complete: true,
                    provisional: known.iter().any(|r| r.provisional),
                    restated: known.iter().any(|r| r.restated),
                })
            }
        };
        Some(combined.unwrap_or(unknown))
    }

    /// The sources that gave the flow of a period.
    pub(super) fn increase_sources(&self, of: SeriesRef, period: Period) -> BTreeSet<u8> {
        let (start, end) = (period.start(), period.end());
        let series = self.series(of);
        let sources = series.sources.iter().enumerate().filter(|(_, s)| s.takes_part(start, end));
        let known = sources.filter_map(|(i, _)| {
            let source = u8::try_from(i).ok()?;
            self.is_increase_known(of, source, period).then_some(source)
        });
        match series.combine {
            Combine::First => known.take(1).collect(),
            Combine::Sum => known.collect(),
        }
    }

    /// True when a source alone gives the flow of a period.
    pub(super) fn is_increase_known(&self, of: SeriesRef, source: u8, period: Period) -> bool {
        let totals = self.totals(of, source);
        let borders = self.border(of, &totals, period.start()).zip(self.border(of, &totals, period.end()));
        borders.is_some_and(|(from, to)| rise(from, to).is_some())
    }

    /// True when a source has a known reading at a border.
    pub(super) fn is_border_known(&self, of: SeriesRef, source: u8, at: Moment) -> bool {
        self.border(of, &self.totals(of, source), at).is_some()
    }

    /// True when a figure is a known reading, with labels where its source has them.
    pub(super) fn is_reading(&self, of: SeriesRef, entry: &LedgerEntry) -> bool {
        let at = self.period(of, entry).start();
        self.totals(of, entry.source).reading(Moment(at.0 - 1), at).is_some()
    }
}

/// The labels of a reading; `None` for a gap: unknown, or without labels in a labelled series.
fn labels(entry: &LedgerEntry, labelled: bool) -> Option<Vec<(&str, i64)>> {
    match (entry.breakdown(), entry.value()) {
        (Some(labels), Some(_)) => Some(labels.iter().map(|(l, n)| (l.as_str(), *n)).collect()),
        (None, Some(value)) if !labelled => Some(vec![("", value)]),
        _ => None,
    }
}
