//! The status of a value while running, and its confirmation.

use super::bounds::meets;
use super::standing::Standing;
use super::values::{self, Form, Val, form, only};
use super::{Asked, Cut, due, expected, path};
use contract::catalogue::{Direction, Kpi, KpiKind};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use std::collections::BTreeMap;

/// What the value is compared with while running.
pub fn path_of(st: &Standing, kpi: &Kpi, v: &Val) -> Exact {
    let plan = &st.catalogue.plan;
    if !kpi.kind.has_path() {
        return kpi.target.clone();
    }
    if form(st, kpi) != Form::Months {
        return path::at(plan, kpi, v.as_of);
    }
    let expected = expected::of(st, kpi, only(kpi), v.year.unwrap());
    // CHOICE (a settled bound): the path is that of the complete months.
    if kpi.kind == KpiKind::MonthlyMean { expected.mean(&v.months) } else { expected.sum(&v.months) }
}

/// The status of a value by itself, while running.
pub fn plain(st: &Standing, kpi: &Kpi, v: &Val) -> &'static str {
    let at_least = kpi.direction == Direction::AtLeast;
    if v.bound.is_some() {
        // "Meeting an `at_least` gives `achieved`, exceeding an `at_most` or a ceiling gives `off_track`".
        return if at_least { "achieved" } else { "off_track" };
    }
    if !kpi.kind.has_path() {
        return if meets(kpi, &v.value, &kpi.target) { "on_track" } else { "off_track" };
    }
    let full = v.months.len() == 12;
    let can_achieve = match kpi.kind {
        KpiKind::Level | KpiKind::Ratio => true,
        // "A running total with an upper limit is never achieved while running."
        KpiKind::Cumulative => at_least,
        // "flow_per_year in the target year; one with an upper limit only with all twelve months"
        // CHOICE ("in the target year"): the figure's year is the target year, not only the day asked.
        KpiKind::FlowPerYear => v.year == Some(st.catalogue.plan.last_year) && (at_least || full),
        _ => false,
    };
    if can_achieve && meets(kpi, &v.value, &kpi.target) {
        return "achieved";
    }
    let path = path_of(st, kpi, v);
    let months = form(st, kpi) == Form::Months;
    let expected = months.then(|| expected::of(st, kpi, only(kpi), v.year.unwrap()));
    let tolerance = match &expected {
        Some(expected) => expected::tolerance(st, kpi, expected, &v.months),
        None => path::tolerance(st, kpi),
    };
    let edge = if at_least { &path - tolerance } else { &path + tolerance };
    let status = if meets(kpi, &v.value, &path) {
        "on_track"
    } else if meets(kpi, &v.value, &edge) {
        "at_risk"
    } else {
        "off_track"
    };
    let Some(expected) = expected.filter(|_| !full) else { return status };
    note_seasons(st, &expected, &v.months);
    if expected.seasons > 0 {
        return status;
    }
    // "until the judged year is complete the status is at worst `at_risk`, unless the known sum is less than half of the
    // expected one (an upper limit: more than twice)"
    let far = if at_least { &v.value * whole(2) < path } else { v.value > path * whole(2) };
    if status == "off_track" {
        st.note(if far { "no seasons, but far off" } else { "no seasons: at worst at_risk" });
    }
    if status == "off_track" && !far { "at_risk" } else { status }
}

fn note_seasons(st: &Standing, expected: &expected::Expected, months: &[i32]) {
    match expected.seasons {
        0 => st.note("no seasons"),
        1 => st.note("seasons of one year"),
        _ => st.note("seasons of several years"),
    }
    if expected.found > expected.seasons {
        st.note("seasons: the latest five");
    }
    if expected.flat {
        st.note("seasons where an expected rate is not above 0");
    }
    let last = months.iter().max().copied().unwrap_or(0);
    if months.len() < last as usize {
        st.note("complete months that do not adjoin");
    }
}

/// "`no_data`, `stale`, `achieved`, `on_track`, `at_risk`, `off_track`", with confirmation.
pub fn running(st: &Standing, kpi: &Kpi, asked: Asked, v: Option<&Val>) -> &'static str {
    let Some(v) = v else { return "no_data" };
    // "`--on 2020-03` and `--on FY2019` .. ignore due dates"
    if asked.is_day() && due::is_stale(st, kpi, v, asked.cut(), asked.day()) {
        return "stale";
    }
    let plain = plain(st, kpi, v);
    // "ignores tolerance and confirmation"; "achieved and verdicts never wait"
    if kpi.confirm <= 1 || plain == "achieved" || v.bound.is_some() {
        return plain;
    }
    let shown = confirmed(st, kpi, asked.cut(), plain);
    if shown != plain {
        st.note("a change waits for confirmation");
    }
    honest(st, kpi, v, shown)
}

/// "`achieved` is never shown while the value does not meet the target (while a fall waits for confirmation: `on_track`)".
pub fn honest(st: &Standing, kpi: &Kpi, v: &Val, shown: &'static str) -> &'static str {
    if shown == "achieved" && !meets(kpi, &v.value, &kpi.target) {
        st.note("a fall from achieved waits as on_track");
        return "on_track";
    }
    shown
}

fn meets_side(status: &str) -> bool {
    matches!(status, "achieved" | "on_track")
}

/// "n consecutive periods on the same side, folded in calendar order over standing figures".
// CHOICE: it holds for ceilings and maintain too, their path being the target.
fn confirmed(st: &Standing, kpi: &Kpi, cut: Cut, now: &'static str) -> &'static str {
    let plan = &st.catalogue.plan;
    let value = |cut: Cut| values::value(st, kpi, cut).filter(|v| values::may_be_judged(kpi, v));
    // "the fold starts with the value known at the plan's start". CHOICE: `as_of` at that instant included; without such a
    // value the first month with a figure is the first confirmed side.
    let first = value(Cut::through(plan.start()));
    // "months with a figure (by the moment the value describes, midnight belonging to the month it ends; the latest figure of each)"
    let mut by_month: BTreeMap<i32, (&'static str, bool)> = BTreeMap::new();
    let mut take = |cut: Cut| {
        if let Some(v) = value(cut).filter(|v| v.as_of > plan.start()) {
            let month = Period::closing(Grain::Month, v.as_of).index;
            by_month.insert(month, (plain(st, kpi, &v), v.bound.is_some()));
        }
    };
    let mut month = Period::holding(Grain::Month, plan.start());
    while cut.sees(month.end()) {
        take(Cut::through(month.end()));
        month = month.next();
    }
    take(cut);
    let mut folded: Vec<(&'static str, bool)> = first.iter().map(|v| (plain(st, kpi, v), v.bound.is_some())).collect();
    folded.extend(by_month.into_values());
    let Some((start, _)) = folded.first() else { return now };
    let (mut side, mut streak, mut shown) = (meets_side(start), 0_u32, *start);
    for (status, at_once) in folded {
        if meets_side(status) == side {
            streak = 0;
            shown = status;
        } else {
            streak += 1;
            // CHOICE ("achieved and verdicts never wait"; a settled bound "ignores .. confirmation"): such a month confirms
            // its side at once.
            if streak >= kpi.confirm || status == "achieved" || at_once {
                side = !side;
                streak = 0;
                shown = status;
            }
        }
    }
    // CHOICE: while a change waits, the status of the last month on the confirmed side is shown.
    shown
}
