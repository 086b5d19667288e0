//! Access logs of the city's app: lines of a web server, counted by hour.
//!
//! A log is no file that is read again as a whole: it grows, is renamed, cut and packed while it is read. So this kind
//! keeps notes of how far it came ([`notes`]), which are committed together with the counts. The files are followed
//! by [`crate::fetch::tail`]; everything here is pure but for the key of [`visitors`].

pub mod count;
mod figures;
pub mod format;
pub mod json;
pub mod notes;
mod read;
pub mod rule;
pub mod time;
mod visitors;

pub use read::KIND;

use super::{ParseError, ParsedFigure, ParsedFile, PollContext, SeriesTarget, Source};
use crate::fetch::Document;
use contract::time::Moment;
use count::{LineCounter, LineForm};
use notes::LogNotes;
use rule::CountingRule;
use std::sync::{Mutex, MutexGuard, PoisonError};
use visitors::Visitors;

/// Hours of a day.
const HOURS: usize = 24;
/// The plan's zone, nine hours before UTC.
const ZONE_HOURS: i64 = 9;

/// The day of an hour in the plan's zone; hours are counted from 1970, UTC.
pub(crate) fn day_of(hour: i64) -> i64 {
    (hour + ZONE_HOURS).div_euclid(24)
}

/// The first hour of a day.
pub(crate) fn first_hour(day: i64) -> i64 {
    day * 24 - ZONE_HOURS
}

/// A configured log.
#[derive(Debug)]
pub struct AccessLog {
    form: LineForm,
    rule: CountingRule,
    /// Names what the counts are made by: when it changes they begin anew.
    rule_name: String,
    /// `None` after a mistake, which keeps the configuration from being used.
    hits: Option<SeriesTarget>,
    visitors: Option<SeriesTarget>,
    /// True for a folder of files that are over, false for one that grows.
    pub(crate) finished: bool,
    /// What the names of rotated files look like.
    pub(crate) rotated: Option<glob::Pattern>,
    /// Outlives the polls, not the process. Not part of the fingerprint.
    counted: Counted,
}

/// Shows nothing, as it is no setting.
struct Counted(Mutex<Visitors>);

impl std::fmt::Debug for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("_")
    }
}

impl AccessLog {
    /// The visitors counted since the program began.
    fn visitors(&self) -> MutexGuard<'_, Visitors> {
        self.counted.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a poll: with another rule the counts begin anew, in the next hour.
    pub(crate) fn begin(&self, notes: &mut LogNotes, now: Moment) {
        self.visitors().begin(now);
        if notes.log.rule == self.rule_name {
            return;
        }
        if !notes.log.rule.is_empty() {
            let hour = now.0.div_euclid(3600);
            notes.days.clear();
            (notes.log.from, notes.log.watched_to) = (Some(hour + 1), Some(hour));
            notes.partial(hour..=hour);
        }
        notes.log.rule.clone_from(&self.rule_name);
    }

    /// Counts a file's lines up to an hour, which `read` hands over; its result is handed back beside the counter.
    pub(crate) fn count<T>(&self, latest: i64, read: impl FnOnce(&mut LineCounter<'_>) -> T) -> (T, FileTally) {
        let mut visitors = self.visitors();
        let seen = self.visitors.is_some().then_some(&mut *visitors);
        let mut counter = LineCounter::new(&self.form, &self.rule, seen, latest);
        let outcome = read(&mut counter);
        counter.finish();
        let LineCounter { counted, bad, told, .. } = counter;
        (outcome, FileTally { counted, bad, told })
    }

    /// The figures that may be new, those of the first days when there are many: what is left is dirty still. To be called
    /// when all that is there has been read.
    pub(crate) fn figures(&self, notes: &mut LogNotes, now: Moment) -> Vec<ParsedFigure> {
        let mut visitors = self.visitors();
        let figures = figures::dirty(self, notes, &visitors, now);
        visitors.forget_before(day_of(now.0.div_euclid(3600)) - 2);
        figures
    }
}

/// What the lines of one file came to.
#[derive(Debug)]
pub(crate) struct FileTally {
    pub(crate) counted: std::collections::BTreeMap<i64, count::HourCount>,
    pub(crate) bad: u64,
    pub(crate) told: Vec<u64>,
}

impl Source for AccessLog {
    fn parse(&self, _: &Document, _: &PollContext) -> Result<ParsedFile, ParseError> {
        // A log is followed, see `log`.
        Err(ParseError::NoRows)
    }

    fn log(&self) -> Option<&AccessLog> {
        Some(self)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        let each = [("hits", &self.hits), ("visitors", &self.visitors)];
        each.into_iter().filter_map(|(key, target)| Some((key, target.as_ref()?.series.as_str()))).collect()
    }

    fn is_open(&self) -> bool {
        false
    }
}
