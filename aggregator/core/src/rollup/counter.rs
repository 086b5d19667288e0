//! Counters: the flow of a period is what a running total rose by between its border readings.
//!
//! Increases are summed once from the first reading ever; a period is the difference of two sums, so
//! every grain agrees and gaps inside a period are harmless.

use super::counter_readings::{CounterReadings, CounterStep, rise};
use super::level::LevelReading;
use super::view::LedgerView;
use crate::ledger::{LedgerEntry, Rollup};
use contract::catalogue::{Combine, Decrease, SeriesRef};
use contract::period::Period;
use contract::time::Moment;
use std::collections::BTreeMap;
use std::rc::Rc;

impl LedgerView<'_> {
    fn totals(&self, of: SeriesRef, source: u8) -> Rc<CounterReadings> {
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
        // Of all readings of the series, not only those up to the cutoff: later readings must not change how the past is counted.
        let labelled = readings.iter().any(|e| e.figure.breakdown().is_some());
        let restarts = labelled && self.series(of).decrease == Decrease::Restart;
        let mut last: BTreeMap<&str, i64> = BTreeMap::new();
        let mut steps: Vec<CounterStep> = Vec::with_capacity(readings.len());
        for entry in readings.iter().take_while(|e| self.sees(of, e)) {
            let Some(labels) = labels(entry, labelled) else { continue };
            let first = steps.is_empty();
            let before = steps.last().copied();
            let mut step = CounterStep {
                at: self.period(of, entry).start(),
                total: before.map_or(0, |s| s.total),
                breaks: before.map_or(0, |s| s.breaks),
                provisional: before.map_or(0, |s| s.provisional) + u32::from(!entry.figure.is_final),
                is_provisional: !entry.figure.is_final,
                restated: before.map_or(0, |s| s.restated) + u32::from(entry.restated()),
            };
            for (label, value) in labels {
                let known = last.insert(label, value).unwrap_or(0);
                if first {
                    continue;
                }
                if value >= known {
                    step.total += i128::from(value) - i128::from(known);
                } else if restarts {
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
    fn border<'t>(&self, of: SeriesRef, totals: &'t CounterReadings, at: Moment) -> Option<&'t CounterStep> {
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

    /// True when a source has a known reading after an instant.
    pub(super) fn is_read_since(&self, of: SeriesRef, source: u8, since: Moment) -> bool {
        let described = &self.series(of).sources[usize::from(source)];
        self.totals(of, source).steps.iter().any(|step| step.at > since && described.takes_part(step.at, step.at))
    }

    /// The rise from the border reading at `since` to the latest reading up to `upto`: of several sources the
    /// one that was read last, or their sum where all were last read at the same instant.
    pub fn rise_since(&self, of: SeriesRef, since: Moment, upto: Moment) -> Option<LevelReading> {
        let series = self.series(of);
        let taking = series.sources.iter().enumerate().filter(|(_, s)| s.takes_part(since, since));
        let rises: Vec<Option<LevelReading>> = taking
            .map(|(i, source)| {
                let index = u8::try_from(i).ok()?;
                let totals = self.totals(of, index);
                let from = self.border(of, &totals, since)?;
                let upto = source.until.map_or(upto, |until| until.min(upto));
                let to = totals.reading(Moment(from.at.0 - 1), upto)?;
                let rise = rise(from, to)?;
                let (provisional, restated) = (rise.provisional, rise.restated);
                Some(LevelReading { value: rise.value?, at: to.at, provisional, restated, sources: vec![index] })
            })
            .collect();
        match series.combine {
            Combine::First => rises.into_iter().rev().flatten().max_by_key(|reading| reading.at),
            Combine::Sum => {
                let parts: Vec<LevelReading> = rises.into_iter().collect::<Option<_>>()?;
                let at = parts.first()?.at;
                parts.iter().all(|part| part.at == at).then(|| LevelReading {
                    value: parts.iter().map(|part| part.value).sum(),
                    at,
                    provisional: parts.iter().any(|part| part.provisional),
                    restated: parts.iter().any(|part| part.restated),
                    sources: parts.iter().flat_map(|part| part.sources.clone()).collect(),
                })
            }
        }
    }
}

/// The labels of a reading; `None` for a gap: unknown, or without labels in a labelled series.
fn labels(entry: &LedgerEntry, labelled: bool) -> Option<Vec<(&str, i64)>> {
    match (entry.figure.breakdown(), entry.figure.value) {
        (Some(labels), Some(_)) => Some(labels.iter().map(|(l, n)| (l.as_str(), *n)).collect()),
        (None, Some(value)) if !labelled => Some(vec![("", value)]),
        _ => None,
    }
}
