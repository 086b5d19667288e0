//! Decides which alerts of a partition begin, fire or are resolved, from the judgements before and after a change.
//!
//! The transitions are written in the transaction of the judgements. The stored judgements are a plan's present. A
//! rebuild, a report and a look at the past have no [`AlertTracker`], so they raise no alert; after a restart the
//! tracker goes on from the stored states.

use super::describe::{describe, subject};
use super::notification::{AlertNotification, ChangedField};
use super::plan_facts::{RestatedPlan, target_changes};
use crate::store::{AlertKey, PlanNames, StoreError, StoreReader, StoreTransaction, StoredAlert};
use aggregator_core::alert::{
    AlertDetail, AlertPolicy, AlertRule, AlertState, AlertTransition, Finding, KpiFacts, detail, episode, evaluate,
    step, worsened,
};
use aggregator_core::judge::Status;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue::Plan;
use contract::time::{Micros, Moment};
use serde::Deserialize;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
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
    policy: Arc<AlertPolicy>,
    alerts: BTreeMap<AlertKey, StoredAlert>,
    /// The last episode of each alert, as far as its events are stored.
    episodes: BTreeMap<AlertKey, Micros>,
    /// By plan.
    restated: RefCell<BTreeMap<String, RestatedPlan>>,
    /// How often landings had been set when a plan was stepped last, by plan.
    landings: RefCell<BTreeMap<String, u64>>,
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
    events: Vec<(AlertKey, AlertTransition, Micros, String)>,
}

/// A transition with the status words before and after it, and what the rule has found.
type Event = (AlertTransition, (Option<String>, Option<String>), Option<AlertDetail>);

/// An alert after a step; `None` when it is inactive.
#[derive(Debug, Default)]
struct Stepped {
    alert: Option<StoredAlert>,
    event: Option<Event>,
}

/// The status of a stored judgement.
#[derive(Deserialize)]
struct StoredStatus {
    status: Option<String>,
}

fn status(judgement: Option<&str>) -> Option<String> {
    serde_json::from_str::<StoredStatus>(judgement?).ok()?.status
}

/// False for a status of which a rule cannot hold: most KPIs need not be judged again.
fn may_hold(rule: AlertRule, status: Option<&str>) -> bool {
    let is = |all: &[Status]| all.iter().any(|one| Some(one.name()) == status);
    match rule {
        AlertRule::Trend => status.is_some() && !is(&[Status::OnTrack, Status::Achieved]),
        AlertRule::Overdue | AlertRule::Missing => is(&[Status::Stale]),
        AlertRule::Landing | AlertRule::Restated | AlertRule::TargetChanged => true,
    }
}

/// How often the landings of a plan were set.
fn landings_set(state: &PlanState) -> u64 {
    (0..state.catalogue.kpis.len()).map(|kpi| state.landings.revision(kpi)).sum()
}

/// The name of an alert for good.
pub(crate) fn id((plan, kpi, rule): &AlertKey) -> String {
    format!("{plan}/{kpi}/{}", rule.name())
}

impl AlertTracker {
    /// The stored alerts; `notified` are the judgements that they were stepped to.
    pub(crate) fn load(
        reader: &StoreReader,
        (hold, policy): (Duration, Arc<AlertPolicy>),
        notified: StoredJudgements,
        now: Micros,
    ) -> Result<Self, StoreError> {
        let catching_up = Some(CatchUp { notified, opened: now, idle: 0 });
        let (alerts, episodes) = (reader.alerts()?, reader.last_episodes()?);
        Ok(Self {
            hold,
            policy,
            alerts,
            episodes,
            restated: RefCell::default(),
            landings: RefCell::default(),
            catching_up,
        })
    }

    /// True when time alone changes some alert.
    pub(crate) fn is_due(&self, now: Micros) -> bool {
        self.catching_up.is_none() && self.alerts.values().any(|alert| alert.state.is_due(now, self.hold))
    }

    /// True when landings came since a plan was stepped last: they are computed beside the pipeline.
    pub(crate) fn has_new_landings(&self, state: &PlanState) -> bool {
        let plan = &state.catalogue.plan;
        let is_new = || self.landings.borrow().get(&plan.id).copied().unwrap_or_default() != landings_set(state);
        self.catching_up.is_none() && self.policy.follows(plan, AlertRule::Landing) && is_new()
    }

    /// Forgets what was computed of a plan whose catalogue is another one now.
    pub(crate) fn forget(&self, plan: &str) {
        self.restated.borrow_mut().remove(plan);
        self.landings.borrow_mut().remove(plan);
    }

    /// True while waiting records are read.
    pub(crate) fn is_catching_up(&self) -> bool {
        self.catching_up.is_some()
    }

    /// Records came, which are not judged yet: the bus is not idle.
    pub(crate) fn records_came(&mut self) {
        if let Some(catching_up) = &mut self.catching_up {
            catching_up.idle = 0;
        }
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
        let plan = &state.catalogue.plan;
        let period = time.period(state);
        let view = state.view(period.cutoff());
        let mut restated = self.restated.borrow_mut();
        let restated = restated.entry(plan.id.clone()).or_default();
        if self.policy.follows(plan, AlertRule::Restated) {
            restated.refresh(state, time.now);
        }
        self.landings.borrow_mut().insert(plan.id.clone(), landings_set(state));
        for (index, (kpi, number)) in state.catalogue.kpis.iter().zip(&names.kpis).enumerate() {
            let row = (names.plan, *number);
            let changed = target_changes(state, &kpi.id, time.now);
            let moments: Vec<Moment> = changed.iter().map(|(at, _)| *at).collect();
            let mut facts = KpiFacts::new(&view, kpi, period);
            facts.at_risk = self.policy.alerts_at_risk(&plan.id, &kpi.id);
            facts.thresholds = self.policy.landing;
            facts.restated = restated.of(index);
            facts.chances = state.chances(index);
            facts.target_changes = &moments;
            let judgements = [before.get(&row).map(String::as_str), after(row)].map(status);
            for rule in AlertRule::ALL {
                let key = (plan.id.clone(), kpi.id.clone(), rule);
                let stepped = self.next(&key, plan, &facts, judgements.clone(), time.now);
                if let Some((transition, statuses, found)) = stepped.event {
                    let fields: Vec<ChangedField> = changed.iter().map(|(_, field)| field.clone()).collect();
                    let found = found.map(|found| subject(&state.catalogue, &found.subject, &fields));
                    let body = describe(&state.catalogue, &facts, rule, statuses, found.unwrap_or_default());
                    transitions.events.push((key.clone(), transition, time.now, body.to_json()));
                }
                if stepped.alert.as_ref() != self.alerts.get(&key) {
                    transitions.alerts.push((key, stepped.alert));
                }
            }
        }
    }

    /// The next state of one alert, and its event.
    fn next(
        &self,
        key: &AlertKey,
        plan: &Plan,
        facts: &KpiFacts<'_>,
        [before, after]: [Option<String>; 2],
        now: Micros,
    ) -> Stepped {
        let (stored, rule) = (self.alerts.get(key), key.2);
        let state = stored.map_or(AlertState::Inactive, |alert| alert.state);
        let finding = match after.as_deref() {
            _ if !self.policy.follows(plan, rule) => Finding::Clear,
            status if may_hold(rule, status) => evaluate(facts, rule),
            _ => Finding::Clear,
        };
        let word = match finding {
            Finding::Open => return Stepped { alert: stored.cloned(), event: None },
            Finding::Holds(word) => Some(word),
            Finding::Clear => None,
        };
        let was = stored.map_or(before, |alert| alert.was.clone());
        match (stored, state, word) {
            (Some(alert), AlertState::Firing { since }, Some(word)) => {
                self.step_firing((key, alert, since), facts, (word, after), now)
            }
            (Some(alert), AlertState::Firing { since }, None) => {
                // What happened is notified once; it is over when it is old.
                let event = (!rule.is_event()).then(|| {
                    let before = (rule == AlertRule::Trend).then(|| alert.status.clone()).or(was);
                    let after = after.filter(|_| self.policy.follows(plan, rule));
                    (AlertTransition::Resolved { since }, (before, after), None)
                });
                Stepped { alert: None, event }
            }
            (_, _, word) => {
                let (next, fired) = step(state, word.is_some(), now, self.hold);
                let Some(word) = word else { return Stepped::default() };
                let alert = |state| Some(StoredAlert { state, was: was.clone(), status: word.to_owned() });
                match fired.and_then(|_| detail(facts, rule)) {
                    Some(found) => {
                        let since = episode(found.began.micros(), self.episodes.get(key).copied(), now);
                        let event = (AlertTransition::Fired { since }, (was.clone(), after), Some(found));
                        Stepped { alert: alert(AlertState::Firing { since }), event: Some(event) }
                    }
                    None => Stepped { alert: alert(next), event: None },
                }
            }
        }
    }

    /// An alert that fires while its rule goes on to hold: it may have become worse, or something may have happened again.
    fn step_firing(
        &self,
        (key, alert, since): (&AlertKey, &StoredAlert, Micros),
        facts: &KpiFacts<'_>,
        (word, after): (&'static str, Option<String>),
        now: Micros,
    ) -> Stepped {
        let rule = key.2;
        let again = rule.is_event().then(|| detail(facts, rule)).flatten();
        if let Some(found) = again.filter(|found| found.began.micros().min(now) > since) {
            let since = episode(found.began.micros(), self.episodes.get(key).copied(), now);
            let alert = StoredAlert { state: AlertState::Firing { since }, ..alert.clone() };
            let event = (AlertTransition::Fired { since }, (alert.was.clone(), after), Some(found));
            return Stepped { alert: Some(alert), event: Some(event) };
        }
        match worsened(alert.state, rule.severity(&alert.status), rule.severity(word)) {
            Some(worse) => {
                let event = (worse, (Some(alert.status.clone()), after), detail(facts, rule));
                Stepped { alert: Some(StoredAlert { status: word.to_owned(), ..alert.clone() }), event: Some(event) }
            }
            None => Stepped { alert: Some(alert.clone()), event: None },
        }
    }

    /// Resolves the alerts of KPIs that no catalogue has any more, with the figures of their last notification.
    pub(crate) fn resolve_removed(
        &self,
        has_kpi: impl Fn(&str, &str) -> bool,
        reader: &StoreReader,
        now: Micros,
    ) -> Result<AlertTransitions, StoreError> {
        let mut transitions = AlertTransitions::default();
        for (key, alert) in &self.alerts {
            if has_kpi(&key.0, &key.1) {
                continue;
            }
            transitions.alerts.push((key.clone(), None));
            let last = reader.last_alert_body(&id(key))?.and_then(|body| AlertNotification::from_json(&body));
            if let (AlertState::Firing { since }, Some(last)) = (alert.state, last) {
                let notification = AlertNotification { before: Some(alert.status.clone()), after: None, ..last };
                let event = AlertTransition::Resolved { since };
                transitions.events.push((key.clone(), event, now, notification.to_json()));
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
        for (key, event, ..) in transitions.events {
            self.episodes.insert(key, event.since());
        }
    }
}

impl AlertTransitions {
    /// Writes the states and the events.
    pub(crate) fn write(&self, change: &mut StoreTransaction<'_>) -> Result<(), StoreError> {
        for (key, alert) in &self.alerts {
            change.put_alert(key, alert.as_ref())?;
        }
        for (key, event, time, body) in &self.events {
            change.add_alert_event(&id(key), *event, *time, body)?;
        }
        Ok(())
    }
}
