//! The pace that is still needed to reach a goal, or that an upper limit still allows.

use super::gaps;
use super::judgement::PaceGoal;
use super::months;
use super::path;
use super::value::{MeasuredValue, YEAR};
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, SeriesRef};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;
use num_traits::{Signed, Zero};

/// Change per month that is still needed, and what for; `asked` is the fiscal year asked. Of the yearly kinds it needs no
/// value to be judged.
pub(super) fn required(
    view: &LedgerView<'_>,
    kpi: &Kpi,
    measured: Option<&MeasuredValue>,
    asked: i32,
) -> Option<(Exact, PaceGoal)> {
    if !kpi.kind.has_path() || measured.is_some_and(|measured| measured.settled.is_some()) {
        return None;
    }
    match gaps::yearly(view, kpi) {
        Some(of) => of_year(view, kpi, of, asked),
        None => to_target(view, kpi, measured?).map(|pace| (pace, PaceGoal::Target)),
    }
}

/// Change per month from the moment the value describes to the plan's end.
fn to_target(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Option<Exact> {
    if kpi.direction.meets(&measured.value, &kpi.target) {
        return None;
    }
    let months = months_between(measured.at, view.catalogue.plan.end());
    (!months.is_zero()).then(|| (&kpi.target - &measured.value) / months)
}

/// What each remaining month of the fiscal year asked needs, or may still use under an upper limit.
fn of_year(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, asked: i32) -> Option<(Exact, PaceGoal)> {
    if view.series(of).grain == Grain::FiscalYear {
        return None;
    }
    let plan = &view.catalogue.plan;
    let year = path::goal(kpi, plan, asked)?;
    let goal = if kpi.kind.is_monthly_mean() { year * whole(YEAR) } else { year };
    let known = months::complete_months(view, of, asked);
    let numbers = known.as_ref().and_then(|(_, part)| part.months.as_ref()).map(|months| &months.numbers);
    let last = numbers.and_then(|numbers| numbers.last()).copied().unwrap_or(0);
    let rest = goal - view.in_unit(of, known.as_ref().map_or(0, |(sum, _)| *sum));
    let months = whole(12 - last);
    let of = if asked == plan.last_year { PaceGoal::Target } else { PaceGoal::Guide };
    (rest.is_positive() && months.is_positive()).then(|| (rest / months, of))
}

/// Months from one moment to another: civil days x 12 / days of their fiscal year.
fn months_between(from: Moment, to: Moment) -> Exact {
    let mut months = whole(0);
    let mut year = Period::holding(Grain::FiscalYear, from);
    while year.start() < to {
        let days = year.end().min(to).day() - year.start().max(from).day();
        months += Exact::new((days * 12).into(), year.days().into());
        year = year.next();
    }
    months
}
