//! An update of an open partition: settle -> derive -> step -> write.
//!
//! The caller settles the plan states; here the derived rows and the alert transitions that follow are collected,
//! written in one transaction, and then taken over into memory.

use super::derived::DerivedRows;
use super::open::OpenPartition;
use crate::alerting::tracker::{AlertTransitions, EvaluationTime};
use crate::plan_states::PlanStates;
use crate::store::{StoreError, StoreTransaction};
use aggregator_core::plan_state::PlanState;
use aggregator_core::rollup::RollupChange;

/// Derived rows and alert transitions, to be written.
#[derive(Debug, Default)]
pub(crate) struct PartitionUpdate {
    derived: Vec<DerivedRows>,
    transitions: AlertTransitions,
}

impl OpenPartition {
    /// Derives the rows of a settled plan and steps its alerts.
    pub(crate) fn derive(
        &self,
        state: &PlanState,
        changes: &[RollupChange],
        time: EvaluationTime,
        update: &mut PartitionUpdate,
    ) {
        let Some(names) = self.names.get(&state.catalogue.plan.id) else { return };
        let fresh = DerivedRows::of_changes(state, names, time, changes, &self.judged);
        if let Some(tracker) = self.alerts.as_ref().filter(|tracker| !tracker.is_catching_up()) {
            let after = |row| fresh.judgement(row).or(self.judged.get(&row).map(String::as_str));
            tracker.step((state, names), &self.judged, after, time, &mut update.transitions);
        }
        update.derived.push(fresh);
    }

    /// Steps the alerts of all plans while the judgements stay as they are.
    pub(crate) fn step_alerts(&self, states: &PlanStates, time: EvaluationTime) -> PartitionUpdate {
        self.step_from(&self.judged, states, time)
    }

    /// Steps every alert from the judgements that were notified last to those that stand, once the partition has
    /// caught up with the bus. `None` when there is nothing to do.
    pub(crate) fn finish_catching_up(
        &mut self,
        states: &PlanStates,
        time: EvaluationTime,
        idle: bool,
        needed: u32,
    ) -> Option<PartitionUpdate> {
        let notified = self.alerts.as_mut()?.finish_catching_up(time.now, idle, needed)?;
        Some(self.step_from(&notified, states, time))
    }

    fn step_from(
        &self,
        before: &crate::alerting::tracker::StoredJudgements,
        states: &PlanStates,
        time: EvaluationTime,
    ) -> PartitionUpdate {
        let mut update = PartitionUpdate::default();
        let Some(tracker) = &self.alerts else { return update };
        for plan in &self.plans {
            if let Some(plan) = states.get(plan).zip(self.names.get(plan)) {
                let after = |row| self.judged.get(&row).map(String::as_str);
                tracker.step(plan, before, after, time, &mut update.transitions);
            }
        }
        update
    }

    /// Writes an update in one transaction with what `more` writes before it.
    pub(crate) fn write<T>(
        &mut self,
        update: &PartitionUpdate,
        more: impl FnOnce(&mut StoreTransaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.writer.change(|change| {
            update.transitions.write(change)?;
            let added = more(change)?;
            update.derived.iter().try_for_each(|rows| rows.write(change))?;
            Ok(added)
        })
    }

    /// Takes over an update that was written.
    pub(crate) fn apply(&mut self, update: PartitionUpdate) {
        for rows in update.derived {
            rows.apply_to(&mut self.judged);
        }
        if let Some(tracker) = &mut self.alerts {
            tracker.apply(update.transitions);
        }
    }
}
