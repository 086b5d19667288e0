//! One step along a log: counts the new lines of its files, and stores how far it came.
//!
//! The outbox commits notes and counts in one transaction, so that a crash between two steps neither loses a line nor counts
//! it twice: what was not committed is read again.

mod history;
mod repeats;
mod step;
#[cfg(test)]
mod tests;

use super::config::AccessLog;
use super::figures;
use super::line::time::day_of;
use super::notes::LogNotes;
use crate::fetch::FetchError;
use crate::follow::{self, FileProgress, LogFile, LogFiles, MAX_FILES};
use crate::sources::parsed::{Coverage, ParsedFigure, ParsedFile};
use crate::sources::source::{LogAdvance, SourceNotes};
use contract::time::Moment;
use std::path::Path;
use step::LogPoll;

/// Reads up to `limit` new bytes of the log at `path`.
pub(super) fn advance(
    log: &AccessLog,
    path: &Path,
    before: &SourceNotes,
    now: Moment,
    limit: u64,
) -> Result<LogAdvance, FetchError> {
    let LogFiles { files, empty, unread } = follow::list(path, log.finished, log.rotated.as_ref(), now.0)?;
    let mut notes = LogNotes::read(before);
    begin(log, &mut notes, now);
    let (pairs, new) = follow::pair(&notes.log.files, &files, log.finished);
    let earlier = std::mem::take(&mut notes.log.files);
    if files.is_empty() && earlier.iter().all(|file| !file.live) {
        return Err(match unread.into_iter().next() {
            Some(name) => FetchError::UnreadFile(name),
            None if log.finished => FetchError::NoFiles(Vec::new()),
            None => FetchError::NotFound,
        });
    }
    let mut poll = LogPoll::new(log, now, limit);
    let mut progresses = Vec::with_capacity(earlier.len() + new.len());
    let mut gap: Option<i64> = None;
    for (mut progress, pair) in earlier.into_iter().zip(pairs) {
        if let Some(at) = pair {
            poll.read(&mut notes, &mut progress, &files[at])?;
        } else {
            poll.add_pending(&mut notes, &mut progress);
            // The growing file is gone, and with it the lines after the last read one.
            if std::mem::take(&mut progress.live) {
                let since = progress.hour.or(notes.log.watched_to).unwrap_or(poll.hour).min(poll.hour);
                gap = Some(gap.map_or(since, |gap| gap.min(since)));
            }
        }
        progresses.push((pair.is_some(), progress));
    }
    for at in new {
        let mut progress = files[at].unread();
        if files[at].live {
            // Before the growing file was gone, its lines were counted; this one can hold them again.
            progress.rewritten = gap;
        } else {
            progress.replaces = replaced(&files[at], &progresses);
        }
        poll.read(&mut notes, &mut progress, &files[at])?;
        progresses.push((true, progress));
    }
    if let Some(since) = gap {
        notes.mark_partial(since..=poll.first.unwrap_or(poll.hour).clamp(since, poll.hour));
    }
    notes.log.files = remembered(progresses);
    poll.end(&mut notes, files.iter().any(|file| file.live), path, &empty, unread);
    let figures: Vec<ParsedFigure> = if poll.more { Vec::new() } else { changed_figures(log, &mut notes, now) };
    let more = poll.more || notes.has_changed_days();
    let parsed = ParsedFile { figures, rejects: poll.rejects, held: vec![], covers: Coverage::Nothing, until: None };
    Ok(LogAdvance { parsed, notes: notes.write(), more })
}

/// The last hour of a file of the same name that is gone: its first bytes may have been rewritten.
fn replaced(file: &LogFile, earlier: &[(bool, FileProgress)]) -> Option<i64> {
    let same = earlier.iter().filter(|(exists, progress)| !exists && progress.name == file.name);
    same.filter_map(|(_, progress)| progress.last_line).max()
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
