//! Months that ended without a complete figure: which they are, and which of them make a KPI stale.

use super::due::{self, OverduePeriod};
use super::months;
use super::total;
use super::value::{MeasuredValue, YEAR};
use crate::rollup::LedgerView;
use contract::catalogue::{Combine, Kpi, Measure, SeriesRef};
use contract::period::{Grain, Period};
use std::collections::BTreeSet;

/// How many months of a fiscal year are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownMonths {
    /// Complete ones.
    pub known: usize,
    /// All of a fiscal year.
    pub of: usize,
}

/// The series of a KPI that is made of the periods of a fiscal year; `None` for states and running totals.
pub(super) fn yearly(view: &LedgerView<'_>, kpi: &Kpi) -> Option<SeriesRef> {
    let Measure::Series(of) = kpi.measure else { return None };
    (!kpi.kind.is_state(view.series(of).shape)).then_some(of)
}

/// How many months of a fiscal year are known; `None` for states and running totals.
pub(super) fn known_of(view: &LedgerView<'_>, kpi: &Kpi, year: i32) -> Option<KnownMonths> {
    let of = yearly(view, kpi)?;
    Some(KnownMonths { known: months::known_months(view, of, year).len(), of: YEAR })
}

/// The months without a complete figure, in order: of some fiscal years, or of a running total of flows those of
/// the first period behind its run; `day` is the day asked where due dates count.
pub(super) fn missing(view: &LedgerView<'_>, kpi: &Kpi, years: &[i32], day: Option<i32>) -> Vec<Period> {
    if let Some(of) = yearly(view, kpi) {
        let years: BTreeSet<i32> = years.iter().copied().collect();
        return years.into_iter().flat_map(|year| missing_of(view, of, year)).collect();
    }
    let Some(of) = total::flows(view, kpi) else { return Vec::new() };
    let gap = total::run(view, kpi, of).gap;
    let ended = |period: Period| view.has_ended(view.series(of), period);
    let listed = gap.within(gap.grain.max(Grain::Month));
    // Of a month that still runs only a day is missing; it is named once that day is overdue.
    let named = ended(listed) || day.is_some_and(|day| ended(gap) && is_gap_late(view, of, gap, day));
    if named { listed.parts(Grain::Month).collect() } else { Vec::new() }
}

/// The months of a fiscal year that ended without a complete figure, in order.
pub(crate) fn missing_of(view: &LedgerView<'_>, of: SeriesRef, year: i32) -> Vec<Period> {
    let known = months::known_months(view, of, year);
    let ended = |month: &Period| view.has_ended(view.series(of), view.cover(of, *month));
    let all = Period::fiscal_year(year).parts(Grain::Month);
    all.filter(ended).filter(|month| !known.contains(&months::number(*month))).collect()
}

/// True when a gap makes a KPI stale on a day although later figures are known: a month of the year asked or of the
/// judged one, or the first period behind a running total's run. No period of a settled year does.
pub(super) fn are_late(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue, asked: i32, day: i32) -> bool {
    !late(view, kpi, measured, asked, day).is_empty()
}

/// Those gaps, in order, each with whether a figure behind it is known.
pub(super) fn late(
    view: &LedgerView<'_>,
    kpi: &Kpi,
    measured: &MeasuredValue,
    asked: i32,
    day: i32,
) -> Vec<(OverduePeriod, bool)> {
    let counts = |period: Period| measured.settled.is_none_or(|year| period.start() >= Period::fiscal_year(year).end());
    let (of, periods) = if let Some(of) = yearly(view, kpi) {
        let years = BTreeSet::from([asked, measured.year()]);
        (of, years.into_iter().flat_map(|year| missing_of(view, of, year)).collect())
    } else if let Some(of) = total::flows(view, kpi) {
        (of, vec![total::run(view, kpi, of).gap])
    } else {
        return Vec::new();
    };
    let late = if yearly(view, kpi).is_some() { late_source } else { late_source_of_gap };
    let found = |period: Period| {
        let source = late(view, of, period, day)?;
        let since = due::over_since(&view.series(of).sources[source], period)?;
        // Of a month of a coarser series the whole period is missing.
        let own = if period.grain < view.series(of).grain { view.cover(of, period) } else { period };
        let is_known_later = view.is_known_since(of, None, own.next());
        Some((OverduePeriod { period, series: of.series, source, since }, is_known_later))
    };
    periods.into_iter().filter(|period| counts(*period)).filter_map(found).collect()
}

/// The first source of which a missing month is due, with its grace over; not when its source itself calls it unknown.
fn late_source(view: &LedgerView<'_>, of: SeriesRef, month: Period, day: i32) -> Option<usize> {
    let (series, cover) = (view.series(of), view.cover(of, month));
    if series.combine == Combine::First && view.is_delivered(of, None, cover) {
        return None;
    }
    series.sources.iter().enumerate().position(|(i, source)| {
        let own = u8::try_from(i).unwrap_or(u8::MAX);
        source.takes_part(cover.start(), cover.end())
            && due::is_over(source, month, day)
            && (series.combine == Combine::First || !view.is_delivered(of, Some(own), cover))
    })
}

/// True when the first period behind a run is due, with its grace over, known as unknown or not.
fn is_gap_late(view: &LedgerView<'_>, of: SeriesRef, gap: Period, day: i32) -> bool {
    late_source_of_gap(view, of, gap, day).is_some()
}

/// The first source of which the first period behind a run is due, with its grace over, known as unknown or not.
fn late_source_of_gap(view: &LedgerView<'_>, of: SeriesRef, gap: Period, day: i32) -> Option<usize> {
    let series = view.series(of);
    let given = view.sources_of(of, gap);
    series.sources.iter().enumerate().position(|(i, source)| {
        let lacks = series.combine == Combine::First || u8::try_from(i).is_ok_and(|own| !given.contains(&own));
        source.takes_part(gap.start(), gap.end()) && due::is_over(source, gap, day) && lacks
    })
}
