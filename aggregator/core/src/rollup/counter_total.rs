//! Counters as running totals: what they rose by since a border.

use super::counter_readings::{CounterReadings, CounterStep, rise};
use super::level::LevelReading;
use super::view::LedgerView;
use contract::catalogue::{Combine, SeriesRef};
use contract::period::{Grain, Period};
use contract::time::{DAY, HOUR, Moment};
use jiff::Span;
use std::rc::Rc;

/// A source that has the border reading at the start.
struct Starter {
    source: u8,
    readings: Rc<CounterReadings>,
    from: CounterStep,
    /// The last instant at which it can be read.
    upto: Moment,
}

impl Starter {
    /// The rise up to its latest reading in `(after, upto]`.
    fn rise(&self, after: Moment, upto: Moment) -> Option<LevelReading> {
        let to = self.latest(after, upto)?;
        let rise = rise(&self.from, to)?;
        let (provisional, restated) = (rise.provisional, rise.restated);
        Some(LevelReading { value: rise.value?, at: to.at, provisional, restated, sources: vec![self.source] })
    }

    fn latest(&self, after: Moment, upto: Moment) -> Option<&CounterStep> {
        self.readings.reading(after.max(Moment(self.from.at.0 - 1)), upto.min(self.upto))
    }
}

impl LedgerView<'_> {
    /// The sources of a counter that take part from `since` on with the border reading there; `None` for one without.
    fn starters(&self, of: SeriesRef, since: Moment) -> Vec<Option<Starter>> {
        let taking = self.series(of).sources.iter().enumerate().filter(|(_, s)| s.takes_part(since, since));
        taking
            .map(|(i, described)| {
                let source = u8::try_from(i).ok()?;
                let readings = self.totals(of, source);
                let from = *self.border(of, &readings, since)?;
                Some(Starter { source, readings, from, upto: described.until.unwrap_or(Moment(i64::MAX)) })
            })
            .collect()
    }

    /// The rise from the border reading at `since` to the latest reading that the view includes.
    ///
    /// Of several sources the first in order with a reading within the grain before the newest reading of any; a sum runs
    /// to the latest instant that all have read.
    pub fn rise_since(&self, of: SeriesRef, since: Moment) -> Option<LevelReading> {
        let (series, upto) = (self.series(of), self.cutoff.at);
        let starters = self.starters(of, since);
        if series.combine == Combine::Sum {
            let all = starters.into_iter().collect::<Option<Vec<_>>>()?;
            let readings = &all.first()?.readings;
            let is_read = |at: Moment| all.iter().all(|s| s.latest(Moment(at.0 - 1), at).is_some());
            let at = readings.steps.iter().rev().map(|step| step.at).find(|at| *at <= upto && is_read(*at))?;
            return sum(all.iter().map(|s| s.rise(Moment(at.0 - 1), at)));
        }
        let starters: Vec<Starter> = starters.into_iter().flatten().collect();
        let newest = starters.iter().filter_map(|s| Some(s.latest(Moment(i64::MIN), upto)?.at)).max()?;
        let after = one_before(series.grain, newest);
        starters.iter().find_map(|starter| starter.rise(after, upto))
    }

    /// The rise from the border reading at `since` to that at `end`: of the first source that has both, or the sum of all.
    pub fn rise_between(&self, of: SeriesRef, since: Moment, end: Moment) -> Option<LevelReading> {
        let series = self.series(of);
        let after = Period::closing(series.grain, end).start();
        let starters = self.starters(of, since);
        let rise = |s: Option<Starter>| s.filter(|s| s.upto >= end)?.rise(after, end);
        match series.combine {
            Combine::First => starters.into_iter().find_map(rise),
            Combine::Sum => sum(starters.into_iter().map(rise)),
        }
    }
}

/// One grain before an instant; inside a month the same day of the month before, or its last.
fn one_before(grain: Grain, at: Moment) -> Moment {
    let months = match grain {
        Grain::Hour => return Moment(at.0 - HOUR),
        Grain::Day => return Moment(at.0 - DAY),
        Grain::Month => 1,
        Grain::Quarter => 3,
        Grain::FiscalYear => 12,
    };
    let date = at.date();
    let before = date.checked_sub(Span::new().months(months)).unwrap_or(date);
    Moment(Moment::midnight(before).0 + (at.0 - Moment::midnight(date).0))
}

/// The sum of rises; `None` when one is unknown, or when there is none.
fn sum(rises: impl Iterator<Item = Option<LevelReading>>) -> Option<LevelReading> {
    let parts: Vec<LevelReading> = rises.collect::<Option<_>>()?;
    Some(LevelReading {
        value: parts.iter().map(|part| part.value).sum(),
        at: parts.iter().map(|part| part.at).max()?,
        provisional: parts.iter().any(|part| part.provisional),
        restated: parts.iter().any(|part| part.restated),
        sources: parts.iter().flat_map(|part| part.sources.clone()).collect(),
    })
}
