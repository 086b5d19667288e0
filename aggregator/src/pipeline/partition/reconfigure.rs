//! Brings an open partition to changed catalogues of some plans, and leaves the others as they are.
//!
//! The facts of these plans are read into fresh states beside those on show; what opening a store does for all plans is then
//! done for them. So the rows are those of a restart with the same configuration.

use super::derived::DerivedRows;
use super::fixed_decimals;
use super::open::{OpenPartition, StoredFigures, insert_all};
use super::rejudge;
use crate::alerting::tracker::{AlertTransitions, EvaluationTime, StoredJudgements};
use crate::pipeline::setup::PipelineSetup;
use crate::plan_states::PlanStates;
use crate::store::{PlanNames, StoreError};
use bus::Partition;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The numbers of the ids of plans, by plan.
type NamesOfPlans = BTreeMap<String, PlanNames>;

impl OpenPartition {
    /// Inserts the facts of some plans into fresh states, and refuses a catalogue that gives them another meaning. Writes
    /// nothing.
    pub(crate) fn read_plans(
        &self,
        setup: &PipelineSetup,
        plans: &BTreeSet<String>,
        fresh: &mut PlanStates,
    ) -> Result<StoredFigures, StoreError> {
        let found = insert_all(self.writer.read(), Some(plans), fresh, &setup.keys)?;
        for catalogue in plans.iter().filter_map(|plan| setup.configured.catalogue(plan)) {
            fixed_decimals::check(self.writer.read(), catalogue, fresh)?;
        }
        Ok(found)
    }

    /// Writes what changes with the catalogues of some plans, and steps their alerts.
    pub(crate) fn reconfigure(
        &mut self,
        setup: &PipelineSetup,
        partition: Partition,
        (plans, read): (&BTreeSet<String>, &StoredFigures),
        fresh: &mut PlanStates,
        time: EvaluationTime,
    ) -> Result<(), StoreError> {
        let (numbers, names) = self.name_plans(setup, plans)?;
        let mut ours = read.plans.clone();
        let rejudged =
            rejudge::all(&mut self.writer, Some(plans), fresh, &setup.keys, &names, partition, &read.unadmitted)?;
        ours.extend(rejudged.plans);
        for plan in plans {
            if self.writer.read().has_facts_of(plan)? {
                ours.insert(plan.clone());
            }
        }
        ours.retain(|plan| fresh.contains_key(plan));
        for state in fresh.values_mut() {
            state.settle(time.today.cutoff());
        }
        let (mut rollups, mut judged) = (BTreeMap::new(), StoredJudgements::new());
        for plan in numbers {
            rollups.extend(self.writer.read().rollups_of(plan)?);
            let stored = self.judged.range((plan, i64::MIN)..=(plan, i64::MAX));
            judged.extend(stored.map(|(row, json)| (*row, json.clone())));
        }
        let derived = DerivedRows::of_difference(fresh, &names, &ours, time, (rollups, judged.clone()));
        let mut after = judged.clone();
        derived.clone().apply_to(&mut after);
        let transitions = self.step_plans(setup, (&ours, &names), fresh, (&judged, &after), time)?;
        let digests = setup.configured.digests(&setup.keys);
        self.writer.change(|change| {
            for transitions in &transitions {
                transitions.write(change)?;
            }
            plans.iter().try_for_each(|plan| change.note_catalogue(plan))?;
            derived.write(change)?;
            change.mark_derived()?;
            change.put_configuration(&digests)
        })?;
        if rejudged.has_moved {
            self.tally = self.writer.read().conserved()?;
        }
        derived.apply_to(&mut self.judged);
        if let Some(tracker) = &mut self.alerts {
            for transitions in transitions {
                tracker.apply(transitions);
            }
        }
        self.plans.retain(|plan| !plans.contains(plan));
        self.plans.extend(ours);
        self.names = Arc::new(names);
        Ok(())
    }

    /// The numbers of some plans, and the names of all that are configured.
    fn name_plans(
        &mut self,
        setup: &PipelineSetup,
        plans: &BTreeSet<String>,
    ) -> Result<(Vec<i64>, NamesOfPlans), StoreError> {
        let mut names = self.names.as_ref().clone();
        let numbers = self.writer.change(|change| {
            let mut numbers = Vec::new();
            for plan in plans {
                if let Some(catalogue) = setup.configured.catalogue(plan) {
                    let ids = change.plan_names(catalogue)?;
                    change.put_decimals(&ids, catalogue)?;
                    numbers.push(ids.plan);
                    names.insert(plan.clone(), ids);
                } else {
                    numbers.push(change.name(plan)?);
                    names.remove(plan);
                }
            }
            Ok(numbers)
        })?;
        Ok((numbers, names))
    }

    /// Resolves the alerts of KPIs that are gone, and steps those of the plans unless waiting records are still read.
    fn step_plans(
        &self,
        setup: &PipelineSetup,
        (plans, names): (&BTreeSet<String>, &NamesOfPlans),
        fresh: &PlanStates,
        (before, after): (&StoredJudgements, &StoredJudgements),
        time: EvaluationTime,
    ) -> Result<Vec<AlertTransitions>, StoreError> {
        let Some(tracker) = &self.alerts else { return Ok(Vec::new()) };
        let has_kpi =
            |plan: &str, kpi: &str| setup.configured.catalogue(plan).is_some_and(|catalogue| catalogue.has_kpi(kpi));
        let removed = tracker.resolve_removed(has_kpi, self.writer.read(), time.now)?;
        let mut stepped = AlertTransitions::default();
        for plan in plans {
            tracker.forget(plan);
            if let (Some(plan), false) = (fresh.get(plan).zip(names.get(plan)), tracker.is_catching_up()) {
                tracker.step(plan, before, |row| after.get(&row).map(String::as_str), time, &mut stepped);
            }
        }
        Ok(vec![removed, stepped])
    }
}
