//! Notes what has arrived and trims it, on a thread of its own: deleting a row costs as much as sending it,
//! and the next records can be on their way meanwhile.

use super::shared::{RETRY, Shared};
use crate::error::BusError;
use crate::failpoint::Failpoint;
use crate::log::ShippingLog;
use contract::error::chain;
use parking_lot::{Condvar, Mutex};
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Shortest time between two notes: at a trickle each record would be a transaction of its own, and the
/// outbox's writer would wait for it.
const NOTE_EVERY: Duration = Duration::from_millis(20);

/// The thread. Dropped, it notes what arrived last and ends.
pub(super) struct Trimmer {
    goal: Arc<Goal>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Goal {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    arrived: i64,
    ending: bool,
}

impl Trimmer {
    /// Starts behind what is noted as shipped already.
    pub(super) fn start(path: &Path, shared: &Arc<Shared>) -> Result<Self, BusError> {
        let log = ShippingLog::open(path)?;
        let noted = log.shipped()?;
        let goal = Arc::new(Goal { state: Mutex::new(State { arrived: noted, ending: false }), ..Goal::default() });
        let work = Work { log, noted, goal: Arc::clone(&goal), shared: Arc::clone(shared) };
        let thread = thread::Builder::new()
            .name("bus-trimmer".to_owned())
            .spawn(move || work.run())
            .map_err(|error| BusError::Io { bus: path.display().to_string(), source: Arc::new(error) })?;
        Ok(Self { goal, thread: Some(thread) })
    }

    /// Everything up to this offset has arrived.
    pub(super) fn arrived(&self, offset: i64) {
        let mut state = self.goal.state.lock();
        if state.arrived < offset {
            state.arrived = offset;
            self.goal.changed.notify_all();
        }
    }
}

impl Drop for Trimmer {
    fn drop(&mut self) {
        self.goal.state.lock().ending = true;
        self.goal.changed.notify_all();
        // A thread that panicked has reported it itself.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Goal {
    /// Waits while it is so, at most that long; gives what has arrived, and whether it is the end.
    fn wait(&self, at_most: Duration, so: impl Fn(&State) -> bool) -> (i64, bool) {
        let mut state = self.state.lock();
        let _ = self.changed.wait_while_for(&mut state, |state| so(state) && !state.ending, at_most);
        (state.arrived, state.ending)
    }
}

struct Work {
    log: ShippingLog,
    noted: i64,
    goal: Arc<Goal>,
    shared: Arc<Shared>,
}

impl Work {
    fn run(mut self) {
        let mut more = false;
        loop {
            let noted = self.noted;
            let (arrived, ending) = self.goal.wait(Duration::MAX, |state| state.arrived == noted && !more);
            match self.note(arrived) {
                Ok(left) => more = left,
                // Arrived is arrived: what could not be noted is sent once more.
                Err(_) if ending => return,
                Err(error) => {
                    self.shared.report(Some(chain(&error)));
                    self.goal.wait(RETRY, |_| true);
                }
            }
            if ending && !more {
                return;
            }
            if !more {
                self.goal.wait(NOTE_EVERY, |_| true);
            }
        }
    }

    fn note(&mut self, arrived: i64) -> Result<bool, BusError> {
        if arrived > self.noted {
            Failpoint::ShipperArrived.reached();
        }
        let more = self.log.mark_shipped(arrived)?;
        if arrived > self.noted {
            self.shared.noted(arrived - self.noted);
            self.noted = arrived;
        }
        Ok(more)
    }
}
