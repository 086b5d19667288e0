//! The path: yearly goals, days inside a year, expected rates of months, tolerance, months remaining.

use contract::catalogue::{Goal, Kpi, KpiKind, Plan};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;
use num_traits::{Signed, Zero};

fn ratio(a: i64, b: i64) -> Exact {
    Exact::new(a.into(), b.into())
}

/// g(FY), at the end of the fiscal year. Years before the baseline year give b: see [`has_goal`].
pub fn goal(plan: &Plan, kpi: &Kpi, year: i32) -> Exact {
    let origin = kpi.origin().unwrap().clone();
    let mut anchors: Vec<Goal> = vec![origin];
    anchors.extend(kpi.milestones.iter().cloned());
    anchors.push(Goal { year: plan.last_year, value: kpi.target.clone() });
    if year <= anchors[0].year {
        return anchors[0].value.clone();
    }
    for pair in anchors.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        if year <= b.year {
            let steps = ratio(i64::from(year - a.year), i64::from(b.year - a.year));
            return &a.value + (&b.value - &a.value) * steps;
        }
    }
    kpi.target.clone()
}

/// RULES: "g of the baseline year is b; earlier years have none".
pub fn has_goal(kpi: &Kpi, year: i32) -> bool {
    year >= kpi.origin().unwrap().year
}

/// The path of a level at an instant.
pub fn at(plan: &Plan, kpi: &Kpi, moment: Moment) -> Exact {
    let midnight = Moment::midnight(moment.date());
    let year = Period::holding(Grain::FiscalYear, midnight);
    let (from, to) = (goal(plan, kpi, year.index - 1), goal(plan, kpi, year.index));
    // "days are whole civil days".
    let days = i64::from(moment.day() - year.start().day());
    &from + (&to - &from) * ratio(days, i64::from(year.days()))
}

/// e_k, the expected yearly rate in month k (April = 1).
pub fn rate(plan: &Plan, kpi: &Kpi, year: i32, k: i32) -> Exact {
    // CHOICE (a flow of a year before the baseline year, which has no g): "before the end of the baseline year the path
    // is b" - b serves as its g.
    let g = goal(plan, kpi, year);
    // Convention: the year before has no g: flat.
    let step = if has_goal(kpi, year - 1) { &g - goal(plan, kpi, year - 1) } else { Exact::zero() };
    // (k - 6.5) / 12 = (2k - 13) / 24
    g + step * ratio(i64::from(2 * k - 13), 24)
}

/// Distance from the path that is still at_risk; `months` of a flow's sum.
pub fn tolerance(kpi: &Kpi, months: usize) -> Exact {
    let base = match &kpi.tolerance {
        Some(written) => written.clone(),
        None => {
            let tenth = (&kpi.target - &kpi.origin().unwrap().value).abs() * ratio(1, 10);
            // "counts at least 1", before the scaling. Convention: every kind but ratio.
            if kpi.kind == KpiKind::Ratio { tenth } else { tenth.max(whole(1)) }
        }
    };
    if kpi.kind == KpiKind::FlowPerYear { base * ratio(months as i64, 12) } else { base }
}

/// Months from a moment to the plan's end: civil days x 12 / days of the fiscal year, year by year.
pub fn months_remaining(plan: &Plan, from: Moment) -> Exact {
    let (from, to) = (from.day(), plan.end().day());
    let mut sum = Exact::zero();
    for year in
        Period::holding(Grain::FiscalYear, Moment::midnight(contract::time::date_of(from))).index..=plan.last_year
    {
        let year = Period::fiscal_year(year);
        let days = year.end().day().min(to) - year.start().day().max(from);
        if days > 0 {
            sum += ratio(i64::from(days) * 12, i64::from(year.days()));
        }
    }
    sum
}
