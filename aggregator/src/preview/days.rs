//! The status of a KPI on each day with the alerts that follow from it, and where two catalogues differ in them.

use super::model::{AlertChange, AlertSpan, StatusChange};
use aggregator_core::alert::{AlertPolicy, AlertRule, Finding, KpiFacts, evaluate};
use aggregator_core::judge::Status;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::period::{Grain, Period};
use contract::time::{date_of, month_of};

/// The rules whose alerts follow from figures and catalogue alone.
pub(super) const RULES: [AlertRule; 4] = [AlertRule::Trend, AlertRule::Overdue, AlertRule::Missing, AlertRule::Landing];

/// A KPI on one day: its status, and which of [`RULES`] hold.
type KpiDay = (Option<Status>, [bool; RULES.len()]);

/// A KPI, one entry a day from a first day on; empty where the catalogue lacks it.
#[derive(Debug, Default)]
pub(super) struct KpiDays {
    first: i32,
    days: Vec<KpiDay>,
}

impl KpiDays {
    fn on(&self, day: i32) -> KpiDay {
        let index = usize::try_from(day - self.first).ok();
        index.and_then(|index| self.days.get(index).copied()).unwrap_or_default()
    }

    fn range(&self, other: &Self) -> (i32, i32) {
        let known = if self.days.is_empty() { other } else { self };
        let days = i32::try_from(known.days.len()).unwrap_or(i32::MAX);
        (known.first, known.first + days)
    }
}

/// Judges a KPI at the end of each day from a first to a last one.
pub(super) fn of_kpi(state: &PlanState, id: &str, (first, last): (i32, i32), policy: &AlertPolicy) -> KpiDays {
    let mut kpis = state.catalogue.kpis.iter().enumerate();
    let Some((index, kpi)) = kpis.find(|(_, kpi)| kpi.id == id) else { return KpiDays::default() };
    let asks = policy.rules.contains(&AlertRule::Landing);
    let chances = if asks { state.landings_until(index, last).chances } else { Vec::new() };
    let on = |day: i32| ReportPeriod(Period { grain: Grain::Day, index: day });
    let at_risk = policy.alerts_at_risk(&state.catalogue.plan.id, id);
    // The state is settled for the last day that was asked: periods that have ended by then are not computed again.
    let view = state.view(on(last).cutoff());
    let mut days: Vec<KpiDay> = Vec::new();
    for day in first..=last {
        let mut facts = KpiFacts::new(&view, kpi, on(day));
        facts.at_risk = at_risk;
        facts.thresholds = policy.landing;
        facts.chances = &chances[..chances.partition_point(|chance| chance.at <= on(day).cutoff().at)];
        let status = facts.judged().status;
        let before = days.last().filter(|_| month_of(day) == month_of(day - 1)).copied();
        // The rules look back at ends of months; inside a month a new day changes them only with the status, or while overdue.
        let same = before.filter(|(was, _)| *was == status && status != Some(Status::Stale));
        let holds = |rule| policy.rules.contains(&rule) && matches!(evaluate(&facts, rule), Finding::Holds(_));
        days.push((status, same.map_or_else(|| RULES.map(holds), |(_, alerts)| alerts)));
    }
    KpiDays { first, days }
}

fn date(day: i32) -> String {
    date_of(day).to_string()
}

/// Runs of days on which both statuses differ.
pub(super) fn differences(before: &KpiDays, after: &KpiDays) -> Vec<StatusChange> {
    let (first, end) = before.range(after);
    let mut changes: Vec<StatusChange> = Vec::new();
    let mut last: Option<(i32, Option<Status>, Option<Status>)> = None;
    for day in first..end {
        let (was, becomes) = (before.on(day).0, after.on(day).0);
        if was == becomes {
            continue;
        }
        match changes.last_mut() {
            Some(change) if last == Some((day - 1, was, becomes)) => change.to = date(day),
            _ => changes.push(StatusChange {
                from: date(day),
                to: date(day),
                before: was.map(Status::name),
                after: becomes.map(Status::name),
            }),
        }
        last = Some((day, was, becomes));
    }
    changes
}

/// The first and the last day of each alert of a rule, in order.
fn alerts(days: &KpiDays, rule: usize, (first, end): (i32, i32)) -> Vec<(i32, i32)> {
    let mut runs: Vec<(i32, i32)> = Vec::new();
    for day in (first..end).filter(|day| days.on(*day).1[rule]) {
        match runs.last_mut() {
            Some(run) if run.1 == day - 1 => run.1 = day,
            _ => runs.push((day, day)),
        }
    }
    runs
}

/// Alerts that fire under one catalogue alone, or on other days. Alerts of a rule that overlap are one that moved.
pub(super) fn alert_changes(before: &KpiDays, after: &KpiDays) -> Vec<AlertChange> {
    let range = before.range(after);
    let span = |(from, to): (i32, i32)| AlertSpan { from: date(from), to: (to + 1 < range.1).then(|| date(to)) };
    let mut changes = Vec::new();
    for (index, rule) in RULES.into_iter().enumerate() {
        let (mut was, mut becomes) = (alerts(before, index, range), alerts(after, index, range));
        was.retain(|run| {
            let same = becomes.iter().position(|other| other == run);
            same.map(|index| becomes.remove(index)).is_none()
        });
        let mut own: Vec<(i32, AlertChange)> = Vec::new();
        for run in was {
            let overlaps = becomes.iter().position(|other| other.0 <= run.1 && run.0 <= other.1);
            let moved = overlaps.map(|index| becomes.remove(index));
            let start = moved.map_or(run.0, |other| other.0.min(run.0));
            own.push((start, AlertChange { rule: rule.name(), before: Some(span(run)), after: moved.map(span) }));
        }
        own.extend(
            becomes
                .into_iter()
                .map(|run| (run.0, AlertChange { rule: rule.name(), before: None, after: Some(span(run)) })),
        );
        own.sort_by_key(|(start, _)| *start);
        changes.extend(own.into_iter().map(|(_, change)| change));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A letter a day from 2019-04-01 on: `o` on track, `l` on track with a fallen landing, `x` off track, `m` missed, `s` stale, `.` not judged.
    fn days(letters: &str) -> KpiDays {
        let status = |letter| match letter {
            'o' | 'l' => Some(Status::OnTrack),
            'x' => Some(Status::OffTrack),
            'm' => Some(Status::Missed),
            's' => Some(Status::Stale),
            _ => None,
        };
        let day = |letter: char| (status(letter), ["xm".contains(letter), letter == 's', false, letter == 'l']);
        KpiDays { first: 17_987, days: letters.chars().map(day).collect() }
    }

    fn told(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
        let word = |word: Option<&'static str>| word.unwrap_or("-");
        let statuses = differences(&days(before), &days(after));
        let day = |date: &str| date.trim_start_matches("2019-04-").to_owned();
        let statuses =
            statuses.iter().map(|c| format!("{}..{} {} {}", day(&c.from), day(&c.to), word(c.before), word(c.after)));
        let span = |span: &Option<AlertSpan>| {
            span.as_ref()
                .map_or("-".into(), |s| format!("{}..{}", day(&s.from), s.to.as_deref().map(day).unwrap_or_default()))
        };
        let alerts = alert_changes(&days(before), &days(after));
        let alerts = alerts.iter().map(|c| format!("{} {} {}", c.rule, span(&c.before), span(&c.after)));
        (statuses.collect(), alerts.collect())
    }

    #[test]
    fn statuses_and_alerts_that_differ_are_told_day_by_day() {
        assert_eq!(told("ooxxss", "ooxxss"), (vec![], vec![]));
        let (statuses, alerts) = told("oxxxoo", "ooxxxo");
        assert_eq!(statuses, ["02..02 off_track on_track", "05..05 on_track off_track"]);
        assert_eq!(alerts, ["trend 02..04 03..05"]);
        let (statuses, alerts) = told("oxoxsm", "oooxom");
        assert_eq!(statuses, ["02..02 off_track on_track", "05..05 stale on_track"]);
        assert_eq!(alerts, ["trend 02..02 -", "overdue 05..05 -"]);
        assert_eq!(told("ollxo", "oolxo"), (vec![], vec!["landing 02..03 03..03".to_owned()]));
        let (statuses, alerts) = told("", ".oxxm");
        assert_eq!(statuses, ["02..02 - on_track", "03..04 - off_track", "05..05 - missed"]);
        assert_eq!(alerts, ["trend - 03.."], "it fires still on the last day, and worse is no other alert");
    }
}
