//! Distinct visitors of a day, without identifying them.
//!
//! A keyed hash turns address and user agent into a number. The key is random for each day, stays in memory and is dropped with
//! the day: no visitor can be looked up afterwards or recognised on another day. After a restart the key is gone, so that
//! day's number is unknown.

use super::line::format::LogLine;
use super::line::time::day_of;
use contract::time::Moment;
use rand::Rng;
use siphasher::sip::SipHasher13;
use std::collections::{BTreeMap, HashSet};
use std::hash::Hasher;

/// Most visitors of one day, 8 bytes each and the set's overhead: more are reported as unknown to limit memory.
const MAX_VISITORS: usize = 1_000_000;
/// Days that are counted at the same time, for late lines.
const MAX_DAYS: usize = 3;

/// The days that are being counted.
#[derive(Default)]
pub(super) struct Visitors {
    days: BTreeMap<i64, VisitorSet>,
    /// When counting began, in seconds since 1970: a day that began earlier was not counted whole.
    since: Option<i64>,
}

struct VisitorSet {
    key: (u64, u64),
    hashes: HashSet<u64>,
    overfull: bool,
}

impl VisitorSet {
    fn new() -> Self {
        let mut random = rand::rng();
        Self { key: (random.next_u64(), random.next_u64()), hashes: HashSet::new(), overfull: false }
    }
}

/// Shows the number of days, but neither keys nor hashes.
impl std::fmt::Debug for Visitors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visitors").field("days", &self.days.len()).finish_non_exhaustive()
    }
}

impl Visitors {
    /// Begins a poll.
    pub(super) fn begin(&mut self, now: Moment) {
        self.since.get_or_insert(now.0);
    }

    /// When counting began.
    pub(super) fn since(&self) -> Option<i64> {
        self.since
    }

    /// Adds the visitor of a line. Adding a line again changes nothing.
    pub(super) fn add(&mut self, line: &LogLine<'_>) {
        let day = day_of(line.hour);
        if self.days.len() >= MAX_DAYS && !self.days.contains_key(&day) {
            self.days.pop_first();
        }
        let entry = self.days.entry(day).or_insert_with(VisitorSet::new);
        if entry.overfull {
            return;
        }
        let mut hash = SipHasher13::new_with_keys(entry.key.0, entry.key.1);
        hash.write(line.address);
        hash.write_u8(0);
        hash.write(line.agent);
        entry.hashes.insert(hash.finish());
        if entry.hashes.len() > MAX_VISITORS {
            entry.overfull = true;
            entry.hashes = HashSet::new();
        }
    }

    /// The number of visitors of a day; `None` when they were too many, or when the day was not counted.
    pub(super) fn of(&self, day: i64) -> Option<i64> {
        let day = self.days.get(&day).filter(|day| !day.overfull)?;
        i64::try_from(day.hashes.len()).ok()
    }

    /// Drops the days before `day`.
    pub(super) fn forget_before(&mut self, day: i64) {
        self.days = self.days.split_off(&day);
    }
}
