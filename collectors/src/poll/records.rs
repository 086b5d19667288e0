//! The records of a poll, and the state after it. Pure.

use super::diff::{FigureUpdate, diff};
use super::outcome::{FetchedContent, FinishedPoll, PollFailure, PollSummary, PolledFile};
use super::state::{FileNote, KeyNote, SourceState};
use crate::config::{FINGERPRINT_PREFIX, SourceConfig};
use crate::sources::{ParsedKey, RejectedRow, SourceNotes};
use contract::record::{Observation, Place, PollOutcome, PollRecord, PollSize, Record, Reject};
use contract::time::{Micros, Moment};
use contract::wire;
use std::collections::BTreeMap;
use std::time::Duration;

/// Most figures and rejects of one poll, which are held in memory: about a gigabyte.
const MAX_RECORDS: usize = 1_000_000;

/// Makes the records of a poll and the state after it; `own` are the source's notes afterwards, `more` says that it left
/// something to read.
pub(super) fn make(
    collector: &str,
    source: &SourceConfig,
    state: &SourceState,
    files: &[PolledFile],
    (own, more): (SourceNotes, bool),
    revision: Micros,
) -> FinishedPoll {
    let now = revision.moment();
    let (changes, keys) = diff(state, files, source.forgets(), now);
    let rejects: Vec<&[RejectedRow]> = files.iter().map(|file| new_rejects(source, state, file)).collect();
    let total = changes.len() + rejects.iter().map(|rejects| rejects.len()).sum::<usize>();
    if total > MAX_RECORDS {
        // A poll that failed as a whole changes nothing, so that it cannot be too large again.
        let failed = PolledFile::failed(source.address(), PollFailure::TooMany(MAX_RECORDS));
        return make(collector, source, state, &[failed], (state.own.clone(), false), revision);
    }
    let mut writer = RecordWriter { collector, source, revision, polls: Vec::new() };
    let ids = writer.poll_records(state, files, &changes, &rejects);
    let mut records: Vec<Record> = changes.iter().map(|change| writer.observation(change, &ids)).collect();
    for (at, rejects) in rejects.iter().enumerate() {
        records.extend(rejects.iter().map(|rejected| writer.reject(rejected, &files[at].address, &ids[&Some(at)])));
    }
    let observations = changes.len();
    records.extend(sized(writer.polls, &records).into_iter().map(Record::Poll));
    let mut next = next_state(source, state, files, (keys, own), revision);
    next.clock.finished = (next.clock.success == Some(revision.0) && !more).then(|| source.identity());
    let summary = summary(files, observations, total - observations, &next, revision, state);
    let checkpoint = state.changes(&next, &source.plan, &source.id);
    FinishedPoll { records, checkpoint, next, summary, more }
}

/// The poll records with the size of those that have records.
fn sized(mut polls: Vec<PollRecord>, records: &[Record]) -> Vec<PollRecord> {
    let mut sizes: BTreeMap<&str, PollSize> = BTreeMap::new();
    for record in records {
        if let Some(poll) = record.poll() {
            sizes.entry(poll).or_default().add(wire::content(&wire::encode(record)));
        }
    }
    for poll in &mut polls {
        poll.size = sizes.get(poll.id.as_str()).copied();
    }
    polls
}

/// The rejects of a file, unless the same content was parsed in the same way before. A fingerprint of an earlier form cannot
/// be compared; then the rejects of the same content count as published.
fn new_rejects<'a>(source: &SourceConfig, state: &SourceState, file: &'a PolledFile) -> &'a [RejectedRow] {
    let note = state.files.get(&file.address);
    let is_same = |of: &str| of == source.fingerprint() || !of.starts_with(FINGERPRINT_PREFIX);
    let is_known = note.is_some_and(|note| is_same(&note.fingerprint) && !is_new(state, file));
    match &file.result {
        Ok(Some(parsed)) if !is_known => &parsed.rejects,
        _ => &[],
    }
}

/// True when the content differs from the one read before.
fn is_new(state: &SourceState, file: &PolledFile) -> bool {
    let before = state.files.get(&file.address).map(|note| note.sha256.as_str());
    file.content.as_ref().is_some_and(|content| before != Some(&content.sha256))
}

fn next_state(
    source: &SourceConfig,
    state: &SourceState,
    files: &[PolledFile],
    (keys, own): (BTreeMap<ParsedKey, KeyNote>, SourceNotes),
    revision: Micros,
) -> SourceState {
    let failed = files.iter().any(|file| file.result.is_err());
    let mut next = SourceState { clock: state.clock, files: BTreeMap::new(), keys, own };
    next.clock.last = revision.0;
    if !failed {
        next.clock.success = Some(revision.0);
    }
    for file in files {
        let note = match (&file.result, &file.content) {
            (Ok(Some(parsed)), Some(FetchedContent { sha256, bytes, validators, last_record, doubted })) => {
                Some(FileNote {
                    address: file.address.clone(),
                    sha256: sha256.clone(),
                    bytes: *bytes,
                    validators: validators.clone(),
                    fetched: (!validators.is_empty()).then(|| revision.moment().0),
                    fingerprint: source.fingerprint().to_owned(),
                    last_record: match state.files.get(&file.address) {
                        Some(before) if *doubted => before.last_record,
                        _ => *last_record,
                    },
                    doubted: Some(*doubted),
                    until: parsed.until.map(|until| until.0),
                    rejects: parsed.rejects.len(),
                })
            }
            // The content of before, and perhaps new validators.
            (Ok(None), Some(FetchedContent { validators, .. })) => {
                let fetched = (!validators.is_empty()).then(|| revision.moment().0);
                let before = state.files.get(&file.address).cloned();
                before.map(|note| FileNote { validators: validators.clone(), fetched, ..note })
            }
            _ => state.files.get(&file.address).cloned(),
        };
        next.files.extend(note.map(|note| (file.address.clone(), note)));
    }
    if failed {
        // A file that was not listed, or left while another was unreadable, still has figures to withdraw.
        for (address, note) in &state.files {
            next.files.entry(address.clone()).or_insert_with(|| note.clone());
        }
    }
    next
}

fn summary(
    files: &[PolledFile],
    observations: usize,
    rejects: usize,
    next: &SourceState,
    revision: Micros,
    state: &SourceState,
) -> PollSummary {
    let failure = files.iter().find_map(|file| Some((&file.address, file.result.as_ref().err()?)));
    let changed = observations > 0 || files.iter().any(|file| is_new(state, file));
    let age = match failure {
        Some(_) => next.clock.success.map(|success| revision.0.saturating_sub(success)),
        None => Some(revision.0.saturating_sub(read_whole(next, revision).0)),
    };
    PollSummary {
        outcome: failure.map_or(if changed { "changed" } else { "unchanged" }, |(_, failure)| failure.label()),
        observations,
        rejects,
        failure: failure.map(|(address, failure)| format!("{address}: {failure}")),
        retry_after: failure.and_then(|(_, failure)| match failure {
            PollFailure::Fetch(error) => error.retry_after(),
            _ => None,
        }),
        age: age.map(|micros| Duration::from_micros(micros.unsigned_abs())),
    }
}

/// When every file of a source was last answered whole: the server may have answered since that nothing has changed.
fn read_whole(next: &SourceState, revision: Micros) -> Micros {
    let fetched = next.files.values().filter_map(|note| Some(Moment(note.fetched?).micros()));
    fetched.fold(revision, Micros::min)
}

/// True for a file whose same content has no rejects any more, because it was parsed by other rules.
fn is_cleared(state: &SourceState, file: &PolledFile) -> bool {
    let had_some = state.files.get(&file.address).is_some_and(|note| note.rejects > 0);
    had_some && matches!(&file.result, Ok(Some(parsed)) if parsed.rejects.is_empty())
}

/// Writes the records of one poll.
struct RecordWriter<'a> {
    collector: &'a str,
    source: &'a SourceConfig,
    revision: Micros,
    polls: Vec<PollRecord>,
}

impl RecordWriter<'_> {
    /// Makes the poll records: one for each file that is new or failed, one for the folder whose files left, one for each of
    /// them that had rejects, and one for all when there is none of these. Returns their ids by file.
    fn poll_records(
        &mut self,
        state: &SourceState,
        files: &[PolledFile],
        changes: &[FigureUpdate],
        rejects: &[&[RejectedRow]],
    ) -> BTreeMap<Option<usize>, String> {
        let mut ids = BTreeMap::new();
        for (at, file) in files.iter().enumerate() {
            let outcome = match &file.result {
                Err(failure) => PollOutcome::Failed(failure.label().to_owned()),
                Ok(_) if is_new(state, file) || changes.iter().any(|change| change.file == Some(at)) => {
                    PollOutcome::Changed
                }
                Ok(_) if !rejects[at].is_empty() => PollOutcome::Unchanged,
                // What the other rules rejected is rejected no more.
                Ok(_) if is_cleared(state, file) => PollOutcome::Changed,
                Ok(_) => continue,
            };
            ids.insert(Some(at), self.poll_record(outcome, &file.address, content(file)));
        }
        if !self.source.forgets() && files.iter().all(|file| file.result.is_ok()) {
            let is_gone = |note: &&FileNote| !files.iter().any(|file| file.address == note.address);
            // What was rejected of it is rejected no more.
            for note in state.files.values().filter(|note| note.rejects > 0).filter(is_gone) {
                self.poll_record(PollOutcome::Changed, &note.address, (None, Some(0)));
            }
        }
        if changes.iter().any(|change| change.file.is_none()) {
            ids.insert(None, self.poll_record(PollOutcome::Changed, self.source.address(), (None, None)));
        }
        if self.polls.is_empty() {
            let is_confirmed = files.iter().any(|file| matches!((&file.result, &file.content), (Ok(None), None)));
            let content = match files {
                // Bytes without a hash: a server answered that something has not changed, and it was not read.
                _ if is_confirmed => (None, Some(state.files.values().map(|note| note.bytes).sum())),
                [only] => content(only),
                _ => (None, None),
            };
            self.poll_record(PollOutcome::Unchanged, self.source.address(), content);
        }
        // A failure comes last, so that the last record of a poll shows it.
        self.polls.sort_by_key(|poll| matches!(poll.outcome, PollOutcome::Failed(_)));
        ids
    }

    fn poll_record(
        &mut self,
        outcome: PollOutcome,
        address: &str,
        (sha256, bytes): (Option<String>, Option<u64>),
    ) -> String {
        let mut id = format!("{}-{}-{}-{}", self.collector, self.source.plan, self.source.id, self.revision.0);
        if !self.polls.is_empty() {
            id = format!("{id}-{}", self.polls.len() + 1);
        }
        self.polls.push(PollRecord {
            plan: self.source.plan.clone(),
            source: self.source.id.clone(),
            id: id.clone(),
            collector: self.collector.to_owned(),
            time: self.revision,
            outcome,
            address: address.to_owned(),
            sha256,
            bytes,
            size: None,
        });
        id
    }

    fn observation(&self, change: &FigureUpdate, ids: &BTreeMap<Option<usize>, String>) -> Record {
        let figure = &change.figure;
        Record::Observation(Observation {
            plan: self.source.plan.clone(),
            series: figure.key.series.clone(),
            definition: figure.key.definition.clone(),
            source: self.source.id.clone(),
            period: figure.key.span,
            value: figure.value.clone(),
            breakdown: figure.breakdown.clone(),
            finality: figure.finality,
            revision: self.revision,
            visit: ids.get(&change.file).cloned().unwrap_or_default(),
            place: Some(figure.place.clone()).filter(|place| *place != Place::default()),
        })
    }

    fn reject(&self, rejected: &RejectedRow, file: &str, poll: &str) -> Record {
        Record::Reject(Reject {
            plan: self.source.plan.clone(),
            source: self.source.id.clone(),
            visit: poll.to_owned(),
            time: self.revision,
            reason: rejected.reason.to_owned(),
            file: file.to_owned(),
            sheet: rejected.place.sheet.clone(),
            row: rejected.place.row,
            column: rejected.column.clone(),
            hash: rejected.hash.clone(),
        })
    }
}

/// Hash and length of what was read of a file.
fn content(file: &PolledFile) -> (Option<String>, Option<u64>) {
    file.content.as_ref().map(|content| (content.sha256.clone(), content.bytes)).unzip()
}
