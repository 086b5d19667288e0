//! Keeps the board of rejects up to what the stores hold.

use super::setup::PipelineSetup;
use crate::health::PartitionRejects;
use crate::store::{StoreError, StoreReader};
use bus::Partition;
use contract::record::Record;
use contract::time::Micros;
use std::collections::BTreeSet;

/// Reads what a store holds of rejects.
pub(super) fn load(setup: &PipelineSetup, partition: Partition, reader: &StoreReader) -> Result<(), StoreError> {
    let mut board = setup.progress.health().change_rejects();
    board.remove(partition.0);
    let board = board.partition(partition.0);
    reader.each_reject(|reject| board.note_reject(reject))?;
    setup.configured.catalogues().try_for_each(|catalogue| load_readings(&catalogue.plan.id, reader, board))
}

/// Reads what a store holds of rejects of some plans again.
pub(super) fn load_plans(
    setup: &PipelineSetup,
    partition: Partition,
    plans: &BTreeSet<String>,
    reader: &StoreReader,
) -> Result<(), StoreError> {
    if plans.is_empty() {
        return Ok(());
    }
    let mut board = setup.progress.health().change_rejects();
    let board = board.partition(partition.0);
    board.forget(plans);
    reader.each_reject(|reject| {
        if plans.contains(&reject.plan) {
            board.note_reject(reject);
        }
    })?;
    plans.iter().try_for_each(|plan| load_readings(plan, reader, board))
}

/// What later readings and retractions of a plan replace.
fn load_readings(plan: &str, reader: &StoreReader, board: &mut PartitionRejects) -> Result<(), StoreError> {
    reader.each_reading(plan, |(source, file), changed, time| {
        board.note_reading((plan, source, file), changed, time);
    })?;
    for retraction in reader.retractions(plan, Micros(i64::MAX))? {
        board.retract(&retraction);
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
