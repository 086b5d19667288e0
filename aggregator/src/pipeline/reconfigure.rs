//! Wishes come true: the partitions are closed and opened as at a start with another configuration.

use super::processor::{PartitionProcessor, StoreRetry};
use super::{PipelineError, forget_configuration};
use crate::{plan_states, store};
use bus::Partition;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

impl PartitionProcessor {
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
                let mut patience = StoreRetry::default();
                while let Err(error) = store::open_writer(&self.setup.data, partition)
                    .and_then(|mut writer| forget_configuration(&mut writer))
                {
                    patience.wait(&self.setup, error, stop)?;
                }
                patience.over(&self.setup);
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
