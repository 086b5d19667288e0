//! Requests to a running pipeline: closes every partition and opens it again under the new catalogues, or with the
//! quarantine to be judged again.

use super::error::PipelineError;
use super::partition::forget_configuration;
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
            let open = self.close_all()?;
            *plan_states::write(&self.setup.states) = configured.empty_states();
            self.setup.configured = Arc::new(configured);
            for partition in open {
                self.open_with_retry(partition, stop)?;
            }
            tracing::info!("judging by the catalogues as they are configured now");
        }
        if self.setup.control.take_replay() {
            for partition in self.close_all()? {
                retry(&self.setup, stop, || {
                    let mut writer = store::open_writer(&self.setup.data, partition)?;
                    forget_configuration(&mut writer)
                })?;
                self.open_with_retry(partition, stop)?;
            }
            tracing::info!(quarantined = self.setup.progress.counts().quarantined, "judged the quarantine again");
        }
        Ok(())
    }

    fn close_all(&mut self) -> Result<Vec<Partition>, PipelineError> {
        let open: Vec<Partition> = self.open.keys().copied().collect();
        for partition in &open {
            self.close(*partition)?;
        }
        Ok(open)
    }
}
