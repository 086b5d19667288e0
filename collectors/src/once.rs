//! Polls every source once, for `--once` and `--dry-run`.

use crate::config::SourceConfig;
use crate::poll::{Collector, FinishedPoll, PollSummary, visit_once};
use crate::state::{ClockBehind, SourceState, StateError};
use bus::{BusError, Failpoint, Outbox, PublishError};
use contract::record::Record;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Polls that run at the same time: each holds a file of up to its size cap in memory.
pub const MAX_POLLS: usize = 16;

/// Why a poll made no records, or none that were published.
#[derive(Debug, thiserror::Error)]
pub enum PollError {
    /// The clock was set back.
    #[error(transparent)]
    Clock(#[from] ClockBehind),
    /// The notes of the source cannot be had.
    #[error(transparent)]
    State(#[from] StateError),
    /// The outbox did not take the records.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A fault in this program.
    #[error("the poll stopped with a fault; please report it")]
    Panicked,
}

impl PollError {
    /// The error as metrics name it.
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

    /// The bus's error, when it lies with the bus.
    pub fn bus(&self) -> Option<&BusError> {
        match self {
            Self::State(StateError::Bus(error)) | Self::Publish(PublishError::Bus(error)) => Some(error),
            _ => None,
        }
    }
}

/// What one source came to.
#[derive(Debug)]
pub struct CollectedSource {
    /// Plan id.
    pub plan: String,
    /// Source id.
    pub source: String,
    /// Its records and what they come to; without records when there could be none.
    pub result: Result<(Vec<Record>, PollSummary), PollError>,
}

/// Polls all sources once, a few at a time, and tells of each in the order of `sources`.
///
/// With an outbox the records are published; without one nothing is kept or published, and every source
/// is polled as if for the first time.
pub async fn collect_once(
    collector: &Arc<Collector>,
    sources: &[SourceConfig],
    outbox: Option<&Arc<dyn Outbox>>,
) -> Vec<CollectedSource> {
    let turns = Arc::new(tokio::sync::Semaphore::new(MAX_POLLS));
    let mut polls = JoinSet::new();
    for (at, source) in sources.iter().enumerate() {
        let (collector, source, outbox) = (Arc::clone(collector), source.clone(), outbox.cloned());
        let turns = Arc::clone(&turns);
        polls.spawn(async move {
            // Never closed, so never refused.
            let _turn = turns.acquire_owned().await;
            (at, one(collector, source, outbox).await)
        });
    }
    let mut results: Vec<Option<Result<_, PollError>>> = sources.iter().map(|_| None).collect();
    while let Some(done) = polls.join_next().await {
        if let Ok((at, result)) = done {
            results[at] = Some(result);
        }
    }
    let told = sources.iter().zip(results).map(|(source, result)| CollectedSource {
        plan: source.plan.clone(),
        source: source.id.clone(),
        result: result.unwrap_or(Err(PollError::Panicked)),
    });
    told.collect()
}

async fn one(
    collector: Arc<Collector>,
    source: SourceConfig,
    outbox: Option<Arc<dyn Outbox>>,
) -> Result<(Vec<Record>, PollSummary), PollError> {
    let mut state = load(&source, outbox.as_ref()).await?;
    let (mut records, mut observations, mut rejects) = (Vec::new(), 0, 0);
    loop {
        let poll = visit_once(&collector, &source, &state).await?;
        if let Some(outbox) = &outbox {
            Failpoint::PollRead.reached();
            outbox.publish(poll.outgoing(), poll.checkpoint).await?;
            Failpoint::PollPublished.reached();
        }
        // A log of years is read and told in parts.
        records.extend(poll.records);
        observations += poll.summary.observations;
        rejects += poll.summary.rejects;
        if !poll.more {
            return Ok((records, PollSummary { observations, rejects, ..poll.summary }));
        }
        state = poll.next;
    }
}

/// Loads what is known of a source and polls it.
pub(crate) async fn poll(
    collector: &Collector,
    source: &SourceConfig,
    outbox: Option<&Arc<dyn Outbox>>,
) -> Result<FinishedPoll, PollError> {
    Ok(visit_once(collector, source, &load(source, outbox).await?).await?)
}

/// What is known of a source.
async fn load(source: &SourceConfig, outbox: Option<&Arc<dyn Outbox>>) -> Result<SourceState, PollError> {
    let Some(outbox) = outbox.cloned() else { return Ok(SourceState::default()) };
    let (plan, id) = (source.plan.clone(), source.id.clone());
    let load = tokio::task::spawn_blocking(move || SourceState::load(outbox.as_ref(), &plan, &id));
    Ok(load.await.map_err(|_| PollError::Panicked)??)
}

#[cfg(test)]
mod tests;
