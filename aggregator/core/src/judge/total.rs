//! Running totals: b plus what flows or a counter added since the baseline year.

use super::value::{MeasuredValue, distinct, reading_value};
use crate::rollup::{LedgerView, Rollup};
use contract::catalogue::{Kpi, Measure, SeriesRef, Shape};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;

/// The unbroken run of complete periods since the baseline year.
pub(super) struct Run {
    /// What the run adds up to; `None` when its first period is missing.
    value: Option<MeasuredValue>,
    /// The first period behind it.
    pub(super) gap: Period,
}

impl Run {
    pub(super) fn value(self) -> Option<MeasuredValue> {
        self.value
    }
}

/// The series of a running total of flows; `None` for every other KPI.
pub(super) fn flows(view: &LedgerView<'_>, kpi: &Kpi) -> Option<SeriesRef> {
    let Measure::Series(of) = kpi.measure else { return None };
    (kpi.kind.is_running_total() && view.series(of).shape == Shape::Flow).then_some(of)
}

/// The first instant that counts, and b.
fn start(kpi: &Kpi) -> Option<(Moment, &Exact)> {
    kpi.origin().map(|origin| (Period::fiscal_year(origin.year).end(), &origin.value))
}

/// b plus the unbroken run; what lies behind a gap waits.
pub(super) fn run(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef) -> Run {
    let (since, base) = start(kpi).map_or((view.cutoff.at, whole(0)), |(since, base)| (since, base.clone()));
    let own = view.series(of).grain;
    let (mut sum, mut provisional, mut end) = (0_i128, false, since);
    while let Some((period, value, part)) = longest(view, of, end, own) {
        sum += value;
        provisional |= part.provisional;
        end = period.end();
    }
    let at = (end > since).then_some(end);
    let value = at.map(|at| MeasuredValue {
        value: base + view.in_unit(of, sum),
        at,
        provisional,
        months: None,
        origins: between(view, of, since, at),
        settled: None,
    });
    Run { value, gap: Period::holding(own, end) }
}

/// The longest complete period that starts at a moment: a year takes one step instead of its days.
fn longest(view: &LedgerView<'_>, of: SeriesRef, start: Moment, own: Grain) -> Option<(Period, i128, Rollup)> {
    Grain::ALL.into_iter().rev().filter(|grain| *grain >= own).find_map(|grain| {
        let period = Period::holding(grain, start);
        if period.start() != start || period.end() > view.cutoff.at {
            return None;
        }
        let part = view.rollup(of, period).filter(|rollup| rollup.complete)?;
        Some((period, part.value?, part))
    })
}

/// b plus every known flow since, gaps as nothing; `None` when there is none.
pub(super) fn known(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef) -> Option<MeasuredValue> {
    let (since, base) = start(kpi)?;
    let at = view.last_known_flow(of, since, view.cutoff.at)?.end();
    let years = Period::holding(Grain::FiscalYear, since).index..=Period::closing(Grain::FiscalYear, at).index;
    let years: Vec<_> = years.filter_map(|year| view.rollup(of, Period::fiscal_year(year))).collect();
    Some(MeasuredValue {
        value: base + view.in_unit(of, years.iter().filter_map(|year| year.value).sum::<i128>()),
        at,
        provisional: years.iter().any(|year| year.provisional),
        months: None,
        origins: between(view, of, since, at),
        settled: None,
    })
}

fn between(view: &LedgerView<'_>, of: SeriesRef, since: Moment, at: Moment) -> Vec<(SeriesRef, u8)> {
    let years = Period::holding(Grain::FiscalYear, since).index..=Period::closing(Grain::FiscalYear, at).index;
    let all = years.flat_map(|year| {
        view.sources_between(of, Period::fiscal_year(year).start(), at.min(Period::fiscal_year(year).end()))
    });
    distinct(all.map(|source| (of, source)).collect())
}

/// b plus what a counter rose by since the baseline year's end; for a verdict only with a reading at `border`.
pub(crate) fn of_counter(
    view: &LedgerView<'_>,
    kpi: &Kpi,
    of: SeriesRef,
    border: Option<Moment>,
) -> Option<MeasuredValue> {
    let (since, base) = start(kpi)?;
    let rise = match border {
        Some(end) => view.rise_between(of, since, end),
        None => view.rise_since(of, since),
    }?;
    let total = reading_value(view, of, &rise);
    Some(MeasuredValue { value: base + total.value, ..total })
}
