//! Requests to a running pipeline: other catalogues, or the quarantine judged again. Figures stay on show meanwhile.

use super::configured_plans::ConfiguredPlans;
use super::error::PipelineError;
use super::partition::{Backlog, forget_configuration, insert_plans};
use super::processor::PartitionProcessor;
use super::rejects;
use super::retry::retry;
use crate::plan_states::{self, PlanStates};
use crate::store::{self, StoreError};
use bus::Partition;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

impl PartitionProcessor {
    /// Applies the requests that came since the last call.
    pub(super) fn apply_requests(&mut self, stop: &AtomicBool) -> Result<(), PipelineError> {
        if let Some(configured) = self.setup.control.take_configured() {
            // What is behind names series by their places in the catalogues of before.
            self.catch_up_rows(None, stop)?;
            self.reconfigure(configured, stop)?;
        }
        if self.setup.control.take_replay() {
            for (partition, backlog) in self.retain_all() {
                retry(&self.setup, stop, || {
                    let mut writer = store::open_writer(&self.setup.data, partition)?;
                    forget_configuration(&mut writer)
                })?;
                self.open_with_retry(partition, stop)?;
                self.set_backlog(partition, backlog);
            }
            tracing::info!(quarantined = self.setup.progress.counts().quarantined, "judged the quarantine again");
        }
        Ok(())
    }

    /// Judges the plans whose catalogues are others now by these. Their states are made beside those on show, which they
    /// replace at once; the other plans are not touched.
    fn reconfigure(&mut self, configured: ConfiguredPlans, stop: &AtomicBool) -> Result<(), PipelineError> {
        let plans = self.setup.configured.differing(&configured);
        let before = std::mem::replace(&mut self.setup.configured, Arc::new(configured));
        let fresh = match retry(&self.setup.clone(), stop, || self.judge_plans(&plans)) {
            Ok(fresh) => fresh,
            Err(PipelineError::Store(error @ StoreError::Decimals { .. })) => {
                tracing::error!(%error, "everything goes on as before");
                self.setup.configured = before;
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let added = plans.iter().filter(|plan| before.catalogue(plan).is_none()).cloned().collect();
        let mut states = plan_states::write(&self.setup.states);
        let replaced: Vec<_> = plans.iter().filter_map(|plan| states.remove(plan)).collect();
        states.extend(fresh);
        drop(states);
        // Not under the lock: it takes a while to free a plan's figures.
        drop(replaced);
        for retained in self.retained.partitions.values_mut() {
            retained.plans.extend(plans.iter().cloned());
            retained.plans.retain(|plan| self.setup.configured.catalogue(plan).is_some());
        }
        for (partition, open) in &self.open {
            self.future.load(open.writer.read(), &(&open.plans & &plans), self.setup.clock.now())?;
            rejects::load_plans(&self.setup, *partition, &added, open.writer.read())?;
        }
        self.report_progress();
        tracing::info!(plans = plans.len(), "judging by the catalogues as they are configured now");
        Ok(())
    }

    /// The states of some plans by the catalogues of now. All is read, and refused where it must be, before anything is written.
    fn judge_plans(&mut self, plans: &BTreeSet<String>) -> Result<PlanStates, StoreError> {
        let (time, setup) = (self.evaluation_time(), &self.setup);
        let mut fresh = setup.configured.empty_states_of(plans);
        for partition in self.retained.partitions.keys() {
            insert_plans(&store::open_reader(&setup.data, *partition)?, plans, &mut fresh, &setup.keys)?;
        }
        let mut read = Vec::new();
        for open in self.open.values() {
            read.push(open.read_plans(setup, plans, &mut fresh)?);
        }
        for ((partition, open), read) in self.open.iter_mut().zip(&read) {
            open.reconfigure(setup, *partition, (plans, read), &mut fresh, time)?;
        }
        for state in fresh.values_mut() {
            state.settle(time.today.cutoff());
        }
        Ok(fresh)
    }

    fn retain_all(&mut self) -> Vec<(Partition, Backlog)> {
        let open: Vec<Partition> = self.open.keys().copied().collect();
        open.into_iter().filter_map(|partition| Some((partition, self.retain(partition)?))).collect()
    }

    /// What waits on the bus does not change when a store is closed and opened.
    pub(super) fn set_backlog(&mut self, partition: Partition, backlog: Backlog) {
        if let Some(open) = self.open.get_mut(&partition) {
            open.backlog = backlog;
        }
        self.report_readiness();
    }
}
