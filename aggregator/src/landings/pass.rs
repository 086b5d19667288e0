//! One pass over the plans of a partition: what is asked now, what is known, what is to be computed.

use crate::plan_states::{self, SharedPlanStates};
use crate::store::{SinkCursor, StoreError, StoredLandings};
use aggregator_core::landing::KpiLandings;
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

/// Questions made under one lock of the plan states: a pipeline waits for that many at most.
const QUESTIONS: usize = 8;

/// What a plan was when its KPIs were passed: how often it was settled, the day, and how often answers were set.
type PlanMark = (u64, i32, Vec<u64>);

/// The answers of a partition, and which plans have not changed since.
#[derive(Debug, Default)]
pub(super) struct LandingPasses {
    stored: BTreeMap<(String, String), StoredLandings>,
    passed: BTreeMap<String, PlanMark>,
}

impl LandingPasses {
    /// Begins with what a store holds; damaged answers are computed again.
    pub(super) fn load(store: &mut SinkCursor) -> Result<Self, StoreError> {
        let stored = match store.landings() {
            Err(error) if error.is_damage() => {
                tracing::warn!(error = %contract::error::chain(&error), "stored landings were damaged; they are computed again");
                store.remove_landings()?;
                BTreeMap::new()
            }
            found => found?,
        };
        Ok(Self { stored, passed: BTreeMap::new() })
    }

    /// Brings the answers of all plans of the partition up to date; gives how many were computed.
    pub(super) fn run(
        &mut self,
        store: &mut SinkCursor,
        plans: &SharedPlanStates,
        today: i32,
        stop: &CancellationToken,
    ) -> Result<usize, StoreError> {
        let mut computed = 0;
        for plan in store.read().plans_judged()? {
            let Some(mark) = mark(plans, &plan, today) else { continue };
            if self.passed.get(&plan) == Some(&mark) {
                continue;
            }
            for kpi in 0..mark.2.len() {
                computed += self.pass_kpi(store, plans, (&plan, kpi), today, stop)?;
                if stop.is_cancelled() {
                    return Ok(computed);
                }
            }
            // What was settled meanwhile is another mark than this one with the answers of now.
            let answers = mark_of_answers(plans, &plan, mark.2.len());
            self.passed.insert(plan, (mark.0, mark.1, answers));
        }
        Ok(computed)
    }

    fn pass_kpi(
        &mut self,
        store: &mut SinkCursor,
        plans: &SharedPlanStates,
        (plan, kpi): (&str, usize),
        today: i32,
        stop: &CancellationToken,
    ) -> Result<usize, StoreError> {
        let Some((id, mut walk)) = with(plans, plan, |state| {
            Some((state.catalogue.kpis.get(kpi)?.id.clone(), state.landing_walk(kpi, today)))
        }) else {
            return Ok(0);
        };
        let before = self.stored.remove(&(plan.to_owned(), id.clone())).unwrap_or_default();
        let (mut landings, mut computed) = (KpiLandings::default(), 0);
        while !walk.is_over() {
            let questions = with(plans, plan, |state| {
                // A catalogue that changed meanwhile may have fewer KPIs.
                (kpi < state.catalogue.kpis.len()).then(|| state.landing_questions(&mut walk, QUESTIONS))
            });
            let Some(questions) = questions else { break };
            for question in questions {
                let key = question.key();
                let known = landings.answers.get(&key).or_else(|| before.get(&key)).cloned();
                let answer = known.unwrap_or_else(|| {
                    computed += 1;
                    question.answer()
                });
                landings.add(key, answer);
                if stop.is_cancelled() {
                    self.stored.insert((plan.to_owned(), id), before);
                    return Ok(computed);
                }
            }
        }
        store.put_landings((plan, &id), &before, &landings.answers)?;
        self.stored.insert((plan.to_owned(), id.clone()), landings.answers.clone());
        if let Some(state) = plan_states::write(plans).get_mut(plan)
            && state.catalogue.kpis.get(kpi).is_some_and(|one| one.id == id)
            && state.landings.of(kpi) != Some(&landings)
        {
            state.landings.set(kpi, landings);
        }
        Ok(computed)
    }
}

fn with<T>(
    plans: &SharedPlanStates,
    plan: &str,
    look: impl FnOnce(&aggregator_core::plan_state::PlanState) -> Option<T>,
) -> Option<T> {
    look(plan_states::read(plans).get(plan)?)
}

fn mark(plans: &SharedPlanStates, plan: &str, today: i32) -> Option<PlanMark> {
    with(plans, plan, |state| {
        let revisions = (0..state.catalogue.kpis.len()).map(|kpi| state.landings.revision(kpi)).collect();
        Some((state.settlings(), today, revisions))
    })
}

fn mark_of_answers(plans: &SharedPlanStates, plan: &str, count: usize) -> Vec<u64> {
    with(plans, plan, |state| Some((0..count).map(|kpi| state.landings.revision(kpi)).collect())).unwrap_or_default()
}
