//! Phases, verdicts, and what stands beside a status: progress, pace, months.

use super::bounds::{self, meets};
use super::standing::Standing;
use super::values::{self, Form, Val, form, only};
use super::{Asked, Cut, KpiAnswer, Stage, due, gaps, path, status};
use contract::catalogue::{Direction, Kpi, KpiKind};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::date_of;
use num_traits::{Signed, Zero};
use std::collections::BTreeSet;

pub fn kpi(st: &Standing, kpi: &Kpi, asked: Asked) -> KpiAnswer {
    match asked.stage(st) {
        Stage::Before => before(st, kpi, asked),
        Stage::Running => running(st, kpi, asked),
        Stage::Ended => ended(st, kpi, asked),
    }
}

fn answer(kpi: &Kpi, phase: &str) -> KpiAnswer {
    KpiAnswer { id: kpi.id.clone(), phase: phase.to_owned(), ..KpiAnswer::default() }
}

fn show(st: &Standing, out: &mut KpiAnswer, v: &Val) {
    // CHOICE (ceiling with `round_to`): value (and progress) stay unrounded, only the comparison rounds.
    out.value = Some(v.value.clone());
    out.as_of = Some(v.as_of);
    out.provisional = v.provisional;
    // CHOICE ("`source` the one that gave the value"): none where several gave it.
    let ids: BTreeSet<&str> = v.sources.iter().map(|(r, s)| st.series(*r).sources[*s].id.as_str()).collect();
    out.source = ids.first().filter(|_| ids.len() == 1).map(|id| (*id).to_owned());
}

/// Value, path and progress of a judged value.
fn show_judged(st: &Standing, kpi: &Kpi, out: &mut KpiAnswer, v: &Val, cut: Cut) {
    show(st, out, v);
    out.path = Some(status::path_of(st, kpi, v));
    (out.progress, out.progress_year) = progress(st, kpi, v, cut);
}

fn carry(out: &mut KpiAnswer, v: Option<Val>) {
    out.carried = v.map(|v| (v.value, v.as_of));
}

/// "`before` the plan (value only, status null)", "before the plan the value is shown and nothing carried".
fn before(st: &Standing, kpi: &Kpi, asked: Asked) -> KpiAnswer {
    let mut out = answer(kpi, "before");
    // CHOICE (bounds before the plan): nothing is judged, nothing settled; a bound's value is shown by the running rule.
    if let Some(v) = values::asked(st, kpi, asked) {
        show(st, &mut out, &v);
    }
    out
}

fn running(st: &Standing, kpi: &Kpi, asked: Asked) -> KpiAnswer {
    let mut out = answer(kpi, "running");
    let cut = asked.cut();
    let found = values::asked(st, kpi, asked).filter(|v| values::may_be_judged(kpi, v));
    out.status = Some(status::running(st, kpi, asked, found.as_ref()).to_owned());
    // CHOICE (no_data): the pace of the yearly kinds needs no value.
    (out.required_pace, out.required_pace_for) = pace(st, kpi, found.as_ref(), cut);
    let judged_year = found.as_ref().map_or(cut.year(), Val::fiscal_year);
    let day = asked.is_day().then(|| asked.day());
    months(st, kpi, &mut out, judged_year, &[judged_year, cut.year()], cut, day, found.as_ref());
    match found {
        Some(v) => show_judged(st, kpi, &mut out, &v, cut),
        // "with the older value as `carried`". CHOICE: what the KPI would show without the window of the question.
        None => carry(&mut out, values::value(st, kpi, cut)),
    }
    if out.carried.is_some() && values::asked(st, kpi, asked).is_none() {
        st.note("an older value carried past its window");
    }
    if out.carried.is_some() && values::value(st, kpi, cut).is_some_and(|v| !values::may_be_judged(kpi, &v)) {
        st.note("a figure before the baseline year is carried");
    }
    out
}

fn ended(st: &Standing, kpi: &Kpi, asked: Asked) -> KpiAnswer {
    let plan = &st.catalogue.plan;
    let end = Cut::through(plan.end());
    let value = values::value(st, kpi, end);
    let over = !asked.is_day() || asked.day() > due::last_day(st, kpi);
    // "It ends when the last figure is in and no part is provisional, or when due and grace are over"; a settled bound
    // "does not end closing".
    let is_in = verdict(st, kpi, false).is_some_and(|v| !v.provisional);
    if !is_in && !over {
        st.note("closing");
        return closing(st, kpi, value);
    }
    let mut out = answer(kpi, "closed");
    let strict = verdict(st, kpi, over);
    let by_bound = if strict.is_none() { bounds::verdict(st, kpi) } else { None };
    if by_bound.is_some() {
        st.note("a verdict by a bound");
    }
    let found = strict.or(by_bound);
    let years = [plan.last_year];
    months(st, kpi, &mut out, plan.last_year, &years, end, None, found.as_ref());
    match found {
        Some(v) => {
            // "A verdict compares with t, not with the path."
            out.status = Some(if meets(kpi, &v.value, &kpi.target) { "achieved" } else { "missed" }.to_owned());
            // CHOICE: the path shown beside a verdict is still that of the moment the value describes.
            show_judged(st, kpi, &mut out, &v, end);
        }
        None => {
            st.note("a verdict without its last figure");
            out.status = Some("no_data".to_owned());
            carry(&mut out, value);
        }
    }
    // CHOICE (その後 of flows): the running rule of a later day (year to date, or the last fiscal year's), without bounds.
    let later = values::ordinary(st, kpi, asked.cut()).filter(|v| v.as_of > plan.end());
    out.later = later.map(|v| (v.value, v.as_of));
    out
}

/// "Closing shows the latest value up to and including the plan's end, with the status of the plan's last day".
fn closing(st: &Standing, kpi: &Kpi, value: Option<Val>) -> KpiAnswer {
    let plan = &st.catalogue.plan;
    let end = Cut::through(plan.end());
    let mut out = answer(kpi, "closing");
    let last_day = Asked { on: Period::day(date_of(plan.end().day() - 1)) };
    let then = values::asked(st, kpi, last_day).filter(|v| values::may_be_judged(kpi, v));
    let status = status::running(st, kpi, last_day, then.as_ref());
    let shown = value.clone().filter(|v| status != "no_data" && values::may_be_judged(kpi, v));
    let judged_year = shown.as_ref().map_or(plan.last_year, Val::fiscal_year);
    months(st, kpi, &mut out, judged_year, &[judged_year, plan.last_year], end, None, shown.as_ref());
    match shown {
        Some(v) => {
            out.status = Some(status::honest(st, kpi, &v, status).to_owned());
            show_judged(st, kpi, &mut out, &v, end);
        }
        // CHOICE: "`no_data` shows value null (carried apart)" also here, when the first figure ever is that of the plan's
        // end; and a value that is unknown at the plan's end is no data, whatever the last day said.
        None => {
            out.status = Some("no_data".to_owned());
            carry(&mut out, value);
        }
    }
    out
}

/// `months`, `missing` and `incomplete`.
#[allow(clippy::too_many_arguments)]
fn months(
    st: &Standing,
    kpi: &Kpi,
    out: &mut KpiAnswer,
    judged_year: i32,
    years: &[i32],
    cut: Cut,
    day: Option<i32>,
    v: Option<&Val>,
) {
    let missing = gaps::listed(st, kpi, years, cut, day);
    if gaps::counts_months(st, kpi) {
        out.months = Some((gaps::known_months(st, kpi, judged_year, cut), 12));
    }
    // "`incomplete` is settled while a month of the bound's year is in `missing` (a running total: any)"
    if let Some(bound) = v.and_then(|v| v.bound) {
        let any = form(st, kpi) == Form::Run;
        out.incomplete = missing.iter().any(|month| any || month.within(Grain::FiscalYear).index == bound);
        st.note(match (form(st, kpi), out.incomplete) {
            (Form::Run, true) => "a running total settled with gaps",
            (Form::Run, false) => "a running total settled",
            (Form::Years, _) => "a ceiling settled",
            (_, true) => "a year's sum settled with gaps",
            (_, false) => "a year's sum settled",
        });
    }
    out.missing = missing.iter().map(ToString::to_string).collect();
}

/// The value that a verdict is made of, bounds apart; `None` is no_data.
fn verdict(st: &Standing, kpi: &Kpi, at_start_serves: bool) -> Option<Val> {
    let plan = &st.catalogue.plan;
    let end = Cut::through(plan.end());
    match form(st, kpi) {
        // "an `as_of` exactly at that period's start serves the verdict only once due and grace are over, and only if it
        // lies in the plan's last fiscal year, (start, end]".
        // CHOICE ("once due and grace are over"): those of the KPI as a whole (the latest due of all its sources).
        Form::State => values::ordinary(st, kpi, end).filter(|v| {
            let (start, by_rhythm) = due::last_interval(st, &v.sources);
            let first = Period::fiscal_year(plan.last_year).start();
            if v.as_of == start && by_rhythm {
                st.note("an edition of the last interval's first instant");
            }
            let serves = v.as_of > start || (v.as_of == start && by_rhythm && at_start_serves && v.as_of > first);
            if !serves {
                let last_year = v.as_of > first;
                st.note(if last_year {
                    "a last figure before the last interval"
                } else {
                    "a last figure before the last year"
                });
            }
            serves
        }),
        Form::Run => values::ordinary(st, kpi, end).filter(|v| v.as_of == plan.end()),
        Form::Total => super::totals::verdict(st, kpi, plan.end()),
        // CHOICE ("the last figure is in"): all twelve months complete, not March alone.
        Form::Months | Form::Years => values::whole_year(st, kpi, plan.last_year, end),
    }
}

/// "(v-b)/(t-b), null when t = b; for a part-year sum v is the value of the latest complete fiscal year before it, without
/// one null"; a settled bound: "progress takes the same sum".
// CHOICE: of every kind that has a b, ceilings and maintain too.
fn progress(st: &Standing, kpi: &Kpi, v: &Val, cut: Cut) -> (Option<Exact>, Option<i32>) {
    let Some(origin) = kpi.origin().filter(|b| b.value != kpi.target) else { return (None, None) };
    let part_year_sum = kpi.kind == KpiKind::FlowPerYear && v.months.len() < 12 && v.bound.is_none();
    let of = if part_year_sum {
        // CHOICE: also in a fiscal-year question, though that "takes only figures of that year".
        values::last_year(st, kpi, v.fiscal_year() - 1, cut).filter(|v| values::may_be_judged(kpi, v))
    } else {
        Some(v.clone())
    };
    let Some(of) = of else { return (None, None) };
    let progress = (&of.value - &origin.value) / (&kpi.target - &origin.value);
    // CHOICE: a level-shaped value is that of a moment, not of a fiscal year.
    (Some(progress), of.year)
}

/// The required pace and what it is for.
fn pace(st: &Standing, kpi: &Kpi, v: Option<&Val>, cut: Cut) -> (Option<Exact>, Option<&'static str>) {
    let plan = &st.catalogue.plan;
    if !kpi.kind.has_path() || v.is_some_and(|v| v.bound.is_some()) {
        return (None, None);
    }
    if form(st, kpi) == Form::Months {
        if st.series(only(kpi)).grain == Grain::FiscalYear {
            return (None, None);
        }
        return pace_of_months(st, kpi, cut);
    }
    // "(t-v) / months remaining", "from the moment the value describes to the plan's end", "null once v meets t"
    let Some(v) = v.filter(|v| !meets(kpi, &v.value, &kpi.target)) else { return (None, None) };
    let months = path::months_remaining(plan, v.as_of);
    if months.is_zero() {
        return (None, None);
    }
    (Some((&kpi.target - &v.value) / months), Some("target"))
}

/// "(G - sum of that year's known months) / its months after the last complete one (12 if none)".
fn pace_of_months(st: &Standing, kpi: &Kpi, cut: Cut) -> (Option<Exact>, Option<&'static str>) {
    let plan = &st.catalogue.plan;
    let year = cut.year();
    let is_target = year == plan.last_year;
    let goal = if is_target { Some(kpi.target.clone()) } else { path::goal(plan, kpi, year) };
    let Some(goal) = goal else { return (None, None) };
    let goal = if kpi.kind == KpiKind::MonthlyMean { goal * whole(12) } else { goal };
    let parts = values::complete_parts(st, only(kpi), year, cut);
    let known = values::month_numbers(&parts);
    let sum: i128 = parts.iter().filter_map(|(_, figure)| figure.value).sum();
    let left = 12 - known.iter().max().copied().unwrap_or(0);
    let need = goal - st.in_unit(only(kpi), sum);
    if left == 0 || !need.is_positive() {
        return (None, None);
    }
    if kpi.direction == Direction::AtMost {
        st.note("a pace that may still be used");
    }
    (Some(need / whole(left)), Some(if is_target { "target" } else { "guide" }))
}
