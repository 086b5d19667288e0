//! A batch, sorted into what is to be stored of it, and its commit.

use super::Shelf;
use super::derived::Derived;
use super::fate::{self, Fate, Read};
use crate::store::{Change, Coordinates, PlanNames, StoreError, Tally, ToQuarantine, ToStore};
use bus::{Batch, Partition};
use contract::record::Record;
use std::collections::{BTreeMap, BTreeSet};

/// A batch with its records read.
#[derive(Debug)]
pub(super) struct Decoded {
    pub(super) batch: Batch,
    records: Vec<Read>,
}

/// What a batch adds to the store, in parts that borrow it.
#[derive(Debug)]
pub(super) struct Sorted<'a> {
    received: u64,
    duplicates: u64,
    observations: Vec<ToStore<'a>>,
    facts: Vec<&'a Record>,
    pub(super) quarantined: Vec<ToQuarantine<'a>>,
    /// Plans with a new figure.
    pub(super) touched: BTreeSet<&'a str>,
    /// Plans with a fact.
    pub(super) plans: BTreeSet<&'a str>,
}

/// Reads every record of a batch.
pub(super) fn decode(batch: Batch) -> Decoded {
    let records = batch.iter().map(|(_, _, body)| fate::read(body)).collect();
    Decoded { batch, records }
}

/// Enters a batch in the books and sorts it.
pub(super) fn sort<'a>(books: &mut Shelf, names: &'a BTreeMap<String, PlanNames>, decoded: &'a Decoded) -> Sorted<'a> {
    let mut sorted = Sorted {
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
        match (fate::decide(books, read), read) {
            (Fate::Figure(key), Ok(Record::Observation(observation))) => {
                let plan = observation.plan.as_str();
                if before.is_none_or(|(name, _)| name != plan) {
                    before = names.get(plan).map(|names| (plan, names));
                    sorted.plans.insert(plan);
                }
                if let Some((_, names)) = before {
                    sorted.observations.push(ToStore { names, key, observation });
                }
                // A figure that does not stand can still show that one was restated. Figures of one plan follow
                // each other; the set need not be asked for each.
                if sorted.touched.last() != Some(&plan) {
                    sorted.touched.insert(plan);
                }
            }
            (Fate::Fact | Fate::Figure(_), Ok(record)) => {
                sorted.plans.insert(record.plan());
                sorted.facts.push(record);
            }
            (Fate::Duplicate, _) => sorted.duplicates += 1,
            (Fate::Refused(reason), _) => sorted.refuse(decoded.batch.partition, (offset, time, body), read, reason),
            (Fate::Fact | Fate::Figure(_), Err(reason)) => {
                sorted.refuse(decoded.batch.partition, (offset, time, body), read, reason);
            }
        }
    }
    sorted
}

impl<'a> Sorted<'a> {
    fn refuse(
        &mut self,
        partition: Partition,
        (offset, time, body): (i64, contract::time::Micros, &'a [u8]),
        read: &Read,
        reason: &'static str,
    ) {
        let at = Coordinates { partition, offset: Some(offset), time };
        self.quarantined.push(ToQuarantine { at, plan: fate::plan(read, body), reason, body });
    }

    /// Writes everything, with the derived rows and the position, and says what it added.
    pub(super) fn write(
        &self,
        change: &mut Change<'_>,
        batch: &Batch,
        derived: &[Derived],
    ) -> Result<Tally, StoreError> {
        change.put_observations(&self.observations)?;
        let mut tally = Tally {
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
pub(super) fn put_fact(change: &mut Change<'_>, record: &Record) -> Result<bool, StoreError> {
    match record {
        Record::Visit(visit) => change.put_visit(visit),
        Record::Reject(reject) => change.put_reject(reject),
        Record::Catalogue(text) => change.put_catalogue(text),
        // Figures go another way; there is none here.
        Record::Observation(_) => Ok(false),
    }
}
