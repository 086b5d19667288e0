//! The value of a KPI, kind by kind, before any judging.

use super::figures::{self, Rolled};
use super::standing::Standing;
use super::{Asked, Cut};
use contract::catalogue::{Combine, Kpi, KpiKind, Measure, SeriesRef, Shape};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;
use num_traits::Zero;
use std::collections::BTreeSet;

/// A value of a KPI and what it is made of.
#[derive(Clone, Debug)]
pub struct Val {
    pub value: Exact,
    pub as_of: Moment,
    pub provisional: bool,
    /// The fiscal year of a flow's value.
    pub year: Option<i32>,
    /// Its months (April = 1).
    pub months: Vec<i32>,
    /// The sources (series, source) that a level-shaped value came from.
    pub sources: Vec<(SeriesRef, usize)>,
}

fn only(kpi: &Kpi) -> SeriesRef {
    match kpi.measure {
        Measure::Series(r) => r,
        Measure::Ratio { numerator, .. } => numerator,
    }
}

/// How the verdict and the window of a question see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A state: level, ratio, maintain or cumulative fed by a level.
    State,
    /// A cumulative from flows.
    Run,
    /// A cumulative from a counter.
    Total,
    /// flow_per_year, monthly_mean.
    Months,
    /// ceiling, maintain from a flow: whole years only.
    Years,
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

/// The latest value up to the cut, as a running KPI on a day asked shows it.
pub fn latest(st: &Standing, kpi: &Kpi, cut: Cut) -> Option<Val> {
    match form(st, kpi) {
        Form::State => state(st, kpi, cut),
        Form::Run => run(st, kpi, cut),
        Form::Total => total(st, kpi, cut),
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

/// The value that a question may show: [`latest`] for a day; with the window of a month or fiscal year.
pub fn asked(st: &Standing, kpi: &Kpi, asked: Asked) -> Option<Val> {
    let cut = asked.cut();
    let value = latest(st, kpi, cut);
    if asked.is_day() {
        return value;
    }
    match form(st, kpi) {
        // CHOICE ("level-shaped values must lie in (start, end]"): every kind judged "as level" is level-shaped: level,
        // ratio, all cumulatives (those from flows by the end of their run), and maintain fed by a level.
        Form::State | Form::Run | Form::Total => value.filter(|v| asked.on.start() < v.as_of),
        // "a fiscal-year question takes only figures of that year".
        // CHOICE: a month question of a flow falls back to the last fiscal year as a day does.
        Form::Months | Form::Years if asked.is_year() => value.filter(|v| v.year == Some(asked.on.index)),
        Form::Months | Form::Years => value,
    }
}

fn state(st: &Standing, kpi: &Kpi, cut: Cut) -> Option<Val> {
    match kpi.measure {
        Measure::Series(r) => figures::latest_level(st, r, None, cut).map(|level| Val {
            value: level.value,
            as_of: level.at,
            provisional: level.provisional,
            year: None,
            months: Vec::new(),
            sources: level.sources.iter().map(|s| (r, *s)).collect(),
        }),
        Measure::Ratio { numerator, denominator, per, min_denominator } => {
            let instants: BTreeSet<Moment> = figures::instants(st, numerator);
            // CHOICE (denominator below its minimum): that `as_of` has no ratio and is skipped like an unknown figure.
            instants.into_iter().rev().filter(|at| cut.sees(*at)).find_map(|at| {
                let above = figures::level_at(st, numerator, at)?;
                let below = figures::level_at(st, denominator, at)?;
                if below.value < whole(min_denominator) || below.value <= Exact::zero() {
                    return None;
                }
                let sources = above.sources.iter().map(|s| (numerator, *s));
                Some(Val {
                    value: &above.value * whole(per) / &below.value,
                    as_of: at,
                    provisional: above.provisional || below.provisional,
                    year: None,
                    months: Vec::new(),
                    sources: sources.chain(below.sources.iter().map(|s| (denominator, *s))).collect(),
                })
            })
        }
    }
}

/// "Cumulative from flows: the unbroken run of complete periods of the series' grain since the start".
fn run(st: &Standing, kpi: &Kpi, cut: Cut) -> Option<Val> {
    let r = only(kpi);
    let origin = kpi.origin().unwrap();
    let mut value = origin.value.clone();
    let mut provisional = false;
    let mut period = Period::holding(st.series(r).grain, Period::fiscal_year(origin.year).end());
    let mut as_of = None;
    loop {
        let figure = figures::rolled(st, r, period, cut);
        let (true, Some(flow)) = (figure.complete, figure.value) else { break };
        value += flow;
        provisional |= figure.provisional;
        as_of = Some(period.end());
        period = period.next();
    }
    // "neither is evidence: without figures, `no_data`"
    as_of.map(|as_of| Val { value, as_of, provisional, year: None, months: Vec::new(), sources: Vec::new() })
}

/// "Cumulative from a counter: b plus the increases from the border reading at the baseline year's end to the latest reading".
fn total(st: &Standing, kpi: &Kpi, cut: Cut) -> Option<Val> {
    let r = only(kpi);
    let series = st.series(r);
    let origin = kpi.origin().unwrap();
    let start = Period::fiscal_year(origin.year).end();
    let one = |source: usize| -> Option<Val> {
        let readings = figures::readings(st, r, source);
        let opening = figures::border(&readings, series.grain, start, cut)?;
        // CHOICE (from and until): the source must take part in [baseline year's end, latest reading]; its latest
        // reading is the latest one that fulfils this.
        let takes = |at: Moment| series.sources[source].takes_part(start, at.max(start));
        let closing = readings.iter().rposition(|x| cut.sees(x.at) && takes(x.at))?;
        if closing < opening {
            return None;
        }
        // CHOICE (nothing but the border reading): the value is b as of that reading; a reading is evidence.
        // CHOICE (a `break` on the way): the total to the latest reading spans it and is unknown; the total before the
        // break is not shown in its stead.
        let (increase, provisional) = figures::increase(&readings, opening, closing)?;
        let value = &origin.value + increase;
        Some(Val {
            value,
            as_of: readings[closing].at,
            provisional,
            year: None,
            months: Vec::new(),
            sources: vec![(r, source)],
        })
    };
    match series.combine {
        // CHOICE (several sources of a cumulative counter): the total with the latest reading counts, at equal instants
        // the first in the configured order (as levels are merged `as_of` by `as_of`).
        Combine::First => {
            let mut best: Option<Val> = None;
            for val in (0..series.sources.len()).filter_map(one) {
                if best.as_ref().is_none_or(|b| val.as_of > b.as_of) {
                    best = Some(val);
                }
            }
            best
        }
        // CHOICE (sum): every source that takes part at the baseline year's end must have a total, and all
        // latest readings be of equal `as_of`.
        Combine::Sum => {
            let taking: Vec<usize> =
                (0..series.sources.len()).filter(|s| series.sources[*s].takes_part(start, start)).collect();
            let parts: Vec<Val> = taking.iter().filter_map(|s| one(*s)).collect();
            let first = parts.first()?.clone();
            if parts.len() != taking.len() || parts.iter().any(|p| p.as_of != first.as_of) {
                return None;
            }
            let value = parts.iter().fold(origin.value.clone(), |sum, p| sum + (&p.value - &origin.value));
            Some(Val {
                value,
                provisional: parts.iter().any(|p| p.provisional),
                sources: parts.iter().flat_map(|p| p.sources.clone()).collect(),
                ..first
            })
        }
    }
}

/// The complete months of a fiscal year; `None` when there is none.
pub fn months(st: &Standing, kpi: &Kpi, year: i32, cut: Cut) -> Option<Val> {
    let r = only(kpi);
    let year_period = Period::fiscal_year(year);
    let complete = |period: Period| -> Option<Rolled> {
        Some(figures::rolled(st, r, period, cut)).filter(|figure| figure.complete && figure.value.is_some())
    };
    // CHOICE: "A complete quarter stands for its three months, a complete fiscal year for twelve." - also for a counter,
    // whose quarter or year can be known while a month inside it is not; the coarsest complete period counts.
    let mut parts: Vec<(Period, Rolled)> = Vec::new();
    if let Some(figure) = complete(year_period) {
        parts.push((year_period, figure));
    } else {
        for quarter in year_period.parts(Grain::Quarter) {
            if let Some(figure) = complete(quarter) {
                parts.push((quarter, figure));
            } else {
                parts.extend(quarter.parts(Grain::Month).filter_map(|month| Some((month, complete(month)?))));
            }
        }
    }
    let as_of = parts.iter().map(|(period, _)| period.end()).max()?;
    let first = Period::holding(Grain::Month, year_period.start()).index;
    let ks: Vec<i32> =
        parts.iter().flat_map(|(period, _)| period.parts(Grain::Month)).map(|month| month.index - first + 1).collect();
    let sum = parts.iter().fold(Exact::zero(), |sum, (_, figure)| sum + figure.value.clone().unwrap());
    let value = if kpi.kind == KpiKind::MonthlyMean { sum / whole(ks.len() as i64) } else { sum };
    let provisional = parts.iter().any(|(_, figure)| figure.provisional);
    Some(Val { value, as_of, provisional, year: Some(year), months: ks, sources: Vec::new() })
}

/// The figure of a whole fiscal year, complete.
// CHOICE ("Verdicts need all twelve months (a counter: its fiscal year's flow)" and "across a change of source grains may
// differ"): wherever a complete year is asked for (verdicts, ceilings, maintain, progress, fiscal-year grain) it is the
// fiscal year's own figure; twelve known months of a counter whose year is unknown (a change of source) do not do.
pub fn whole_year(st: &Standing, kpi: &Kpi, year: i32, cut: Cut) -> Option<Val> {
    let period = Period::fiscal_year(year);
    let figure = figures::rolled(st, only(kpi), period, cut);
    let sum = figure.value.filter(|_| figure.complete)?;
    let value = if kpi.kind == KpiKind::MonthlyMean { sum / whole(12) } else { sum };
    let provisional = figure.provisional;
    Some(Val {
        value,
        as_of: period.end(),
        provisional,
        year: Some(year),
        months: (1..=12).collect(),
        sources: Vec::new(),
    })
}

/// The latest complete fiscal year up to `from`.
pub fn last_year(st: &Standing, kpi: &Kpi, from: i32, cut: Cut) -> Option<Val> {
    let first = figures::first_year(st, only(kpi))?;
    (first..=from).rev().find_map(|year| whole_year(st, kpi, year, cut))
}
