//! One step along a log: counts the new lines of its files, and stores how far it came.
//!
//! The outbox commits notes and counts in one transaction, so that a crash between two steps neither loses a line nor counts
//! it twice: what was not committed is read again.

#[cfg(test)]
mod tests;

use super::config::AccessLog;
use super::figures;
use super::line::time::day_of;
use super::notes::LogNotes;
use super::parse::{HourCount, LineCounter, PartialLine};
use crate::document::sha256;
use crate::fetch::FetchError;
use crate::follow::{self, FileProgress, LogFile, MAX_FILES};
use crate::rotation;
use crate::sources::parsed::{Coverage, ParsedFigure, ParsedFile, RejectedRow};
use crate::sources::source::{LogAdvance, SourceNotes};
use contract::record::Place;
use contract::time::Moment;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Hours that a server's clock may be ahead: the aggregator rejects later figures.
const MAX_AHEAD_HOURS: i64 = 24;
/// Most rejects of one poll, over all files.
const MAX_REJECTS: usize = 2_000;

/// Reads up to `limit` new bytes of the log at `path`.
pub(super) fn advance(
    log: &AccessLog,
    path: &Path,
    before: &SourceNotes,
    now: Moment,
    limit: u64,
) -> Result<LogAdvance, FetchError> {
    let files = follow::list(path, log.finished, log.rotated.as_ref(), now.0)?;
    let mut notes = LogNotes::read(before);
    begin(log, &mut notes, now);
    let (pairs, new) = follow::pair(&notes.log.files, &files);
    let (hour, rejects) = (now.0.div_euclid(3600), Vec::new());
    let earlier = std::mem::take(&mut notes.log.files);
    let known = if log.finished { earlier.clone() } else { Vec::new() };
    let mut poll = LogPoll { log, now, hour, left: limit, more: false, rejects, first: None, known };
    if files.is_empty() && earlier.iter().all(|file| !file.live) {
        return Err(if log.finished { FetchError::NoFiles(Vec::new()) } else { FetchError::NotFound });
    }
    let mut progresses = Vec::with_capacity(earlier.len() + new.len());
    let mut gap: Option<i64> = None;
    for (mut progress, pair) in earlier.into_iter().zip(pairs) {
        match pair {
            Some(at) => poll.read(&mut notes, &mut progress, &files[at])?,
            // The growing file is gone, and with it the lines after the last read one.
            None if progress.live => {
                let since = progress.hour.or(notes.log.watched_to).unwrap_or(poll.hour).min(poll.hour);
                gap = Some(gap.map_or(since, |gap| gap.min(since)));
                progress.live = false;
            }
            None => {}
        }
        progresses.push((pair.is_some(), progress));
    }
    for at in new {
        let mut progress = files[at].unread();
        poll.read(&mut notes, &mut progress, &files[at])?;
        progresses.push((true, progress));
    }
    if let Some(since) = gap {
        notes.mark_partial(since..=poll.first.unwrap_or(poll.hour).clamp(since, poll.hour));
    }
    notes.log.files = remembered(progresses);
    poll.end(&mut notes, files.iter().any(|file| file.live), path);
    let figures: Vec<ParsedFigure> = if poll.more { Vec::new() } else { changed_figures(log, &mut notes, now) };
    let more = poll.more || notes.has_changed_days();
    let parsed = ParsedFile { figures, rejects: poll.rejects, held: vec![], covers: Coverage::Nothing, until: None };
    Ok(LogAdvance { parsed, notes: notes.write(), more })
}

/// Begins a poll: under a changed rule the counts begin anew, in the next hour.
fn begin(log: &AccessLog, notes: &mut LogNotes, now: Moment) {
    log.counted.lock().begin(now);
    if notes.log.rule == log.rule_id {
        return;
    }
    if !notes.log.rule.is_empty() {
        let hour = now.0.div_euclid(3600);
        notes.days.clear();
        (notes.log.from, notes.log.watched_to) = (Some(hour + 1), Some(hour));
        notes.mark_partial(hour..=hour);
    }
    notes.log.rule.clone_from(&log.rule_id);
}

/// The figures of changed days, once all files have been read. Of many days it gives the first; the others stay changed.
fn changed_figures(log: &AccessLog, notes: &mut LogNotes, now: Moment) -> Vec<ParsedFigure> {
    let mut visitors = log.counted.lock();
    let figures = figures::of_changed_days(log, notes, &visitors, now);
    visitors.forget_before(day_of(now.0.div_euclid(3600)) - 2);
    figures
}

/// The files to remember. Missing files may be delivered again; of too many the oldest missing ones are forgotten.
fn remembered(progresses: Vec<(bool, FileProgress)>) -> Vec<FileProgress> {
    let missing = progresses.iter().filter(|(exists, _)| !exists).count();
    let mut forget = progresses.len().saturating_sub(MAX_FILES).min(missing);
    let kept = progresses.into_iter().filter(|(exists, _)| {
        let stays = *exists || forget == 0;
        forget -= usize::from(!stays);
        stays
    });
    kept.map(|(_, progress)| progress).collect()
}

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
struct LogPoll<'a> {
    log: &'a AccessLog,
    now: Moment,
    /// The current hour.
    hour: i64,
    /// Bytes that may still be read.
    left: u64,
    more: bool,
    rejects: Vec<RejectedRow>,
    /// The first hour of the growing file.
    first: Option<i64>,
    /// The finished files that were read at earlier polls.
    known: Vec<FileProgress>,
}

impl LogPoll<'_> {
    fn read(&mut self, notes: &mut LogNotes, progress: &mut FileProgress, file: &LogFile) -> Result<(), FetchError> {
        if file.is_read(progress) || file.is_damaged(progress) {
            return Ok(());
        }
        if self.left == 0 {
            self.more = true;
            progress.end_poll(file);
            return Ok(());
        }
        let before = progress.clone();
        if self.log.finished {
            file.skip_known(progress, &self.known)?;
        }
        if !self.log.finished {
            progress.last_line = progress.last_line.or(notes.log.watched_to);
        }
        let (outcome, tally) = self.count(progress, file);
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
        for (hour, count) in &tally.counted {
            notes.add(*hour, count);
        }
        if let Some((first, last)) = first.zip(last) {
            // Between two of its lines a file has all lines.
            notes.mark_watched(before.last_line.unwrap_or(first).min(first)..=last);
        }
        self.mark_doubtful(notes, progress, &tally);
        self.report_bad_lines(&file.name, &tally);
        progress.end_poll(file);
        Ok(())
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
            progress.complete(counter.last(&partial, progress.lines), file);
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
        progress.end_poll(file);
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

    /// Marks hours without lines as watched, once all is read.
    fn end(&mut self, notes: &mut LogNotes, live: bool, path: &Path) {
        if self.more {
            return;
        }
        if notes.log.from.is_none()
            && let Some(earliest) = notes.log.earliest
        {
            // The oldest file of a growing log may begin within an hour; a finished one has all lines of its hours.
            if self.log.finished {
                notes.log.from = Some(i64::MIN);
            } else {
                notes.mark_partial(earliest..=earliest);
                notes.log.from = Some(earliest + 1);
                let live_name = path.file_name().unwrap_or_default().to_string_lossy();
                self.mark_history(notes, &live_name);
                for name in rotation::unread(path) {
                    self.reject("unread_file", &name, None, 0);
                }
            }
        }
        if live && !self.log.finished {
            let from = notes.log.watched_to.unwrap_or(self.hour).min(self.hour);
            notes.mark_watched(from..=self.hour);
            notes.log.watched_to = Some(self.hour);
        }
    }

    /// Marks the hours before the first poll: within a file an hour without lines is 0, and between a file and its successor.
    /// Lines may be missing between two others, and from the last line to the current hour.
    fn mark_history(&self, notes: &mut LogNotes, live: &str) {
        let span = |file: &FileProgress| Some((file.first_line?, file.last_line?, file.name.clone()));
        let mut spans: Vec<(i64, i64, String)> = notes.log.files.iter().filter_map(span).collect();
        spans.sort();
        for (first, last, _) in &spans {
            notes.mark_watched(*first..=*last);
        }
        for pair in spans.windows(2) {
            let [(_, last, earlier), (first, _, later)] = pair else { continue };
            if rotation::follows(earlier, later, live) {
                notes.mark_watched(*last..=*first);
            } else {
                notes.mark_partial(*last..=*first);
            }
        }
        if spans.last().is_some_and(|(_, last, _)| *last < self.hour) {
            notes.mark_partial(self.hour..=self.hour);
        }
    }
}
