//! Alerts on what is judged: which of them begin, fire or are resolved, in the transaction of the judgements.
//!
//! The stored judgements are a plan's "now". A rebuild, a report and any look back have no [`Watch`], so they alert
//! nobody; a restart goes on with the states that are stored.

use super::derived::{self, Derived, Judged};
use super::open_partition::OpenPartition;
use crate::alerting::describe::describe;
use crate::alerting::notification::{AlertNotification, severity};
use crate::plan_states::PlanStates;
use crate::render::PlanSheet;
use crate::store::{AlertKey, PlanNames, StoreError, StoreReader, StoreTransaction, StoredAlert};
use aggregator_core::alert::{AlertRule, AlertState, AlertTransition, step};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::PlanReport;
use aggregator_core::report_period::ReportPeriod;
use contract::time::Micros;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a partition may be caught up with before alerts are told all the same: a stream that never pauses must
/// not silence them.
const CATCH_UP: Duration = Duration::from_mins(10);

/// What is pending or fires in one open partition.
#[derive(Debug)]
pub(super) struct AlertTracker {
    hold: Duration,
    alerts: BTreeMap<AlertKey, StoredAlert>,
    /// `None` once all that waited on the bus when the partition was opened has been read.
    catching_up: Option<CatchingUp>,
}

/// While what waited on the bus is read nobody is told anything: a figure that is there already, but not read, must
/// not make its KPI look overdue, nor a past day's status be news.
#[derive(Debug)]
struct CatchingUp {
    /// The judgements of which people were told.
    judged: Judged,
    opened: Micros,
    /// How often in a row nothing has come.
    idle: u32,
}

/// The moment of a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct EvaluationTime {
    pub(super) now: Micros,
    pub(super) today: ReportPeriod,
}

/// What changes about alerts, to be written.
#[derive(Debug, Default)]
pub(super) struct AlertTransitions {
    alerts: Vec<(AlertKey, Option<StoredAlert>)>,
    events: Vec<(String, AlertTransition, Micros, String)>,
}

/// What is read of a stored judgement.
#[derive(Deserialize)]
struct StoredStatus {
    status: Option<String>,
}

fn status(report: Option<&str>) -> Option<String> {
    serde_json::from_str::<StoredStatus>(report?).ok()?.status
}

fn id((plan, kpi, rule): &AlertKey) -> String {
    format!("{plan}/{kpi}/{}", rule.name())
}

impl AlertTracker {
    /// The alerts as they are stored, of which people were told by `judged`.
    fn load(reader: &StoreReader, hold: Duration, judged: Judged, now: Micros) -> Result<Self, StoreError> {
        let catching_up = Some(CatchingUp { judged, opened: now, idle: 0 });
        Ok(Self { hold, alerts: reader.alerts()?, catching_up })
    }

    /// True when time alone changes some alert.
    pub(super) fn is_due(&self, now: Micros) -> bool {
        self.catching_up.is_none() && self.alerts.values().any(|alert| alert.state.is_due(now, self.hold))
    }

    /// True when what waited on the bus has been read, or takes too long. `last` after the last of it, as far as is
    /// known: `needed` times in a row make it certain.
    fn has_caught_up(&mut self, now: Micros, last: bool, needed: u32) -> bool {
        let Some(catching_up) = &mut self.catching_up else { return false };
        catching_up.idle = if last { catching_up.idle + 1 } else { 0 };
        let took = u128::from(now.0.saturating_sub(catching_up.opened.0).max(0).unsigned_abs());
        catching_up.idle >= needed || took >= CATCH_UP.as_micros()
    }

    /// How many are pending, and how many fire.
    pub(super) fn count(&self) -> (u32, u32) {
        self.alerts.values().fold((0, 0), |(pending, firing), alert| match alert.state {
            AlertState::Pending { .. } => (pending + 1, firing),
            AlertState::Firing { .. } => (pending, firing + 1),
            AlertState::Inactive => (pending, firing),
        })
    }

    /// Takes every alert of a plan one step on, from the judgements stored to those that are about to be.
    pub(super) fn step(
        &self,
        known: (&PlanState, &PlanNames),
        (stored, fresh): (&Judged, Option<&Derived>),
        when: EvaluationTime,
        steps: &mut AlertTransitions,
    ) {
        if self.catching_up.is_some() {
            return;
        }
        let after = |row| fresh.and_then(|fresh| fresh.judgement(row)).or(stored.get(&row).map(String::as_str));
        self.step_between(known, stored, after, when, steps);
    }

    fn step_between<'a>(
        &self,
        (state, names): (&PlanState, &PlanNames),
        before: &Judged,
        after: impl Fn((i64, i64)) -> Option<&'a str>,
        when: EvaluationTime,
        steps: &mut AlertTransitions,
    ) {
        let mut report = None;
        for (kpi, number) in state.catalogue.kpis.iter().zip(&names.kpis) {
            let row = (names.plan, *number);
            let before = before.get(&row).map(String::as_str);
            let after = status(after(row));
            for rule in AlertRule::ALL {
                let key = (state.catalogue.plan.id.clone(), kpi.id.clone(), rule);
                let (alert, events) = self.next(&key, status(before), after.as_deref(), when.now);
                for (event, was, is) in events {
                    let report =
                        report.get_or_insert_with(|| state.report(derived::report_period(state, when.today), false));
                    let Some(told) = notification(state, report, &key, was, is) else { continue };
                    steps.events.push((id(&key), event, when.now, told.to_json()));
                }
                if alert.as_ref() != self.alerts.get(&key) {
                    steps.alerts.push((key, alert));
                }
            }
        }
    }

    /// The next state of one alert, and what is told: each event with the statuses before and after it.
    #[allow(clippy::type_complexity, reason = "read in one place, right above")]
    fn next(
        &self,
        key: &AlertKey,
        before: Option<String>,
        after: Option<&str>,
        now: Micros,
    ) -> (Option<StoredAlert>, Vec<(AlertTransition, Option<String>, Option<String>)>) {
        let standing = self.alerts.get(key);
        let state = standing.map_or(AlertState::Inactive, |alert| alert.state);
        let bad = after.filter(|status| key.2.alerts_on(status));
        let mut events = Vec::new();
        let mut was = standing.map_or(before, |alert| alert.was.clone());
        // Who was told that a KPI is late is told anew when its target is missed for good.
        let escalated = match (standing, state, bad) {
            (Some(alert), AlertState::Firing { since }, Some(status)) => {
                (severity(&alert.status) != severity(status)).then_some((alert, since))
            }
            _ => None,
        };
        let (next, event) = if let Some((alert, since)) = escalated {
            events.push((AlertTransition::Resolved { since }, Some(alert.status.clone()), after.map(str::to_owned)));
            was = Some(alert.status.clone());
            step(AlertState::Inactive, true, now, Duration::ZERO)
        } else {
            step(state, bad.is_some(), now, self.hold)
        };
        events.extend(event.map(|event| match event {
            AlertTransition::Fired { .. } => (event, was.clone(), after.map(str::to_owned)),
            AlertTransition::Resolved { .. } => {
                (event, standing.map(|alert| alert.status.clone()), after.map(str::to_owned))
            }
        }));
        (bad.map(|status| StoredAlert { state: next, was, status: status.to_owned() }), events)
    }

    /// Ends the alerts of KPIs that no catalogue has any more, as they were told last.
    fn resolve_removed(
        &self,
        states: &PlanStates,
        reader: &StoreReader,
        now: Micros,
        steps: &mut AlertTransitions,
    ) -> Result<(), StoreError> {
        for (key, alert) in &self.alerts {
            let known = |state: &PlanState| state.catalogue.kpis.iter().any(|kpi| kpi.id == key.1);
            if states.get(&key.0).is_some_and(known) {
                continue;
            }
            steps.alerts.push((key.clone(), None));
            let last = reader.last_alert_body(&id(key))?.and_then(|body| AlertNotification::from_json(&body));
            if let (AlertState::Firing { since }, Some(last)) = (alert.state, last) {
                let told = AlertNotification { before: Some(alert.status.clone()), after: None, ..last };
                steps.events.push((id(key), AlertTransition::Resolved { since }, now, told.to_json()));
            }
        }
        Ok(())
    }
}

fn notification(
    state: &PlanState,
    report: &PlanReport,
    (_, kpi, rule): &AlertKey,
    before: Option<String>,
    after: Option<String>,
) -> Option<AlertNotification> {
    let sheet = PlanSheet::new(&state.catalogue, report);
    let policies = sheet.policies.iter();
    let found = policies.flat_map(|policy| policy.rows.iter().map(move |row| (policy.policy, row)));
    let (policy, row) = found.into_iter().find(|(_, row)| row.kpi.id == *kpi)?;
    Some(describe(sheet.plan, policy, row, *rule, (before, after)))
}

impl AlertTransitions {
    pub(super) fn write(&self, change: &mut StoreTransaction<'_>) -> Result<(), StoreError> {
        for (key, alert) in &self.alerts {
            change.put_alert(key, alert.as_ref())?;
        }
        for (id, event, time, body) in &self.events {
            change.add_alert_event(id, *event, *time, body)?;
        }
        Ok(())
    }

    /// Brings the watch up to what was written.
    pub(super) fn apply_to(self, watch: &mut Option<AlertTracker>) {
        let Some(watch) = watch else { return };
        for (key, alert) in self.alerts {
            match alert {
                Some(alert) => watch.alerts.insert(key, alert),
                None => watch.alerts.remove(&key),
            };
        }
    }
}

impl OpenPartition {
    /// Starts to watch. What is stored is stepped once the bus is read up, since a status may be bad from the first
    /// day on, or have changed while nobody looked.
    pub(super) fn track_alerts(
        &mut self,
        followers: &[&str],
        hold: Duration,
        states: &PlanStates,
        now: Micros,
    ) -> Result<(), StoreError> {
        self.writer.change(|change| change.put_alert_followers(followers))?;
        if followers.is_empty() {
            return Ok(());
        }
        let watch = AlertTracker::load(self.writer.read(), hold, std::mem::take(&mut self.judged_before), now)?;
        let mut steps = AlertTransitions::default();
        watch.resolve_removed(states, self.writer.read(), now, &mut steps)?;
        self.alerts = Some(watch);
        self.writer.change(|change| steps.write(change))?;
        steps.apply_to(&mut self.alerts);
        Ok(())
    }

    /// Takes every alert from the judgements of which people were told to those that stand, when what waited on the
    /// bus has been read. `None` when there is nothing to do.
    pub(super) fn finish_catching_up(
        &mut self,
        states: &PlanStates,
        when: EvaluationTime,
        last: bool,
        needed: u32,
    ) -> Option<AlertTransitions> {
        let watch = self.alerts.as_mut()?;
        let told = watch.has_caught_up(when.now, last, needed).then(|| watch.catching_up.take())??.judged;
        let mut steps = AlertTransitions::default();
        for plan in &self.plans {
            if let Some(known) = states.get(plan).zip(self.names.get(plan)) {
                let after = |row| self.judged.get(&row).map(String::as_str);
                watch.step_between(known, &told, after, when, &mut steps);
            }
        }
        Some(steps)
    }

    /// Steps the judgements as they are stored.
    pub(super) fn steps(&self, states: &PlanStates, when: EvaluationTime, steps: &mut AlertTransitions) {
        let Some(watch) = &self.alerts else { return };
        for plan in &self.plans {
            if let Some(known) = states.get(plan).zip(self.names.get(plan)) {
                watch.step(known, (&self.judged, None), when, steps);
            }
        }
    }
}
