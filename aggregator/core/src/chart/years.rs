//! Rows of what is counted by fiscal year: months, their sum to date, means, whole years.

use super::gaps;
use super::guide::numbers;
use super::restated;
use super::row::{ChartPart, ChartRow, GapReason};
use crate::judge::{self, MIN_MONTHS, MeasuredValue, path};
use crate::rollup::{LedgerView, Rollup};
use contract::catalogue::{Kpi, Measure, SeriesRef, Shape};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};

/// A known piece of a year.
struct Piece {
    period: Period,
    value: i128,
    rollup: Rollup,
}

/// The rows of a KPI that is counted by fiscal year, up to `last`; in no order.
pub(super) fn rows(view: &LedgerView<'_>, kpi: &Kpi, last: i32, day: i32) -> Vec<ChartRow> {
    let Measure::Series(of) = kpi.measure else { return Vec::new() };
    let first = first_year(view, kpi, of);
    (first..=last).flat_map(|year| of_year(view, kpi, of, year, day)).collect()
}

/// The first fiscal year that is shown: that of the first figure, but not before the baseline's.
fn first_year(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef) -> i32 {
    let plan = &view.catalogue.plan;
    let figures = judge::first_year(view, of).min(plan.first_year);
    kpi.origin().map_or(figures, |origin| figures.max(origin.year))
}

fn of_year(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, year: i32, day: i32) -> Vec<ChartRow> {
    if view.series(of).shape == Shape::Level {
        return assessment(view, kpi, of, year, day).into_iter().collect();
    }
    let unit = view.series(of).grain.max(Grain::Month);
    let period = Period::fiscal_year(year);
    let mut rows = Vec::new();
    if unit < Grain::FiscalYear && kpi.kind.counts_months() {
        let pieces = pieces(view, of, period, unit);
        rows.extend(months(view, kpi, of, (year, unit), day));
        rows.extend(if kpi.kind.is_monthly_mean() {
            mean(view, kpi, of, year, &pieces)
        } else {
            to_date(view, kpi, of, year, &pieces)
        });
    }
    if !kpi.kind.is_monthly_mean() || unit == Grain::FiscalYear {
        rows.extend(whole_year(view, kpi, of, year, day));
    }
    rows
}

/// The known pieces of a period, the finest that cover it; a coarser one where a part of it is known only as a whole.
fn pieces(view: &LedgerView<'_>, of: SeriesRef, period: Period, unit: Grain) -> Vec<Piece> {
    let all: usize = period.parts(Grain::Month).count();
    let finer = Grain::ALL.into_iter().rfind(|grain| *grain < period.grain && *grain >= unit);
    let parts: Vec<Piece> =
        finer.into_iter().flat_map(|grain| period.parts(grain)).flat_map(|part| pieces(view, of, part, unit)).collect();
    let covered: usize = parts.iter().map(|piece| piece.period.parts(Grain::Month).count()).sum();
    if covered == all {
        return parts;
    }
    let complete = view.rollup(of, period).filter(|rollup| rollup.complete);
    match complete.and_then(|rollup| Some((rollup, rollup.value?))) {
        Some((rollup, value)) => vec![Piece { period, value, rollup }],
        None => parts,
    }
}

/// Each month, or period of a coarser series, by itself; those without a figure from the first known one on.
fn months(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, (year, unit): (i32, Grain), day: i32) -> Vec<ChartRow> {
    let goals = goals(view, kpi, year);
    let in_plan = year >= view.catalogue.plan.first_year;
    let mut rows: Vec<ChartRow> = Vec::new();
    let ended = |period: &Period| view.has_ended(view.series(of), *period);
    for period in Period::fiscal_year(year).parts(unit).take_while(ended) {
        let count = whole(period.parts(Grain::Month).count().max(1));
        let scale = if kpi.kind.is_monthly_mean() { whole(1) / count.clone() } else { whole(1) };
        let rollup = view.rollup(of, period).filter(|rollup| rollup.complete);
        let Some((rollup, value)) = rollup.and_then(|rollup| Some((rollup, rollup.value?))) else {
            if in_plan || !rows.is_empty() || judge::first_year(view, of) < year {
                rows.push(ChartRow::gap(ChartPart::Month, period, period.end(), gaps::reason(view, of, period, day)));
            }
            continue;
        };
        let value = view.in_unit(of, value) * &scale;
        let restated = if rollup.restated { restated::of_flow(view, of, period, &value) } else { None };
        let sum = sum_of(&goals, numbers(period));
        let guide = sum.map(|sum| if kpi.kind.is_monthly_mean() { sum * whole(12) / count } else { sum });
        let row = ChartRow::measured(ChartPart::Month, period, period.end(), value);
        rows.push(ChartRow { guide, restated, provisional: rollup.provisional, ..row });
    }
    rows
}

/// The goals of a year's months; empty of a year before the baseline's, whose figures are never judged.
fn goals(view: &LedgerView<'_>, kpi: &Kpi, year: i32) -> Vec<Exact> {
    let has_goal = path::goal(kpi, &view.catalogue.plan, year).is_some() && year <= view.catalogue.plan.last_year;
    if has_goal { judge::month_goals(view, kpi, year) } else { Vec::new() }
}

fn sum_of(goals: &[Exact], numbers: impl Iterator<Item = usize>) -> Option<Exact> {
    numbers.map(|k| goals.get(k - 1).cloned()).sum()
}

/// The sum of the known months up to each, beside the goal of the same months.
fn to_date(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, year: i32, pieces: &[Piece]) -> Vec<ChartRow> {
    let goals = goals(view, kpi, year);
    let (mut steps, mut count, mut provisional) = (0_i128, 0, false);
    let mut known: Vec<usize> = Vec::new();
    let mut rows: Vec<ChartRow> = Vec::new();
    let mut next = Period::fiscal_year(year).start();
    for piece in pieces {
        if piece.period.start() > next {
            let gap = Period::holding(piece.period.grain, next);
            rows.push(ChartRow::gap(ChartPart::YearToDate, gap, gap.end(), GapReason::Incomplete));
        }
        next = piece.period.end();
        steps += piece.value;
        count += piece.period.parts(Grain::Month).count();
        provisional |= piece.rollup.provisional;
        known.extend(numbers(piece.period));
        let value = view.in_unit(of, steps);
        let restated = if piece.rollup.restated { restated::of_flow(view, of, piece.period, &value) } else { None };
        let guide = sum_of(&goals, known.iter().copied());
        let row = ChartRow::measured(ChartPart::YearToDate, piece.period, piece.period.end(), value);
        rows.push(ChartRow { guide, restated, provisional, months: Some(count), ..row });
    }
    rows
}

/// The mean of the known months, once there are as many as are judged.
fn mean(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, year: i32, pieces: &[Piece]) -> Vec<ChartRow> {
    let known: Vec<usize> = pieces.iter().flat_map(|piece| numbers(piece.period)).collect();
    let Some(last) = pieces.last().filter(|_| known.len() >= MIN_MONTHS) else { return Vec::new() };
    let value = view.in_unit(of, pieces.iter().map(|piece| piece.value).sum()) / whole(known.len());
    let guide = sum_of(&goals(view, kpi, year), known.iter().copied()).map(|sum| sum * whole(12) / whole(known.len()));
    let row = ChartRow::measured(ChartPart::Mean, Period::fiscal_year(year), last.period.end(), value);
    let provisional = pieces.iter().any(|piece| piece.rollup.provisional);
    vec![ChartRow { guide, provisional, months: Some(known.len()), ..row }]
}

/// A year that has ended: its figure, or that it is not whole.
fn whole_year(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, year: i32, day: i32) -> Option<ChartRow> {
    let period = Period::fiscal_year(year);
    if !view.has_ended(view.series(of), period) {
        return None;
    }
    let guide = path::goal(kpi, &view.catalogue.plan, year)
        .filter(|_| kpi.kind.has_path() && year <= view.catalogue.plan.last_year);
    if let Some(measured) = judge::whole_year(view, kpi, of, year) {
        return Some(ChartRow { guide, ..year_row(view, kpi, of, period, measured) });
    }
    let known = judge::known_months(view, of, year).len();
    let in_plan = year >= view.catalogue.plan.first_year;
    if known == 0 && !in_plan {
        return None;
    }
    let own = view.series(of).grain == Grain::FiscalYear;
    let reason = if own || known == 0 { gaps::reason(view, of, period, day) } else { GapReason::Incomplete };
    Some(ChartRow { months: (!own).then_some(known), ..ChartRow::gap(ChartPart::Year, period, period.end(), reason) })
}

/// The row of a value that is of a whole year.
fn year_row(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, period: Period, measured: MeasuredValue) -> ChartRow {
    let compared = judge::compared(kpi, &measured.value);
    let own = view.series(of).grain == Grain::FiscalYear;
    let restated = if own { restated::of_flow(view, of, period, &measured.value) } else { None };
    let months = measured.months.as_ref().map(|months| months.numbers.len());
    ChartRow {
        compared: (compared != measured.value).then_some(compared),
        provisional: measured.provisional,
        months: months.filter(|_| !own),
        restated,
        ..ChartRow::measured(ChartPart::Year, period, period.end(), measured.value)
    }
}

/// The latest assessment of a year by the moment asked; of a year that has ended without one, that there is none.
fn assessment(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, year: i32, day: i32) -> Option<ChartRow> {
    let period = Period::fiscal_year(year);
    if let Some(reading) = view.latest(of, period.start(), period.end()) {
        let sources: Vec<(SeriesRef, u8)> = judge::origins(of, &reading).collect();
        let restated =
            if reading.restated { restated::of_state(view, &kpi.measure, reading.at, &sources) } else { None };
        let row = ChartRow::measured(ChartPart::Year, period, reading.at, view.in_unit(of, reading.value));
        return Some(ChartRow { provisional: reading.provisional, restated, ..row });
    }
    let ended = view.has_ended(view.series(of), period);
    let in_plan = year >= view.catalogue.plan.first_year;
    (ended && in_plan)
        .then(|| ChartRow::gap(ChartPart::Year, period, period.end(), gaps::reason(view, of, period, day)))
}
