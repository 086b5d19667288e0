//! Keeps the board of rejects up to what the stores hold.

use super::setup::PipelineSetup;
use crate::store::{StoreError, StoreReader};
use bus::Partition;
use contract::record::Record;
use contract::time::Micros;

/// Reads what a store holds of rejects.
pub(super) fn load(setup: &PipelineSetup, partition: Partition, reader: &StoreReader) -> Result<(), StoreError> {
    let mut board = setup.progress.health().change_rejects();
    board.remove(partition.0);
    let board = board.partition(partition.0);
    reader.each_reject(|reject| board.note_reject(reject))?;
    for catalogue in setup.configured.catalogues() {
        let plan = catalogue.plan.id.as_str();
        reader.each_reading(plan, |(source, file), changed, time| {
            board.note_reading((plan, source, file), changed, time);
        })?;
        for retraction in reader.retractions(plan, Micros(i64::MAX))? {
            board.retract(&retraction);
        }
    }
    Ok(())
}

/// Notes what was stored anew.
pub(super) fn note(setup: &PipelineSetup, partition: Partition, stored: &[&Record]) {
    if stored.is_empty() {
        return;
    }
    let mut board = setup.progress.health().change_rejects();
    let board = board.partition(partition.0);
    for record in stored {
        match record {
            Record::Reject(reject) => board.note_reject(reject),
            Record::Poll(poll) => board.note_poll(poll),
            Record::Retraction(retraction) => board.retract(retraction),
            Record::Observation(_) | Record::Catalogue(_) | Record::Note(_) => {}
        }
    }
}

/// Forgets a partition that another instance has.
pub(super) fn forget(setup: &PipelineSetup, partition: Partition) {
    setup.progress.health().change_rejects().remove(partition.0);
}
