//! Whether all records of a poll have come: its poll record says how many there are, and a digest over them.
//!
//! Records are counted in memory as they come. A poll whose record has come without all the others is open: it is stored, so
//! that a restart does not forget it. What memory does not know, because the process was restarted in between or records came
//! twice, is found by counting in the store before a poll is called incomplete.

use crate::store::{OpenPoll, StoreError, StoreReader, StoreTransaction};
use contract::record::{PollRecord, PollSize};
use contract::time::Micros;
use contract::wire;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// How long after its poll record a poll is called incomplete: longer than a shipper takes to send a large poll again.
pub(crate) const INCOMPLETE_AFTER: Micros = Micros(10 * 60 * 1_000_000);
/// Pause between two counts in the store: each may read all observations of a plan.
const COUNT_INTERVAL: Micros = Micros(60 * 1_000_000);
/// Polls whose records are counted in memory at the same time; those of more sources than a city has. Beyond it all counts are
/// forgotten, and the store is counted instead.
const MAX_COUNTED: usize = 10_000;

/// A record of a poll, or the poll record itself.
#[derive(Debug)]
pub(crate) enum Arrival<'a> {
    /// Some records of a poll that follow each other.
    Records(&'a str, &'a str, PollSize),
    /// A poll record.
    Poll(&'a PollRecord),
}

/// How many records of each poll have come, and the polls that are open.
#[derive(Debug, Default)]
pub(crate) struct PollArrivals {
    counted: FxHashMap<(String, String), PollSize>,
    open: BTreeMap<(String, String), OpenPoll>,
    last_count: Option<Micros>,
}

/// What changes in the store: polls to be stored as open, and polls that are open no more.
#[derive(Debug, Default)]
pub(crate) struct ArrivalChanges {
    opened: Vec<OpenPoll>,
    closed: Vec<OpenPoll>,
}

impl ArrivalChanges {
    /// Writes the changes.
    pub(crate) fn write(&self, change: &mut StoreTransaction<'_>) -> Result<(), StoreError> {
        self.opened.iter().try_for_each(|open| change.put_open_poll(open))?;
        self.closed.iter().try_for_each(|open| change.remove_open_poll(open))
    }

    /// True when there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.opened.is_empty() && self.closed.is_empty()
    }
}

impl PollArrivals {
    /// The open polls of a store.
    pub(crate) fn load(reader: &StoreReader) -> Result<Self, StoreError> {
        let open = reader.open_polls()?.into_iter().map(|open| ((open.plan.clone(), open.poll.clone()), open));
        Ok(Self { open: open.collect(), ..Self::default() })
    }

    /// Collects a record that belongs to a poll of a plan.
    pub(crate) fn collect<'a>(arrivals: &mut Vec<Arrival<'a>>, (plan, poll): (&'a str, &'a str), line: &[u8]) {
        if !matches!(arrivals.last(), Some(Arrival::Records(last_plan, last, _)) if (*last_plan, *last) == (plan, poll))
        {
            arrivals.push(Arrival::Records(plan, poll, PollSize::default()));
        }
        if let Some(Arrival::Records(_, _, size)) = arrivals.last_mut() {
            size.add(wire::content(line));
        }
    }

    /// Takes over the records of a batch that is about to be written; gives what changes in the store.
    pub(crate) fn add(&mut self, arrivals: &[Arrival<'_>], now: Micros) -> ArrivalChanges {
        let mut changes = ArrivalChanges::default();
        for arrival in arrivals {
            match arrival {
                Arrival::Records(plan, poll, more) => {
                    self.count_more(&((*plan).to_owned(), (*poll).to_owned()), *more, &mut changes);
                }
                Arrival::Poll(poll) => self.expect(poll, now, &mut changes),
            }
        }
        if self.counted.len() > MAX_COUNTED {
            self.counted.clear();
        }
        changes
    }

    fn count_more(&mut self, poll: &(String, String), more: PollSize, changes: &mut ArrivalChanges) {
        let counted = self.counted.entry(poll.clone()).or_default();
        counted.records += more.records;
        counted.digest = counted.digest.wrapping_add(more.digest);
        let counted = *counted;
        if self.open.get(poll).is_some_and(|open| open.size == counted) {
            self.close(poll, changes);
        }
    }

    fn expect(&mut self, poll: &PollRecord, now: Micros, changes: &mut ArrivalChanges) {
        let key = (poll.plan.clone(), poll.id.clone());
        let counted = self.counted.get(&key).copied().unwrap_or_default();
        match OpenPoll::of(poll, now) {
            Some(open) if open.size != counted => {
                self.open.entry(key).or_insert_with(|| {
                    changes.opened.push(open.clone());
                    open
                });
            }
            _ => drop(self.counted.remove(&key)),
        }
    }

    fn close(&mut self, key: &(String, String), changes: &mut ArrivalChanges) {
        self.counted.remove(key);
        if let Some(open) = self.open.remove(key) {
            // One that was opened by the same batch was not stored yet.
            changes.opened.retain(|opened| *opened != open);
            changes.closed.push(open);
        }
    }

    /// True when an open poll is to be counted in the store.
    pub(crate) fn is_due(&self, now: Micros) -> bool {
        let rested = self.last_count.is_none_or(|last| now.0.saturating_sub(last.0) >= COUNT_INTERVAL.0);
        rested && self.open.values().any(|open| is_old(open, now))
    }

    /// Counts the open polls in the store that have waited for long enough; gives what changes in it. A poll of which all
    /// records are there, and one that was retracted, is open no more.
    pub(crate) fn count(&mut self, reader: &StoreReader, now: Micros) -> Result<ArrivalChanges, StoreError> {
        self.last_count = Some(now);
        let mut changes = ArrivalChanges::default();
        let due: Vec<OpenPoll> = self.open.values().filter(|open| is_old(open, now)).cloned().collect();
        for open in due {
            let key = (open.plan.clone(), open.poll.clone());
            let arrived = reader.count_records_of(&open)?;
            if arrived >= open.size.records || is_retracted(reader, &open)? {
                self.close(&key, &mut changes);
            } else if open.arrived != Some(arrived) {
                let open = OpenPoll { arrived: Some(arrived), ..open };
                changes.opened.push(open.clone());
                self.open.insert(key, open);
            }
        }
        Ok(changes)
    }

    /// The polls that were counted and are not all there.
    pub(crate) fn incomplete(&self) -> impl Iterator<Item = &OpenPoll> + Clone {
        self.open.values().filter(|open| open.arrived.is_some())
    }
}

fn is_old(open: &OpenPoll, now: Micros) -> bool {
    now.0.saturating_sub(open.since.0) >= INCOMPLETE_AFTER.0
}

fn is_retracted(reader: &StoreReader, open: &OpenPoll) -> Result<bool, StoreError> {
    let Some(poll) = reader.poll(&open.plan, &open.poll)? else { return Ok(false) };
    let retractions = reader.retractions(&open.plan, Micros(i64::MAX))?;
    Ok(retractions.iter().any(|retraction| retraction.source == open.source && retraction.covers(poll.time)))
}
