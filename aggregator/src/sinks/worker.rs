//! The thread of one sink of one partition: takes turns, waits, backs off, measures and logs.

use super::{Done, Sink, SinkError, SinkMaker, Turn};
use crate::pipeline::Setup;
use crate::store::{Desk, StoreError, Writer};
use bus::Partition;
use std::sync::Arc;
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
pub(crate) struct Workers {
    stop: CancellationToken,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Starts every configured sink at the store of a partition.
    pub(crate) fn start(setup: &Setup, partition: Partition, writer: &Writer) -> Result<Self, StoreError> {
        let mut workers = Self { stop: CancellationToken::new(), threads: Vec::new() };
        for maker in setup.sinks.iter() {
            let worker = Worker {
                name: maker.name,
                partition,
                desk: writer.desk()?,
                setup: setup.clone(),
                stop: workers.stop.clone(),
            };
            workers.threads.push(worker.spawn(maker)?);
        }
        Ok(workers)
    }
}

impl Drop for Workers {
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
    partition: Partition,
    desk: Desk,
    setup: Setup,
    stop: CancellationToken,
}

impl Worker {
    fn spawn(self, maker: &SinkMaker) -> Result<JoinHandle<()>, StoreError> {
        let make = Arc::clone(&maker.make);
        let name = format!("{}-{}", self.name, self.partition);
        let path = self.desk.read().path().display().to_string();
        std::thread::Builder::new()
            .name(name)
            .spawn(move || {
                let sink = make(self.partition);
                self.run(sink);
            })
            .map_err(|source| StoreError::Folder { path, source })
    }

    fn run(mut self, mut sink: Box<dyn Sink>) {
        let mut failing: Option<Duration> = None;
        while !self.stop.is_cancelled() {
            // Another instance may have taken over: it writes the same points from newer figures.
            if !self.setup.membership.is_ours() {
                self.wait(LOOK);
                continue;
            }
            let started = Instant::now();
            match self.turn(sink.as_mut()) {
                Ok(done) => {
                    if failing.take().is_some() {
                        tracing::info!(sink = self.name, partition = %self.partition, "the sink takes our writes again");
                    }
                    self.tell(done, started.elapsed());
                    if done == Done::Nothing {
                        self.wait(LOOK);
                    }
                }
                Err(SinkError::Stopped) => {}
                Err(error) => {
                    let pause = failing.map_or(FIRST_PAUSE, |pause| (pause * 2).min(LAST_PAUSE));
                    failing = Some(pause);
                    self.fail(&error, pause);
                }
            }
        }
    }

    fn turn(&mut self, sink: &mut dyn Sink) -> Result<Done, SinkError> {
        let now = self.setup.clock.now();
        sink.turn(&mut Turn { desk: &mut self.desk, books: &self.setup.books, now, stop: &self.stop })
    }

    fn tell(&self, done: Done, took: Duration) {
        let Some(metrics) = self.setup.progress.metrics() else { return };
        let pending = self.desk.read().last_change().ok().zip(self.desk.cursor(self.name).ok().flatten());
        metrics.sink_pending(self.name, self.partition.0, pending.map_or(0, |(last, cursor)| last - cursor));
        if let Done::Some { written, dead } = done {
            metrics.sink_wrote(self.name, written, dead, took, self.setup.clock.now());
        }
    }

    fn fail(&self, error: &SinkError, pause: Duration) {
        let asked = if let SinkError::Refused { after, .. } = error { *after } else { None };
        let pause = asked.map_or(pause, |asked| asked.clamp(pause, Duration::from_mins(10)));
        let text = crate::pipeline::chain(error);
        tracing::warn!(sink = self.name, partition = %self.partition, error = %text, ?pause, "a sink cannot be written for now; it is tried again");
        if let Some(metrics) = self.setup.progress.metrics() {
            metrics.sink_failed(self.name);
        }
        self.wait(pause);
    }

    fn wait(&self, pause: Duration) {
        let until = Instant::now() + pause;
        while !self.stop.is_cancelled() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(SLICE));
        }
    }
}
