//! Keeps the figures of partitions on show when contact with the bus is lost.
//!
//! ```text
//! revoked, in the group    -> closed, its figures leave the plan states: another instance has them
//! revoked, out of contact  -> retained: its store is closed, so that nothing is written; its figures stay
//! no partition at a start  -> the stores on disk are retained, after a while
//! retained, assigned again -> opened beside the figures on show, which it replaces at once
//! retained, in the group without it -> its figures leave the plan states
//! ```

use super::error::PipelineError;
use super::partition::{self, Backlog, insert_plans};
use super::processor::PartitionProcessor;
use super::rejects;
use super::retained::RetainedPartition;
use crate::plan_states::{self, PlanStates};
use crate::store::{self, StoreError};
use bus::Partition;
use contract::error::chain;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

impl PartitionProcessor {
    /// Gives a partition back: closes it where another instance takes it over, retains it where contact is lost.
    pub(super) fn revoke(&mut self, partition: Partition, stop: &AtomicBool) -> Result<(), PipelineError> {
        if self.setup.membership.is_ours() {
            self.catch_up_rows(None, stop)?;
            return Ok(self.close(partition)?);
        }
        if self.retain(partition).is_some() {
            tracing::warn!(%partition, "the bus is out of contact: closed a partition, its figures stay on show");
        }
        self.report_progress();
        Ok(())
    }

    /// Closes the store of a partition and opens it again, its figures on show meanwhile.
    pub(super) fn refresh(&mut self, partition: Partition, stop: &AtomicBool) -> Result<(), PipelineError> {
        let Some(backlog) = self.retain(partition) else { return Ok(()) };
        self.open_with_retry(partition, stop)?;
        self.set_backlog(partition, backlog);
        Ok(())
    }

    /// Closes the store of a partition; its figures stay on show.
    pub(super) fn retain(&mut self, partition: Partition) -> Option<Backlog> {
        self.workers.remove(&partition);
        let closed = self.open.remove(&partition)?;
        let retained = RetainedPartition { plans: closed.plans.clone(), tally: closed.tally };
        self.retained.partitions.insert(partition, retained);
        Some(closed.backlog)
    }

    /// Shows what the stores hold when no partition is assigned in time, and forgets what another instance has.
    pub(super) fn check_retained(&mut self, now: Instant) -> Result<(), StoreError> {
        let is_ours = self.setup.membership.is_ours();
        if !self.open.is_empty() || !self.setup.shared || is_ours {
            self.retained.missing_at = None;
        }
        if self.retained.missing_at.is_some_and(|at| now >= at) {
            self.retained.missing_at = None;
            self.retain_stores();
        }
        if self.retained.is_empty() || !is_ours {
            return Ok(());
        }
        let forgotten = std::mem::take(&mut self.retained.partitions);
        for partition in forgotten.keys() {
            rejects::forget(&self.setup, *partition);
        }
        self.rebuild_states(&forgotten.values().flat_map(|retained| &retained.plans).cloned().collect())?;
        self.report_progress();
        tracing::info!(partitions = forgotten.len(), "forgot the figures of partitions that another instance has");
        Ok(())
    }

    fn retain_stores(&mut self) {
        let partitions = store::partitions(&self.setup.data).unwrap_or_default();
        for partition in partitions {
            match self.retain_store(partition) {
                Ok(()) => tracing::warn!(%partition, "no partition is assigned: what its store holds is on show"),
                Err(error) => tracing::warn!(%partition, error = %chain(&error), "a store cannot be shown"),
            }
        }
        self.report_progress();
    }

    fn retain_store(&mut self, partition: Partition) -> Result<(), StoreError> {
        let reader = store::open_reader(&self.setup.data, partition)?;
        let plans = self.setup.configured.catalogues().map(|c| c.plan.id.clone()).collect();
        let retained = RetainedPartition { plans, tally: reader.tally()? };
        rejects::load(&self.setup, partition, &reader)?;
        let mut states = plan_states::write(&self.setup.states);
        insert_plans(&reader, &retained.plans, &mut states, &self.setup.keys)?;
        for (plan, state) in states.iter_mut() {
            state.settle(self.today.cutoff());
            if retained.plans.contains(plan) {
                // No worker runs, and no batch waits for the lock.
                state.landings.compute();
            }
        }
        drop(states);
        self.retained.partitions.insert(partition, retained);
        Ok(())
    }

    /// Opens a retained partition. Its figures are read beside those on show and replace them at once, so that no reader
    /// finds the plans empty meanwhile.
    pub(super) fn reopen(&mut self, partition: Partition) -> Result<u64, StoreError> {
        let Some(retained) = self.retained.partitions.remove(&partition) else { return Ok(0) };
        let mut fresh = self.setup.configured.empty_states();
        let opened = self.insert_again(&retained.plans, &mut fresh).and_then(|()| {
            partition::open(&self.setup, partition, &mut fresh, self.evaluation_time(), &self.subscriptions)
        });
        let open = match opened {
            Ok(open) => open,
            Err(error) => {
                self.retained.partitions.insert(partition, retained);
                return Err(error);
            }
        };
        let mut states = plan_states::write(&self.setup.states);
        for plan in open.plans.union(&retained.plans) {
            states.extend(fresh.remove_entry(plan));
        }
        drop(states);
        let (changed, others) = (open.changed, &open.plans - &retained.plans);
        self.open.insert(partition, open);
        if !others.is_empty() {
            self.rebuild_states(&others)?;
        }
        self.report_progress();
        Ok(changed)
    }

    /// Inserts what the open and the retained stores hold of some plans.
    pub(super) fn insert_again(&self, plans: &BTreeSet<String>, states: &mut PlanStates) -> Result<(), StoreError> {
        let keys = &self.setup.keys;
        self.open.values().try_for_each(|open| open.insert_again(plans, states, keys))?;
        let shared = self.retained.partitions.iter().filter(|(_, retained)| !retained.plans.is_disjoint(plans));
        for (partition, _) in shared {
            insert_plans(&store::open_reader(&self.setup.data, *partition)?, plans, states, keys)?;
        }
        Ok(())
    }
}
