//! Rows of states: each count, edition or reading at its instant, running totals at the end of each period that they hold whole.

use super::gaps;
use super::restated;
use super::row::{ChartPart, ChartRow};
use crate::judge::{self, MeasuredValue};
use crate::rollup::{LedgerView, LevelReading};
use contract::catalogue::{Kpi, Measure, SeriesRef, Shape};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;

/// The rows of a KPI that is read as a state, after a moment, at most `limit` readings; in no order.
pub(super) fn rows(view: &LedgerView<'_>, kpi: &Kpi, after: Moment, day: i32, limit: usize) -> Vec<ChartRow> {
    match kpi.measure {
        Measure::Series(of) if view.series(of).shape == Shape::Flow => run(view, kpi, of, day),
        Measure::Series(of) if view.series(of).shape == Shape::Counter => counter(view, kpi, of, day),
        _ => {
            let mut rows: Vec<ChartRow> = readings(view, kpi, after, limit);
            let gaps = gaps::of_states(view, kpi, &rows, after, day);
            rows.extend(gaps);
            rows
        }
    }
}

/// Known levels, or ratios of equal instants, latest first.
fn readings(view: &LedgerView<'_>, kpi: &Kpi, after: Moment, limit: usize) -> Vec<ChartRow> {
    let row = |value: Exact, parts: &[(SeriesRef, &LevelReading)]| {
        let at = parts.first().map_or(after, |(_, reading)| reading.at);
        let grain = parts.first().map_or(Grain::Day, |(of, _)| view.series(*of).grain.instant());
        let sources: Vec<(SeriesRef, u8)> =
            parts.iter().flat_map(|(of, reading)| judge::origins(*of, reading)).collect();
        let restated = if parts.iter().any(|(_, reading)| reading.restated) {
            restated::of_state(view, &kpi.measure, at, &sources)
        } else {
            None
        };
        let provisional = parts.iter().any(|(_, reading)| reading.provisional);
        let row = ChartRow::measured(ChartPart::State, Period::holding(grain, at), at, value);
        ChartRow { provisional, restated, ..row }
    };
    match kpi.measure {
        Measure::Series(of) => {
            let readings = view.readings(of, after, view.cutoff.at).take(limit);
            readings.map(|one| row(view.in_unit(of, one.value), &[(of, &one)])).collect()
        }
        Measure::Ratio { numerator, denominator, per, min_denominator } => {
            let counts = |bottom: &LevelReading| view.in_unit(denominator, bottom.value) >= whole(min_denominator);
            let pairs = view.joint_readings(numerator, denominator, after).filter(|(_, bottom)| counts(bottom));
            let value = |top: &LevelReading, bottom: &LevelReading| {
                view.in_unit(numerator, top.value) * whole(per) / view.in_unit(denominator, bottom.value)
            };
            let rows = pairs.take(limit);
            rows.map(|(top, bottom)| row(value(&top, &bottom), &[(numerator, &top), (denominator, &bottom)])).collect()
        }
    }
}

/// The unbroken run of flows since the start, at the end of each period; behind it the periods without a figure.
fn run(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, day: i32) -> Vec<ChartRow> {
    let Some(origin) = kpi.origin() else { return Vec::new() };
    let unit = view.series(of).grain.max(Grain::Month);
    let since = Period::fiscal_year(origin.year).end();
    let (mut rows, mut sum, mut provisional, mut whole_so_far) = (Vec::new(), origin.value.clone(), false, true);
    let ended = |period: &Period| view.has_ended(view.series(of), *period);
    for period in std::iter::successors(Some(Period::holding(unit, since)), |one| Some(one.next())).take_while(ended) {
        let part = view.rollup(of, period).filter(|rollup| rollup.complete);
        match part.and_then(|rollup| Some((rollup, rollup.value?))) {
            None => {
                whole_so_far = false;
                rows.push(ChartRow::gap(ChartPart::State, period, period.end(), gaps::reason(view, of, period, day)));
            }
            Some((rollup, value)) if whole_so_far => {
                sum += view.in_unit(of, value);
                provisional |= rollup.provisional;
                let row = ChartRow::measured(ChartPart::State, period, period.end(), sum.clone());
                let restated = if rollup.restated { restated::of_flow(view, of, period, &sum) } else { None };
                rows.push(ChartRow { provisional, restated, ..row });
            }
            // What lies behind a gap cannot be added.
            Some(_) => {}
        }
    }
    let last = rows.iter().filter(|row| row.value.is_some()).map(|row| row.at).max().unwrap_or(since);
    let open = judge::running_total(view, kpi, of).filter(|run| run.at > last);
    rows.extend(open.map(|run| latest(run, Grain::Day)));
    rows
}

/// What a counter rose by since the start: at the border reading of each month, and at the latest reading.
fn counter(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, day: i32) -> Vec<ChartRow> {
    let Some(origin) = kpi.origin() else { return Vec::new() };
    let first = Period::holding(Grain::Month, Period::fiscal_year(origin.year).end());
    let ended = |period: &Period| view.has_ended(view.series(of), *period);
    let months = std::iter::successors(Some(first), |one| Some(one.next())).take_while(ended);
    let mut rows: Vec<ChartRow> = months
        .map(|month| match judge::counter_total(view, kpi, of, Some(month.end())) {
            Some(total) => reading(total, month),
            None => ChartRow::gap(ChartPart::State, month, month.end(), gaps::reason(view, of, month, day)),
        })
        .collect();
    let known = |at: Moment| rows.iter().any(|row| row.value.is_some() && row.at == at);
    let open = judge::counter_total(view, kpi, of, None).filter(|total| !known(total.at));
    rows.extend(open.map(|total| latest(total, view.series(of).grain.instant())));
    rows
}

fn reading(measured: MeasuredValue, period: Period) -> ChartRow {
    let row = ChartRow::measured(ChartPart::State, period, measured.at, measured.value);
    ChartRow { provisional: measured.provisional, ..row }
}

fn latest(measured: MeasuredValue, grain: Grain) -> ChartRow {
    let period = Period::closing(grain, measured.at);
    reading(measured, period)
}
