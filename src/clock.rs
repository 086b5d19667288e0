//! The one place that reads the machine's clock.

use contract::time::{Clock, Micros};
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's clock.
#[derive(Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    fn now(&self) -> Micros {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The clock of a replay: it shows what it was set to, and never goes back.
#[derive(Debug)]
pub(crate) struct ReplayClock(AtomicI64);

impl ReplayClock {
    /// A clock that shows `time`.
    pub(crate) fn at(time: Micros) -> Self {
        Self(AtomicI64::new(time.0))
    }

    /// Goes on to `time`.
    pub(crate) fn advance(&self, time: Micros) {
        self.0.fetch_max(time.0, Ordering::AcqRel);
    }
}

impl Clock for ReplayClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::Acquire))
    }
}
