//! What a poll gives: its files, its records, and its summary.

use super::state::SourceState;
use crate::document::{Document, Validators};
use crate::fetch::FetchError;
use crate::sources::{ParseError, ParsedFile};
use crate::table::last_record;
use bus::{Checkpoint, Outgoing};
use contract::record::Record;
use contract::signing::SigningKey;
use contract::wire;
use std::time::Duration;

/// Why a file, or a whole poll, failed.
#[derive(Debug, thiserror::Error)]
pub enum PollFailure {
    /// The file cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ParseError),
    /// The parser has a fault.
    #[error("the parser of this kind of file has a fault; please report it")]
    Panicked,
    /// More records than one poll may have.
    #[error("more than {0} figures and rejects at once")]
    TooMany(usize),
}

impl PollFailure {
    /// The failure's name in poll records and metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.label(),
            Self::Unreadable(error) => error.label(),
            Self::Panicked => "panicked",
            Self::TooMany(_) => "too_many_records",
        }
    }
}

/// One file of a poll.
#[derive(Debug)]
pub(super) struct PolledFile {
    pub(super) address: String,
    /// `None` when it was not fetched.
    pub(super) content: Option<FetchedContent>,
    /// `None` when it has not changed: the server says so, or its content is that of before.
    pub(super) result: Result<Option<ParsedFile>, PollFailure>,
}

impl PolledFile {
    pub(super) fn failed(address: &str, failure: PollFailure) -> Self {
        Self { address: address.to_owned(), content: None, result: Err(failure) }
    }
}

/// What the state remembers of a fetched file.
#[derive(Clone, Debug)]
pub(super) struct FetchedContent {
    pub(super) sha256: String,
    pub(super) bytes: u64,
    pub(super) validators: Validators,
    /// The digest of its last record, if that has its line end.
    pub(super) last_record: Option<u16>,
    /// True when its last record may be cut.
    pub(super) doubted: bool,
}

impl FetchedContent {
    /// `doubted`: the last record may be cut.
    pub(super) fn of(document: &Document, doubted: bool) -> Self {
        let bytes = document.bytes.len() + document.more.iter().map(Vec::len).sum::<usize>();
        Self {
            sha256: document.sha256.clone(),
            bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
            // The whole file may have the same validators as its cut copy.
            validators: if doubted { Validators::default() } else { document.validators.clone() },
            last_record: last_record::has_end(&document.bytes)
                .filter(|ended| *ended)
                .map(|_| last_record::digest(&document.bytes)),
            doubted,
        }
    }
}

/// The outcome of a poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollSummary {
    /// `changed`, `unchanged`, or the label of a failure.
    pub outcome: &'static str,
    /// Number of observations.
    pub observations: usize,
    /// Number of rejects.
    pub rejects: usize,
    /// Address and error of the first failure, without any cell's text.
    pub failure: Option<String>,
    /// The server's `Retry-After`.
    pub retry_after: Option<Duration>,
    /// Time since the source was last answered whole, without a failure; `None` when it never was. That a file has not
    /// changed is no whole answer.
    pub age: Option<Duration>,
}

/// A finished poll, not published yet.
#[derive(Clone, Debug)]
pub struct FinishedPoll {
    /// Observations, rejects, and then poll records.
    pub records: Vec<Record>,
    /// The change from the old state to `next`.
    pub checkpoint: Checkpoint,
    /// The state after `checkpoint` is committed.
    pub next: SourceState,
    /// The outcome.
    pub summary: PollSummary,
    /// True when there is more to read: the next poll follows at once.
    pub more: bool,
}

/// Records as the bus takes them, signed if there is a key.
pub(crate) fn outgoing(records: &[Record], signer: Option<&SigningKey>) -> Vec<Outgoing> {
    let line = |record: &Record| match signer {
        Some(key) => wire::encode_signed(record, key),
        None => wire::encode(record),
    };
    let each = records.iter();
    each.map(|r| Outgoing { key: r.plan().to_owned(), revision: r.revision(), body: line(r) }).collect()
}
