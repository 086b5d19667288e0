//! Bounds that cannot be undone: known parts alone can settle a KPI although others are missing, because a
//! series is never negative unless it says so.

use super::months;
use super::total;
use super::value::{MeasuredValue, MonthCount, compared, distinct};
use crate::rollup::LedgerView;
use contract::catalogue::{Direction, Kpi, Measure, SeriesRef, Shape};
use contract::exact::Exact;
use contract::period::{Grain, Period};

/// True when a value meets a lower bound or exceeds an upper one, so that more of the same changes nothing.
fn settles(kpi: &Kpi, value: &Exact) -> bool {
    kpi.direction.meets(&compared(kpi, value), &kpi.target) == (kpi.direction == Direction::AtLeast)
}

/// A running total of flows that is settled.
pub(super) fn of_total(view: &LedgerView<'_>, kpi: &Kpi) -> Option<MeasuredValue> {
    let of = total::flows(view, kpi).filter(|of| !view.series(*of).signed)?;
    let known = total::known(view, kpi, of).filter(|known| settles(kpi, &known.value))?;
    let year = Period::closing(Grain::FiscalYear, known.at).index;
    let run = total::run(view, kpi, of).value().filter(|run| settles(kpi, &run.value));
    Some(MeasuredValue { settled: Some(year), ..run.unwrap_or(known) })
}

/// A yearly sum that is settled in the target year, or a ceiling that is exceeded in the latest year that is complete or
/// exceeded; for a report of `year`, `only` forbids a look at earlier years.
pub(super) fn of_year(view: &LedgerView<'_>, kpi: &Kpi, year: i32, only: bool) -> Option<MeasuredValue> {
    let Measure::Series(of) = kpi.measure else { return None };
    if kpi.kind.is_ceiling() {
        let years = (months::first_year(view, of)..=year).rev().take(if only { 1 } else { usize::MAX });
        let found = |year| match of_parts(view, kpi, of, year) {
            Some(exceeded) => Some(Some(exceeded)),
            None => months::whole_year(view, kpi, of, year).map(|_| None),
        };
        return years.into_iter().find_map(found)?;
    }
    (kpi.kind.is_yearly_sum() && year == view.catalogue.plan.last_year).then(|| of_parts(view, kpi, of, year))?
}

/// The sum of a year's complete months where that settles it, else of all its known parts.
fn of_parts(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, year: i32) -> Option<MeasuredValue> {
    if view.series(of).signed {
        return None;
    }
    let months = months::complete_months(view, of, year);
    let months = months.map(|(sum, part)| MeasuredValue { value: view.in_unit(of, sum), ..part });
    let count = months.as_ref().and_then(|m| m.months.clone());
    let found = months.filter(|m| settles(kpi, &m.value)).or_else(|| {
        let known = known_parts(view, of, year)?;
        let months = Some(count.unwrap_or(MonthCount { year, numbers: Vec::new() }));
        settles(kpi, &known.value).then_some(MeasuredValue { months, ..known })
    });
    found.map(|measured| MeasuredValue { settled: Some(year), ..measured })
}

/// The sum of all that is known of a year, days of incomplete months included.
fn known_parts(view: &LedgerView<'_>, of: SeriesRef, year: i32) -> Option<MeasuredValue> {
    let period = Period::fiscal_year(year);
    let known = |value: i128, at, provisional, origins| MeasuredValue {
        value: view.in_unit(of, value),
        at,
        provisional,
        months: None,
        origins,
        settled: None,
    };
    if view.series(of).shape == Shape::Flow {
        let last = view.last_known_flow(of, period.start(), period.end().min(view.cutoff.at))?;
        let rollup = view.rollup(of, period)?;
        return Some(known(rollup.value?, last.end(), rollup.provisional, months::sources(view, of, period)));
    }
    let parts = months::complete_parts(view, of, period, view.series(of).grain);
    let at = parts.last()?.0.end();
    let origins = parts.iter().flat_map(|(part, ..)| months::sources(view, of, *part)).collect();
    let provisional = parts.iter().any(|(.., rollup)| rollup.provisional);
    Some(known(parts.iter().map(|(_, value, _)| value).sum(), at, provisional, distinct(origins)))
}
