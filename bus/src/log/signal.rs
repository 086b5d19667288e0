//! Wakes the readers of a process when its writer has committed.

use parking_lot::{Condvar, Mutex};
use std::time::Duration;

/// A count of commits that can be waited on. Look at it before reading, wait beyond that count
/// after: a commit in between is then never slept through.
#[derive(Debug, Default)]
pub(super) struct CommitSignal {
    commits: Mutex<u64>,
    raised: Condvar,
}

impl CommitSignal {
    /// How many commits there were so far.
    pub(super) fn count(&self) -> u64 {
        *self.commits.lock()
    }

    /// Wakes everyone who waits.
    pub(super) fn raise(&self) {
        *self.commits.lock() += 1;
        self.raised.notify_all();
    }

    /// Waits until there were more commits than `seen`, at most that long.
    pub(super) fn wait_beyond(&self, count: u64, at_most: Duration) {
        // The outcome does not matter: the caller looks into the log either way.
        let _ = self.raised.wait_while_for(&mut self.commits.lock(), |commits| *commits == count, at_most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::time::Instant;

    #[test]
    fn a_commit_between_looking_and_waiting_is_not_slept_through() {
        let signal = CommitSignal::default();
        let count = signal.count();
        signal.raise();
        let started = Instant::now();
        signal.wait_beyond(count, Duration::from_mins(1));
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn a_waiting_reader_is_woken() {
        let signal = Arc::new(CommitSignal::default());
        let (started, count) = (Instant::now(), signal.count());
        let reader = std::thread::spawn({
            let signal = Arc::clone(&signal);
            move || signal.wait_beyond(count, Duration::from_mins(1))
        });
        signal.raise();
        reader.join().unwrap();
        assert!(started.elapsed() < Duration::from_secs(30));
    }
}
