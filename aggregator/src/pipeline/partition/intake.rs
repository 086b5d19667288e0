//! A batch, sorted into what it adds to the store.

use super::arrivals::{Arrival, PollArrivals};
use super::disposition::{self, DecodeResult, DecodedRecord, Disposition};
use crate::keys::KeyList;
use crate::plan_states::PlanStates;
use crate::store::{
    BusCoordinates, ObservationRow, PlanNames, QuarantineRow, StoreError, StoreTally, StoreTransaction,
};
use bus::{Batch, Partition};
use contract::record::Record;
use std::collections::{BTreeMap, BTreeSet};

/// A batch with its records decoded.
#[derive(Debug)]
pub(crate) struct DecodedBatch {
    pub(crate) batch: Batch,
    records: Vec<DecodeResult>,
}

impl DecodedBatch {
    /// The records that could be read.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter_map(|read| Some(&read.as_ref().ok()?.record))
    }
}

/// What a batch adds to the store, in parts that borrow it.
#[derive(Debug)]
pub(crate) struct SortedBatch<'a> {
    received: u64,
    duplicates: u64,
    observations: Vec<ObservationRow<'a>>,
    facts: Vec<&'a DecodedRecord>,
    /// The polls that the records belong to.
    pub(crate) arrivals: Vec<Arrival<'a>>,
    /// True when a retraction is among the facts.
    pub(crate) retracts: bool,
    pub(crate) quarantined: Vec<QuarantineRow<'a>>,
    /// Plans with a new figure.
    pub(crate) touched: BTreeSet<&'a str>,
    /// Plans with a fact.
    pub(crate) plans: BTreeSet<&'a str>,
}

/// Decodes every record of a batch.
pub(crate) fn decode(batch: Batch, keys: &KeyList) -> DecodedBatch {
    let records = batch.iter().map(|(_, _, body)| disposition::decode(body, keys)).collect();
    DecodedBatch { batch, records }
}

/// Inserts the observations of a batch into the plan states, and sorts the batch.
pub(crate) fn sort<'a>(
    (states, judges_append_time): (&mut PlanStates, bool),
    names: &'a BTreeMap<String, PlanNames>,
    decoded: &'a DecodedBatch,
) -> SortedBatch<'a> {
    let mut sorted = SortedBatch {
        received: 0,
        duplicates: 0,
        observations: Vec::with_capacity(decoded.records.len()),
        facts: Vec::new(),
        arrivals: Vec::new(),
        retracts: false,
        quarantined: Vec::new(),
        touched: BTreeSet::new(),
        plans: BTreeSet::new(),
    };
    let mut before: Option<(&str, &PlanNames)> = None;
    for ((offset, time, body), read) in decoded.batch.iter().zip(&decoded.records) {
        sorted.received += 1;
        let disposition = disposition::decide(states, read, judges_append_time.then_some(time));
        if let (Ok(decoded), false) = (read, disposition == Disposition::Duplicate) {
            PollArrivals::collect(&mut sorted.arrivals, &decoded.record, body);
        }
        match (disposition, read) {
            (
                Disposition::Observation(key),
                Ok(DecodedRecord { record: Record::Observation(observation), signature }),
            ) => {
                let plan = observation.plan.as_str();
                if before.is_none_or(|(name, _)| name != plan) {
                    before = names.get(plan).map(|names| (plan, names));
                    sorted.plans.insert(plan);
                }
                if let Some((_, names)) = before {
                    sorted.observations.push(ObservationRow { names, key, observation, signature: signature.as_ref() });
                }
                // A figure that does not stand can still show that one was restated. Figures of one plan follow
                // each other, so most are the same as the last.
                if sorted.touched.last() != Some(&plan) {
                    sorted.touched.insert(plan);
                }
            }
            (Disposition::Fact | Disposition::Observation(_), Ok(fact)) => {
                sorted.plans.insert(fact.record.plan());
                sorted.retracts |= matches!(fact.record, Record::Retraction(_));
                sorted.facts.push(fact);
            }
            (Disposition::Duplicate, _) => sorted.duplicates += 1,
            (Disposition::Quarantined(reason), _) => {
                sorted.quarantine(decoded.batch.partition, (offset, time, body), read, reason);
            }
            (Disposition::Fact | Disposition::Observation(_), Err(reason)) => {
                sorted.quarantine(decoded.batch.partition, (offset, time, body), read, reason);
            }
        }
    }
    sorted
}

impl<'a> SortedBatch<'a> {
    fn quarantine(
        &mut self,
        partition: Partition,
        (offset, time, body): (i64, contract::time::Micros, &'a [u8]),
        read: &DecodeResult,
        reason: &'static str,
    ) {
        let at = BusCoordinates { partition, offset: Some(offset), time };
        self.quarantined.push(QuarantineRow { at, plan: disposition::plan(read, body), reason, body });
    }

    /// Writes everything and the position behind the batch; gives what it added, and the facts that were new.
    pub(crate) fn write(
        &self,
        change: &mut StoreTransaction<'_>,
        batch: &Batch,
    ) -> Result<(StoreTally, Vec<&'a Record>), StoreError> {
        change.put_observations(&self.observations)?;
        let mut tally = StoreTally {
            received: self.received,
            stored: self.observations.len() as u64,
            duplicate: self.duplicates,
            quarantined: self.quarantined.len() as u64,
        };
        let mut facts = Vec::new();
        for fact in &self.facts {
            let new = put_fact(change, fact)?;
            facts.extend(new.then_some(&fact.record));
            tally.stored += u64::from(new);
            tally.duplicate += u64::from(!new);
        }
        for record in &self.quarantined {
            change.put_quarantine(record)?;
        }
        change.add_counts(tally.received, tally.duplicate)?;
        change.put_position(batch.partition, batch.next)?;
        Ok((tally, facts))
    }
}

/// Stores a record of another kind than an observation; false when it is stored already.
pub(crate) fn put_fact(change: &mut StoreTransaction<'_>, fact: &DecodedRecord) -> Result<bool, StoreError> {
    match &fact.record {
        Record::Poll(poll) => change.put_poll(poll),
        Record::Reject(reject) => change.put_reject(reject),
        Record::Catalogue(text) => change.put_catalogue(text),
        Record::Retraction(_) | Record::Note(_) => change.put_statement(&fact.record, fact.signature.as_ref()),
        // Observations are written together, by `put_observations`.
        Record::Observation(_) => Ok(false),
    }
}
