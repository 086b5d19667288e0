//! One poll of one source: fetches, parses, compares with what was published, and makes the records.
//!
//! A poll always ends with at least one poll record, so that a silent source is noticed; only a clock that was set back stops
//! it before. Nothing is published here: the caller publishes the parts of the poll, each with its checkpoint in one
//! transaction.

mod collector;
mod diff;
mod doubt;
mod known_day;
mod log;
mod outcome;
mod part;
pub(crate) mod published;
mod read;
mod records;
mod replay;
pub mod state;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod unchanged_tests;

use crate::config::SourceConfig;
use crate::sources::Source;
use state::{ClockBehind, SourceState};

pub use collector::{Collector, PollProgress, RetryPolicy};
pub(crate) use outcome::outgoing;
pub use outcome::{FinishedPoll, PollFailure, PollSummary};
pub use part::PollPart;
pub use replay::SourceReplay;

/// Polls a source once.
///
/// Errors: the clock was set back; nothing may be published then, not even a poll record.
pub async fn poll_once(
    collector: &Collector,
    source: &SourceConfig,
    state: &SourceState,
) -> Result<FinishedPoll, ClockBehind> {
    let now = collector.clock.now();
    state.clock.next(now)?;
    let (files, own, more) = match &source.source {
        Source::Documents(parser) => (read::files(collector, source, parser, state).await, state.own.clone(), false),
        Source::Log(log) => log::follow(collector, source, log, &state.own).await,
    };
    let revision = state.clock.next(collector.clock.now())?;
    Ok(records::make(&collector.name, source, state, &files, (own, more), revision))
}
