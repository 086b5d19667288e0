//! Requests to a running pipeline: closes every partition and opens it again under the new catalogues, or with the
//! quarantine to be judged again. Its figures stay on show meanwhile.

use super::error::PipelineError;
use super::partition::{Backlog, forget_configuration};
use super::processor::PartitionProcessor;
use super::retry::retry;
use crate::{plan_states, store};
use bus::Partition;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

impl PartitionProcessor {
    /// Applies the requests that came since the last call.
    pub(super) fn apply_requests(&mut self, stop: &AtomicBool) -> Result<(), PipelineError> {
        if let Some(configured) = self.setup.control.take_configured() {
            self.setup.configured = Arc::new(configured);
            for (partition, backlog) in self.retain_all() {
                self.open_with_retry(partition, stop)?;
                self.set_backlog(partition, backlog);
            }
            self.show_configured_plans()?;
            tracing::info!("judging by the catalogues as they are configured now");
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

    fn retain_all(&mut self) -> Vec<(Partition, Backlog)> {
        let open: Vec<Partition> = self.open.keys().copied().collect();
        open.into_iter().filter_map(|partition| Some((partition, self.retain(partition)?))).collect()
    }

    /// Brings the plans that no open partition has to the configured ones: removed, added, or of retained partitions.
    fn show_configured_plans(&mut self) -> Result<(), PipelineError> {
        let open: BTreeSet<&String> = self.open.values().flat_map(|open| &open.plans).collect();
        let mut empty = self.setup.configured.empty_states();
        let all: BTreeSet<String> = empty.keys().cloned().collect();
        let mut states = plan_states::write(&self.setup.states);
        states.retain(|plan, _| all.contains(plan));
        if self.retained.is_empty() {
            empty.retain(|plan, _| !open.contains(plan));
            states.extend(empty);
            return Ok(());
        }
        drop(states);
        self.retained.partitions.values_mut().for_each(|retained| retained.plans.clone_from(&all));
        Ok(self.rebuild_states(&all)?)
    }

    /// What waits on the bus does not change when a store is closed and opened.
    pub(super) fn set_backlog(&mut self, partition: Partition, backlog: Backlog) {
        if let Some(open) = self.open.get_mut(&partition) {
            open.backlog = backlog;
        }
        self.report_readiness();
    }
}
