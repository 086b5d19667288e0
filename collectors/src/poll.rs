//! One poll of one source: fetch, parse, compare with what was published, and make the records.
//!
//! A poll always ends in at least one visit, so that silence is never ambiguous; only a clock that was
//! set back stops it before. Nothing is published here: records and checkpoint are handed back together,
//! to be published in one transaction.

mod log;
mod read;
mod records;
#[cfg(test)]
mod tests;

use crate::config::SourceConfig;
use crate::fetch::{FetchError, Fetcher, Validators};
use crate::schedule;
use crate::sources::{ParseError, ParsedFile};
use crate::state::{ClockBehind, SourceState};
use bus::{Checkpoint, Outgoing};
use contract::record::Record;
use contract::time::Clock;
use contract::wire;
use std::sync::Arc;
use std::time::Duration;

/// What a collector needs to ask.
pub struct Collector {
    /// Its name in visits; each machine that collects has its own.
    pub name: String,
    /// The machine's time.
    pub clock: Arc<dyn Clock>,
    /// Asks servers and disks.
    pub fetcher: Fetcher,
    /// How often it asks again within one poll.
    pub patience: RetryPolicy,
    /// Is told how far a poll has come.
    pub progress: Arc<dyn PollProgress>,
}

/// Told how far a poll has come: the first one of a source reads all its history. Must return at once.
pub trait PollProgress: Send + Sync {
    /// A file is about to be read: `done` of `of` have been.
    fn file(&self, source: &SourceConfig, done: usize, of: usize);

    /// An interface is about to be asked again, after so many answers.
    fn answer(&self, source: &SourceConfig, done: usize) {
        let _ = (source, done);
    }
}

/// Tells nobody.
impl PollProgress for () {
    fn file(&self, _: &SourceConfig, _: usize, _: usize) {}
}

/// How a poll deals with failures that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries of one file.
    pub tries: u32,
    /// Pause before the second try; it doubles.
    pub first: Duration,
    /// Longest pause; a server that asks for more is asked again at the next poll.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { tries: 3, first: schedule::FIRST_BACKOFF, longest: Duration::from_secs(30) }
    }
}

/// Why a file, or a whole poll, failed.
#[derive(Debug, thiserror::Error)]
pub enum PollFailure {
    /// There is no file.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The file cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ParseError),
    /// Its reader has a fault.
    #[error("the reader of this kind of file has a fault; please report it")]
    Panicked,
    /// More than one transaction takes.
    #[error("more than {0} figures and rejects at once")]
    TooMany(usize),
}

impl PollFailure {
    /// The failure as visits and metrics name it.
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
struct File {
    address: String,
    /// Hash, length and validators, when it was fetched.
    content: Option<Content>,
    result: Result<Said, PollFailure>,
}

#[derive(Debug)]
struct Content {
    sha256: String,
    bytes: u64,
    validators: Validators,
}

#[derive(Debug)]
enum Said {
    Parsed(ParsedFile),
    NotModified,
}

/// What a poll came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollSummary {
    /// `changed`, `unchanged`, or the label of a failure.
    pub outcome: &'static str,
    /// Observations made.
    pub observations: usize,
    /// Rejects made.
    pub rejects: usize,
    /// What failed, for people: address and error of the first failure. No cell's text.
    pub failure: Option<String>,
    /// How long the server wants to be left alone.
    pub retry_after: Option<Duration>,
    /// Time since the last poll without a failure: 0 for this one; `None` when there was none.
    pub age: Option<Duration>,
}

/// A finished poll, not published yet.
#[derive(Clone, Debug)]
pub struct FinishedPoll {
    /// Observations, rejects, and then its visits.
    pub records: Vec<Record>,
    /// Turns the old state into the new one.
    pub checkpoint: Checkpoint,
    /// The state once `checkpoint` holds.
    pub next: SourceState,
    /// What it came to.
    pub summary: PollSummary,
    /// True when there is more to read: the next poll should follow at once.
    pub more: bool,
}

impl FinishedPoll {
    /// The records as the bus takes them.
    pub fn outgoing(&self) -> Vec<Outgoing> {
        outgoing(&self.records)
    }
}

/// Records as the bus takes them.
pub(crate) fn outgoing(records: &[Record]) -> Vec<Outgoing> {
    let each = records.iter();
    each.map(|r| Outgoing { key: r.plan().to_owned(), revision: r.revision(), body: wire::encode(r) }).collect()
}

/// Polls a source once.
///
/// Errors: the clock was set back; nothing may be published then, not even a visit.
pub async fn visit_once(
    collector: &Collector,
    source: &SourceConfig,
    state: &SourceState,
) -> Result<FinishedPoll, ClockBehind> {
    state.clock.next(collector.clock.now())?;
    if source.source.log().is_some() {
        let followed = log::follow(source, &state.own, collector.clock.now().moment()).await;
        let revision = state.clock.next(collector.clock.now())?;
        let files = [followed.file];
        let poll = records::make(&collector.name, source, state, &files, followed.own, revision);
        return Ok(FinishedPoll { more: followed.more, ..poll });
    }
    let files = read::files(collector, source, state).await;
    let revision = state.clock.next(collector.clock.now())?;
    Ok(records::make(&collector.name, source, state, &files, state.own.clone(), revision))
}
