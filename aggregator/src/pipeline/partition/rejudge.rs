//! Re-evaluates quarantined and stored records against a changed catalogue.
//!
//! In steps of a bounded number of records, each a transaction that keeps every record counted once.
//! The new configuration is stored after the last step, so that after an interruption the rest is done again.

use super::disposition::{self, DecodedRecord, Disposition};
use super::intake::put_fact;
use crate::keys::{self, KeyList, RecordSignature};
use crate::plan_states::PlanStates;
use crate::store::{
    BusCoordinates, FactOutcome, ObservationRow, PlanNames, QuarantineRow, QuarantinedRecord, StoreError,
    StoreTransaction, StoreWriter,
};
use aggregator_core::admit::AdmissionError;
use bus::Partition;
use contract::record::Record;
use contract::time::Micros;
use std::collections::{BTreeMap, BTreeSet};

/// Records of one step: at most 1 MB each, usually 250 B.
const STEP: usize = 500;

/// A stored observation that is no longer admitted: by the catalogue, by the keys, or because it was retracted.
#[derive(Clone, Debug)]
pub(crate) struct UnadmittedObservation {
    /// Its row.
    pub(crate) id: i64,
    /// Why not.
    pub(crate) reason: &'static str,
    /// Its signature.
    pub(crate) signature: Option<RecordSignature>,
}

/// What re-evaluating has done.
#[derive(Debug, Default)]
pub(crate) struct Rejudged {
    /// The plans of the figures that count now.
    pub(crate) plans: BTreeSet<String>,
    /// Whether any record went into quarantine or out of it.
    pub(crate) has_moved: bool,
}

/// Puts observations that are not admitted any more into quarantine, and re-evaluates what was there before: all of it, or
/// what names some plans.
pub(crate) fn all(
    writer: &mut StoreWriter,
    only: Option<&BTreeSet<String>>,
    states: &mut PlanStates,
    keys: &KeyList,
    names: &BTreeMap<String, PlanNames>,
    partition: Partition,
    unadmitted: &[UnadmittedObservation],
) -> Result<Rejudged, StoreError> {
    let mut done = Rejudged { has_moved: !unadmitted.is_empty(), ..Rejudged::default() };
    let last = writer.read().last_quarantined()?;
    for step in unadmitted.chunks(STEP) {
        quarantine(writer, partition, step)?;
    }
    let mut after = 0;
    loop {
        let mut quarantined = writer.read().quarantined(after, STEP)?;
        quarantined.retain(|one| one.id <= last);
        let Some(end) = quarantined.last().map(|one| one.id) else { return Ok(done) };
        after = end;
        if let Some(only) = only {
            quarantined.retain(|one| one.plan.as_ref().is_some_and(|plan| only.contains(plan)));
            if quarantined.is_empty() {
                continue;
            }
        }
        let decoded: Vec<_> = quarantined.iter().map(|one| (one, disposition::decode(&one.body, keys))).collect();
        let dispositions: Vec<_> =
            decoded.iter().map(|(one, read)| disposition::decide(states, read, append_time(one))).collect();
        let counts = |(disposition, read): (&Disposition, &(&QuarantinedRecord, disposition::DecodeResult))| match (
            disposition,
            &read.1,
        ) {
            (Disposition::Observation(_), Ok(decoded)) => Some(decoded.record.plan().to_owned()),
            _ => None,
        };
        done.plans.extend(dispositions.iter().zip(&decoded).filter_map(counts));
        let moves = |(disposition, (one, _)): (&Disposition, &(&QuarantinedRecord, _))| match disposition {
            Disposition::Quarantined(reason) => *reason != one.reason,
            _ => true,
        };
        done.has_moved |= dispositions.iter().zip(&decoded).any(moves);
        writer.change(|change| {
            for ((one, read), disposition) in decoded.iter().zip(&dispositions) {
                move_record(change, one, read, *disposition, names)?;
            }
            Ok(())
        })?;
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
        let body = keys::line(&Record::Observation(observation.clone()), one.signature.as_ref());
        bodies.push((body, observation));
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

/// Moves one record by its new disposition.
fn move_record(
    change: &mut StoreTransaction<'_>,
    one: &QuarantinedRecord,
    read: &disposition::DecodeResult,
    disposition: Disposition,
    names: &BTreeMap<String, PlanNames>,
) -> Result<(), StoreError> {
    let outcome = match (disposition, read) {
        (Disposition::Quarantined(reason), _) if reason == one.reason => return Ok(()),
        (Disposition::Quarantined(reason), _) => return change.put_reason(one.id, reason),
        (Disposition::Observation(key), Ok(DecodedRecord { record: Record::Observation(observation), signature })) => {
            let Some(names) = names.get(&observation.plan) else { return Ok(()) };
            let (observation, signature) = (observation.borrowed(), signature.as_ref());
            change.put_observations(&[ObservationRow { names, key, observation, signature }])?;
            FactOutcome::Stored
        }
        (Disposition::Fact, Ok(fact)) => put_fact(change, fact)?,
        _ => FactOutcome::Duplicate,
    };
    match outcome {
        FactOutcome::Stored => {}
        FactOutcome::Duplicate => change.add_counts(0, 1, 0)?,
        FactOutcome::Folded => change.add_counts(0, 0, 1)?,
    }
    change.remove_quarantined(one.id)
}

/// Removes the configuration from a store, so that its next opening re-evaluates everything.
pub(crate) fn forget_configuration(writer: &mut StoreWriter) -> Result<(), StoreError> {
    writer.change(|change| change.put_configuration(&BTreeMap::new()))
}

/// When the bus took a record that was ahead of that: no catalogue changes it.
fn append_time(one: &QuarantinedRecord) -> Option<Micros> {
    (one.reason == AdmissionError::Future.label()).then_some(one.at.time)
}
