//! Polls every source at its own rhythm until it is told to stop.
//!
//! One task a source, so that a slow or broken one holds up nobody. This is the only place that logs,
//! measures time and sleeps between polls. It keeps no records: when the outbox cannot take any, the
//! source waits with its poll in hand, and is not polled until that is published.

use crate::config::SourceConfig;
use crate::once::{MAX_POLLS, PollError, poll};
use crate::poll::{Collector, FinishedPoll};
use crate::schedule;
use bus::{BusError, Failpoint, Outbox, PublishError};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::task::{Id, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

/// Longest pause between two tries to publish: short, as nothing is polled meanwhile.
const MAX_PUBLISH_PAUSE: Duration = Duration::from_mins(1);
/// First pause between two tries to publish.
const FIRST_PUBLISH_PAUSE: Duration = Duration::from_millis(100);

/// What one poll came to, for metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollReport {
    /// Plan id.
    pub plan: String,
    /// Source id.
    pub source: String,
    /// `changed`, `unchanged`, or the label of a failure.
    pub outcome: &'static str,
    /// How long the poll took, waiting for the outbox included.
    pub duration: Duration,
    /// Observations published.
    pub observations: usize,
    /// Rejects published.
    pub rejects: usize,
    /// Time since the last poll without a failure; `None` when that is not known.
    pub age: Option<Duration>,
}

/// Told of every poll. Must return at once.
pub trait PollObserver: Send + Sync {
    /// A poll is over, and published if it could be.
    fn finished(&self, report: &PollReport);

    /// The outbox takes no records, and polls wait; `None` when it takes them again.
    fn outbox(&self, _error: Option<&PublishError>) {}
}

/// Watches nothing.
impl PollObserver for () {
    fn finished(&self, _: &PollReport) {}
}

/// What the tasks of all sources share.
pub struct Runner {
    /// Asks the sources.
    pub collector: Arc<Collector>,
    /// Takes the records.
    pub outbox: Arc<dyn Outbox>,
    /// Is told of every poll.
    pub watch: Arc<dyn PollObserver>,
    /// Gives numbers from 0 to 1, for the jitter.
    pub random: fn() -> f64,
}

/// How one turn of a source ended.
enum PollTurn {
    /// The next one comes after this pause.
    Next(Duration),
    /// We were told to stop.
    Stopped,
}

/// The sources to run, as they are configured now.
#[derive(Clone, Debug, Default)]
pub struct SourceSet {
    /// All of them.
    pub sources: Vec<Arc<SourceConfig>>,
    /// Plans whose catalogue is another one: their sources begin anew although nothing was changed about them.
    pub plans: BTreeSet<String>,
}

/// A source that runs.
struct Running {
    task: Id,
    source: Arc<SourceConfig>,
    stop: CancellationToken,
}

impl Running {
    fn is_of(&self, source: &SourceConfig) -> bool {
        (&self.source.plan, &self.source.id) == (&source.plan, &source.id)
    }
}

/// Runs all sources until `stop` is cancelled: no poll is begun after that, one that is under way is
/// dropped (nothing of it is published), one that is being published is finished. When other sources are wanted,
/// those that are new or changed begin at once, those that are gone or changed end like all of them at a stop.
///
/// Errors: the outbox is broken in a way that no waiting mends; all sources have stopped then.
pub async fn run(
    runner: Arc<Runner>,
    mut wanted: watch::Receiver<SourceSet>,
    stop: CancellationToken,
) -> Result<(), BusError> {
    let stop = stop.child_token();
    let turns = Arc::new(Semaphore::new(MAX_POLLS));
    let mut tasks = JoinSet::new();
    let mut running: Vec<Running> = Vec::new();
    let start = |tasks: &mut JoinSet<_>, source: Arc<SourceConfig>, pause| {
        let own = stop.child_token();
        let task = source_loop(Arc::clone(&runner), Arc::clone(&source), Arc::clone(&turns), own.clone(), pause);
        Running { task: tasks.spawn(task).id(), source, stop: own }
    };
    // A changed source waits here until the task of the one before has ended: they share a checkpoint.
    let mut waiting: Vec<Arc<SourceConfig>> = wanted.borrow_and_update().sources.clone();
    let (mut outcome, mut open) = (Ok(()), true);
    loop {
        if !stop.is_cancelled() {
            let free = waiting.extract_if(.., |source| !running.iter().any(|one| one.is_of(source)));
            running.extend(free.map(|source| start(&mut tasks, source, Duration::ZERO)).collect::<Vec<_>>());
        }
        if tasks.is_empty() && (stop.is_cancelled() || !open) {
            return outcome;
        }
        let done = tokio::select! {
            Some(done) = tasks.join_next_with_id() => done,
            () = stop.cancelled(), if tasks.is_empty() => continue,
            changed = wanted.changed(), if open && !stop.is_cancelled() => {
                open = changed.is_ok();
                if open {
                    waiting = other(&running, &wanted.borrow_and_update());
                }
                continue;
            }
        };
        let id = match &done {
            Ok((id, _)) => *id,
            Err(panic) => panic.id(),
        };
        let ended = running.iter().position(|one| one.task == id).map(|at| running.swap_remove(at));
        match done {
            Ok((_, Ok(()))) => {}
            Ok((_, Err(error))) => {
                error!(%error, "the outbox is broken, collecting stops");
                stop.cancel();
                outcome = outcome.and(Err(error));
            }
            Err(_) => {
                let Some(Running { source, stop: own, .. }) = ended else { continue };
                error!(plan = source.plan, source = source.id, "the task of this source had a fault and starts again");
                if !own.is_cancelled() {
                    let started = start(&mut tasks, source, schedule::FIRST_BACKOFF);
                    running.push(started);
                }
            }
        }
    }
}

/// Ends what is not wanted any more, and gives what is to begin.
fn other(running: &[Running], wanted: &SourceSet) -> Vec<Arc<SourceConfig>> {
    let stays = |one: &Running, source: &SourceConfig| {
        one.is_of(source)
            && one.source.is_same(source)
            && !wanted.plans.contains(&source.plan)
            && !one.stop.is_cancelled()
    };
    for one in running {
        if !wanted.sources.iter().any(|source| stays(one, source)) {
            info!(plan = one.source.plan, source = one.source.id, "this source ends, it was changed or removed");
            one.stop.cancel();
        }
    }
    let begins = |source: &&Arc<SourceConfig>| !running.iter().any(|one| stays(one, source));
    wanted.sources.iter().filter(begins).cloned().collect()
}

async fn source_loop(
    runner: Arc<Runner>,
    source: Arc<SourceConfig>,
    turns: Arc<Semaphore>,
    stop: CancellationToken,
    mut pause: Duration,
) -> Result<(), BusError> {
    let mut failures = 0;
    loop {
        if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
            return Ok(());
        }
        match runner.turn(&source, &turns, &stop, &mut failures).await? {
            PollTurn::Next(next) => pause = next,
            PollTurn::Stopped => return Ok(()),
        }
    }
}

impl Runner {
    /// One poll and its publication.
    async fn turn(
        &self,
        source: &Arc<SourceConfig>,
        turns: &Semaphore,
        stop: &CancellationToken,
        failures: &mut u32,
    ) -> Result<PollTurn, BusError> {
        let Some(turn) = stop.run_until_cancelled(turns.acquire()).await else { return Ok(PollTurn::Stopped) };
        let started = Instant::now();
        let Some(polled) = stop.run_until_cancelled(self.poll(source)).await else { return Ok(PollTurn::Stopped) };
        drop(turn);
        let published = match polled {
            Ok(poll) => self.publish(source, poll, stop).await,
            Err(error) => Err(error),
        };
        let duration = started.elapsed();
        let mut more = false;
        let (report, failed, retry_after) = match published {
            Ok(None) => return Ok(PollTurn::Stopped),
            Ok(Some(poll)) => {
                more = poll.more;
                let summary = poll.summary;
                let (failed, retry_after) = (summary.failure.is_some(), summary.retry_after);
                log(source, &summary, duration);
                let report = report(source, summary.outcome, duration);
                let (observations, rejects, age) = (summary.observations, summary.rejects, summary.age);
                (PollReport { observations, rejects, age, ..report }, failed, retry_after)
            }
            Err(error) => {
                if let Some(fatal) = error.bus().filter(|error| !error.is_retriable()) {
                    return Err(fatal.clone());
                }
                error!(plan = source.plan, source = source.id, outcome = error.label(), %error, "nothing is collected");
                (report(source, error.label(), duration), true, None)
            }
        };
        self.watch.finished(&report);
        *failures = if failed { failures.saturating_add(1) } else { 0 };
        if more && !failed {
            return Ok(PollTurn::Next(Duration::ZERO));
        }
        let random = (self.random)();
        Ok(PollTurn::Next(if failed {
            schedule::after_failure(source.every, *failures, retry_after, random)
        } else {
            schedule::after_success(source.every, random)
        }))
    }

    /// Polls in a task of its own, so that a fault in it is one more failure.
    async fn poll(&self, source: &Arc<SourceConfig>) -> Result<FinishedPoll, PollError> {
        let (collector, source, outbox) = (Arc::clone(&self.collector), Arc::clone(source), Arc::clone(&self.outbox));
        // Aborted with this set when we are told to stop.
        let mut task = JoinSet::new();
        task.spawn(async move { poll(&collector, &source, Some(&outbox)).await });
        task.join_next().await.and_then(Result::ok).unwrap_or(Err(PollError::Panicked))
    }

    /// Publishes, and waits as long as the outbox cannot take it; `None` when told to stop meanwhile.
    async fn publish(
        &self,
        source: &SourceConfig,
        poll: FinishedPoll,
        stop: &CancellationToken,
    ) -> Result<Option<FinishedPoll>, PollError> {
        let mut failures = 0;
        Failpoint::PollRead.reached();
        loop {
            // Once handed over it is published, so that the answer is always awaited.
            let error = match self.outbox.publish(poll.outgoing(), poll.checkpoint.clone()).await {
                Ok(()) => {
                    if failures > 0 {
                        self.watch.outbox(None);
                    }
                    Failpoint::PollPublished.reached();
                    return Ok(Some(poll));
                }
                Err(error) => error,
            };
            if !error.is_retriable() {
                return Err(error.into());
            }
            failures += 1;
            self.watch.outbox(Some(&error));
            waiting(source, &error, failures);
            let pause = schedule::backoff(FIRST_PUBLISH_PAUSE, failures).min(MAX_PUBLISH_PAUSE);
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return Ok(None);
            }
        }
    }
}

fn report(source: &SourceConfig, outcome: &'static str, duration: Duration) -> PollReport {
    let (plan, source) = (source.plan.clone(), source.id.clone());
    PollReport { plan, source, outcome, duration, observations: 0, rejects: 0, age: None }
}

fn waiting(source: &SourceConfig, error: &PublishError, failures: u32) {
    if failures == 1 {
        warn!(plan = source.plan, source = source.id, %error, "the outbox takes no records, polling waits");
    } else {
        debug!(plan = source.plan, source = source.id, %error, failures, "the outbox still takes no records");
    }
}

fn log(source: &SourceConfig, summary: &crate::poll::PollSummary, duration: Duration) {
    let (plan, id, outcome) = (&source.plan, &source.id, summary.outcome);
    let (observations, rejects) = (summary.observations, summary.rejects);
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    match &summary.failure {
        Some(failure) => warn!(plan, source = id, outcome, observations, rejects, ms, failure, "visit failed"),
        None if rejects > 0 => warn!(plan, source = id, outcome, observations, rejects, ms, "visit left rows unread"),
        None => info!(plan, source = id, outcome, observations, rejects, ms, "visit"),
    }
}

#[cfg(test)]
mod tests;
