//! Months that ended without a complete figure.

use super::standing::Standing;
use super::values::{Form, complete_parts, form, only};
use super::{Cut, counter, due, figures, totals};
use contract::catalogue::{Combine, Kpi, SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::record::{Span, Value};
use std::collections::BTreeSet;

/// True for the kinds over flows (or counters) whose months are counted.
pub fn counts_months(st: &Standing, kpi: &Kpi) -> bool {
    matches!(form(st, kpi), Form::Months | Form::Years)
}

/// How many months of a fiscal year are known.
pub fn known_months(st: &Standing, kpi: &Kpi, year: i32, cut: Cut) -> usize {
    super::values::month_numbers(&complete_parts(st, only(kpi), year, cut)).len()
}

/// "A month that ended without a complete figure is listed .. always months, those of a quarter or year once it has ended".
pub fn of_year(st: &Standing, r: SeriesRef, year: i32, cut: Cut) -> BTreeSet<Period> {
    let covered: BTreeSet<Period> = complete_parts(st, r, year, cut)
        .into_iter()
        .flat_map(|(period, _)| period.parts(Grain::Month).collect::<Vec<_>>())
        .collect();
    let months = Period::fiscal_year(year).parts(Grain::Month);
    months.filter(|month| figures::has_ended(st, r, unit(st, r, *month), cut) && !covered.contains(month)).collect()
}

/// The month, or the quarter or year of the series that holds it.
fn unit(st: &Standing, r: SeriesRef, month: Period) -> Period {
    month.within(st.series(r).grain.max(Grain::Month))
}

/// What `missing` shows: the months of the years in question, a running total's first period behind its run.
/// `day` is the day asked where due dates count.
pub fn listed(st: &Standing, kpi: &Kpi, years: &[i32], cut: Cut, day: Option<i32>) -> BTreeSet<Period> {
    match form(st, kpi) {
        Form::Months | Form::Years => years.iter().flat_map(|year| of_year(st, only(kpi), *year, cut)).collect(),
        Form::Run => {
            let Some(period) = totals::behind_run(st, kpi, cut) else { return BTreeSet::new() };
            if period.grain >= Grain::Month {
                return period.parts(Grain::Month).collect();
            }
            // CHOICE (a day behind the run): "a month that ended" - its month once that has ended, or once the day is missing
            // beyond due plus grace ("that period is named").
            let month = period.within(Grain::Month);
            let named = month.end() <= cut.at || day.is_some_and(|day| run_is_stale(st, kpi, cut, day));
            named.then_some(month).into_iter().collect()
        }
        Form::State | Form::Total => BTreeSet::new(),
    }
}

/// True when the source itself says of every part it lacks that it is unknown.
fn source_delivered(st: &Standing, r: SeriesRef, source: usize, period: Period, cut: Cut) -> bool {
    let series = st.series(r);
    if series.shape == Shape::Counter {
        let known = counter::of_source(st, r, source, period, cut).is_some();
        return known || counter::called_unknown(st, r, source, period, cut);
    }
    period.parts(series.grain).all(|part| st.get(r, source, Span::of(part)).is_some())
}

/// True when every part of the period is known, or called unknown by a source.
fn delivered(st: &Standing, r: SeriesRef, sources: &[usize], period: Period, cut: Cut) -> bool {
    if st.series(r).shape == Shape::Counter {
        return sources.iter().any(|source| source_delivered(st, r, *source, period, cut));
    }
    period.parts(st.series(r).grain).all(|part| {
        let taking = st.taking_part(r, part.start(), part.end());
        taking.iter().any(|source| st.get(r, *source, Span::of(part)).is_some())
    })
}

/// "A month of the fiscal year asked, or of the judged one, that is missing beyond due plus grace".
pub fn month_is_overdue(st: &Standing, r: SeriesRef, month: Period, cut: Cut, day: i32) -> bool {
    let period = unit(st, r, month);
    // CHOICE (series of quarters and years): a source takes part in a month where it takes part in its quarter or year.
    let taking = st.taking_part(r, period.start(), period.end());
    let over = |source: &&usize| due::is_over(st, r, **source, month, day);
    match st.series(r).combine {
        Combine::First => {
            let over = taking.iter().any(|s| over(&s));
            let delivered = delivered(st, r, &taking, period, cut);
            if over && delivered {
                st.note("a month that a source calls unknown");
            }
            over && !delivered
        }
        Combine::Sum => taking.iter().filter(over).any(|s| !source_delivered(st, r, *s, period, cut)),
    }
}

/// "It is stale when the first period behind its run is missing beyond due plus grace"; "a running total of flows is
/// stale by" a period that a source calls unknown.
pub fn run_is_stale(st: &Standing, kpi: &Kpi, cut: Cut, day: i32) -> bool {
    let r = only(kpi);
    let Some(period) = totals::behind_run(st, kpi, cut) else { return false };
    let lacks =
        |source: usize| st.get(r, source, Span::of(period)).is_none_or(|o| matches!(o.value, Value::Unknown(_)));
    st.taking_part(r, period.start(), period.end()).into_iter().any(|source| {
        due::is_over(st, r, source, period, day) && (st.series(r).combine == Combine::First || lacks(source))
    })
}
