//! A batch, sorted into what is to be stored of it, and its commit.

use super::derived::Derived;
use super::disposition::{self, DecodeResult, Disposition};
use crate::plan_states::PlanStates;
use crate::store::{
    BusCoordinates, ObservationRow, PlanNames, QuarantineRow, StoreError, StoreTally, StoreTransaction,
};
use bus::{Batch, Partition};
use contract::record::Record;
use std::collections::{BTreeMap, BTreeSet};

/// A batch with its records read.
#[derive(Debug)]
pub(super) struct DecodedBatch {
    pub(super) batch: Batch,
    records: Vec<DecodeResult>,
}

/// What a batch adds to the store, in parts that borrow it.
#[derive(Debug)]
pub(super) struct SortedBatch<'a> {
    received: u64,
    duplicates: u64,
    observations: Vec<ObservationRow<'a>>,
    facts: Vec<&'a Record>,
    pub(super) quarantined: Vec<QuarantineRow<'a>>,
    /// Plans with a new figure.
    pub(super) touched: BTreeSet<&'a str>,
    /// Plans with a fact.
    pub(super) plans: BTreeSet<&'a str>,
}

/// Reads every record of a batch.
pub(super) fn decode(batch: Batch) -> DecodedBatch {
    let records = batch.iter().map(|(_, _, body)| disposition::decode(body)).collect();
    DecodedBatch { batch, records }
}

/// Enters a batch in the states and sorts it.
pub(super) fn sort<'a>(
    states: &mut PlanStates,
    names: &'a BTreeMap<String, PlanNames>,
    decoded: &'a DecodedBatch,
) -> SortedBatch<'a> {
    let mut sorted = SortedBatch {
        received: 0,
        duplicates: 0,
        observations: Vec::with_capacity(decoded.records.len()),
        facts: Vec::new(),
        quarantined: Vec::new(),
        touched: BTreeSet::new(),
        plans: BTreeSet::new(),
    };
    let mut before: Option<(&str, &PlanNames)> = None;
    for ((offset, time, body), read) in decoded.batch.iter().zip(&decoded.records) {
        sorted.received += 1;
        match (disposition::decide(states, read), read) {
            (Disposition::Observation(key), Ok(Record::Observation(observation))) => {
                let plan = observation.plan.as_str();
                if before.is_none_or(|(name, _)| name != plan) {
                    before = names.get(plan).map(|names| (plan, names));
                    sorted.plans.insert(plan);
                }
                if let Some((_, names)) = before {
                    sorted.observations.push(ObservationRow { names, key, observation });
                }
                // A figure that does not stand can still show that one was restated. Figures of one plan follow
                // each other; the set need not be asked for each.
                if sorted.touched.last() != Some(&plan) {
                    sorted.touched.insert(plan);
                }
            }
            (Disposition::Fact | Disposition::Observation(_), Ok(record)) => {
                sorted.plans.insert(record.plan());
                sorted.facts.push(record);
            }
            (Disposition::Duplicate, _) => sorted.duplicates += 1,
            (Disposition::Quarantined(reason), _) => {
                sorted.quarantine(decoded.batch.partition, (offset, time, body), read, reason)
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

    /// Writes everything, with the derived rows and the position, and says what it added.
    pub(super) fn write(
        &self,
        change: &mut StoreTransaction<'_>,
        batch: &Batch,
        derived: &[Derived],
    ) -> Result<StoreTally, StoreError> {
        change.put_observations(&self.observations)?;
        let mut tally = StoreTally {
            received: self.received,
            stored: self.observations.len() as u64,
            duplicate: self.duplicates,
            quarantined: self.quarantined.len() as u64,
        };
        for fact in &self.facts {
            let new = put_fact(change, fact)?;
            tally.stored += u64::from(new);
            tally.duplicate += u64::from(!new);
        }
        for record in &self.quarantined {
            change.put_quarantine(record)?;
        }
        for one in derived {
            one.write(change)?;
        }
        change.add_counts(tally.received, tally.duplicate)?;
        change.put_position(batch.partition, batch.next)?;
        Ok(tally)
    }
}

/// Stores a visit, reject or catalogue; false when it is there already.
pub(super) fn put_fact(change: &mut StoreTransaction<'_>, record: &Record) -> Result<bool, StoreError> {
    match record {
        Record::Poll(visit) => change.put_visit(visit),
        Record::Reject(reject) => change.put_reject(reject),
        Record::Catalogue(text) => change.put_catalogue(text),
        // Figures go another way; there is none here.
        Record::Observation(_) => Ok(false),
    }
}
