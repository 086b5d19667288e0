//! The thread that computes landings for one partition.

use super::pass::LandingPasses;
use crate::plan_states::SharedPlanStates;
use crate::store::{SinkCursor, StoreError};
use bus::pause::sleep_unless;
use contract::error::chain;
use contract::time::Clock;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// Pause between two passes; what is new is said that much later at most.
const PAUSE: Duration = Duration::from_millis(500);
/// How many times the length of a pass the worker rests after it, so that under a steady load most of a core is left.
const REST: u32 = 4;

/// What the worker works with.
pub(crate) struct LandingWorker {
    /// The partition's store.
    pub(crate) store: SinkCursor,
    /// The plan states.
    pub(crate) plans: SharedPlanStates,
    /// The wall clock: its day is the latest that is asked about.
    pub(crate) clock: Arc<dyn Clock>,
    /// Cancelled when the partition is to be closed.
    pub(crate) stop: CancellationToken,
    /// Cancelled when nothing new comes: one more pass, then the end.
    pub(crate) finish: CancellationToken,
    /// The worker cancels it when it has ended: sinks that finish wait for the landings.
    pub(crate) done: CancellationToken,
}

impl LandingWorker {
    /// Starts the thread.
    pub(crate) fn spawn(self, name: String) -> std::io::Result<JoinHandle<()>> {
        std::thread::Builder::new().name(name).spawn(move || {
            let done = self.done.clone().drop_guard();
            self.run();
            drop(done);
        })
    }

    fn run(mut self) {
        let mut passes = None;
        let mut failed = false;
        while !self.stop.is_cancelled() {
            let finishing = self.finish.is_cancelled();
            let started = Instant::now();
            match self.pass(&mut passes) {
                Ok(0) => failed = false,
                Ok(computed) => {
                    failed = false;
                    tracing::debug!(computed, took = ?started.elapsed(), "computed landings");
                }
                Err(error) => {
                    if !failed {
                        tracing::warn!(error = %chain(&error), "landings cannot be stored; they are computed again later");
                    }
                    failed = true;
                }
            }
            if finishing {
                return;
            }
            let pause = PAUSE.max(started.elapsed() * REST);
            sleep_unless(pause, || self.stop.is_cancelled() || self.finish.is_cancelled());
        }
    }

    fn pass(&mut self, passes: &mut Option<LandingPasses>) -> Result<usize, StoreError> {
        let today = self.clock.now().moment().day();
        let mut current = match passes.take() {
            Some(passes) => passes,
            None => LandingPasses::load(&mut self.store)?,
        };
        // After a failure what is stored is read again.
        let computed = current.run(&mut self.store, &self.plans, today, &self.stop)?;
        *passes = Some(current);
        Ok(computed)
    }
}
