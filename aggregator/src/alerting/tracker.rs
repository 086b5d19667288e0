//! Decides which alerts of a partition begin, fire or are resolved, from the judgements before and after a change.
//!
//! The transitions are written in the transaction of the judgements. The stored judgements are a plan's present. A
//! rebuild, a report and a look at the past have no [`AlertTracker`], so they raise no alert; after a restart the
//! tracker goes on from the stored states.

use super::describe::describe;
use super::notification::{AlertNotification, severity};
use crate::plan_states::PlanStates;
use crate::store::{AlertKey, PlanNames, StoreError, StoreReader, StoreTransaction, StoredAlert};
use aggregator_core::alert::{AlertRule, AlertState, AlertTransition, step};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::time::Micros;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a partition may be caught up with before alerts are stepped all the same: a stream that never pauses must
/// not silence them.
const MAX_CATCH_UP: Duration = Duration::from_mins(10);

/// Judgements as they are stored: JSON by the numbers of plan and KPI.
pub(crate) type StoredJudgements = BTreeMap<(i64, i64), String>;

/// The pending and firing alerts of one open partition.
#[derive(Debug)]
pub(crate) struct AlertTracker {
    hold: Duration,
    alerts: BTreeMap<AlertKey, StoredAlert>,
    /// `None` once all that waited on the bus when the partition was opened has been read.
    catching_up: Option<CatchUp>,
}

/// While waiting records are read no alert is stepped: a figure that is on the bus already, but not read, must
/// not make its KPI look overdue, and the status of a past day is not news.
#[derive(Debug)]
struct CatchUp {
    /// The judgements that were notified last.
    notified: StoredJudgements,
    opened: Micros,
    /// Idle deliveries in a row.
    idle: u32,
}

/// The moment of a step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EvaluationTime {
    pub(crate) now: Micros,
    pub(crate) today: ReportPeriod,
}

impl EvaluationTime {
    /// The period that the stored judgements of a plan are about: the plan's own, else today.
    pub(crate) fn period(self, state: &PlanState) -> ReportPeriod {
        state.catalogue.plan.default_on.map_or(self.today, ReportPeriod)
    }
}

/// Changes of alerts, to be written.
#[derive(Debug, Default)]
pub(crate) struct AlertTransitions {
    alerts: Vec<(AlertKey, Option<StoredAlert>)>,
    events: Vec<(String, AlertTransition, Micros, String)>,
}

/// A transition with the status words before and after it.
type Event = (AlertTransition, Option<String>, Option<String>);

/// The status of a stored judgement.
#[derive(Deserialize)]
struct StoredStatus {
    status: Option<String>,
}

fn status(judgement: Option<&str>) -> Option<String> {
    serde_json::from_str::<StoredStatus>(judgement?).ok()?.status
}

fn id((plan, kpi, rule): &AlertKey) -> String {
    format!("{plan}/{kpi}/{}", rule.name())
}

impl AlertTracker {
    /// The stored alerts; `notified` are the judgements that they were stepped to.
    pub(crate) fn load(
        reader: &StoreReader,
        hold: Duration,
        notified: StoredJudgements,
        now: Micros,
    ) -> Result<Self, StoreError> {
        let catching_up = Some(CatchUp { notified, opened: now, idle: 0 });
        Ok(Self { hold, alerts: reader.alerts()?, catching_up })
    }

    /// True when time alone changes some alert.
    pub(crate) fn is_due(&self, now: Micros) -> bool {
        self.catching_up.is_none() && self.alerts.values().any(|alert| alert.state.is_due(now, self.hold))
    }

    /// True while waiting records are read.
    pub(crate) fn is_catching_up(&self) -> bool {
        self.catching_up.is_some()
    }

    /// Ends the catching up after `needed` idle deliveries in a row, or when it takes too long; gives the judgements
    /// that were notified last.
    pub(crate) fn finish_catching_up(&mut self, now: Micros, idle: bool, needed: u32) -> Option<StoredJudgements> {
        let catching_up = self.catching_up.as_mut()?;
        catching_up.idle = if idle { catching_up.idle + 1 } else { 0 };
        let took = u128::from(now.0.saturating_sub(catching_up.opened.0).max(0).unsigned_abs());
        let is_over = catching_up.idle >= needed || took >= MAX_CATCH_UP.as_micros();
        is_over.then(|| self.catching_up.take())?.map(|ended| ended.notified)
    }

    /// How many alerts are pending, and how many fire.
    pub(crate) fn count(&self) -> (u32, u32) {
        self.alerts.values().fold((0, 0), |(pending, firing), alert| match alert.state {
            AlertState::Pending { .. } => (pending + 1, firing),
            AlertState::Firing { .. } => (pending, firing + 1),
            AlertState::Inactive => (pending, firing),
        })
    }

    /// Steps every alert of a plan, from the judgements `before` to those `after`.
    pub(crate) fn step<'a>(
        &self,
        (state, names): (&PlanState, &PlanNames),
        before: &StoredJudgements,
        after: impl Fn((i64, i64)) -> Option<&'a str>,
        time: EvaluationTime,
        transitions: &mut AlertTransitions,
    ) {
        let mut report = None;
        for (kpi, number) in state.catalogue.kpis.iter().zip(&names.kpis) {
            let row = (names.plan, *number);
            let before = before.get(&row).map(String::as_str);
            let after = status(after(row));
            for rule in AlertRule::ALL {
                let key = (state.catalogue.plan.id.clone(), kpi.id.clone(), rule);
                let (alert, events) = self.next(&key, status(before), after.as_deref(), time.now);
                for (transition, before, after) in events {
                    let report = report.get_or_insert_with(|| state.report(time.period(state), false));
                    let notification = describe(&state.catalogue, report, kpi, rule, (before, after));
                    let Some(notification) = notification else { continue };
                    transitions.events.push((id(&key), transition, time.now, notification.to_json()));
                }
                if alert.as_ref() != self.alerts.get(&key) {
                    transitions.alerts.push((key, alert));
                }
            }
        }
    }

    /// The next state of one alert, and its events.
    fn next(
        &self,
        key: &AlertKey,
        before: Option<String>,
        after: Option<&str>,
        now: Micros,
    ) -> (Option<StoredAlert>, Vec<Event>) {
        let stored = self.alerts.get(key);
        let state = stored.map_or(AlertState::Inactive, |alert| alert.state);
        let bad = after.filter(|status| key.2.alerts_on(status));
        let mut events = Vec::new();
        let mut was = stored.map_or(before, |alert| alert.was.clone());
        // A firing alert of a late KPI is resolved and fires again when the target is missed for good.
        let escalated = match (stored, state, bad) {
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
                (event, stored.map(|alert| alert.status.clone()), after.map(str::to_owned))
            }
        }));
        (bad.map(|status| StoredAlert { state: next, was, status: status.to_owned() }), events)
    }

    /// Resolves the alerts of KPIs that no catalogue has any more, with the figures of their last notification.
    pub(crate) fn resolve_removed(
        &self,
        states: &PlanStates,
        reader: &StoreReader,
        now: Micros,
    ) -> Result<AlertTransitions, StoreError> {
        let mut transitions = AlertTransitions::default();
        for (key, alert) in &self.alerts {
            let has_kpi = |state: &PlanState| state.catalogue.kpis.iter().any(|kpi| kpi.id == key.1);
            if states.get(&key.0).is_some_and(has_kpi) {
                continue;
            }
            transitions.alerts.push((key.clone(), None));
            let last = reader.last_alert_body(&id(key))?.and_then(|body| AlertNotification::from_json(&body));
            if let (AlertState::Firing { since }, Some(last)) = (alert.state, last) {
                let notification = AlertNotification { before: Some(alert.status.clone()), after: None, ..last };
                let event = AlertTransition::Resolved { since };
                transitions.events.push((id(key), event, now, notification.to_json()));
            }
        }
        Ok(transitions)
    }

    /// Takes over the states that were written.
    pub(crate) fn apply(&mut self, transitions: AlertTransitions) {
        for (key, alert) in transitions.alerts {
            match alert {
                Some(alert) => self.alerts.insert(key, alert),
                None => self.alerts.remove(&key),
            };
        }
    }
}

impl AlertTransitions {
    /// Writes the states and the events.
    pub(crate) fn write(&self, change: &mut StoreTransaction<'_>) -> Result<(), StoreError> {
        for (key, alert) in &self.alerts {
            change.put_alert(key, alert.as_ref())?;
        }
        for (id, event, time, body) in &self.events {
            change.add_alert_event(id, *event, *time, body)?;
        }
        Ok(())
    }
}
