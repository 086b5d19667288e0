//! An update of an open partition: settle -> derive -> step -> write.
//!
//! The caller settles the plan states and says what that changed; here the derived rows and the alert transitions that follow
//! are collected, written in one transaction, and then taken over into memory.

use super::derived::DerivedRows;
use super::open::OpenPartition;
use crate::alerting::tracker::{AlertTransitions, EvaluationTime};
use crate::plan_states::PlanStates;
use crate::store::{StoreError, StoreTransaction};

/// Derived rows and alert transitions, to be written.
#[derive(Debug, Default)]
pub(crate) struct PartitionUpdate {
    derived: Vec<DerivedRows>,
    transitions: AlertTransitions,
    /// True when the derived rows are those of all facts, once this is written.
    reaches_facts: bool,
}

impl OpenPartition {
    /// Derives all rows that are behind, and steps the alerts of their plans.
    pub(crate) fn derive(&mut self, states: &PlanStates, time: EvaluationTime) -> PartitionUpdate {
        let mut update = PartitionUpdate { reaches_facts: true, ..PartitionUpdate::default() };
        for (plan, changed) in self.behind.take() {
            let Some((state, names)) = states.get(&plan).zip(self.names.get(&plan)) else { continue };
            let mut fresh = DerivedRows::of_plan((state, names), changed, time, &self.judged);
            fresh.tell(names, self.behind.take_figures(names.plan));
            if let Some(tracker) = self.alerts.as_ref().filter(|tracker| !tracker.is_catching_up()) {
                let after = |row| fresh.judgement(row).or(self.judged.get(&row).map(String::as_str));
                tracker.step((state, names), &self.judged, after, time, &mut update.transitions);
            }
            update.derived.push(fresh);
        }
        update
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
            if update.reaches_facts {
                change.mark_derived()?;
            }
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
