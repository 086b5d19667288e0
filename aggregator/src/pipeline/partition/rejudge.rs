//! Re-evaluates quarantined and stored records against a changed catalogue.
//!
//! In steps of a bounded number of records, each a transaction that keeps every record counted once.
//! The new configuration is stored after the last step, so that after an interruption the rest is done again.

use super::disposition::{self, DecodedRecord, Disposition};
use super::intake::put_fact;
use crate::keys::{self, KeyList, RecordSignature};
use crate::plan_states::PlanStates;
use crate::store::{
    BusCoordinates, FactOutcome, ObservationId, ObservationRow, PlanNames, QuarantineRow, QuarantinedRecord,
    StoreError, StoreTransaction, StoreWriter,
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
    /// Where it is.
    pub(crate) id: ObservationId,
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
            let rows = decoded.iter().zip(&dispositions);
            let rows: Vec<_> = rows.filter_map(|((_, read), disposition)| row(names, read, *disposition)).collect();
            change.put_observations(&rows)?;
            rows.iter().try_for_each(|row| change.note_figure(row.names, row.key))?;
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
    let ids: Vec<ObservationId> = step.iter().map(|one| one.id).collect();
    let observations = writer.read().observations(&ids.iter().copied().collect())?;
    writer.change(|change| {
        for one in step {
            let Some(observation) = observations.get(&one.id) else { continue };
            let at = BusCoordinates { partition, offset: None, time: observation.revision };
            let body = &keys::line(&Record::Observation(observation.clone()), one.signature.as_ref());
            let plan = Some(observation.plan.clone());
            change.put_quarantine(&QuarantineRow { at, plan, reason: one.reason, body })?;
            change.note_removed(observation)?;
        }
        change.remove_observations(&ids)
    })
}

/// The row of a record that counts as an observation now.
fn row<'a>(
    names: &'a BTreeMap<String, PlanNames>,
    read: &'a disposition::DecodeResult,
    disposition: Disposition,
) -> Option<ObservationRow<'a>> {
    let Disposition::Observation(key) = disposition else { return None };
    let Ok(DecodedRecord { record: Record::Observation(observation), signature }) = read else { return None };
    let (observation, names) = (observation.borrowed(), names.get(&observation.plan)?);
    Some(ObservationRow { names, key, observation, signature: signature.as_ref() })
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
        // The observations of a step are stored together.
        (Disposition::Observation(_), Ok(_)) if row(names, read, disposition).is_some() => FactOutcome::Stored,
        (Disposition::Observation(_), _) => return Ok(()),
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
