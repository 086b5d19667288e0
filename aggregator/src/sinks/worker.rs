//! The thread of one sink of one partition: takes turns, waits, backs off, measures and logs.

use super::{ConfiguredSink, Sink, SinkError, SinkInput, Step, StepOutcome};
use crate::health::Component;
use crate::pipeline::PipelineSetup;
use crate::store::{SinkCursor, StoreError, StoreWriter};
use bus::Partition;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often a sink with nothing to do looks for changes: what a dashboard shows is that old at most.
const LOOK: Duration = Duration::from_millis(250);
/// First pause after a failed turn; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// Longest pause: a server that is back should not wait longer for its points.
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// How long a pause goes on before a stop is looked for.
const SLICE: Duration = Duration::from_millis(50);

/// The running sinks of one partition. Dropped, it stops them and waits until they have ended.
#[derive(Debug)]
pub(crate) struct SinkWorkers {
    stop: CancellationToken,
    finish: CancellationToken,
    threads: Vec<JoinHandle<()>>,
    /// How those ended that were told to finish: sink, and the error that it could not wait out.
    ended: Receiver<(&'static str, Option<String>)>,
}

impl SinkWorkers {
    /// Starts every configured sink at the store of a partition.
    pub(crate) fn start(setup: &PipelineSetup, partition: Partition, writer: &StoreWriter) -> Result<Self, StoreError> {
        let (say, ended) = channel();
        let (stop, finish) = (CancellationToken::new(), CancellationToken::new());
        let mut workers = Self { stop, finish, threads: Vec::new(), ended };
        for maker in setup.sinks.iter() {
            let worker = Worker {
                name: maker.name,
                follows: maker.follows,
                partition,
                desk: writer.desk()?,
                setup: setup.clone(),
                stop: workers.stop.clone(),
                finish: workers.finish.clone(),
                say: say.clone(),
            };
            workers.threads.push(worker.spawn(maker)?);
        }
        Ok(workers)
    }

    /// Lets every sink take turns until it has nothing left to do, fails, or the time is over; says which did not
    /// come to their end, and why.
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
        for thread in self.threads.drain(..) {
            // One that panicked has said so on stderr.
            let _ = thread.join();
        }
    }
}

struct Worker {
    name: &'static str,
    follows: SinkInput,
    partition: Partition,
    desk: SinkCursor,
    setup: PipelineSetup,
    stop: CancellationToken,
    /// Cancelled when nothing new comes: what is there is still to be written.
    finish: CancellationToken,
    say: Sender<(&'static str, Option<String>)>,
}

impl Worker {
    fn spawn(self, maker: &ConfiguredSink) -> Result<JoinHandle<()>, StoreError> {
        let make = Arc::clone(&maker.make);
        let name = format!("{}-{}", self.name, self.partition);
        let path = self.desk.read().path().display().to_string();
        std::thread::Builder::new()
            .name(name)
            .spawn(move || {
                let (sink, name, say) = (make(self.partition), self.name, self.say.clone());
                let error = self.run(sink);
                // Nobody listens unless it was told to finish.
                let _ = say.send((name, error));
            })
            .map_err(|source| StoreError::Folder { path, source })
    }

    /// Takes turns until it is stopped, or told to finish and done; gives the error that kept it from its end.
    fn run(mut self, mut sink: Box<dyn Sink>) -> Option<String> {
        let mut failing: Option<Duration> = None;
        while !self.stop.is_cancelled() {
            let finishing = self.finish.is_cancelled();
            // Another instance may have taken over: it writes the same points from newer figures.
            if !self.setup.membership.is_ours() {
                if finishing {
                    return None;
                }
                self.wait(LOOK);
                continue;
            }
            let started = Instant::now();
            match self.turn(sink.as_mut()) {
                Ok(done) => {
                    self.setup.progress.health().recover(self.part());
                    if failing.take().is_some() {
                        tracing::info!(sink = self.name, partition = %self.partition, "the sink takes our writes again");
                    }
                    self.tell(done, started.elapsed());
                    if done == StepOutcome::Nothing {
                        if finishing {
                            return None;
                        }
                        self.wait(LOOK);
                    }
                }
                Err(SinkError::Stopped) => {}
                Err(error) if finishing => return Some(contract::error::chain(&error)),
                Err(error) => {
                    let pause = failing.map_or(FIRST_PAUSE, |pause| (pause * 2).min(LAST_PAUSE));
                    failing = Some(pause);
                    self.fail(&error, pause);
                }
            }
        }
        self.setup.progress.health().recover(self.part());
        None
    }

    fn part(&self) -> Component {
        Component::Sink(self.name, self.partition.0)
    }

    fn turn(&mut self, sink: &mut dyn Sink) -> Result<StepOutcome, SinkError> {
        let now = self.setup.clock.now();
        sink.turn(&mut Step { desk: &mut self.desk, books: &self.setup.states, now, stop: &self.stop })
    }

    fn tell(&self, done: StepOutcome, took: Duration) {
        if let StepOutcome::Some { dead: 1.., .. } = done {
            self.tell_dead();
        }
        self.tell_pending();
        if let (Some(metrics), StepOutcome::Some { written, dead }) = (self.setup.progress.metrics(), done) {
            metrics.sinks().observe_write(self.name, written, dead, took, self.setup.clock.now());
        }
    }

    /// Tells how much waits, and says it again.
    fn tell_pending(&self) -> Option<u64> {
        let read = self.desk.read();
        let (last, cursor) = match self.follows {
            // Without a cursor it has not begun: all of it waits.
            SinkInput::Changes => (read.last_change().ok()?, self.desk.cursor(self.name).ok()?.unwrap_or(0)),
            SinkInput::Alerts => (read.last_alert_event().ok()?, self.desk.alert_cursor(self.name).ok()?),
        };
        let pending = (last - cursor).max(0);
        if let Some(metrics) = self.setup.progress.metrics() {
            metrics.sinks().set_pending(self.name, self.partition.0, pending);
        }
        u64::try_from(pending).ok()
    }

    /// Says what a server will never take, with the reason; the store keeps all of it.
    fn tell_dead(&self) {
        let Ok(letters) = self.desk.dead_letters(self.name) else { return };
        let Some((body, reason)) = letters.last() else { return };
        let kept = letters.len();
        tracing::warn!(sink = self.name, partition = %self.partition, kept, body, reason, "refused for good, such as this");
    }

    fn fail(&self, error: &SinkError, pause: Duration) {
        let asked = if let SinkError::Refused { after, .. } = error { *after } else { None };
        let pause = asked.map_or(pause, |asked| asked.clamp(pause, Duration::from_mins(10)));
        let text = contract::error::chain(error);
        tracing::warn!(sink = self.name, partition = %self.partition, error = %text, ?pause, "a sink cannot be written for now; it is tried again");
        let (pending, now) = (self.tell_pending(), self.setup.clock.now());
        self.setup.progress.health().degrade(self.part(), error, text, pending, now);
        if let Some(metrics) = self.setup.progress.metrics() {
            metrics.sinks().count_failed_write(self.name);
        }
        self.wait(pause);
    }

    fn wait(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.stop.is_cancelled() && !self.finish.is_cancelled() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(SLICE));
        }
    }
}
