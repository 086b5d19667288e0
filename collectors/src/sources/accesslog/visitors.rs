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
/// Days of a growing log that are counted at the same time, for late lines.
const MAX_DAYS: usize = 3;
/// Days of finished files that are counted at the same time: their order is not that of their names.
const MAX_FINISHED_DAYS: usize = 400;
/// Most visitors of all days together.
const MAX_HASHES: usize = MAX_DAYS * MAX_VISITORS;

/// The days that are being counted.
#[derive(Default)]
pub(super) struct Visitors {
    days: BTreeMap<i64, VisitorSet>,
    /// When counting began, in seconds since 1970: a day that began earlier was not counted whole.
    since: Option<i64>,
    /// Visitors of all days that are being counted.
    hashes: usize,
    /// The counts of days whose keys are gone.
    ended: BTreeMap<i64, VisitorCount>,
}

struct VisitorSet {
    key: (u64, u64),
    hashes: HashSet<u64>,
    overfull: bool,
    /// Lines that were added.
    lines: i64,
}

/// The count of a day whose key is gone.
struct VisitorCount {
    /// `None` when they were too many, or counted in parts that cannot be put together.
    visitors: Option<i64>,
    lines: i64,
}

impl VisitorSet {
    fn new() -> Self {
        let mut random = rand::rng();
        Self { key: (random.next_u64(), random.next_u64()), hashes: HashSet::new(), overfull: false, lines: 0 }
    }

    fn count(&self) -> Option<i64> {
        if self.overfull { None } else { i64::try_from(self.hashes.len()).ok() }
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

    /// Adds the visitor of a line.
    pub(super) fn add(&mut self, line: &LogLine<'_>, finished: bool) {
        let day = day_of(line.hour);
        let most = if finished { MAX_FINISHED_DAYS } else { MAX_DAYS };
        while self.days.len() > 1 && self.hashes >= MAX_HASHES
            || self.days.len() >= most && !self.days.contains_key(&day)
        {
            self.end_first();
        }
        let entry = self.days.entry(day).or_insert_with(VisitorSet::new);
        entry.lines += 1;
        if entry.overfull {
            return;
        }
        let mut hash = SipHasher13::new_with_keys(entry.key.0, entry.key.1);
        hash.write(line.address);
        hash.write_u8(0);
        hash.write(line.agent);
        self.hashes += usize::from(entry.hashes.insert(hash.finish()));
        if entry.hashes.len() > MAX_VISITORS {
            self.hashes -= entry.hashes.len();
            entry.overfull = true;
            entry.hashes = HashSet::new();
        }
    }

    /// Leaves out lines of an hour that turn out to be counted before: their visitors are the same.
    pub(super) fn forget_lines(&mut self, hour: i64, lines: i64) {
        if let Some(set) = self.days.get_mut(&day_of(hour)) {
            set.lines -= lines;
        }
    }

    /// Forgets the key of the first day and keeps its count.
    fn end_first(&mut self) {
        let Some((day, set)) = self.days.pop_first() else { return };
        self.hashes -= set.hashes.len();
        let visitors = set.count().filter(|_| !self.ended.contains_key(&day));
        let lines = set.lines;
        self.ended.insert(day, VisitorCount { visitors, lines });
    }

    /// The number of visitors of a day; `None` when they were too many, or when the day was not counted.
    pub(super) fn of(&self, day: i64) -> Option<i64> {
        self.days.get(&day)?.count()
    }

    /// The number of visitors of a day of this many accesses; `None` unless exactly these were counted with one key.
    pub(super) fn of_all(&self, day: i64, accesses: i64) -> Option<i64> {
        let (visitors, lines) = match (self.days.get(&day), self.ended.get(&day)) {
            (Some(set), None) => (set.count(), set.lines),
            (None, Some(ended)) => (ended.visitors, ended.lines),
            _ => return None,
        };
        visitors.filter(|_| lines == accesses)
    }

    /// Forgets the keys of the days before `day`.
    pub(super) fn forget_before(&mut self, day: i64) {
        while self.days.first_key_value().is_some_and(|(first, _)| *first < day) {
            self.end_first();
        }
    }
}
