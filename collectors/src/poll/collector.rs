//! What all polls of a machine share.

use crate::config::SourceConfig;
use crate::fetch::Fetcher;
use crate::schedule;
use contract::signing::SigningKey;
use contract::time::Clock;
use std::sync::Arc;
use std::time::Duration;

/// What all polls of a machine share.
pub struct Collector {
    /// Name in poll records; each machine that collects has its own.
    pub name: String,
    /// Signs its records; `None` leaves them unsigned.
    pub signer: Option<SigningKey>,
    /// The machine's time.
    pub clock: Arc<dyn Clock>,
    /// Fetches files.
    pub fetcher: Fetcher,
    /// Retries within one poll.
    pub retry: RetryPolicy,
    /// Is informed how far a poll has come.
    pub progress: Arc<dyn PollProgress>,
}

/// Is informed how far a poll has come: the first one of a source reads all its history. Must return at once.
pub trait PollProgress: Send + Sync {
    /// A file is about to be read, after `done` of `of`.
    fn file(&self, source: &SourceConfig, done: usize, of: usize);

    /// An interface is about to be asked again, after `done` answers.
    fn answer(&self, source: &SourceConfig, done: usize) {
        let _ = (source, done);
    }
}

/// Ignores the progress.
impl PollProgress for () {
    fn file(&self, _: &SourceConfig, _: usize, _: usize) {}
}

/// Retries within one poll, of failures that may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries of one file.
    pub tries: u32,
    /// Pause before the second try; it doubles.
    pub first: Duration,
    /// Longest pause; when a server asks for more, the next poll tries again.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { tries: 3, first: schedule::FIRST_BACKOFF, longest: Duration::from_secs(30) }
    }
}
