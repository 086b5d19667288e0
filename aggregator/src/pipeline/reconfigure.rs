//! Wishes come true: the partitions are closed and opened as at a start with another configuration.

use super::processor::{PartitionProcessor, Patience};
use super::{PipelineError, forget_configuration};
use crate::store;
use bus::Partition;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, PoisonError};

impl PartitionProcessor {
    pub(super) fn fulfil(&mut self, stop: &AtomicBool) -> Result<(), PipelineError> {
        if let Some(configured) = self.setup.wishes.take_configured() {
            let open = self.close_all()?;
            *self.setup.books.write().unwrap_or_else(PoisonError::into_inner) = configured.books();
            self.setup.configured = Arc::new(configured);
            for partition in open {
                self.open_patiently(partition, stop)?;
            }
            tracing::info!("judging by the catalogues as they are configured now");
        }
        if self.setup.wishes.take_replay() {
            for partition in self.close_all()? {
                let mut patience = Patience::default();
                while let Err(error) = store::open_writer(&self.setup.data, partition)
                    .and_then(|mut writer| forget_configuration(&mut writer))
                {
                    patience.wait(&self.setup, error, stop)?;
                }
                patience.over(&self.setup);
                self.open_patiently(partition, stop)?;
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
