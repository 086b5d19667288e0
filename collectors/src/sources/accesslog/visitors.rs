//! Distinct visitors of a day, without knowing who they are.
//!
//! Address and user agent become a number by a keyed hash. The key is born for a day, lives in memory only and dies with
//! the day: nobody can ask afterwards whether somebody was there, and nobody is known again tomorrow. After a restart
//! the key is gone, so that day is unknown.

use super::format::LogLine;
use contract::time::Moment;
use rand::Rng;
use siphasher::sip::SipHasher13;
use std::collections::{BTreeMap, HashSet};
use std::hash::Hasher;

/// Visitors of one day, 8 bytes each and the set's room: more is unknown rather than memory.
const MAX_VISITORS: usize = 1_000_000;
/// Days that are open at the same time: lines of the day before come late.
const MAX_DAYS: usize = 3;

/// The days that are counted just now.
#[derive(Default)]
pub struct Visitors {
    days: BTreeMap<i64, Day>,
    /// When counting began, in seconds since 1970: a day that began earlier was not counted whole.
    since: Option<i64>,
}

struct Day {
    key: (u64, u64),
    seen: HashSet<u64>,
    overfull: bool,
}

impl Day {
    fn new() -> Self {
        let mut random = rand::rng();
        Self { key: (random.next_u64(), random.next_u64()), seen: HashSet::new(), overfull: false }
    }
}

/// Shows how many days there are: no key, and nothing of anybody.
impl std::fmt::Debug for Visitors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Visitors").field("days", &self.days.len()).finish_non_exhaustive()
    }
}

impl Visitors {
    /// A poll begins.
    pub(super) fn begin(&mut self, now: Moment) {
        self.since.get_or_insert(now.0);
    }

    /// When counting began.
    pub(super) fn since(&self) -> Option<i64> {
        self.since
    }

    /// Remembers that somebody was there. The same lines once more change nothing.
    pub(super) fn see(&mut self, line: &LogLine<'_>) {
        let day = super::day_of(line.hour);
        if self.days.len() >= MAX_DAYS && !self.days.contains_key(&day) {
            self.days.pop_first();
        }
        let entry = self.days.entry(day).or_insert_with(Day::new);
        if entry.overfull {
            return;
        }
        let mut hash = SipHasher13::new_with_keys(entry.key.0, entry.key.1);
        hash.write(line.address);
        hash.write_u8(0);
        hash.write(line.agent);
        entry.seen.insert(hash.finish());
        if entry.seen.len() > MAX_VISITORS {
            entry.overfull = true;
            entry.seen = HashSet::new();
        }
    }

    /// The visitors of a day; `None` when they were too many to count, or when nobody was counted that day.
    pub(super) fn of(&self, day: i64) -> Option<i64> {
        let day = self.days.get(&day).filter(|day| !day.overfull)?;
        i64::try_from(day.seen.len()).ok()
    }

    /// Forgets the days before.
    pub(super) fn forget_before(&mut self, day: i64) {
        self.days = self.days.split_off(&day);
    }
}
