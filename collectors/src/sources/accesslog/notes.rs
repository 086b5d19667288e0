//! What is remembered of a log between two polls: how far each file was read, and the counts of every hour.
//!
//! ```text
//! own/log          the rule, the files, from when on hours are known
//! own/day/<day>    24 hours: counts, which of them were watched, which were seen in part
//! ```
//!
//! All hours are kept: a late line adds to its hour's count, however old, and a day is some hundred bytes.

use super::count::HourCount;
use super::{HOURS, day_of, first_hour};
use crate::fetch::tail::FileProgress;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a kind of source keeps for itself, by name.
pub type SourceNotes = BTreeMap<String, Vec<u8>>;

/// What is remembered of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogNotes {
    /// The files and the rule.
    pub log: WholeLogNote,
    /// The days with counts, by number since 1970 in the plan's zone.
    pub days: BTreeMap<i64, DayNote>,
}

/// The note on the whole log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WholeLogNote {
    /// Names the rule by which the counts were made; empty before the first poll.
    pub rule: String,
    /// The first hour that is known whole; `None` until the history has been read.
    pub from: Option<i64>,
    /// The earliest hour met so far.
    pub earliest: Option<i64>,
    /// The hour up to which hours without lines are known to be 0.
    pub watched_to: Option<i64>,
    /// The files, by what they begin with.
    pub files: Vec<FileProgress>,
}

/// A day's hours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayNote {
    /// Accesses of each hour.
    pub hits: Vec<i64>,
    /// Accesses of each hour by area.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub areas: BTreeMap<u8, Vec<i64>>,
    /// Hours that were watched, a bit each.
    pub seen: u32,
    /// Hours that were seen in part, a bit each.
    #[serde(default)]
    pub partial: u32,
    /// Its visitors as they were told last, if they were known: a number, and nobody in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visitors: Option<i64>,
    /// True while its figures may not have been published as they stand.
    #[serde(default)]
    pub dirty: bool,
}

impl LogNotes {
    /// True when there are days whose figures may not have been published as they stand.
    pub fn are_dirty(&self) -> bool {
        self.days.values().any(|day| day.dirty)
    }

    /// Reads what was kept; a note of another version is as good as none.
    pub fn read(own: &SourceNotes) -> Self {
        let log = own.get("log").and_then(|note| serde_json::from_slice(note).ok()).unwrap_or_default();
        let day = |(name, note): (&String, &Vec<u8>)| {
            Some((name.strip_prefix("day/")?.parse().ok()?, serde_json::from_slice(note).ok()?))
        };
        Self { log, days: own.iter().filter_map(day).collect() }
    }

    /// What is to be kept.
    pub fn write(&self) -> SourceNotes {
        // Plain structs of texts and numbers: nothing in them can fail to be written.
        let json = |note: Result<Vec<u8>, serde_json::Error>| note.unwrap_or_default();
        let days = self.days.iter().map(|(day, note)| (format!("day/{day:06}"), json(serde_json::to_vec(note))));
        days.chain([("log".to_owned(), json(serde_json::to_vec(&self.log)))]).collect()
    }

    /// Adds the count of an hour. One before the first known hour is passed over: false.
    pub fn add(&mut self, hour: i64, count: &HourCount) -> bool {
        if self.log.from.is_some_and(|from| hour < from) {
            return false;
        }
        self.log.earliest = Some(self.log.earliest.map_or(hour, |earliest| earliest.min(hour)));
        let (day, at) = self.place(hour);
        day.hits[usize::from(at)] += count.hits;
        day.seen |= 1 << at;
        day.dirty = true;
        if !count.areas.is_empty() {
            let areas = day.areas.entry(at).or_default();
            areas.resize(areas.len().max(count.areas.len()), 0);
            for (sum, more) in areas.iter_mut().zip(&count.areas) {
                *sum += more;
            }
        }
        true
    }

    /// Hours that were watched: without lines they are 0.
    pub fn watched(&mut self, hours: std::ops::RangeInclusive<i64>) {
        for hour in hours.filter(|hour| self.log.from.is_none_or(|from| *hour >= from)).collect::<Vec<_>>() {
            let (day, at) = self.place(hour);
            if day.seen >> at & 1 == 0 {
                day.seen |= 1 << at;
                day.dirty = true;
            }
        }
    }

    /// Hours of which lines were lost, or never seen.
    pub fn partial(&mut self, hours: std::ops::RangeInclusive<i64>) {
        for hour in hours {
            let (day, at) = self.place(hour);
            if day.partial >> at & 1 == 0 {
                day.partial |= 1 << at;
                day.dirty = true;
            }
        }
    }

    fn place(&mut self, hour: i64) -> (&mut DayNote, u8) {
        let day = day_of(hour);
        let entry = self.days.entry(day).or_default();
        entry.hits.resize(HOURS, 0);
        (entry, u8::try_from(hour - first_hour(day)).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_survive_and_hours_before_the_first_known_one_are_passed_over() {
        let mut notes = LogNotes::default();
        let count = HourCount { hits: 3, areas: vec![1, 2] };
        assert!(notes.add(453_844, &count) && notes.add(453_844, &count));
        notes.watched(453_844..=453_846);
        notes.partial(453_845..=453_845);
        let day = &notes.days[&day_of(453_844)];
        let at = usize::try_from(453_844 - first_hour(day_of(453_844))).unwrap();
        assert_eq!((at, day.hits[at], day.areas[&13].clone()), (13, 6, vec![2, 4]));
        assert_eq!((day.seen >> 13 & 0b111, day.partial >> 13 & 0b111), (0b111, 0b010));
        assert_eq!(LogNotes::read(&notes.write()), notes);
        notes.log.from = Some(453_845);
        assert!(!notes.add(453_844, &count));
        assert_eq!(LogNotes::read(&[("log".to_owned(), b"{}".to_vec())].into()), LogNotes::default());
    }
}
