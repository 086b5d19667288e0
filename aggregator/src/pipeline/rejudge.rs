//! The configuration changed: what waited may count now, and what counted may not any more.
//!
//! In steps of a bounded number of records, each a transaction that keeps every record counted once.
//! The new configuration is noted after the last step, so an interruption only means doing the rest again.

use super::disposition::{self, Disposition};
use super::intake::put_fact;
use crate::plan_states::PlanStates;
use crate::store::{
    BusCoordinates, ObservationRow, PlanNames, QuarantineRow, QuarantinedRecord, StoreError, StoreTransaction,
    StoreWriter,
};
use bus::Partition;
use contract::record::Record;
use contract::wire;
use std::collections::{BTreeMap, BTreeSet};

/// Records of one step: at most 1 MB each, usually 250 B.
const STEP: usize = 500;

/// A stored observation that the catalogue no longer admits.
#[derive(Clone, Copy, Debug)]
pub(super) struct UnadmittedObservation {
    /// Its row.
    pub(super) id: i64,
    /// Why not.
    pub(super) reason: &'static str,
}

/// Puts what is unwanted into quarantine, and judges everything that was there before again. Gives the
/// plans of the figures that count now.
pub(super) fn all(
    writer: &mut StoreWriter,
    states: &mut PlanStates,
    names: &BTreeMap<String, PlanNames>,
    partition: Partition,
    unwanted: &[UnadmittedObservation],
) -> Result<BTreeSet<String>, StoreError> {
    let mut plans = BTreeSet::new();
    let last = writer.read().last_quarantined()?;
    for step in unwanted.chunks(STEP) {
        quarantine(writer, partition, step)?;
    }
    let mut after = 0;
    loop {
        let mut waiting = writer.read().quarantined(after, STEP)?;
        waiting.retain(|one| one.id <= last);
        let Some(end) = waiting.last().map(|one| one.id) else { return Ok(plans) };
        let judged: Vec<_> = waiting.iter().map(|one| (one, disposition::decode(&one.body))).collect();
        let fates: Vec<_> = judged.iter().map(|(_, read)| disposition::decide(states, read)).collect();
        let counts =
            |(fate, read): (&Disposition, &(&QuarantinedRecord, disposition::DecodeResult))| match (fate, &read.1) {
                (Disposition::Observation(_), Ok(record)) => Some(record.plan().to_owned()),
                _ => None,
            };
        plans.extend(fates.iter().zip(&judged).filter_map(counts));
        writer.change(|change| {
            for ((one, read), fate) in judged.iter().zip(&fates) {
                move_record(change, one, read, *fate, names)?;
            }
            Ok(())
        })?;
        after = end;
    }
}

fn quarantine(
    writer: &mut StoreWriter,
    partition: Partition,
    step: &[UnadmittedObservation],
) -> Result<(), StoreError> {
    let mut bodies = Vec::new();
    for one in step {
        let observation = writer.read().observation(one.id)?;
        bodies.push((wire::encode(&Record::Observation(observation.clone())), observation));
    }
    writer.change(|change| {
        for (one, (body, observation)) in step.iter().zip(&bodies) {
            let at = BusCoordinates { partition, offset: None, time: observation.revision };
            let plan = Some(observation.plan.clone());
            change.put_quarantine(&QuarantineRow { at, plan, reason: one.reason, body })?;
            change.note_removed(observation)?;
            change.remove_observation(one.id)?;
        }
        Ok(())
    })
}

/// Moves one record to where it belongs now.
fn move_record(
    change: &mut StoreTransaction<'_>,
    one: &QuarantinedRecord,
    read: &disposition::DecodeResult,
    fate: Disposition,
    names: &BTreeMap<String, PlanNames>,
) -> Result<(), StoreError> {
    let new = match (fate, read) {
        (Disposition::Quarantined(reason), _) if reason == one.reason => return Ok(()),
        (Disposition::Quarantined(reason), _) => return change.put_reason(one.id, reason),
        (Disposition::Observation(key), Ok(Record::Observation(observation))) => {
            let Some(names) = names.get(&observation.plan) else { return Ok(()) };
            change.put_observations(&[ObservationRow { names, key, observation }])?;
            true
        }
        (Disposition::Fact, Ok(record)) => put_fact(change, record)?,
        _ => false,
    };
    if !new {
        change.add_counts(0, 1)?;
    }
    change.remove_quarantined(one.id)
}
