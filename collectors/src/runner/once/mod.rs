//! Polls every source once, for `--once` and `--dry-run`.

use crate::config::SourceConfig;
use crate::poll::state::{ClockBehind, SourceState, StateError};
use crate::poll::{Collector, FinishedPoll, PollSummary, poll_once};
use crate::runner::permits::PollPermits;
use bus::{BusError, Failpoint, Outbox, PublishError};
use contract::record::Record;
use std::borrow::Borrow;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Why nothing of a poll was published.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The clock was set back.
    #[error(transparent)]
    Clock(#[from] ClockBehind),
    /// The state of the source cannot be read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The outbox did not accept the records.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A fault in this program.
    #[error("the poll stopped with a fault; please report it")]
    Panicked,
}

impl PollError {
    /// The error's name in metrics.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Clock(_) => "clock_behind",
            Self::State(StateError::Bus(_)) | Self::Publish(PublishError::Bus(_)) => "bus",
            Self::State(StateError::Damaged(_)) => "damaged_state",
            Self::Publish(PublishError::Future { .. }) => "future",
            Self::Publish(PublishError::TooLarge { .. }) => "refused",
            Self::Panicked => "panicked",
        }
    }

    /// The error of the bus, if it is one.
    pub fn bus(&self) -> Option<&BusError> {
        match self {
            Self::State(StateError::Bus(error)) | Self::Publish(PublishError::Bus(error)) => Some(error),
            _ => None,
        }
    }
}

/// The outcome of one source.
#[derive(Debug)]
pub struct CollectedSource {
    /// Plan id.
    pub plan: String,
    /// Source id.
    pub source: String,
    /// Its records and their summary.
    pub result: Result<(Vec<Record>, PollSummary), PollError>,
}

/// Polls all sources once, a few at a time; the outcomes are in the order of `sources`.
///
/// With an outbox the records are published. Without one nothing is stored or published, and every source is polled as if
/// for the first time.
pub async fn collect_once(
    collector: &Arc<Collector>,
    sources: &[impl Borrow<SourceConfig>],
    outbox: Option<&Arc<dyn Outbox>>,
) -> Vec<CollectedSource> {
    let permits = Arc::new(PollPermits::new());
    let mut polls = JoinSet::new();
    for (at, source) in sources.iter().enumerate() {
        let (collector, source, outbox) = (Arc::clone(collector), source.borrow().clone(), outbox.cloned());
        let permits = Arc::clone(&permits);
        polls.spawn(async move {
            let _permit = permits.acquire(&source).await;
            (at, collect_source(collector, source, outbox).await)
        });
    }
    let mut results: Vec<Option<Result<_, PollError>>> = sources.iter().map(|_| None).collect();
    while let Some(joined) = polls.join_next().await {
        if let Ok((at, result)) = joined {
            results[at] = Some(result);
        }
    }
    let collected = sources.iter().map(Borrow::borrow).zip(results).map(|(source, result)| CollectedSource {
        plan: source.plan.clone(),
        source: source.id.clone(),
        result: result.unwrap_or(Err(PollError::Panicked)),
    });
    collected.collect()
}

async fn collect_source(
    collector: Arc<Collector>,
    source: SourceConfig,
    outbox: Option<Arc<dyn Outbox>>,
) -> Result<(Vec<Record>, PollSummary), PollError> {
    let mut state = load(&source, outbox.as_ref()).await?;
    let (mut records, mut observations, mut rejects) = (Vec::new(), 0, 0);
    loop {
        let poll = poll_once(&collector, &source, &state).await?;
        if let Some(outbox) = &outbox {
            Failpoint::PollRead.reached();
            for part in poll.parts(collector.signer.as_ref()) {
                outbox.publish(part.records, part.checkpoint).await?;
            }
            Failpoint::PollPublished.reached();
        }
        // A long log is read in steps.
        records.extend(poll.records);
        observations += poll.summary.observations;
        rejects += poll.summary.rejects;
        if !poll.more {
            return Ok((records, PollSummary { observations, rejects, ..poll.summary }));
        }
        state = poll.next;
    }
}

/// Loads the state of a source and polls it.
pub(super) async fn poll(
    collector: &Collector,
    source: &SourceConfig,
    outbox: Option<&Arc<dyn Outbox>>,
) -> Result<FinishedPoll, PollError> {
    Ok(poll_once(collector, source, &load(source, outbox).await?).await?)
}

/// Loads the state of a source; empty without an outbox.
async fn load(source: &SourceConfig, outbox: Option<&Arc<dyn Outbox>>) -> Result<SourceState, PollError> {
    let Some(outbox) = outbox.cloned() else { return Ok(SourceState::default()) };
    let (plan, id) = (source.plan.clone(), source.id.clone());
    let load = tokio::task::spawn_blocking(move || SourceState::load(outbox.as_ref(), &plan, &id));
    Ok(load.await.map_err(|_| PollError::Panicked)??)
}

#[cfg(test)]
mod tests;
