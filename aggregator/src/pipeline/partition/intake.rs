//! A batch, sorted into what it adds to the store.

use super::arrivals::{Arrival, PollArrivals};
use super::decoded_batch::{BatchObservation, BatchRecord, DecodedBatch};
use super::disposition::{self, DecodeResult, DecodedRecord, Disposition};
use super::insert::insert;
use crate::plan_states::PlanStates;
use crate::store::{
    BusCoordinates, FactOutcome, ObservationRow, PlanNames, QuarantineRow, StoreError, StoreTally, StoreTransaction,
};
use bus::Batch;
use contract::record::Record;
use std::collections::{BTreeMap, BTreeSet};

/// What a batch adds to the store, in parts that borrow it.
#[derive(Debug)]
pub(crate) struct SortedBatch<'a> {
    received: u64,
    pub(super) duplicates: u64,
    pub(crate) observations: Vec<ObservationRow<'a>>,
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

/// Inserts the observations of a batch into the plan states, and sorts the batch.
pub(crate) fn sort<'a>(
    (states, judges_append_time): (&mut PlanStates, bool),
    names: &'a BTreeMap<String, PlanNames>,
    decoded: &'a DecodedBatch,
) -> SortedBatch<'a> {
    let mut sorted = SortedBatch {
        received: decoded.records.len() as u64,
        duplicates: 0,
        observations: Vec::with_capacity(decoded.records.len()),
        facts: Vec::new(),
        arrivals: Vec::new(),
        retracts: false,
        quarantined: Vec::new(),
        touched: BTreeSet::new(),
        plans: BTreeSet::new(),
    };
    let mut inserted = insert(states, decoded, judges_append_time).into_iter();
    let mut of_ids: Vec<OfIds> =
        decoded.ids.iter().map(|ids| OfIds { names: names.get(&*ids.plan), counts: false }).collect();
    for ((offset, time, body), record) in decoded.batch.iter().zip(&decoded.records) {
        let at = BusCoordinates { partition: decoded.batch.partition, offset: Some(offset), time };
        match record {
            BatchRecord::Observation(one) => {
                let disposition = inserted.next().unwrap_or(Disposition::Duplicate);
                sorted.observation(decoded, (one, body), &mut of_ids[one.ids as usize], disposition, at);
            }
            BatchRecord::Other(read) => {
                let disposition = disposition::decide(states, read, judges_append_time.then_some(time));
                sorted.other(read, body, disposition, at);
            }
        }
    }
    // A figure that does not stand can still show that one was restated.
    let counts = of_ids.iter().zip(&decoded.ids).filter(|(of_ids, _)| of_ids.counts);
    sorted.touched = counts.map(|(_, ids)| &*ids.plan).collect();
    sorted.plans.extend(&sorted.touched);
    sorted
}

/// What is known of the observations of a batch that have the same ids.
struct OfIds<'a> {
    names: Option<&'a PlanNames>,
    /// Whether one of them is new.
    counts: bool,
}

impl<'a> SortedBatch<'a> {
    fn observation(
        &mut self,
        decoded: &'a DecodedBatch,
        (one, body): (&'a BatchObservation, &'a [u8]),
        of_ids: &mut OfIds<'a>,
        disposition: Disposition,
        at: BusCoordinates,
    ) {
        if disposition == Disposition::Duplicate {
            self.duplicates += 1;
            return;
        }
        let observation = decoded.observation(one);
        PollArrivals::collect(&mut self.arrivals, (observation.plan, observation.visit), body);
        match (disposition, of_ids.names) {
            (Disposition::Observation(key), Some(names)) => {
                of_ids.counts = true;
                let signature = one.signature.as_deref();
                self.observations.push(ObservationRow { names, key, observation, signature });
            }
            (Disposition::Quarantined(reason), _) => {
                let plan = Some(observation.plan.to_owned());
                self.quarantined.push(QuarantineRow { at, plan, reason, body });
            }
            // A plan that has a state has names; an observation is no other fact.
            (Disposition::Observation(_) | Disposition::Duplicate | Disposition::Fact, _) => {}
        }
    }

    fn other(&mut self, read: &'a DecodeResult, body: &'a [u8], disposition: Disposition, at: BusCoordinates) {
        if let Ok(DecodedRecord { record, .. }) = read {
            match (record, record.poll()) {
                (Record::Poll(poll), _) => self.arrivals.push(Arrival::Poll(poll)),
                (_, Some(poll)) => PollArrivals::collect(&mut self.arrivals, (record.plan(), poll), body),
                (_, None) => {}
            }
        }
        let reason = match (disposition, read) {
            (Disposition::Fact | Disposition::Observation(_), Ok(fact)) => {
                self.plans.insert(fact.record.plan());
                self.retracts |= matches!(fact.record, Record::Retraction(_));
                self.facts.push(fact);
                return;
            }
            (Disposition::Duplicate, _) => {
                self.duplicates += 1;
                return;
            }
            (Disposition::Quarantined(reason), _) => reason,
            (Disposition::Fact | Disposition::Observation(_), Err(reason)) => reason,
        };
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
            folded: 0,
        };
        let mut facts = Vec::new();
        for fact in &self.facts {
            let outcome = put_fact(change, fact)?;
            facts.extend((outcome != FactOutcome::Duplicate).then_some(&fact.record));
            match outcome {
                FactOutcome::Stored => tally.stored += 1,
                FactOutcome::Duplicate => tally.duplicate += 1,
                FactOutcome::Folded => tally.folded += 1,
            }
        }
        for record in &self.quarantined {
            change.put_quarantine(record)?;
        }
        change.add_counts(tally.received, tally.duplicate, tally.folded)?;
        change.put_position(batch.partition, batch.next)?;
        Ok((tally, facts))
    }
}

/// Stores a record of another kind than an observation.
pub(crate) fn put_fact(change: &mut StoreTransaction<'_>, fact: &DecodedRecord) -> Result<FactOutcome, StoreError> {
    match &fact.record {
        Record::Poll(poll) => change.put_poll(poll),
        Record::Reject(reject) => change.put_reject(reject),
        Record::Catalogue(text) => change.put_catalogue(text),
        Record::Retraction(_) | Record::Note(_) => change.put_statement(&fact.record, fact.signature.as_ref()),
        // Observations are written together, by `put_observations`.
        Record::Observation(_) => Ok(FactOutcome::Duplicate),
    }
}
