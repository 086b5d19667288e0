//! The thread of one sink of one partition: runs its steps, waits, backs off, measures and logs.

use super::sink::{ConfiguredSink, FillProgress, Membership, Sink, SinkError, SinkInput, Step, StepOutcome};
use crate::health::{Component, Health};
use crate::landings::LandingWorker;
use crate::metrics::Metrics;
use crate::plan_states::SharedPlanStates;
use crate::store::{SinkCursor, StoreError, StoreWriter};
use bus::Partition;
use bus::pause::sleep_unless;
use contract::backoff::Backoff;
use contract::error::chain;
use contract::time::Clock;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often an idle sink looks for changes; a dashboard lags by that much at most.
const POLL_INTERVAL: Duration = Duration::from_millis(250);
/// First pause after a failed step; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause: a server that is back should not wait longer for its points.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Longest pause that a server may ask for.
const LONGEST_RETRY_AFTER: Duration = Duration::from_mins(10);

/// What every worker of a pipeline shares.
#[derive(Clone)]
pub(crate) struct SinkContext {
    /// The configured sinks.
    pub(crate) sinks: Arc<[ConfiguredSink]>,
    /// The figures.
    pub(crate) plans: SharedPlanStates,
    /// The wall clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// Whether this instance still owns its partitions.
    pub(crate) membership: Arc<dyn Membership>,
    /// Gets the sinks that fail.
    pub(crate) health: Arc<Health>,
    /// Gets what is written.
    pub(crate) metrics: Option<Arc<Metrics>>,
}

/// The running sinks of one partition, and the worker that computes its landings. Dropped, it stops them and waits until they
/// have ended.
#[derive(Debug)]
pub(crate) struct SinkWorkers {
    stop: CancellationToken,
    finish: CancellationToken,
    threads: Vec<JoinHandle<()>>,
    landings: Option<JoinHandle<()>>,
    /// How each sink ended: its name, and the error that kept it from finishing.
    ended: Receiver<(&'static str, Option<String>)>,
}

impl SinkWorkers {
    /// Starts every configured sink at the store of a partition.
    pub(crate) fn start(context: &SinkContext, partition: Partition, writer: &StoreWriter) -> Result<Self, StoreError> {
        let (sender, ended) = channel();
        let (stop, finish) = (CancellationToken::new(), CancellationToken::new());
        // What sinks write last has the landings.
        let landed = CancellationToken::new();
        let mut workers = Self { stop, finish, threads: Vec::new(), landings: None, ended };
        let landings = LandingWorker {
            store: writer.desk()?,
            plans: Arc::clone(&context.plans),
            clock: Arc::clone(&context.clock),
            stop: workers.stop.clone(),
            finish: workers.finish.clone(),
            done: landed.clone(),
        };
        let path = writer.read().path().display().to_string();
        let spawned = landings.spawn(format!("landings-{partition}"));
        workers.landings = Some(spawned.map_err(|source| StoreError::Folder { path, source })?);
        for configured in context.sinks.iter() {
            let worker = Worker {
                name: configured.name,
                input: configured.input,
                partition,
                store: writer.desk()?,
                context: context.clone(),
                stop: workers.stop.clone(),
                finish: landed.clone(),
                ended: sender.clone(),
            };
            workers.threads.push(worker.spawn(configured)?);
        }
        Ok(workers)
    }

    /// Lets every sink run until it has nothing left to do, fails, or the time is over; returns the failures.
    pub(crate) fn drain(self, until: Instant) -> Vec<String> {
        self.finish.cancel();
        let mut failures = Vec::new();
        for done in 0..self.threads.len() {
            match self.ended.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok((_, None)) => {}
                Ok((sink, Some(error))) => failures.push(format!("{sink}: {error}")),
                Err(_) => {
                    let left = self.threads.len() - done;
                    failures.push(format!("{left} of {} had more to write when the time was over", self.threads.len()));
                    break;
                }
            }
        }
        failures
    }
}

impl Drop for SinkWorkers {
    fn drop(&mut self) {
        self.stop.cancel();
        for thread in self.threads.drain(..).chain(self.landings.take()) {
            // A panic is on stderr already.
            let _ = thread.join();
        }
    }
}

struct Worker {
    name: &'static str,
    input: SinkInput,
    partition: Partition,
    store: SinkCursor,
    context: SinkContext,
    stop: CancellationToken,
    /// Cancelled when nothing new comes: what is there is still to be written.
    finish: CancellationToken,
    ended: Sender<(&'static str, Option<String>)>,
}

impl Worker {
    fn spawn(self, configured: &ConfiguredSink) -> Result<JoinHandle<()>, StoreError> {
        let make = Arc::clone(&configured.make);
        let name = format!("{}-{}", self.name, self.partition);
        let path = self.store.read().path().display().to_string();
        std::thread::Builder::new()
            .name(name)
            .spawn(move || {
                let (sink, name, ended) = (make(self.partition), self.name, self.ended.clone());
                let error = self.run(sink);
                // Only `drain` receives it.
                let _ = ended.send((name, error));
            })
            .map_err(|source| StoreError::Folder { path, source })
    }

    /// Runs steps until it is stopped, or has finished all there is; returns the error that kept it from finishing.
    fn run(mut self, mut sink: Box<dyn Sink>) -> Option<String> {
        let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        let mut filled = None;
        while !self.stop.is_cancelled() {
            let finishing = self.finish.is_cancelled();
            // Another instance may have taken over: it writes the same points from newer figures.
            if !self.context.membership.is_ours() {
                if finishing {
                    return None;
                }
                self.wait(POLL_INTERVAL);
                continue;
            }
            let started = Instant::now();
            match self.step(sink.as_mut()) {
                Ok(outcome) => {
                    filled = self.report_fill(filled, sink.fill_progress());
                    self.context.health.recover(self.part());
                    if backoff.reset() {
                        tracing::info!(sink = self.name, partition = %self.partition, "the sink writes again");
                    }
                    self.report(outcome, started.elapsed());
                    if outcome == StepOutcome::Nothing {
                        if finishing {
                            return None;
                        }
                        self.wait(POLL_INTERVAL);
                    }
                }
                Err(SinkError::Stopped) => {}
                Err(error) if finishing => return Some(chain(&error)),
                Err(error) => self.fail(&error, backoff.next_pause()),
            }
        }
        self.context.health.recover(self.part());
        None
    }

    fn part(&self) -> Component {
        Component::Sink(self.name, self.partition.0)
    }

    fn step(&mut self, sink: &mut dyn Sink) -> Result<StepOutcome, SinkError> {
        let now = self.context.clock.now();
        sink.step(&mut Step { store: &mut self.store, plans: &self.context.plans, now, stop: &self.stop })
    }

    fn report(&self, outcome: StepOutcome, took: Duration) {
        if let StepOutcome::Some { dead: 1.., .. } = outcome {
            self.log_dead_letter();
        }
        self.count_pending();
        if let (Some(metrics), StepOutcome::Some { written, dead }) = (&self.context.metrics, outcome) {
            metrics.sinks().observe_write(self.name, written, dead, took, self.context.clock.now());
        }
    }

    /// Sets the metric of a first fill, and logs its beginning, each tenth of it, and its end; returns how far it is.
    fn report_fill(&self, before: Option<FillProgress>, now: Option<FillProgress>) -> Option<FillProgress> {
        if before == now {
            return now;
        }
        if let Some(metrics) = &self.context.metrics {
            let left = now.map_or(0, |now| now.plans - now.written);
            metrics.sinks().set_fill(self.name, self.partition.0, left);
        }
        let tenth = |fill: FillProgress| 10 * fill.written / fill.plans.max(1);
        match now {
            None => {
                tracing::info!(sink = self.name, partition = %self.partition, "everything that was there is written");
            }
            Some(fill) if before.map(tenth) != Some(tenth(fill)) => tracing::info!(
                sink = self.name, partition = %self.partition, plans = fill.plans, written = fill.written,
                "writing everything that is there, plan by plan; changes are written beside it"
            ),
            Some(_) => {}
        }
        now
    }

    /// Sets the metric of what waits, and returns it.
    fn count_pending(&self) -> Option<u64> {
        let read = self.store.read();
        let (last, cursor) = match self.input {
            // Without a cursor it has not begun, so that everything waits.
            SinkInput::Changes => (read.last_change().ok()?, self.store.cursor(self.name).ok()?.unwrap_or(0)),
            SinkInput::Alerts => (read.last_alert_event().ok()?, self.store.alert_cursor(self.name).ok()?),
        };
        let pending = (last - cursor).max(0);
        if let Some(metrics) = &self.context.metrics {
            metrics.sinks().set_pending(self.name, self.partition.0, pending);
        }
        u64::try_from(pending).ok()
    }

    /// Logs the last dead letter with its reason; the store keeps all of them.
    fn log_dead_letter(&self) {
        let Ok(letters) = self.store.dead_letters(self.name) else { return };
        let Some((body, reason)) = letters.last() else { return };
        let kept = letters.len();
        tracing::warn!(sink = self.name, partition = %self.partition, kept, body, reason, "the server refuses some writes for good; this is the last one");
    }

    fn fail(&self, error: &SinkError, pause: Duration) {
        let after = if let SinkError::Refused { after, .. } = error { *after } else { None };
        let pause = after.map_or(pause, |after| after.clamp(pause, LONGEST_RETRY_AFTER));
        let text = chain(error);
        tracing::warn!(sink = self.name, partition = %self.partition, error = %text, ?pause, "the sink cannot be written; it is tried again after the pause");
        let (pending, now) = (self.count_pending(), self.context.clock.now());
        self.context.health.degrade(self.part(), error, text, pending, now);
        if let Some(metrics) = &self.context.metrics {
            metrics.sinks().count_failed_write(self.name);
        }
        self.wait(pause);
    }

    fn wait(&self, pause: Duration) {
        sleep_unless(pause, || self.stop.is_cancelled() || self.finish.is_cancelled());
    }
}
