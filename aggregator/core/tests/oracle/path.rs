//! The path: yearly goals, days inside a year, expected rates of months, tolerance, months remaining.

use super::standing::Standing;
use super::values::only;
use contract::catalogue::{Goal, Kpi, KpiKind, Plan};
use contract::exact::Exact;
use contract::period::{Grain, Period};
use contract::time::Moment;
use num_traits::{Signed, Zero};

pub fn ratio(a: i64, b: i64) -> Exact {
    Exact::new(a.into(), b.into())
}

/// g(FY), at the end of the fiscal year. "g of the baseline year is b; earlier years have none."
pub fn goal(plan: &Plan, kpi: &Kpi, year: i32) -> Option<Exact> {
    let mut anchors: Vec<Goal> = vec![kpi.origin()?.clone()];
    anchors.extend(kpi.milestones.iter().cloned());
    anchors.push(Goal { year: plan.last_year, value: kpi.target.clone() });
    if year < anchors[0].year {
        return None;
    }
    // "Between milestones (b .. and t .. are milestones too) equal steps per fiscal year"
    for pair in anchors.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        if a.year <= year && year <= b.year {
            let steps = ratio(i64::from(year - a.year), i64::from(b.year - a.year));
            return Some(&a.value + (&b.value - &a.value) * steps);
        }
    }
    // "t afterwards"
    Some(kpi.target.clone())
}

/// The path of a level at an instant.
pub fn at(plan: &Plan, kpi: &Kpi, moment: Moment) -> Exact {
    let midnight = Moment::midnight(moment.date());
    let year = Period::holding(Grain::FiscalYear, midnight);
    match (goal(plan, kpi, year.index - 1), goal(plan, kpi, year.index)) {
        (Some(from), Some(to)) => {
            // "days are whole civil days"
            let days = i64::from(moment.day() - year.start().day());
            &from + (&to - &from) * ratio(days, i64::from(year.days()))
        }
        // "before the end of the baseline year the path is b"
        _ => kpi.origin().unwrap().value.clone(),
    }
}

/// e_k, the expected yearly rate in month k (April = 1).
pub fn rate(plan: &Plan, kpi: &Kpi, year: i32, k: i32) -> Exact {
    match (goal(plan, kpi, year - 1), goal(plan, kpi, year)) {
        // (k - 6.5) / 12 = (2k - 13) / 24
        (Some(before), Some(g)) => &g + (&g - before) * ratio(i64::from(2 * k - 13), 24),
        // "Inside the baseline year the expected rate is b, flat."
        _ => kpi.origin().unwrap().value.clone(),
    }
}

/// Distance from the path that is still `at_risk`, before any scaling.
pub fn tolerance(st: &Standing, kpi: &Kpi) -> Exact {
    if let Some(written) = &kpi.tolerance {
        return written.clone();
    }
    let tenth = (&kpi.target - &kpi.origin().unwrap().value).abs() * ratio(1, 10);
    // CHOICE ("counts at least 1"): every kind but ratio counts, in steps of its definition.
    if kpi.kind == KpiKind::Ratio { tenth } else { tenth.max(st.in_unit(only(kpi), 1)) }
}

/// Months from a moment to the plan's end: civil days x 12 / days of the fiscal year, year by year.
pub fn months_remaining(plan: &Plan, from: Moment) -> Exact {
    let (from, to) = (from.day(), plan.end().day());
    let first = Period::holding(Grain::FiscalYear, Moment::midnight(contract::time::date_of(from))).index;
    let mut sum = Exact::zero();
    for year in (first..=plan.last_year).map(Period::fiscal_year) {
        let days = year.end().day().min(to) - year.start().day().max(from);
        if days > 0 {
            sum += ratio(i64::from(days) * 12, i64::from(year.days()));
        }
    }
    sum
}
