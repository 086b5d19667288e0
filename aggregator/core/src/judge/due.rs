//! When figures are due: stale sources while a plan runs, and the wait for the last figure at its end.

use crate::ledger::LedgerEntry;
use crate::rollup::LedgerView;
use contract::catalogue::{Combine, Kpi, Measure, Rhythm, SeriesRef, SeriesSource, Shape};
use contract::period::Period;
use contract::time::{Moment, date_of};

/// Periods looked back over from the last possible one: a border inside a period costs one, its own midnight another.
const LOOK_BACK: i32 = 4;
/// Periods looked ahead over from there: as many again, and one that may have come early.
const LOOK_AHEAD: i32 = 6;

/// How a source of a series stands: what it gave last, and what is due of it next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceDue {
    /// Index of the series.
    pub series: usize,
    /// Index of the source in it.
    pub source: usize,
    /// The moment that its latest known figure describes: an `as_of`, or a period's end.
    pub latest: Option<Moment>,
    /// When the figure that is due next, with its grace, is overdue; past when it is. `None` without a rhythm.
    pub due: Option<Moment>,
}

/// How the sources of all series stand on a day, each by its own figures; in the catalogue's order.
pub(super) fn sources_due(view: &LedgerView<'_>, day: i32) -> Vec<SourceDue> {
    let all = view.catalogue.series.iter().enumerate();
    let pairs = all.flat_map(|(series, one)| (0..one.sources.len()).map(move |source| (series, source)));
    pairs.map(|(series, source)| source_due(view, (series, source), day)).collect()
}

fn source_due(view: &LedgerView<'_>, (series, source): (usize, usize), day: i32) -> SourceDue {
    let one = &view.catalogue.series[series];
    let refs = || (0..one.definitions.len()).map(move |definition| SeriesRef { series, definition });
    let index = u8::try_from(source).unwrap_or(u8::MAX);
    let latest = |of: SeriesRef| {
        let known = |entry: &&LedgerEntry| entry.source == index && entry.value().is_some() && view.sees(of, entry);
        let entry = view.ledger.figures(series, of.definition).rev().find(known)?;
        let period = view.period(of, entry);
        Some(if one.shape == Shape::Flow { period.end() } else { period.start() })
    };
    let is_known = |period: Period| refs().any(|of| view.is_known_since(of, Some(index), period));
    let own = &one.sources[source];
    let missing = overdue(own, day).filter(|period| !is_known(*period));
    let next = || own.rhythm.iter().filter_map(|rhythm| upcoming(own, rhythm, day, is_known)).min_by_key(|p| p.end());
    let last_day = |period: Period| {
        let days = own.rhythm.iter().filter(|r| r.every == period.grain && r.holds(period)).map(|r| r.last_day(period));
        days.max().map(|day| Moment::midnight(date_of(day + 1)))
    };
    SourceDue { series, source, latest: refs().filter_map(latest).max(), due: missing.or_else(next).and_then(last_day) }
}

/// The midnight after the last day on which a period of a rhythm may end whose figure is missing on `day`.
fn after_missing(rhythm: &Rhythm, day: i32) -> Moment {
    Moment::midnight(date_of(rhythm.last_end_missing_on(day) + 1))
}

/// The first period of a rhythm that is still waited for on `day`.
fn upcoming(source: &SeriesSource, rhythm: &Rhythm, day: i32, is_known: impl Fn(Period) -> bool) -> Option<Period> {
    let last = Period::closing(rhythm.every, after_missing(rhythm, day));
    let waited = |p: &Period| {
        rhythm.last_day(*p) >= day && rhythm.holds(*p) && source.takes_part(p.start(), p.end()) && !is_known(*p)
    };
    (0..LOOK_AHEAD).map(|ahead| last.plus(ahead)).find(waited)
}

/// The latest period of a source's rhythm whose due day and grace are over on `day`.
fn overdue(source: &SeriesSource, day: i32) -> Option<Period> {
    let latest = |rhythm: &Rhythm| {
        let upto = [rhythm.until, source.until].into_iter().flatten().fold(after_missing(rhythm, day), Moment::min);
        let last = Period::closing(rhythm.every, upto);
        let due = |p: &Period| rhythm.last_day(*p) < day && rhythm.holds(*p) && source.takes_part(p.start(), p.end());
        (0..LOOK_BACK).map(|back| last.plus(-back)).find(due)
    };
    source.rhythm.iter().filter_map(latest).max_by_key(|p| (p.end(), p.start()))
}

/// A figure that was due and is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OverduePeriod {
    /// The period of the source's rhythm, or the month.
    pub period: Period,
    /// Index of the series.
    pub series: usize,
    /// Index of the source in it.
    pub source: usize,
    /// When due day and grace were over.
    pub since: Moment,
}

/// True when a figure that is due, with its grace over on `day`, is missing from every source that could
/// give it (of a sum: from its own source; of a ratio: at an instant that both parts have). Periods that begin
/// before `since` do not count.
pub(super) fn is_stale(view: &LedgerView<'_>, kpi: &Kpi, day: i32, since: Option<Moment>) -> bool {
    !overdue_periods(view, kpi, day, since).is_empty()
}

/// The figures that make a KPI stale in that way, of each source the latest.
pub(super) fn overdue_periods(view: &LedgerView<'_>, kpi: &Kpi, day: i32, since: Option<Moment>) -> Vec<OverduePeriod> {
    let all = kpi.measure.parts().into_iter().flat_map(|of| (0..view.series(of).sources.len()).map(move |i| (of, i)));
    let missing = |(of, i): (SeriesRef, usize)| {
        let series = view.series(of);
        let period =
            overdue(&series.sources[i], day).filter(|period| since.is_none_or(|since| period.start() >= since))?;
        let is_known = if let Measure::Ratio { numerator, denominator, .. } = kpi.measure {
            view.joint_readings(numerator, denominator, period.start()).next().is_some()
        } else {
            let only = (series.combine == Combine::Sum).then(|| u8::try_from(i).unwrap_or(u8::MAX));
            view.is_known_since(of, only, period)
        };
        let since = over_since(&series.sources[i], period)?;
        (!is_known).then_some(OverduePeriod { period, series: of.series, source: i, since })
    };
    all.filter_map(missing).collect()
}

/// When the rhythm period of a source that holds the end of `part` was due, with its grace over: the midnight that ends
/// its last day. `None` when the source has no rhythm then.
pub(super) fn over_since(source: &SeriesSource, part: Period) -> Option<Moment> {
    let held = source.rhythm.iter().map(|rhythm| (Period::closing(rhythm.every, part.end()), rhythm));
    let days = held.filter(|(period, rhythm)| rhythm.holds(*period)).map(|(period, rhythm)| rhythm.last_day(period));
    days.min().map(|day| Moment::midnight(date_of(day + 1)))
}

/// True when the rhythm period of a source that holds the end of `part` was due, with its grace, before `day`.
pub(crate) fn is_over(source: &SeriesSource, part: Period, day: i32) -> bool {
    source.rhythm.iter().any(|rhythm| {
        let period = Period::closing(rhythm.every, part.end());
        rhythm.holds(period) && rhythm.last_day(period) < day
    })
}

/// The last period of a source's rhythm in the plan, and its last day of due and grace; `None` when it has
/// no rhythm then. Of several rhythms that hold it the shortest period.
pub(super) fn last_period(view: &LedgerView<'_>, source: &SeriesSource) -> Option<(Period, i32)> {
    let end = view.catalogue.plan.end();
    let periods = source.rhythm.iter().map(|rhythm| (Period::closing(rhythm.every, end), rhythm));
    let held = periods.filter(|(p, rhythm)| rhythm.holds(*p));
    held.map(|(p, rhythm)| (p, rhythm.last_day(p))).max_by_key(|(p, day)| (p.start(), *day))
}

/// The last civil day on which the plan's last figure of a KPI is still waited for: of several sources
/// the latest, without a rhythm the day the plan ends.
pub(super) fn last_day(view: &LedgerView<'_>, kpi: &Kpi) -> i32 {
    let sources = |of: SeriesRef| view.series(of).sources.iter();
    let last = |source: &SeriesSource| {
        let (period, day) = last_period(view, source)?;
        source.takes_part(period.start(), period.end()).then_some(day)
    };
    let days = kpi.measure.parts().into_iter().flat_map(sources).filter_map(last);
    days.max().unwrap_or_else(|| view.catalogue.plan.end().day())
}
