//! Phases, statuses, verdicts, progress and pace.

use super::standing::Standing;
use super::values::{self, Form, Val};
use super::{Asked, Cut, KpiAnswer, Stage, figures, path};
use contract::catalogue::{Combine, Direction, Kpi, KpiKind, Rhythm, SeriesRef};
use contract::exact::{self, Exact, whole};
use contract::period::{Grain, Period};
use contract::time::{Moment, date_of};
use num_traits::Zero;
use std::collections::BTreeMap;

pub fn kpi(st: &Standing, kpi: &Kpi, asked: Asked) -> KpiAnswer {
    match asked.stage(st) {
        Stage::Before => before(st, kpi, asked),
        Stage::Running => running(st, kpi, asked),
        Stage::Ended => ended(st, kpi, asked),
    }
}

fn answer(kpi: &Kpi, phase: &str) -> KpiAnswer {
    KpiAnswer {
        id: kpi.id.clone(),
        phase: phase.to_owned(),
        status: None,
        value: None,
        as_of: None,
        provisional: false,
        baseline: kpi.baseline.as_ref().map(|b| b.value.clone()),
        target: kpi.target.clone(),
        path: None,
        progress: None,
        required_pace: None,
        carried: None,
        later: None,
    }
}

fn show(out: &mut KpiAnswer, v: &Val) {
    // CHOICE (ceiling with `round_to`): "the settled year's figure against the cap .. `round_to` where the cap itself is
    // rounded" - value (and progress) stay unrounded, only the comparison rounds.
    out.value = Some(v.value.clone());
    out.as_of = Some(v.as_of);
    out.provisional = v.provisional;
}

/// "`before` the plan (value only, status null)", "before the plan path and progress are null too".
fn before(st: &Standing, kpi: &Kpi, asked: Asked) -> KpiAnswer {
    let mut out = answer(kpi, "before");
    // CHOICE: "value only" - a month or year asked before the plan without a value in it carries nothing (the convention
    // ties `carried` to the status no_data, and here the status is null).
    if let Some(v) = values::asked(st, kpi, asked) {
        show(&mut out, &v);
    }
    out
}

fn running(st: &Standing, kpi: &Kpi, asked: Asked) -> KpiAnswer {
    let mut out = answer(kpi, "running");
    let found = values::asked(st, kpi, asked);
    out.status = Some(running_status(st, kpi, asked, found.as_ref()).to_owned());
    match found {
        Some(v) => {
            show(&mut out, &v);
            out.path = Some(path_of(st, kpi, &v));
            out.progress = progress(st, kpi, &v, asked.cut());
            out.required_pace = pace(st, kpi, &v);
        }
        // CHOICE ("with the older value as `carried`"): what the KPI would show without the window of the question, at the
        // same end; a flow that is too early on a day has nothing to carry.
        None => out.carried = values::latest(st, kpi, asked.cut()).map(|v| (v.value, v.as_of)),
    }
    out
}

fn ended(st: &Standing, kpi: &Kpi, asked: Asked) -> KpiAnswer {
    let plan = &st.catalogue.plan;
    let end = Cut::through(plan.end());
    let value = values::latest(st, kpi, end);
    let over = asked.day() > due(st, kpi);
    // "the last figure is in and no part is provisional, or due and grace are over"
    let is_in = verdict_value(st, kpi, false, false).is_some_and(|v| !v.provisional);
    if asked.is_day() && !is_in && !over {
        let mut out = answer(kpi, "closing");
        let last_day = Asked { on: Period::day(date_of(plan.end().day() - 1)) };
        let then = values::asked(st, kpi, last_day);
        let status = running_status(st, kpi, last_day, then.as_ref());
        out.status = Some(status.to_owned());
        match value {
            // CHOICE: "Closing shows the latest value up to and including the plan's end, with the status of the plan's
            // last day" against "`no_data` shows value null (carried apart)": when the first figure ever is that of
            // the plan's end and still provisional, the status is no_data, value null, the figure is carried.
            Some(v) if status == "no_data" => out.carried = Some((v.value, v.as_of)),
            Some(v) => {
                show(&mut out, &v);
                out.path = Some(path_of(st, kpi, &v));
                out.progress = progress(st, kpi, &v, end);
            }
            // CHOICE: a value that is unknown at the plan's end (a counter's break) is no data, whatever the last day said.
            None => out.status = Some("no_data".to_owned()),
        }
        return out;
    }
    let mut out = answer(kpi, "closed");
    // CHOICE (1 March edition in a month or year question): "`--on FY2019` .. ignore due dates" against "an `as_of` exactly
    // at that period's start serves the verdict only once due and grace are over" - ignored means over, as in the
    // final answer of a later day; and "takes only figures of that year" still holds, so an edition of the last
    // fiscal year's first instant never serves there.
    let verdict = verdict_value(st, kpi, !asked.is_day() || over, !asked.is_day());
    match verdict {
        Some(v) => {
            show(&mut out, &v);
            // "A verdict compares with t, not with the path."
            out.status = Some(if meets(kpi, &v.value, &kpi.target) { "achieved" } else { "missed" }.to_owned());
            // CHOICE: the path shown beside a verdict is still that of the moment the value describes.
            out.path = Some(path_of(st, kpi, &v));
            out.progress = progress(st, kpi, &v, end);
        }
        None => {
            out.status = Some("no_data".to_owned());
            // CHOICE: carried beside a verdict of no_data is the latest value up to the plan's end by the running rule
            // (a part-year sum, an interrupted run, an edition too old).
            out.carried = value.map(|v| (v.value, v.as_of));
        }
    }
    let later = values::latest(st, kpi, asked.cut()).filter(|v| v.as_of > plan.end());
    // CHOICE (その後 of flows): the running rule of a later day (year to date, or the last fiscal year's).
    out.later = later.map(|v| (v.value, v.as_of));
    out
}

/// Direction-aware, exact; a ceiling with its rounding.
fn meets(kpi: &Kpi, value: &Exact, goal: &Exact) -> bool {
    let value = match kpi.round_to {
        Some(step) if kpi.kind == KpiKind::Ceiling => exact::round_to(value, &whole(step)),
        _ => value.clone(),
    };
    kpi.direction.meets(&value, goal)
}

/// CHOICE: without a value there is no moment described and no path, for ceilings and maintain too.
fn path_of(st: &Standing, kpi: &Kpi, v: &Val) -> Exact {
    let plan = &st.catalogue.plan;
    if !kpi.kind.has_path() {
        return kpi.target.clone();
    }
    if values::form(st, kpi) != Form::Months {
        return path::at(plan, kpi, v.as_of);
    }
    let year = v.year.unwrap();
    let sum = v.months.iter().fold(Exact::zero(), |sum, k| sum + path::rate(plan, kpi, year, *k));
    // flow_per_year: "the sum of e_k/12 over the same months"; monthly_mean: "the mean of e_k over the same months".
    if kpi.kind == KpiKind::MonthlyMean { sum / whole(v.months.len() as i64) } else { sum / whole(12) }
}

/// The status of a value by itself, while running.
fn plain_status(st: &Standing, kpi: &Kpi, v: &Val) -> &'static str {
    if !kpi.kind.has_path() {
        return if meets(kpi, &v.value, &kpi.target) { "on_track" } else { "off_track" };
    }
    let full = v.months.len() == 12;
    let can_achieve = match kpi.kind {
        KpiKind::Level | KpiKind::Cumulative | KpiKind::Ratio => true,
        // "flow_per_year in the target year; one with an upper limit only with all twelve months"
        // CHOICE ("a flow in the target year"): the figure's year is the target year, not only the day asked.
        KpiKind::FlowPerYear => {
            v.year == Some(st.catalogue.plan.last_year) && (kpi.direction == Direction::AtLeast || full)
        }
        _ => false,
    };
    if can_achieve && meets(kpi, &v.value, &kpi.target) {
        return "achieved";
    }
    let path = path_of(st, kpi, v);
    let tolerance = path::tolerance(kpi, v.months.len());
    let edge = match kpi.direction {
        Direction::AtLeast => &path - tolerance,
        Direction::AtMost => &path + tolerance,
    };
    if meets(kpi, &v.value, &path) {
        "on_track"
    } else if meets(kpi, &v.value, &edge) {
        "at_risk"
    } else {
        "off_track"
    }
}

/// "`no_data`, `stale`, `achieved`, `on_track`, `at_risk`, `off_track`", with confirmation.
fn running_status(st: &Standing, kpi: &Kpi, asked: Asked, v: Option<&Val>) -> &'static str {
    let Some(v) = v else { return "no_data" };
    // "`--on 2020-03` and `--on FY2019` .. ignore due dates"
    if asked.is_day() && stale(st, kpi, asked) {
        return "stale";
    }
    let plain = plain_status(st, kpi, v);
    if kpi.confirm <= 1 || plain == "achieved" {
        return plain;
    }
    confirmed(st, kpi, asked.cut(), plain)
}

fn meets_side(status: &str) -> bool {
    matches!(status, "achieved" | "on_track")
}

/// "n consecutive periods on the same side, folded in calendar order over standing figures".
// CHOICE: it holds for ceilings and maintain too ("A change of status may need confirmation"), their path being the target.
fn confirmed(st: &Standing, kpi: &Kpi, cut: Cut, plain: &'static str) -> &'static str {
    let plan = &st.catalogue.plan;
    // "the fold starts with the value known at the plan's start". CHOICE: `as_of` at that instant included; without such a
    // value the first month with a figure is the first confirmed side.
    let first = values::latest(st, kpi, Cut::through(plan.start()));
    // "months with a figure (by the moment the value describes, midnight belonging to the month it ends; the latest figure of each)"
    let mut by_month: BTreeMap<i32, &'static str> = BTreeMap::new();
    let mut take = |cut: Cut| {
        if let Some(v) = values::latest(st, kpi, cut).filter(|v| v.as_of > plan.start()) {
            by_month.insert(Period::closing(Grain::Month, v.as_of).index, plain_status(st, kpi, &v));
        }
    };
    let mut month = Period::holding(Grain::Month, plan.start());
    while cut.sees(month.end()) {
        take(Cut::through(month.end()));
        month = month.next();
    }
    take(cut);
    let mut folded: Vec<&'static str> = first.iter().map(|v| plain_status(st, kpi, v)).collect();
    folded.extend(by_month.into_values());
    let Some(start) = folded.first() else { return plain };
    let (mut side, mut streak, mut shown) = (meets_side(start), 0_u32, *start);
    for status in folded {
        if meets_side(status) == side {
            streak = 0;
            shown = status;
        } else {
            streak += 1;
            // CHOICE ("achieved .. never wait[s]"; "falling back below the path from achieved waits too"): a month of
            // achieved confirms its side at once.
            if streak >= kpi.confirm || status == "achieved" {
                side = !side;
                streak = 0;
                shown = status;
            }
        }
    }
    // Convention: pending shows the status of the last month on the confirmed side.
    shown
}

/// "Stale looks, for each source, at the latest period of its rhythm whose due day and grace are over".
fn stale(st: &Standing, kpi: &Kpi, asked: Asked) -> bool {
    let (cut, day) = (asked.cut(), asked.day());
    kpi.measure.parts().into_iter().any(|r| {
        let series = st.series(r);
        (0..series.sources.len()).any(|source| {
            let by = &series.sources[source];
            let Some(period) = latest_due(&by.rhythm, by.from, by.until, cut, day) else { return false };
            match series.combine {
                Combine::First => !(0..series.sources.len()).any(|any| figures::figure_since(st, r, any, period, cut)),
                Combine::Sum => !figures::figure_since(st, r, source, period, cut),
            }
        })
    })
}

/// The latest period of a source's rhythm that is over, due and grace included.
// CHOICE (a source with from and until): periods that do not lie wholly within them are not due from it.
fn latest_due(rhythms: &[Rhythm], from: Option<Moment>, until: Option<Moment>, cut: Cut, day: i32) -> Option<Period> {
    let mut best: Option<Period> = None;
    for rhythm in rhythms {
        let last = [Some(cut.at), until, rhythm.until].into_iter().flatten().min().unwrap();
        let mut period = Period::closing(rhythm.every, last);
        loop {
            let begins_too_early = [from, rhythm.from].into_iter().flatten().any(|first| period.start() < first);
            if begins_too_early {
                break;
            }
            let held = rhythm.holds(period) && until.is_none_or(|until| period.end() <= until);
            if held && day > rhythm.last_day(period) {
                // CHOICE (several rhythms): the latest period by its end, at equal ends by its start.
                let key = |p: Period| (p.end(), p.start());
                if best.is_none_or(|b| key(period) > key(b)) {
                    best = Some(period);
                }
                break;
            }
            period = period.plus(-1);
        }
    }
    best
}

/// The last civil day of due and grace of the last figure: "Several sources: the latest due day; no rhythm: due at once".
fn due(st: &Standing, kpi: &Kpi) -> i32 {
    let end = st.catalogue.plan.end();
    // Convention: without a rhythm the plan's end day, no grace.
    let mut day = end.day();
    for r in kpi.measure.parts() {
        for source in &st.series(r).sources {
            for rhythm in &source.rhythm {
                let period = Period::closing(rhythm.every, end);
                // CHOICE: only sources that take part in their last period, by the rhythm whose range holds it wholly;
                // a source none of whose rhythms holds it counts as one without a rhythm.
                // CHOICE ("the latest due day"): latest by due plus grace.
                if rhythm.holds(period) && source.takes_part(period.start(), period.end()) {
                    day = day.max(rhythm.last_day(period));
                }
            }
        }
    }
    day
}

/// The start of the last interval for a state, and whether a rhythm gave it.
fn interval(st: &Standing, sources: &[(SeriesRef, usize)]) -> (Moment, bool) {
    let plan = &st.catalogue.plan;
    // CHOICE (no rhythm): "verdict on the fiscal year's closing at the plan's end" - an `as_of` in the last fiscal year,
    // its first instant excluded (that closes the year before).
    let mut best = (Period::fiscal_year(plan.last_year).start(), false);
    for (r, source) in sources {
        for rhythm in &st.series(*r).sources[*source].rhythm {
            let period = Period::closing(rhythm.every, plan.end());
            // "(ratio: the later start of the two ..)". CHOICE: the later one also among the sources of a sum.
            if rhythm.holds(period) {
                best = best.max((period.start(), true));
            }
        }
    }
    best
}

/// The value that a verdict is made of; `None` is no_data.
fn verdict_value(st: &Standing, kpi: &Kpi, at_start_serves: bool, only_last_year: bool) -> Option<Val> {
    let plan = &st.catalogue.plan;
    let end = Cut::through(plan.end());
    let last_year = Period::fiscal_year(plan.last_year);
    match values::form(st, kpi) {
        // CHOICE ("A level's last figure is the closing of the last period of the rhythm"): any final `as_of` in
        // (start, end] of that period is in, so a yearly rhythm closes on the plan's end with an edition of May.
        // CHOICE ("serves the verdict only once due and grace are over"): those of the KPI as a whole (the latest due of
        // all its sources), not those of the source it came from.
        Form::State => values::latest(st, kpi, end).filter(|v| {
            let (start, by_rhythm) = interval(st, &v.sources);
            let in_time = v.as_of > start || (v.as_of == start && by_rhythm && at_start_serves);
            in_time && (!only_last_year || v.as_of > last_year.start())
        }),
        Form::Run => values::latest(st, kpi, end).filter(|v| v.as_of == plan.end()),
        // "the verdict needs the border reading at the plan's end"
        Form::Total => values::latest(st, kpi, end).filter(|v| {
            let (r, _) = v.sources[0];
            v.as_of > Period::closing(st.series(r).grain, plan.end()).start()
        }),
        // CHOICE ("the last figure is in"): all twelve months complete, not March alone.
        Form::Months | Form::Years => values::whole_year(st, kpi, plan.last_year, end),
    }
}

/// "(v-b)/(t-b), null when t = b; for a part-year sum v is the value of the latest complete fiscal year before it, without
/// one null". CHOICE: of every kind that has a b, ceilings and maintain too.
fn progress(st: &Standing, kpi: &Kpi, v: &Val, cut: Cut) -> Option<Exact> {
    let b = &kpi.origin()?.value;
    if kpi.target == *b {
        return None;
    }
    let part_year_sum = kpi.kind == KpiKind::FlowPerYear && v.months.len() < 12;
    let value = if part_year_sum {
        // CHOICE: also in a fiscal-year question, though that "takes only figures of that year".
        values::last_year(st, kpi, v.year.unwrap() - 1, cut)?.value
    } else {
        v.value.clone()
    };
    Some((value - b) / (&kpi.target - b))
}

/// "(t-v) / months remaining .. a part-year sum: only in the target year, else null .. null once v meets t, outside
/// running, and for ceiling and maintain"; "from the moment the value describes to the plan's end".
fn pace(st: &Standing, kpi: &Kpi, v: &Val) -> Option<Exact> {
    let plan = &st.catalogue.plan;
    if !kpi.kind.has_path() || meets(kpi, &v.value, &kpi.target) {
        return None;
    }
    let part_year_sum = kpi.kind == KpiKind::FlowPerYear && v.months.len() < 12;
    // CHOICE ("only in the target year"): the sum's year.
    if part_year_sum && v.year != Some(plan.last_year) {
        return None;
    }
    let months = path::months_remaining(plan, v.as_of);
    if months.is_zero() { None } else { Some((&kpi.target - &v.value) / months) }
}
