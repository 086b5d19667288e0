//! Follows a log: what is new in its files becomes counts, and the notes say how far that is.
//!
//! Notes and counts are committed in one transaction by the outbox, so that a crash between any two steps neither loses
//! a line nor counts it twice: what was not committed is read again.

use super::{File, PollFailure, Said};
use crate::config::{Origin, SourceConfig};
use crate::fetch::FetchError;
use crate::fetch::sha256;
use crate::fetch::tail::{self, FileProgress, MAX_FILES};
use crate::sources::accesslog::AccessLog;
use crate::sources::accesslog::count::PartialLine;
use crate::sources::accesslog::notes::{LogNotes, SourceNotes};
use crate::sources::{Coverage, ParsedFigure, ParsedFile, RejectedRow};
use contract::record::Place;
use contract::time::Moment;
use std::path::Path;
use std::sync::Arc;

/// Hours that a server's clock may be ahead: the aggregator refuses what lies further.
const MAX_AHEAD_HOURS: i64 = 24;
/// Bad lines told in one poll, of all its files.
const MAX_REJECTS: usize = 2_000;
/// Bytes read in one poll; the next follows at once. Notes are committed that often while years are read.
const MAX_POLL_BYTES: u64 = 512 << 20;

/// What a poll of a log came to.
pub(super) struct LogPollOutcome {
    /// Stands for all its files.
    pub(super) file: File,
    /// The notes afterwards.
    pub(super) own: SourceNotes,
    /// True when there is more to read.
    pub(super) more: bool,
}

/// Reads what is new, on a thread of its own.
pub(super) async fn follow(source: &SourceConfig, own: &SourceNotes, now: Moment) -> LogPollOutcome {
    let (source, before) = (source.clone(), own.clone());
    let address = source.address().to_owned();
    let work = move || {
        let parser = Arc::clone(&source.source);
        match (&source.origin, parser.log()) {
            (Origin::Path { path, .. }, Some(log)) => advance(log, path, &before, now, MAX_POLL_BYTES),
            _ => Err(FetchError::NotFound),
        }
    };
    let done = tokio::task::spawn_blocking(work).await;
    let failed = |failure: PollFailure| LogPollOutcome {
        file: File { address: address.clone(), content: None, result: Err(failure) },
        own: own.clone(),
        more: false,
    };
    match done {
        Ok(Ok(advanced)) => {
            let result = Ok(Said::Parsed(advanced.parsed));
            LogPollOutcome { file: File { address, content: None, result }, own: advanced.own, more: advanced.more }
        }
        Ok(Err(error)) => failed(error.into()),
        Err(_) => failed(PollFailure::Panicked),
    }
}

#[derive(Debug)]
pub(super) struct LogAdvance {
    pub(super) parsed: ParsedFile,
    pub(super) own: SourceNotes,
    pub(super) more: bool,
}

/// One poll: reads up to `limit` bytes.
pub(super) fn advance(
    log: &AccessLog,
    path: &Path,
    own: &SourceNotes,
    now: Moment,
    limit: u64,
) -> Result<LogAdvance, FetchError> {
    let present = tail::present(path, log.finished, log.rotated.as_ref(), now.0)?;
    let mut notes = LogNotes::read(own);
    log.begin(&mut notes, now);
    let (pairs, new) = tail::pair(&notes.log.files, &present);
    let (hour, rejects) = (now.0.div_euclid(3600), Vec::new());
    let mut poll = Poll { log, now, hour, left: limit, more: false, rejects, first: None };
    let files = std::mem::take(&mut notes.log.files);
    if present.is_empty() && files.iter().all(|file| !file.live) {
        return Err(if log.finished { FetchError::NoFiles(Vec::new()) } else { FetchError::NotFound });
    }
    let mut kept = Vec::with_capacity(files.len() + new.len());
    let mut lost: Option<i64> = None;
    for (mut known, place) in files.into_iter().zip(pairs) {
        match place {
            Some(place) => poll.read(&mut notes, &mut known, &present[place])?,
            // One that grew is gone, and with it what was written after it was last read.
            None if known.live => {
                let since = known.hour.or(notes.log.watched_to).unwrap_or(poll.hour).min(poll.hour);
                lost = Some(lost.map_or(since, |lost| lost.min(since)));
                known.live = false;
            }
            None => {}
        }
        kept.push((place.is_some(), known));
    }
    for place in new {
        let mut known = present[place].unread();
        poll.read(&mut notes, &mut known, &present[place])?;
        kept.push((true, known));
    }
    if let Some(since) = lost {
        notes.partial(since..=poll.first.unwrap_or(poll.hour).clamp(since, poll.hour));
    }
    poll.settle(&mut notes, present.iter().any(|file| file.live));
    // Those that are gone are remembered, as they may be delivered again; the oldest are forgotten first.
    let gone = kept.iter().filter(|(there, _)| !there).count();
    let mut forget = kept.len().saturating_sub(MAX_FILES).min(gone);
    kept.retain(|(there, _)| {
        *there || forget == 0 || {
            forget -= 1;
            false
        }
    });
    notes.log.files = kept.into_iter().map(|(_, known)| known).collect();
    let figures: Vec<ParsedFigure> = if poll.more { Vec::new() } else { log.figures(&mut notes, now) };
    poll.more |= notes.are_dirty();
    let parsed = ParsedFile { figures, rejects: poll.rejects, held: vec![], covers: Coverage::Nothing, until: None };
    Ok(LogAdvance { parsed, own: notes.write(), more: poll.more })
}

/// One poll under way.
struct Poll<'a> {
    log: &'a AccessLog,
    now: Moment,
    /// The hour that runs.
    hour: i64,
    /// Bytes that may still be read.
    left: u64,
    more: bool,
    rejects: Vec<RejectedRow>,
    /// The first hour of the file that grows.
    first: Option<i64>,
}

impl Poll<'_> {
    fn read(
        &mut self,
        notes: &mut LogNotes,
        known: &mut FileProgress,
        present: &tail::LogFile,
    ) -> Result<(), FetchError> {
        if known.over || present.is_damaged(known) {
            return Ok(());
        }
        if self.left == 0 {
            self.more = true;
            known.seen(present);
            return Ok(());
        }
        let over = present.is_over(known, self.log.finished);
        let (mut begun, before) = (PartialLine::of(known.skipping), known.clone());
        let (outcome, tally) = self.log.count(self.hour + MAX_AHEAD_HOURS, |counter| {
            let read = present.read(known, self.left, |chunk, lines| {
                let taken = counter.chunk(chunk, &mut begun, lines);
                (taken.whole, taken.lines)
            })?;
            if over && known.at_end {
                known.end(counter.last(&begun, known.lines), present);
            }
            Ok::<u64, FetchError>(read)
        });
        let (first, last) = (tally.counted.keys().next().copied(), tally.counted.keys().next_back().copied());
        let read = match outcome {
            Ok(read) => read,
            Err(error @ FetchError::Damaged(_)) => {
                *known = before;
                return self.damaged(notes, known, present, first).ok_or(error);
            }
            Err(error) => return Err(error),
        };
        self.left = self.left.saturating_sub(read);
        self.more |= !known.at_end;
        known.hour = if known.at_end { Some(self.hour) } else { last.or(known.hour) };
        if present.live {
            self.first = self.first.or(first);
        }
        for (hour, count) in &tally.counted {
            notes.add(*hour, count);
        }
        if let Some((first, last)) = first.zip(last).filter(|_| self.log.finished) {
            // Between its first and its last line a finished file was watched.
            notes.watched(first..=last);
        }
        self.tell(&present.name, &tally.told, tally.bad);
        known.seen(present);
        Ok(())
    }

    /// Goes on without a packed file that cannot be read to its end; `first` is its first hour. Hours that only a finished file
    /// holds are not known without it; what it adds to a log that grows is lost. `None` when that may still be mended by waiting.
    fn damaged(
        &mut self,
        notes: &mut LogNotes,
        known: &mut FileProgress,
        present: &tail::LogFile,
        first: Option<i64>,
    ) -> Option<()> {
        let end = present.damaged(known, self.now.0);
        if !self.log.finished {
            let end = end?.min(self.hour);
            let start = known.hour.or(first).unwrap_or(end).min(end);
            notes.partial(start..=end);
        }
        self.reject("damaged_file", &present.name, None, known.lines);
        known.seen(present);
        Some(())
    }

    /// Says where the first bad lines stand; nothing of them, not even their hash, as an address could be guessed from it.
    fn tell(&mut self, name: &str, told: &[u64], bad: u64) {
        for number in told {
            self.reject("not_a_log_line", name, u32::try_from(*number).ok(), *number);
        }
        if bad > u64::try_from(told.len()).unwrap_or_default() {
            // The rest of them, by number.
            self.reject("more_bad_lines", name, None, bad);
        }
    }

    fn reject(&mut self, reason: &'static str, name: &str, row: Option<u32>, number: u64) {
        if self.rejects.len() < MAX_REJECTS {
            let place = Place { sheet: Some(name.to_owned()), row };
            let hash = sha256(format!("{name} {number}").as_bytes())[..32].to_owned();
            self.rejects.push(RejectedRow { reason, place, column: None, hash });
        }
    }

    /// What is known of hours without lines, once all is read.
    fn settle(&self, notes: &mut LogNotes, live: bool) {
        if self.more {
            return;
        }
        if notes.log.from.is_none() {
            // The oldest file of a log that grows may have begun inside its hour; a finished one has all of its own.
            if let Some(earliest) = notes.log.earliest {
                if self.log.finished {
                    notes.log.from = Some(i64::MIN);
                } else {
                    notes.partial(earliest..=earliest);
                    notes.log.from = Some(earliest + 1);
                    notes.log.watched_to = Some(earliest);
                }
            }
        }
        if live && !self.log.finished {
            let from = notes.log.watched_to.unwrap_or(self.hour).min(self.hour);
            notes.watched(from..=self.hour);
            notes.log.watched_to = Some(self.hour);
        }
    }
}

#[cfg(test)]
mod tests;
