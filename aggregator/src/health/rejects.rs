//! The rows that could not be read when each source's files were last read, bounded in number.
//!
//! A reading of a whole file replaces what the readings of that file before it rejected, in whatever order the records
//! come. A log is never read whole: what its last polls rejected stays.

use contract::record::{PollOutcome, PollRecord, Reject, Retraction};
use contract::time::Micros;
use std::collections::{BTreeMap, BTreeSet};

/// Rejects of one reading whose places are kept; of the others only the number is.
pub const MAX_PLACES: usize = 20;
/// Readings of one log that are kept.
const MAX_READINGS: usize = 16;
/// Reasons of one source that are told apart. Records may come from other programs, so their number has no other limit.
const MAX_REASONS: usize = 20;
/// The reason of all beyond it.
const OTHER: &str = "other";

/// The rejects of all sources, by partition.
#[derive(Clone, Debug, Default)]
pub struct RejectBoard(BTreeMap<i32, PartitionRejects>);

/// The rejects of the sources of one partition: by plan and source, and by file.
#[derive(Clone, Debug, Default)]
pub struct PartitionRejects(BTreeMap<(String, String), BTreeMap<String, FileRejects>>);

#[derive(Clone, Debug, Default)]
struct FileRejects {
    /// Its last reading as a whole: what was rejected before counts no more.
    read_whole: Option<Micros>,
    readings: BTreeMap<Micros, PollRejects>,
}

#[derive(Clone, Debug, Default)]
struct PollRejects {
    count: u64,
    reasons: BTreeMap<String, u64>,
    places: Vec<Reject>,
}

/// The rejects of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceRejects {
    /// How many there are.
    pub count: u64,
    /// How many have each reason.
    pub reasons: BTreeMap<String, u64>,
    /// The first of them, by file and place.
    pub places: Vec<Reject>,
}

impl RejectBoard {
    /// The rejects of a partition, to be changed.
    pub fn partition(&mut self, partition: i32) -> &mut PartitionRejects {
        self.0.entry(partition).or_default()
    }

    /// Forgets a partition.
    pub fn remove(&mut self, partition: i32) {
        self.0.remove(&partition);
    }

    /// The rejects of one source.
    pub fn of(&self, plan: &str, source: &str) -> SourceRejects {
        let key = (plan.to_owned(), source.to_owned());
        let mut found = SourceRejects::default();
        for file in self.0.values().filter_map(|partition| partition.0.get(&key)).flat_map(BTreeMap::values) {
            file.add_to(&mut found);
        }
        found.places.sort_by(|a, b| (&a.file, &a.sheet, a.row, &a.column).cmp(&(&b.file, &b.sheet, b.row, &b.column)));
        found.places.truncate(MAX_PLACES);
        found
    }

    /// Every source that has any, with its plan.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        let sources = self.0.values().flat_map(|partition| &partition.0);
        let has_some = |files: &BTreeMap<String, FileRejects>| files.values().any(|file| !file.readings.is_empty());
        sources.filter(move |(_, files)| has_some(files)).map(|((plan, source), _)| (plan.as_str(), source.as_str()))
    }
}

impl PartitionRejects {
    /// Forgets some plans.
    pub fn forget(&mut self, plans: &BTreeSet<String>) {
        self.0.retain(|(plan, _), _| !plans.contains(plan));
    }

    /// Notes a reject that was not stored before.
    pub fn note_reject(&mut self, reject: &Reject) {
        let file = self.file(&reject.plan, &reject.source, &reject.file);
        if file.read_whole.is_some_and(|read| reject.time < read) {
            return;
        }
        let reading = file.readings.entry(reject.time).or_default();
        reading.count += 1;
        let is_known = reading.reasons.contains_key(&reject.reason) || reading.reasons.len() < MAX_REASONS;
        let reason = if is_known { reject.reason.as_str() } else { OTHER };
        *reading.reasons.entry(reason.to_owned()).or_default() += 1;
        if reading.places.len() < MAX_PLACES {
            reading.places.push(reject.clone());
        }
        if file.readings.len() > MAX_READINGS {
            file.readings.pop_first();
        }
    }

    /// Notes a poll.
    pub fn note_poll(&mut self, poll: &PollRecord) {
        if poll.bytes.is_some() && !matches!(poll.outcome, PollOutcome::Failed(_)) {
            let changed = poll.outcome == PollOutcome::Changed;
            self.note_reading((&poll.plan, &poll.source, &poll.address), changed, poll.time);
        }
    }

    /// Notes a reading of a whole file (plan, source, address). One that brought nothing new rejects nothing anew either;
    /// where it did, the file was read by other rules.
    pub fn note_reading(&mut self, (plan, source, address): (&str, &str, &str), changed: bool, time: Micros) {
        let file = self.file(plan, source, address);
        if changed || file.readings.contains_key(&time) {
            file.read_whole = file.read_whole.max(Some(time));
            file.readings = file.readings.split_off(&file.read_whole.unwrap_or(time));
        }
    }

    /// Takes back what polls of a source rejected.
    pub fn retract(&mut self, of: &Retraction) {
        let files = self.0.get_mut(&(of.plan.clone(), of.source.clone()));
        for file in files.into_iter().flat_map(BTreeMap::values_mut) {
            file.readings.retain(|time, _| !of.covers(*time));
        }
    }

    fn file(&mut self, plan: &str, source: &str, file: &str) -> &mut FileRejects {
        self.0.entry((plan.to_owned(), source.to_owned())).or_default().entry(file.to_owned()).or_default()
    }
}

impl FileRejects {
    fn add_to(&self, found: &mut SourceRejects) {
        for reading in self.readings.values() {
            found.count += reading.count;
            for (reason, count) in &reading.reasons {
                let is_known = found.reasons.contains_key(reason) || found.reasons.len() < MAX_REASONS;
                *found.reasons.entry(if is_known { reason } else { OTHER }.to_owned()).or_default() += count;
            }
            found.places.extend(reading.places.iter().cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reject(file: &str, time: i64, row: u32, reason: &str) -> Reject {
        Reject {
            plan: "p".into(),
            source: "s".into(),
            visit: format!("v{time}"),
            time: Micros(time),
            reason: reason.into(),
            file: file.into(),
            sheet: None,
            row: Some(row),
            column: None,
            hash: "00".into(),
        }
    }

    fn count(board: &RejectBoard) -> u64 {
        board.of("p", "s").count
    }

    #[test]
    fn a_later_reading_replaces_what_was_rejected_in_any_order() {
        let whole = |board: &mut RejectBoard, file: &str, changed, time| {
            board.partition(0).note_reading(("p", "s", file), changed, Micros(time));
        };
        let mut board = RejectBoard::default();
        for row in 1..=3 {
            board.partition(0).note_reject(&reject("a.csv", 10, row, "not_a_number"));
        }
        whole(&mut board, "a.csv", true, 10);
        board.partition(0).note_reject(&reject("b.csv", 10, 7, "bad_date"));
        whole(&mut board, "b.csv", true, 10);
        assert_eq!(count(&board), 4);
        // Read again and found unchanged: what is wrong in it still is.
        whole(&mut board, "a.csv", false, 20);
        assert_eq!(count(&board), 4);
        // Mended but for one row; the records of before come once more, late.
        board.partition(0).note_reject(&reject("a.csv", 30, 2, "not_a_number"));
        whole(&mut board, "a.csv", true, 30);
        board.partition(0).note_reject(&reject("a.csv", 10, 1, "not_a_number"));
        whole(&mut board, "a.csv", true, 10);
        let found = board.of("p", "s");
        assert_eq!(found.count, 2);
        assert_eq!(found.places.iter().map(|place| place.row).collect::<Vec<_>>(), [Some(2), Some(7)]);
        // Read by other rules, which reject another row of the same content.
        board.partition(0).note_reject(&reject("a.csv", 40, 5, "ambiguous"));
        whole(&mut board, "a.csv", false, 40);
        assert_eq!(board.of("p", "s").reasons, [("ambiguous".to_owned(), 1), ("bad_date".to_owned(), 1)].into());
        whole(&mut board, "a.csv", true, 50);
        whole(&mut board, "b.csv", true, 50);
        assert_eq!(board.of("p", "s"), SourceRejects::default());
        assert_eq!(board.sources().count(), 0);
    }

    #[test]
    fn what_is_kept_is_bounded_and_what_is_counted_is_not() {
        let mut board = RejectBoard::default();
        for time in 0..100 {
            for row in 0..50 {
                board.partition(0).note_reject(&reject("access.log", time, row, &format!("reason{row}")));
            }
        }
        let found = board.of("p", "s");
        assert_eq!((found.count, found.places.len()), (16 * 50, MAX_PLACES));
        assert!(found.reasons.len() <= MAX_REASONS + 1 && found.reasons.contains_key(OTHER), "{:?}", found.reasons);
        assert_eq!(found.reasons.values().sum::<u64>(), 16 * 50);
        board.remove(0);
        assert_eq!(count(&board), 0);
    }
}
