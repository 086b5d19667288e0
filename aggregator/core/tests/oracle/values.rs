//! The value of a KPI, kind by kind, before any judging.

use super::figures::{self, Rolled};
use super::standing::Standing;
use super::{Asked, Cut, bounds, totals};
use contract::catalogue::{Kpi, KpiKind, Measure, SeriesRef, Shape};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;
use num_traits::Zero;
use std::rc::Rc;

/// A value of a KPI and what it is made of.
#[derive(Clone, Debug)]
pub struct Val {
    pub value: Exact,
    pub as_of: Moment,
    pub provisional: bool,
    /// The fiscal year of a flow's value.
    pub year: Option<i32>,
    /// Its complete months (April = 1).
    pub months: Vec<i32>,
    /// The sources (series, source) that it came from.
    pub sources: Vec<(SeriesRef, usize)>,
    /// Settled by a bound that cannot be undone: the bound's fiscal year.
    pub bound: Option<i32>,
}

impl Val {
    pub fn state(value: Exact, as_of: Moment, provisional: bool, sources: Vec<(SeriesRef, usize)>) -> Self {
        Self { value, as_of, provisional, year: None, months: Vec::new(), sources, bound: None }
    }

    /// The fiscal year it belongs to: "a level belongs to the year it closes".
    pub fn fiscal_year(&self) -> i32 {
        self.year.unwrap_or_else(|| Period::closing(Grain::FiscalYear, self.as_of).index)
    }
}

pub fn only(kpi: &Kpi) -> SeriesRef {
    match kpi.measure {
        Measure::Series(r) => r,
        Measure::Ratio { numerator, .. } => numerator,
    }
}

/// How a value is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A state: level, ratio, maintain or cumulative fed by a level.
    State,
    /// A cumulative from flows.
    Run,
    /// A cumulative from a counter.
    Total,
    /// `flow_per_year`, `monthly_mean`.
    Months,
    /// Ceiling, maintain from a flow: whole years only.
    Years,
}

impl Form {
    pub fn is_level_shaped(self) -> bool {
        matches!(self, Self::State | Self::Run | Self::Total)
    }
}

pub fn form(st: &Standing, kpi: &Kpi) -> Form {
    let shape = st.series(only(kpi)).shape;
    match (kpi.kind, shape) {
        (KpiKind::Ratio | KpiKind::Level, _) | (KpiKind::Maintain | KpiKind::Cumulative, Shape::Level) => Form::State,
        (KpiKind::Cumulative, Shape::Flow) => Form::Run,
        (KpiKind::Cumulative, Shape::Counter) => Form::Total,
        (KpiKind::FlowPerYear | KpiKind::MonthlyMean, _) => Form::Months,
        (KpiKind::Ceiling | KpiKind::Maintain, _) => Form::Years,
    }
}

/// The value up to the cut, a settled bound before all else.
pub fn value(st: &Standing, kpi: &Kpi, cut: Cut) -> Option<Val> {
    bounds::settled(st, kpi, cut).or_else(|| ordinary(st, kpi, cut))
}

/// The latest value up to the cut without bounds.
pub fn ordinary(st: &Standing, kpi: &Kpi, cut: Cut) -> Option<Val> {
    match form(st, kpi) {
        Form::State => state(st, kpi, cut),
        Form::Run => totals::run(st, kpi, cut),
        Form::Total => totals::total(st, kpi, cut),
        Form::Years => last_year(st, kpi, cut.year(), cut),
        // CHOICE: "(a series of fiscal-year grain: the last complete year)" stands in the row of flow_per_year only; taken
        // for monthly_mean too, and as the latest year that is complete, however old.
        Form::Months if st.series(only(kpi)).grain == Grain::FiscalYear => last_year(st, kpi, cut.year(), cut),
        Form::Months => {
            let three = |year: i32| months(st, kpi, year, cut).filter(|v| v.months.len() >= 3);
            // "With fewer than three complete months the last fiscal year's complete months are judged the same way".
            three(cut.year()).or_else(|| three(cut.year() - 1))
        }
    }
}

/// The value that a question may show: [`value`] for a day; with the window of a month or fiscal year.
pub fn asked(st: &Standing, kpi: &Kpi, asked: Asked) -> Option<Val> {
    let found = value(st, kpi, asked.cut());
    if asked.is_day() {
        return found;
    }
    match form(st, kpi) {
        form if form.is_level_shaped() => found.filter(|v| asked.on.start() < v.as_of),
        // "a fiscal-year question takes only figures of that year"; a flow asked by month is the fiscal year to date,
        // which falls back to the last fiscal year as a day does.
        _ if asked.is_year() => found.filter(|v| v.year == Some(asked.on.index)),
        _ => found,
    }
}

/// True unless it is "a figure of a year before the baseline year", which "is never judged" ("ceiling and maintain exempt").
pub fn may_be_judged(kpi: &Kpi, v: &Val) -> bool {
    !kpi.kind.has_path() || v.fiscal_year() >= kpi.origin().unwrap().year
}

fn state(st: &Standing, kpi: &Kpi, cut: Cut) -> Option<Val> {
    match kpi.measure {
        Measure::Series(r) => figures::latest_level(st, r, None, cut).map(|level| {
            let sources = level.sources.iter().map(|s| (r, *s)).collect();
            Val::state(st.in_unit(r, level.value), level.at, level.provisional, sources)
        }),
        Measure::Ratio { numerator, denominator, per, min_denominator } => {
            let (numerators, denominators) = (figures::levels(st, numerator), figures::levels(st, denominator));
            // CHOICE (denominator below its minimum): that `as_of` has no ratio and is skipped like an unknown figure.
            numerators.iter().rev().filter(|above| cut.sees(above.at)).find_map(|above| {
                let below = denominators.iter().find(|below| below.at == above.at)?;
                let bottom = st.in_unit(denominator, below.value);
                if bottom < whole(min_denominator) {
                    return None;
                }
                let sources = above.sources.iter().map(|s| (numerator, *s));
                let sources = sources.chain(below.sources.iter().map(|s| (denominator, *s))).collect();
                let value = st.in_unit(numerator, above.value) * whole(per) / bottom;
                Some(Val::state(value, above.at, above.provisional || below.provisional, sources))
            })
        }
    }
}

/// Complete figures of a fiscal year: "A complete quarter stands for its three months, a complete fiscal year for twelve."
/// CHOICE: also for a counter, whose quarter or year can be known while a month inside it is not; the coarsest counts.
pub fn complete_parts(st: &Standing, r: SeriesRef, year: i32, cut: Cut) -> Vec<(Period, Rc<Rolled>)> {
    let complete = |period: Period| {
        let figure = figures::rolled(st, r, period, cut);
        figure.complete_value().is_some().then_some((period, figure))
    };
    let year = Period::fiscal_year(year);
    if let Some(all) = complete(year) {
        return vec![all];
    }
    let mut parts = Vec::new();
    for quarter in year.parts(Grain::Quarter) {
        match complete(quarter) {
            Some(quarter) => parts.push(quarter),
            None => parts.extend(quarter.parts(Grain::Month).filter_map(complete)),
        }
    }
    parts
}

/// The numbers (April = 1) of the months that these parts stand for.
pub fn month_numbers(parts: &[(Period, Rc<Rolled>)]) -> Vec<i32> {
    let months = parts.iter().flat_map(|(period, _)| period.parts(Grain::Month));
    months.map(|month| (month.index - 3).rem_euclid(12) + 1).collect()
}

pub fn sum_of(st: &Standing, r: SeriesRef, year: i32, parts: &[(Period, Rc<Rolled>)], months: Vec<i32>) -> Option<Val> {
    let as_of = parts.iter().map(|(period, _)| period.end()).max()?;
    let sources: std::collections::BTreeSet<usize> = parts.iter().flat_map(|(_, f)| f.sources.clone()).collect();
    Some(Val {
        value: parts.iter().fold(Exact::zero(), |sum, (_, figure)| sum + st.in_unit(r, figure.value.unwrap_or(0))),
        as_of,
        provisional: parts.iter().any(|(_, figure)| figure.provisional),
        year: Some(year),
        months,
        sources: sources.into_iter().map(|s| (r, s)).collect(),
        bound: None,
    })
}

/// The complete months of a fiscal year; `None` when there is none.
pub fn months(st: &Standing, kpi: &Kpi, year: i32, cut: Cut) -> Option<Val> {
    let parts = complete_parts(st, only(kpi), year, cut);
    let mut val = sum_of(st, only(kpi), year, &parts, month_numbers(&parts))?;
    if kpi.kind == KpiKind::MonthlyMean {
        val.value /= whole(val.months.len() as i64);
    }
    Some(val)
}

/// The figure of a whole fiscal year, complete.
// CHOICE ("Verdicts need all twelve months (a counter: its fiscal year's flow)" and "across a change of source grains may
// differ"): wherever a complete year is asked for it is the fiscal year's own figure; twelve known months of a counter
// whose year is unknown (a change of source) do not do.
pub fn whole_year(st: &Standing, kpi: &Kpi, year: i32, cut: Cut) -> Option<Val> {
    let figure = figures::rolled(st, only(kpi), Period::fiscal_year(year), cut);
    figure.complete_value()?;
    months(st, kpi, year, cut)
}

/// The latest complete fiscal year up to `from`.
pub fn last_year(st: &Standing, kpi: &Kpi, from: i32, cut: Cut) -> Option<Val> {
    let first = figures::first_year(st, only(kpi))?;
    (first..=from).rev().find_map(|year| whole_year(st, kpi, year, cut))
}
