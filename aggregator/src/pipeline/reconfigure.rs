//! Requests to a running pipeline: closes every partition and opens it again under the new catalogues, or with the
//! quarantine to be judged again.

use super::error::PipelineError;
use super::partition::{Backlog, forget_configuration};
use super::processor::PartitionProcessor;
use super::retry::retry;
use crate::{plan_states, store};
use bus::Partition;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

impl PartitionProcessor {
    /// Applies the requests that came since the last call.
    pub(super) fn apply_requests(&mut self, stop: &AtomicBool) -> Result<(), PipelineError> {
        if let Some(configured) = self.setup.control.take_configured() {
            let (open, all) = (self.close_all()?, configured.catalogues().map(|c| c.plan.id.clone()).collect());
            *plan_states::write(&self.setup.states) = configured.empty_states();
            self.setup.configured = Arc::new(configured);
            // The figures of retained partitions stay on show.
            self.rebuild_states(&all)?;
            for (partition, backlog) in open {
                self.open_with_retry(partition, stop)?;
                self.set_backlog(partition, backlog);
            }
            tracing::info!("judging by the catalogues as they are configured now");
        }
        if self.setup.control.take_replay() {
            for (partition, backlog) in self.close_all()? {
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

    fn close_all(&mut self) -> Result<Vec<(Partition, Backlog)>, PipelineError> {
        let open: Vec<_> = self.open.iter().map(|(partition, open)| (*partition, open.backlog)).collect();
        for (partition, _) in &open {
            self.close(*partition)?;
        }
        Ok(open)
    }

    /// What waits on the bus does not change when a store is closed and opened.
    pub(super) fn set_backlog(&mut self, partition: Partition, backlog: Backlog) {
        if let Some(open) = self.open.get_mut(&partition) {
            open.backlog = backlog;
        }
        self.report_readiness();
    }
}
