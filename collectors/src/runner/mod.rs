//! Polls every source at its own interval until it is stopped.
//!
//! Each source has a task, so that a slow or broken one does not delay the others. This is the only place that logs, measures
//! time and sleeps between polls. While the outbox does not accept a poll's records the source waits and is not polled again.
//!
//! ```no_run
//! use collectors::poll::Collector;
//! use collectors::runner::{self, Runner, SourceSet};
//! use std::sync::Arc;
//! use tokio::sync::watch;
//! use tokio_util::sync::CancellationToken;
//!
//! # async fn example(collector: Arc<Collector>, outbox: Arc<dyn bus::Outbox>, sources: SourceSet) -> Result<(), bus::BusError> {
//! let runner = Runner { collector, outbox, observer: Arc::new(()), random: || 0.5 };
//! let (_change, sources) = watch::channel(sources);
//! runner::run(Arc::new(runner), sources, CancellationToken::new()).await
//! # }
//! ```

mod first_poll;
pub mod once;
mod permits;

use crate::config::SourceConfig;
use crate::poll::{Collector, FinishedPoll, PollPart, PollSummary};
use crate::schedule;
use bus::{BusError, Failpoint, Outbox, PublishError};
use contract::backoff::Backoff;
use contract::time::Micros;
use once::{PollError, poll};
use permits::PollPermits;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

/// Longest pause between two tries to publish: short, as the source is not polled meanwhile.
const MAX_PUBLISH_PAUSE: Duration = Duration::from_mins(1);
/// First pause between two tries to publish.
const FIRST_PUBLISH_PAUSE: Duration = Duration::from_millis(100);

/// The outcome of one poll, for metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollReport {
    /// Plan id.
    pub plan: String,
    /// Source id.
    pub source: String,
    /// `changed`, `unchanged`, or the label of a failure.
    pub outcome: &'static str,
    /// Duration of the poll, including waiting for the outbox.
    pub duration: Duration,
    /// Number of published observations.
    pub observations: usize,
    /// Number of published rejects.
    pub rejects: usize,
    /// Time since the source was last answered whole, without a failure; `None` when it never was.
    pub age: Option<Duration>,
}

/// Is informed of every poll. Must return at once.
pub trait PollObserver: Send + Sync {
    /// A poll is finished, and published if possible.
    fn finished(&self, report: &PollReport);

    /// A source was last read whole then, before this process polled it.
    fn read_before(&self, _plan: &str, _source: &str, _at: Micros) {}

    /// The outbox does not accept records, and polls wait; `None` when it accepts them again.
    fn outbox(&self, _error: Option<&PublishError>) {}
}

/// Ignores all polls.
impl PollObserver for () {
    fn finished(&self, _: &PollReport) {}
}

/// What the tasks of all sources share.
pub struct Runner {
    /// Polls the sources.
    pub collector: Arc<Collector>,
    /// Accepts the records.
    pub outbox: Arc<dyn Outbox>,
    /// Is informed of every poll.
    pub observer: Arc<dyn PollObserver>,
    /// Random numbers from 0 to 1, for the jitter.
    pub random: fn() -> f64,
}

/// What a source does after a poll.
enum NextPoll {
    /// It polls again after this pause.
    After(Duration),
    /// It stops.
    Never,
}

/// The sources to run.
#[derive(Clone, Debug, Default)]
pub struct SourceSet {
    /// All sources.
    pub sources: Vec<Arc<SourceConfig>>,
    /// Plans with a changed catalogue: their sources restart even if they have not changed.
    pub plans: BTreeSet<String>,
}

/// The task of a source.
struct SourceTask {
    task: Id,
    source: Arc<SourceConfig>,
    stop: CancellationToken,
}

/// Plan and id of a source.
type SourceKey<'a> = (&'a str, &'a str);

fn key(source: &SourceConfig) -> SourceKey<'_> {
    (&source.plan, &source.id)
}

/// Runs all sources until `stop` is cancelled. Then no poll starts, a running poll is dropped without publishing anything, and
/// a publication that has begun is finished. When `sources` changes, new and changed sources start; removed and changed
/// ones stop in the same way. A source that starts is polled when it is due (`first_poll.rs`).
///
/// Errors: the outbox fails for good; all sources have stopped then.
pub async fn run(
    runner: Arc<Runner>,
    mut sources: watch::Receiver<SourceSet>,
    stop: CancellationToken,
) -> Result<(), BusError> {
    let stop = stop.child_token();
    let permits = Arc::new(PollPermits::new());
    let mut tasks = JoinSet::new();
    let mut running: Vec<SourceTask> = Vec::new();
    let start = |tasks: &mut JoinSet<_>, source: Arc<SourceConfig>, pause| {
        let own = stop.child_token();
        let task = source_loop(Arc::clone(&runner), Arc::clone(&source), Arc::clone(&permits), own.clone(), pause);
        SourceTask { task: tasks.spawn(task).id(), source, stop: own }
    };
    // A changed source waits here until its former task has ended, as both share a checkpoint.
    let mut waiting: Vec<Arc<SourceConfig>> = sources.borrow_and_update().sources.clone();
    let (mut outcome, mut open) = (Ok(()), true);
    loop {
        if !stop.is_cancelled() && !waiting.is_empty() {
            let taken: HashSet<SourceKey<'_>> = running.iter().map(|one| key(&one.source)).collect();
            let free = waiting.extract_if(.., |source| !taken.contains(&key(source))).collect();
            for (source, pause) in runner.first_polls(free).await {
                running.push(start(&mut tasks, source, pause));
            }
        }
        if tasks.is_empty() && (stop.is_cancelled() || !open) {
            return outcome;
        }
        let joined = tokio::select! {
            Some(joined) = tasks.join_next_with_id() => joined,
            () = stop.cancelled(), if tasks.is_empty() => continue,
            changed = sources.changed(), if open && !stop.is_cancelled() => {
                open = changed.is_ok();
                if open {
                    waiting = restart(&running, &sources.borrow_and_update());
                }
                continue;
            }
        };
        let id = match &joined {
            Ok((id, _)) => *id,
            Err(panic) => panic.id(),
        };
        let ended = running.iter().position(|one| one.task == id).map(|at| running.swap_remove(at));
        match joined {
            Ok((_, Ok(()))) => {}
            Ok((_, Err(error))) => {
                error!(%error, "the outbox is broken; collecting stops");
                stop.cancel();
                outcome = outcome.and(Err(error));
            }
            Err(_) => {
                let Some(SourceTask { source, stop: own, .. }) = ended else { continue };
                error!(plan = source.plan, source = source.id, "the task of this source panicked and restarts");
                if !own.is_cancelled() {
                    let started = start(&mut tasks, source, schedule::FIRST_BACKOFF);
                    running.push(started);
                }
            }
        }
    }
}

/// Stops removed and changed sources, and returns the sources to start.
fn restart(running: &[SourceTask], set: &SourceSet) -> Vec<Arc<SourceConfig>> {
    let wanted: HashMap<SourceKey<'_>, &Arc<SourceConfig>> = set.sources.iter().map(|one| (key(one), one)).collect();
    let stays = |one: &SourceTask| {
        let same = wanted.get(&key(&one.source)).is_some_and(|source| one.source.is_same(source));
        same && !set.plans.contains(&one.source.plan) && !one.stop.is_cancelled()
    };
    let (staying, ending): (Vec<_>, Vec<_>) = running.iter().partition(|one| stays(one));
    for one in ending {
        info!(plan = one.source.plan, source = one.source.id, "this source stops: it was changed or removed");
        one.stop.cancel();
    }
    let staying: HashSet<SourceKey<'_>> = staying.into_iter().map(|one| key(&one.source)).collect();
    set.sources.iter().filter(|source| !staying.contains(&key(source))).cloned().collect()
}

async fn source_loop(
    runner: Arc<Runner>,
    source: Arc<SourceConfig>,
    permits: Arc<PollPermits>,
    stop: CancellationToken,
    mut pause: Duration,
) -> Result<(), BusError> {
    let mut backoff = Backoff::new(schedule::FIRST_BACKOFF, source.interval);
    loop {
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return Ok(());
        }
        match runner.poll_and_publish(&source, &permits, &stop, &mut backoff).await? {
            NextPoll::After(next) => pause = next,
            NextPoll::Never => return Ok(()),
        }
    }
}

impl Runner {
    /// One poll and its publication.
    async fn poll_and_publish(
        &self,
        source: &Arc<SourceConfig>,
        permits: &PollPermits,
        stop: &CancellationToken,
        backoff: &mut Backoff,
    ) -> Result<NextPoll, BusError> {
        let Some(permit) = stop.run_until_cancelled(permits.acquire(source)).await else { return Ok(NextPoll::Never) };
        let started = Instant::now();
        let Some(polled) = stop.run_until_cancelled(self.poll(source)).await else { return Ok(NextPoll::Never) };
        drop(permit);
        let published = match polled {
            Ok(poll) => self.publish(source, poll, stop).await,
            Err(error) => Err(error),
        };
        let duration = started.elapsed();
        let mut more = false;
        let (report, failed, retry_after) = match published {
            Ok(None) => return Ok(NextPoll::Never),
            Ok(Some(poll)) => {
                more = poll.more;
                let summary = poll.summary;
                let (failed, retry_after) = (summary.failure.is_some(), summary.retry_after);
                log_poll(source, &summary, duration);
                let report = report(source, summary.outcome, duration);
                let (observations, rejects, age) = (summary.observations, summary.rejects, summary.age);
                (PollReport { observations, rejects, age, ..report }, failed, retry_after)
            }
            Err(error) => {
                if let Some(fatal) = error.bus().filter(|error| !error.is_retriable()) {
                    return Err(fatal.clone());
                }
                error!(plan = source.plan, source = source.id, outcome = error.label(), %error, "nothing was published");
                (report(source, error.label(), duration), true, None)
            }
        };
        self.observer.finished(&report);
        let random = (self.random)();
        Ok(NextPoll::After(if failed {
            schedule::after_failure(source.interval, backoff.next_pause(), retry_after, random)
        } else {
            backoff.reset();
            if more { Duration::ZERO } else { schedule::after_success(source.interval, random) }
        }))
    }

    /// Polls in a task of its own, so that a panic is a failed poll.
    async fn poll(&self, source: &Arc<SourceConfig>) -> Result<FinishedPoll, PollError> {
        let (collector, source, outbox) = (Arc::clone(&self.collector), Arc::clone(source), Arc::clone(&self.outbox));
        // Dropping this set aborts the task.
        let mut task = JoinSet::new();
        task.spawn(async move { poll(&collector, &source, Some(&outbox)).await });
        task.join_next().await.and_then(Result::ok).unwrap_or(Err(PollError::Panicked))
    }

    /// Publishes a poll part by part, and waits while the outbox does not accept one; `None` when stopped meanwhile.
    async fn publish(
        &self,
        source: &SourceConfig,
        poll: FinishedPoll,
        stop: &CancellationToken,
    ) -> Result<Option<FinishedPoll>, PollError> {
        Failpoint::PollRead.reached();
        for part in poll.parts(self.collector.signer.as_ref()) {
            if !self.publish_part(source, part, stop).await? {
                return Ok(None);
            }
        }
        Failpoint::PollPublished.reached();
        Ok(Some(poll))
    }

    /// Publishes one part; false when stopped meanwhile.
    async fn publish_part(
        &self,
        source: &SourceConfig,
        part: PollPart,
        stop: &CancellationToken,
    ) -> Result<bool, PollError> {
        let mut backoff = Backoff::new(FIRST_PUBLISH_PAUSE, MAX_PUBLISH_PAUSE);
        loop {
            // An accepted part is published in any case, so its result is always awaited.
            let error = match self.outbox.publish(part.records.clone(), part.checkpoint.clone()).await {
                Ok(()) => {
                    if backoff.reset() {
                        self.observer.outbox(None);
                    }
                    return Ok(true);
                }
                Err(error) => error,
            };
            if !error.is_retriable() {
                return Err(error.into());
            }
            self.observer.outbox(Some(&error));
            log_waiting(source, &error, !backoff.is_failing());
            if stop.run_until_cancelled(tokio::time::sleep(backoff.next_pause())).await.is_none() {
                return Ok(false);
            }
        }
    }
}

fn report(source: &SourceConfig, outcome: &'static str, duration: Duration) -> PollReport {
    let (plan, source) = (source.plan.clone(), source.id.clone());
    PollReport { plan, source, outcome, duration, observations: 0, rejects: 0, age: None }
}

fn log_waiting(source: &SourceConfig, error: &PublishError, is_first: bool) {
    if is_first {
        warn!(plan = source.plan, source = source.id, %error, "the outbox does not accept records; polling waits");
    } else {
        debug!(plan = source.plan, source = source.id, %error, "the outbox still does not accept records");
    }
}

fn log_poll(source: &SourceConfig, summary: &PollSummary, duration: Duration) {
    let (plan, id, outcome) = (&source.plan, &source.id, summary.outcome);
    let (observations, rejects) = (summary.observations, summary.rejects);
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    match &summary.failure {
        Some(failure) => warn!(plan, source = id, outcome, observations, rejects, ms, failure, "poll failed"),
        None if rejects > 0 => warn!(plan, source = id, outcome, observations, rejects, ms, "poll rejected rows"),
        None => info!(plan, source = id, outcome, observations, rejects, ms, "poll"),
    }
}

#[cfg(test)]
mod tests;
