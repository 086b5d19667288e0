//! One poll of a log's files.

use super::super::config::AccessLog;
use super::super::notes::LogNotes;
use super::super::parse::{HourCount, LineCounter};
use super::super::partial::PartialLine;
use super::history;
use super::repeats::Repeats;
use crate::document::sha256;
use crate::fetch::FetchError;
use crate::follow::{FileProgress, HourBlock, LogFile, ReadPart, before_packing};
use crate::sources::parsed::RejectedRow;
use contract::record::Place;
use contract::time::Moment;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Hours that a server's clock may be ahead: the aggregator rejects later figures.
const MAX_AHEAD_HOURS: i64 = 24;
/// Most rejects of one poll, over all files.
const MAX_REJECTS: usize = 2_000;
/// Reason of a file whose lines are not those that were counted.
const CHANGED: &str = "changed_file";
/// Reason of a file that repeats others in most hours, but not in all.
const REPEATED: &str = "repeated_file";

/// The counts of one file's new lines.
struct FileTally {
    counted: BTreeMap<i64, HourCount>,
    bad: u64,
    /// Line numbers of the first bad lines.
    reported: Vec<u64>,
    /// First and last hours between which bad lines lie.
    doubtful: BTreeSet<(i64, i64)>,
}

/// One poll of the log's files.
pub(super) struct LogPoll<'a> {
    log: &'a AccessLog,
    now: Moment,
    /// The current hour.
    pub(super) hour: i64,
    /// Bytes that may still be read.
    left: u64,
    pub(super) more: bool,
    pub(super) rejects: Vec<RejectedRow>,
    /// The first hour of the growing file.
    pub(super) first: Option<i64>,
}

impl<'a> LogPoll<'a> {
    /// A poll that reads up to `limit` bytes.
    pub(super) fn new(log: &'a AccessLog, now: Moment, limit: u64) -> Self {
        let hour = now.0.div_euclid(3600);
        Self { log, now, hour, left: limit, more: false, rejects: Vec::new(), first: None }
    }

    /// Reads what is new in a file.
    pub(super) fn read(
        &mut self,
        notes: &mut LogNotes,
        progress: &mut FileProgress,
        file: &LogFile,
    ) -> Result<(), FetchError> {
        if file.is_read(progress) || file.is_damaged(progress) {
            return Ok(());
        }
        if self.left == 0 {
            self.more = true;
            progress.live = file.live;
            return Ok(());
        }
        let mut before = progress.clone();
        let mut gone = None;
        let part = file.compare(progress)?;
        if part == ReadPart::Shorter {
            self.compare_shorter(notes, progress, file);
        }
        let changed = part == ReadPart::Changed;
        if changed {
            gone = progress.first_line.zip(progress.last_line);
            self.reject(CHANGED, &file.name, None, 0);
            self.add_pending(notes, progress);
            progress.restart();
            before = progress.clone();
        }
        if !self.log.finished {
            progress.last_line = progress.last_line.or(notes.log.watched_to);
        }
        let (outcome, mut tally) = self.count(progress, file);
        let (first, last) = (tally.counted.keys().next().copied(), tally.counted.keys().next_back().copied());
        let read = match outcome {
            Ok(read) => read,
            Err(error @ FetchError::Damaged(_)) => {
                *progress = before;
                return self.skip_damaged(notes, progress, file, first).ok_or(error);
            }
            Err(error) => return Err(error),
        };
        if before.offset == 0 && tally.bad > 0 && tally.counted.is_empty() {
            return Err(FetchError::NoLogLine { name: file.name.clone(), format: self.log.format.clone() });
        }
        self.left = self.left.saturating_sub(read);
        self.more |= !progress.at_end;
        progress.hour = if progress.at_end { Some(self.hour) } else { last.or(progress.hour) };
        if file.live {
            self.first = self.first.or(first);
        }
        progress.first_line = progress.first_line.or(first);
        if let Some((first, last)) = first.zip(last) {
            // Between two of its lines a file has all lines.
            notes.mark_watched(before.last_line.unwrap_or(first).min(first)..=last);
        }
        if let Some((first, last)) = gone.filter(|_| progress.at_end) {
            let without = |hour: &i64| !tally.counted.contains_key(hour) && !notes.blocks(*hour).is_empty();
            for hour in (first..=last).filter(without).collect::<Vec<_>>() {
                notes.mark_partial(hour..=hour);
            }
        }
        self.add(notes, progress, std::mem::take(&mut tally.counted), changed);
        self.mark_doubtful(notes, progress, &tally);
        self.report_bad_lines(&file.name, &tally);
        file.end_poll(progress);
        Ok(())
    }

    /// Compares a file that is shorter than what was read of it: it is a part of it, or being copied, or lines are gone. The counts stay;
    /// an hour with other lines, but for the last one, is unknown.
    fn compare_shorter(&mut self, notes: &mut LogNotes, progress: &FileProgress, file: &LogFile) {
        let mut scratch = progress.clone();
        scratch.restart();
        let (outcome, tally) = self.count(&mut scratch, file);
        for (hour, count) in &tally.counted {
            self.log.counted.lock().forget_lines(*hour, count.hits);
        }
        let mut repeats = Repeats::find(notes, None, &tally.counted, scratch.rewritten);
        // A damaged file is named when it is read.
        if outcome.is_err() || repeats.differing.is_empty() {
            return;
        }
        self.reject(CHANGED, &file.name, None, 0);
        let last = tally.counted.last_key_value().map(|(hour, _)| *hour);
        repeats.differing.retain(|hour| Some(*hour) != last);
        for hour in repeats.differing {
            notes.mark_partial(hour..=hour);
        }
    }

    /// Adds the counts of a file that are not another file's. A last hour that goes on behind what was read waits.
    fn add(
        &mut self,
        notes: &mut LogNotes,
        progress: &mut FileProgress,
        mut counted: BTreeMap<i64, HourCount>,
        named: bool,
    ) {
        if let Some(pending) = progress.pending.take() {
            counted.entry(pending.hour).or_default().add(&HourCount::of(&pending));
        }
        if !progress.at_end
            && let Some((hour, count)) = counted.pop_last()
        {
            progress.pending = Some(count.block(hour));
        }
        // A file of the same name is gone: this one is its continuation, or the same one with other bytes.
        if let (Some(replaced), Some((first, _)), Some((last, _))) =
            (progress.replaces.take(), counted.first_key_value(), counted.last_key_value())
            && (*first < replaced || *last <= replaced)
        {
            progress.rewritten = Some(i64::MAX);
        }
        let repeats = Repeats::find(notes, progress.open.as_ref(), &counted, progress.rewritten);
        let says_more = if progress.rewritten.is_some() { !repeats.is_empty() } else { !repeats.differing.is_empty() };
        if says_more && !named {
            let reason = if progress.rewritten.is_some() { CHANGED } else { REPEATED };
            self.reject(reason, &progress.name, None, 0);
        }
        for (hour, count) in &counted {
            if repeats.holds(*hour) {
                self.log.counted.lock().forget_lines(*hour, count.hits);
            } else if notes.add(*hour, count) {
                let open = progress.open.as_ref().filter(|open| open.hour == *hour);
                notes.add_block(*hour, open.map(|open| (open.hits, open.digest)), (count.hits, count.digest));
            }
        }
        for hour in &repeats.differing {
            notes.mark_partial(*hour..=*hour);
        }
        if let Some((hour, count)) = counted.pop_last() {
            let mut block = count.block(hour);
            if let Some(open) = progress.open.take().filter(|open| open.hour == hour) {
                block.hits += open.hits;
                block.digest = block.digest.wrapping_add(open.digest);
            }
            progress.open = Some(HourBlock { areas: Vec::new(), ..block });
        }
        if progress.at_end {
            progress.rewritten = None;
        }
    }

    /// Adds what waits of a file that is not read on.
    pub(super) fn add_pending(&mut self, notes: &mut LogNotes, progress: &mut FileProgress) {
        let counted = progress.pending.take().map(|pending| (pending.hour, HourCount::of(&pending)));
        if counted.is_some() {
            progress.at_end = true;
            self.add(notes, progress, counted.into_iter().collect(), false);
        }
    }

    /// Counts the new lines of a file: the bytes read, and the counts.
    fn count(&self, progress: &mut FileProgress, file: &LogFile) -> (Result<u64, FetchError>, FileTally) {
        let complete = file.is_complete(progress, self.log.finished);
        let mut partial = PartialLine::of(progress.skipping);
        let mut memory = self.log.counted.lock();
        let visitors = self.log.visitors.is_some().then_some(&mut *memory);
        let latest = self.hour + MAX_AHEAD_HOURS;
        let mut counter = LineCounter::new(&self.log.form, &self.log.rule, visitors, latest);
        (counter.last, counter.unplaced) = (progress.last_line, progress.unplaced);
        counter.finished = self.log.finished;
        let outcome = file.read(progress, self.left, |chunk, lines| {
            let count = counter.chunk(chunk, &mut partial, lines);
            (count.whole, count.lines)
        });
        if outcome.is_ok() && complete && progress.at_end {
            progress.complete(counter.last(&mut partial, progress.lines), file.compressed);
        }
        counter.finish();
        let LineCounter { counted, bad, reported, doubtful, .. } = counter;
        (progress.last_line, progress.unplaced) = (counter.last, counter.unplaced);
        (outcome, FileTally { counted, bad, reported, doubtful })
    }

    /// Marks the hours that lack a bad line. Bad lines at the end of a growing file may be of any hour since its last line.
    fn mark_doubtful(&self, notes: &mut LogNotes, progress: &mut FileProgress, tally: &FileTally) {
        let from = notes.log.from.unwrap_or(i64::MIN);
        for (first, last) in &tally.doubtful {
            notes.mark_partial(*first.max(&from)..=*last);
        }
        if progress.unplaced && progress.at_end {
            let first = progress.last_line.or(notes.log.watched_to).unwrap_or(self.hour).max(from);
            notes.mark_partial(first..=if self.log.finished { first } else { self.hour.max(first) });
            progress.unplaced = false;
        }
    }

    /// Goes on without a compressed file that cannot be read to its end; `first` is its first hour. Hours that only a
    /// finished file holds are unknown without it; what it adds to a growing log is lost. `None` when waiting may help.
    fn skip_damaged(
        &mut self,
        notes: &mut LogNotes,
        progress: &mut FileProgress,
        file: &LogFile,
        first: Option<i64>,
    ) -> Option<()> {
        let end = file.mark_damaged(progress, self.now.0);
        if !self.log.finished {
            let end = end?.min(self.hour);
            let start = progress.hour.or(first).unwrap_or(end).min(end);
            notes.mark_partial(start..=end);
        }
        self.reject("damaged_file", &file.name, None, progress.lines);
        file.end_poll(progress);
        Some(())
    }

    /// Rejects the first bad lines by number. Their hash is left out, as an address could be guessed from it.
    fn report_bad_lines(&mut self, name: &str, tally: &FileTally) {
        for number in &tally.reported {
            self.reject("not_a_log_line", name, u32::try_from(*number).ok(), *number);
        }
        if tally.bad > u64::try_from(tally.reported.len()).unwrap_or_default() {
            self.reject("more_bad_lines", name, None, tally.bad);
        }
    }

    fn reject(&mut self, reason: &'static str, name: &str, row: Option<u32>, number: u64) {
        if self.rejects.len() < MAX_REJECTS {
            let place = Place { sheet: Some(name.to_owned()), row };
            let hash = sha256(format!("{name} {number}").as_bytes())[..32].to_owned();
            self.rejects.push(RejectedRow { reason, place, column: None, hash });
        }
    }

    /// Names the files that cannot be read, and marks hours without lines, once all is read.
    pub(super) fn end(&mut self, notes: &mut LogNotes, live: bool, path: &Path, empty: &[String], unread: Vec<String>) {
        if self.more {
            return;
        }
        let is_first = notes.log.from.is_none();
        if is_first && let Some(earliest) = notes.log.earliest {
            // The oldest file of a growing log may begin within an hour; a finished one has all lines of its hours.
            if self.log.finished {
                notes.log.from = Some(i64::MIN);
            } else {
                notes.mark_partial(earliest..=earliest);
                notes.log.from = Some(earliest + 1);
                let live_name = path.file_name().unwrap_or_default().to_string_lossy();
                history::mark_before(notes, self.hour, &live_name, empty);
            }
        }
        self.name_unread(notes, unread, is_first);
        if self.log.finished {
            history::mark_between(notes, empty);
        } else if live {
            let from = notes.log.watched_to.unwrap_or(self.hour).min(self.hour);
            notes.mark_watched(from..=self.hour);
            notes.log.watched_to = Some(self.hour);
        }
    }

    /// Rejects the packed files that cannot be read, each once. One that was read before it was packed is no loss, and neither is a rotated
    /// file of a log that is followed.
    fn name_unread(&mut self, notes: &mut LogNotes, unread: Vec<String>, is_first: bool) {
        let was_read = |name: &str| {
            let files = &mut notes.log.files.iter();
            before_packing(name).is_some_and(|plain| files.any(|file| file.name == plain && file.at_end))
        };
        let new: Vec<&String> =
            unread.iter().filter(|name| !notes.log.unread.contains(name) && !was_read(name)).collect();
        if is_first || self.log.finished {
            for name in new {
                self.reject("unread_file", name, None, 0);
            }
        }
        notes.log.unread = unread;
    }
}
