//! The configuration changed: what waited may count now, and what counted may not any more.
//!
//! In steps of a bounded number of records, each a transaction that keeps every record counted once.
//! The new configuration is noted after the last step, so an interruption only means doing the rest again.

use super::Shelf;
use super::fate::{self, Fate};
use super::intake::put_fact;
use crate::store::{Change, Coordinates, PlanNames, Quarantined, StoreError, ToQuarantine, ToStore, Writer};
use bus::Partition;
use contract::record::Record;
use contract::wire;
use std::collections::{BTreeMap, BTreeSet};

/// Records of one step: at most 1 MB each, usually 250 B.
const STEP: usize = 500;

/// A stored observation that the catalogue no longer admits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unwanted {
    /// Its row.
    pub(super) id: i64,
    /// Why not.
    pub(super) reason: &'static str,
}

/// Puts what is unwanted into quarantine, and judges everything that was there before again. Gives the
/// plans of the figures that count now.
pub(super) fn all(
    writer: &mut Writer,
    books: &mut Shelf,
    names: &BTreeMap<String, PlanNames>,
    partition: Partition,
    unwanted: &[Unwanted],
) -> Result<BTreeSet<String>, StoreError> {
    let mut plans = BTreeSet::new();
    let last = writer.read().last_quarantined()?;
    for step in unwanted.chunks(STEP) {
        put_away(writer, partition, step)?;
    }
    let mut after = 0;
    loop {
        let mut waiting = writer.read().quarantined(after, STEP)?;
        waiting.retain(|one| one.id <= last);
        let Some(end) = waiting.last().map(|one| one.id) else { return Ok(plans) };
        let judged: Vec<_> = waiting.iter().map(|one| (one, fate::read(&one.body))).collect();
        let fates: Vec<_> = judged.iter().map(|(_, read)| fate::decide(books, read)).collect();
        let counts = |(fate, read): (&Fate, &(&Quarantined, fate::Read))| match (fate, &read.1) {
            (Fate::Figure(_), Ok(record)) => Some(record.plan().to_owned()),
            _ => None,
        };
        plans.extend(fates.iter().zip(&judged).filter_map(counts));
        writer.change(|change| {
            for ((one, read), fate) in judged.iter().zip(&fates) {
                settle(change, one, read, *fate, names)?;
            }
            Ok(())
        })?;
        after = end;
    }
}

fn put_away(writer: &mut Writer, partition: Partition, step: &[Unwanted]) -> Result<(), StoreError> {
    let mut bodies = Vec::new();
    for one in step {
        let observation = writer.read().observation(one.id)?;
        bodies.push((wire::encode(&Record::Observation(observation.clone())), observation));
    }
    writer.change(|change| {
        for (one, (body, observation)) in step.iter().zip(&bodies) {
            let at = Coordinates { partition, offset: None, time: observation.revision };
            let plan = Some(observation.plan.clone());
            change.put_quarantine(&ToQuarantine { at, plan, reason: one.reason, body })?;
            change.note_removed(observation)?;
            change.remove_observation(one.id)?;
        }
        Ok(())
    })
}

/// Moves one record to where it belongs now.
fn settle(
    change: &mut Change<'_>,
    one: &Quarantined,
    read: &fate::Read,
    fate: Fate,
    names: &BTreeMap<String, PlanNames>,
) -> Result<(), StoreError> {
    let new = match (fate, read) {
        (Fate::Refused(reason), _) if reason == one.reason => return Ok(()),
        (Fate::Refused(reason), _) => return change.put_reason(one.id, reason),
        (Fate::Figure(key), Ok(Record::Observation(observation))) => {
            let Some(names) = names.get(&observation.plan) else { return Ok(()) };
            change.put_observations(&[ToStore { names, key, observation }])?;
            true
        }
        (Fate::Fact, Ok(record)) => put_fact(change, record)?,
        _ => false,
    };
    if !new {
        change.add_counts(0, 1)?;
    }
    change.remove_quarantined(one.id)
}
