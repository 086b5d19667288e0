//! The checkpoint of a log: how far each file was read, and the counts of every hour.
//!
//! ```text
//! own/log          the rule, the files, the first complete hour
//! own/day/<day>    24 hours: counts, which of them are complete, which are partial
//! ```
//!
//! All hours are kept: a late line adds to its hour's count, however old it is; a day takes some hundred bytes.

use super::line::time::{HOURS, day_of, first_hour};
use super::parse::HourCount;
use crate::follow::FileProgress;
use crate::sources::source::SourceNotes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Most files of one hour that are told apart: a poll a minute of a file each.
const MAX_BLOCKS: usize = 60;

/// The checkpoint of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LogNotes {
    /// The files and the rule.
    pub(super) log: WholeLogNote,
    /// The days with counts, by number since 1970 in the plan's zone.
    pub(super) days: BTreeMap<i64, DayNote>,
}

/// The part that concerns the whole log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct WholeLogNote {
    /// [`super::config::AccessLog::rule_id`] of the counts; empty before the first poll.
    pub(super) rule: String,
    /// The first complete hour; `None` until the history has been read.
    pub(super) from: Option<i64>,
    /// The earliest hour read so far.
    pub(super) earliest: Option<i64>,
    /// The hour up to which an hour without lines is 0.
    pub(super) watched_to: Option<i64>,
    /// The files, identified by their first bytes.
    pub(super) files: Vec<FileProgress>,
    /// The packed files that cannot be read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) unread: Vec<String>,
}

/// A day's hours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DayNote {
    /// Accesses of each hour.
    pub(super) hits: Vec<i64>,
    /// Accesses of each hour by area.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) areas: BTreeMap<u8, Vec<i64>>,
    /// Hours that were watched, a bit each.
    #[serde(rename = "seen")]
    pub(super) watched: u32,
    /// Hours of which lines are missing, a bit each.
    #[serde(default)]
    pub(super) partial: u32,
    /// Hours between two files of which nothing proves that they have no lines, a bit each; a watched hour is proven.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) unproven: u32,
    /// The accesses of each hour by file, and the sums of the digests of their lines.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) blocks: BTreeMap<u8, Vec<(i64, u32)>>,
    /// The number of visitors that was published last, if it was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) visitors: Option<i64>,
    /// True until the current figures are published.
    #[serde(default, rename = "dirty")]
    pub(super) changed: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(bits: &u32) -> bool {
    *bits == 0
}

impl LogNotes {
    /// True when there are days whose current figures are not published.
    pub(super) fn has_changed_days(&self) -> bool {
        self.days.values().any(|day| day.changed)
    }

    /// Reads a checkpoint; a part of another version counts as missing.
    pub(super) fn read(notes: &SourceNotes) -> Self {
        let log = notes.get("log").and_then(|note| serde_json::from_slice(note).ok()).unwrap_or_default();
        let day = |(name, note): (&String, &Vec<u8>)| {
            Some((name.strip_prefix("day/")?.parse().ok()?, serde_json::from_slice(note).ok()?))
        };
        Self { log, days: notes.iter().filter_map(day).collect() }
    }

    /// Writes the checkpoint.
    pub(super) fn write(&self) -> SourceNotes {
        // Plain structs of texts and numbers: writing them does not fail.
        let json = |note: Result<Vec<u8>, serde_json::Error>| note.unwrap_or_default();
        let days = self.days.iter().map(|(day, note)| (format!("day/{day:06}"), json(serde_json::to_vec(note))));
        days.chain([("log".to_owned(), json(serde_json::to_vec(&self.log)))]).collect()
    }

    /// Adds the count of an hour; false for an hour before the first complete one, which is left out.
    pub(super) fn add(&mut self, hour: i64, count: &HourCount) -> bool {
        if self.log.from.is_some_and(|from| hour < from) {
            return false;
        }
        self.log.earliest = Some(self.log.earliest.map_or(hour, |earliest| earliest.min(hour)));
        let (day, at) = self.place(hour);
        day.hits[usize::from(at)] += count.hits;
        day.watched |= 1 << at;
        day.changed = true;
        if !count.areas.is_empty() {
            let areas = day.areas.entry(at).or_default();
            areas.resize(areas.len().max(count.areas.len()), 0);
            for (sum, more) in areas.iter_mut().zip(&count.areas) {
                *sum += more;
            }
        }
        true
    }

    /// Marks hours as watched: without lines they are 0.
    pub(super) fn mark_watched(&mut self, hours: std::ops::RangeInclusive<i64>) {
        for hour in hours.filter(|hour| self.log.from.is_none_or(|from| *hour >= from)).collect::<Vec<_>>() {
            let (day, at) = self.place(hour);
            if day.watched >> at & 1 == 0 {
                day.watched |= 1 << at;
                day.changed = true;
            }
        }
    }

    /// Marks hours of which lines are missing.
    pub(super) fn mark_partial(&mut self, hours: std::ops::RangeInclusive<i64>) {
        for hour in hours {
            let (day, at) = self.place(hour);
            if day.partial >> at & 1 == 0 {
                day.partial |= 1 << at;
                day.changed = true;
            }
        }
    }

    /// Marks hours of which nothing proves that they have no lines.
    pub(super) fn mark_unproven(&mut self, hours: std::ops::RangeInclusive<i64>) {
        for hour in hours {
            let (day, at) = self.place(hour);
            if day.unproven >> at & 1 == 0 {
                day.unproven |= 1 << at;
                day.changed = true;
            }
        }
    }

    /// The accesses of an hour by file, with the sums of the digests of their lines.
    pub(super) fn blocks(&self, hour: i64) -> &[(i64, u32)] {
        let day = day_of(hour);
        let at = u8::try_from(hour - first_hour(day)).unwrap_or_default();
        self.days.get(&day).and_then(|note| note.blocks.get(&at)).map_or(&[], Vec::as_slice)
    }

    /// Adds the accesses of a file in an hour; `open` is what it had added before.
    pub(super) fn add_block(&mut self, hour: i64, open: Option<(i64, u32)>, more: (i64, u32)) {
        if more.0 == 0 {
            return;
        }
        let (day, at) = self.place(hour);
        let blocks = day.blocks.entry(at).or_default();
        if let Some(block) = blocks.iter_mut().find(|block| Some(**block) == open) {
            *block = (block.0 + more.0, block.1.wrapping_add(more.1));
        } else if blocks.len() < MAX_BLOCKS {
            blocks.push(more);
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
    fn notes_are_read_back_and_hours_before_the_first_complete_one_are_left_out() {
        let mut notes = LogNotes::default();
        let count = HourCount { hits: 3, areas: vec![1, 2], digest: 7 };
        assert!(notes.add(453_844, &count) && notes.add(453_844, &count));
        notes.mark_watched(453_844..=453_846);
        notes.mark_partial(453_845..=453_845);
        notes.add_block(453_844, None, (3, 7));
        notes.add_block(453_844, Some((3, 7)), (1, u32::MAX));
        notes.add_block(453_844, Some((3, 7)), (2, 2));
        assert_eq!((notes.blocks(453_844), notes.blocks(453_845)), (&[(4, 6), (2, 2)][..], &[][..]));
        notes.mark_unproven(453_847..=453_847);
        let day = &notes.days[&day_of(453_844)];
        let at = usize::try_from(453_844 - first_hour(day_of(453_844))).unwrap();
        assert_eq!((at, day.hits[at], day.areas[&13].clone()), (13, 6, vec![2, 4]));
        assert_eq!((day.watched >> 13 & 0b111, day.partial >> 13 & 0b111), (0b111, 0b010));
        assert_eq!(LogNotes::read(&notes.write()), notes);
        notes.log.from = Some(453_845);
        assert!(!notes.add(453_844, &count));
        assert_eq!(LogNotes::read(&[("log".to_owned(), b"{}".to_vec())].into()), LogNotes::default());
    }
}
