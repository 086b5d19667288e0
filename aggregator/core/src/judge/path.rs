//! The path (目安): yearly goals between baseline and target, and the value expected at any moment.

use contract::catalogue::{Goal, Kpi, Plan};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;

/// The goal g of a fiscal year, to be reached at its end; `None` before the baseline year.
///
/// Equal steps per fiscal year between neighbouring milestones; the target from its year on. A ceiling
/// and a floor are the same in every year.
pub fn goal(kpi: &Kpi, plan: &Plan, year: i32) -> Option<Exact> {
    if !kpi.kind.has_path() || year >= plan.last_year {
        return Some(kpi.target.clone());
    }
    let mut before = kpi.origin()?;
    if year < before.year {
        return None;
    }
    let target = Goal { year: plan.last_year, value: kpi.target.clone() };
    for after in kpi.milestones.iter().chain([&target]) {
        if year <= after.year {
            let (steps, all) = (whole(year - before.year), whole(after.year - before.year));
            return Some(&before.value + (&after.value - &before.value) * steps / all);
        }
        before = after;
    }
    Some(kpi.target.clone())
}

/// The goal of a fiscal year, the baseline's for years before it.
pub(super) fn goal_or_origin(kpi: &Kpi, plan: &Plan, year: i32) -> Exact {
    let origin = || kpi.origin().map_or_else(|| kpi.target.clone(), |o| o.value.clone());
    goal(kpi, plan, year).unwrap_or_else(origin)
}

/// The path at a moment: straight by whole civil days between the goals around it.
pub fn at(kpi: &Kpi, plan: &Plan, moment: Moment) -> Exact {
    let year = Period::holding(Grain::FiscalYear, moment);
    let first = goal_or_origin(kpi, plan, year.index - 1);
    let last = goal_or_origin(kpi, plan, year.index);
    let days = moment.day() - year.start().day();
    let share = Exact::new(days.into(), year.days().into());
    &first + (last - &first) * share
}

/// The expected yearly rate e in month `k` (April = 1) of a fiscal year: g + (g - g of the year
/// before)(k - 6.5)/12, so that the twelve of a year average to g.
pub fn rate(kpi: &Kpi, plan: &Plan, year: i32, k: i32) -> Exact {
    let goal = goal_or_origin(kpi, plan, year);
    let step = &goal - goal_or_origin(kpi, plan, year - 1);
    goal + step * Exact::new((2 * k - 13).into(), 24.into())
}
