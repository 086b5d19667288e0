//! Bounds that cannot be undone: known parts alone settle a KPI although others are missing.

use super::figures::{first_year, known_parts};
use super::standing::{self, Standing};
use super::values::{self, Form, Val, form, only};
use super::{Cut, totals};
use contract::catalogue::{Direction, Kpi, KpiKind};
use contract::exact::{self, Exact, whole};
use contract::period::{Grain, Period};
use num_traits::Zero;

/// Direction-aware, exact; a ceiling with its rounding.
pub fn meets(kpi: &Kpi, value: &Exact, goal: &Exact) -> bool {
    let value = match kpi.round_to {
        Some(step) if kpi.kind == KpiKind::Ceiling => exact::round_to(value, &whole(step)),
        _ => value.clone(),
    };
    kpi.direction.meets(&value, goal)
}

/// "Meeting an `at_least` gives `achieved`, exceeding an `at_most` or a ceiling gives `off_track`".
fn settles(kpi: &Kpi, value: &Exact) -> bool {
    let met = meets(kpi, value, &kpi.target);
    if kpi.direction == Direction::AtLeast { met } else { !met }
}

/// The settled value of a running (or asked) KPI.
pub fn settled(st: &Standing, kpi: &Kpi, cut: Cut) -> Option<Val> {
    // "A series is never negative unless it says `signed = true`"
    if standing::signed(st.series(only(kpi))) {
        return None;
    }
    match (form(st, kpi), kpi.kind) {
        // "of flow_per_year in the target year against t"
        (Form::Months, KpiKind::FlowPerYear) if cut.year() == st.catalogue.plan.last_year => {
            of_year(st, kpi, cut.year(), cut)
        }
        // "of a ceiling in the latest year that is complete or already exceeded"
        (Form::Years, KpiKind::Ceiling) => {
            let first = first_year(st, only(kpi))?;
            for year in (first..=cut.year()).rev() {
                let found = of_year(st, kpi, year, cut);
                if found.is_some() || values::whole_year(st, kpi, year, cut).is_some() {
                    return found;
                }
            }
            None
        }
        (Form::Run, _) => of_run(st, kpi, cut),
        _ => None,
    }
}

/// The settled verdict.
pub fn verdict(st: &Standing, kpi: &Kpi) -> Option<Val> {
    let plan = &st.catalogue.plan;
    settled(st, kpi, Cut::through(plan.end())).filter(|v| v.year.is_none_or(|year| year == plan.last_year))
}

fn of_year(st: &Standing, kpi: &Kpi, year: i32, cut: Cut) -> Option<Val> {
    let r = only(kpi);
    let complete = values::complete_parts(st, r, year, cut);
    let months = values::month_numbers(&complete);
    let all = known_parts(st, r, Period::fiscal_year(year), cut);
    // "The value is the sum of complete months .. where that settles it, else of all known parts".
    let by_months = values::sum_of(st, r, year, &complete, months.clone()).filter(|v| settles(kpi, &v.value));
    let found = by_months.or_else(|| values::sum_of(st, r, year, &all, months).filter(|v| settles(kpi, &v.value)))?;
    Some(Val { bound: Some(year), ..found })
}

/// "of a running total of flows (b plus every known flow since, gaps as nothing)"
fn of_run(st: &Standing, kpi: &Kpi, cut: Cut) -> Option<Val> {
    let (r, origin) = (only(kpi), kpi.origin().unwrap());
    let years = origin.year + 1..=Period::holding(Grain::FiscalYear, cut.at).index;
    let parts: Vec<_> = years.flat_map(|year| known_parts(st, r, Period::fiscal_year(year), cut)).collect();
    let (last, _) = parts.last()?;
    // "its year (a running total: the fiscal year of its last known part)"
    let bound = Some(last.within(Grain::FiscalYear).index);
    if let Some(run) = totals::run(st, kpi, cut).filter(|v| settles(kpi, &v.value)) {
        return Some(Val { bound, ..run });
    }
    let sum = parts.iter().fold(Exact::zero(), |sum, (_, figure)| sum + st.in_unit(only(kpi), figure.value.unwrap()));
    let value = &origin.value + sum;
    if !settles(kpi, &value) {
        return None;
    }
    let provisional = parts.iter().any(|(_, figure)| figure.provisional);
    let sources: std::collections::BTreeSet<usize> = parts.iter().flat_map(|(_, f)| f.sources.clone()).collect();
    let sources = sources.into_iter().map(|s| (r, s)).collect();
    Some(Val { bound, ..Val::state(value, last.end(), provisional, sources) })
}
