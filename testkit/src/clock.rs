//! A clock that a test sets.

use contract::time::{Clock, Micros};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

/// Stands still until it is set or advanced.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that shows `time`, to be shared.
    pub fn at(time: Micros) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(time.0)))
    }

    /// Shows `time` from here on.
    pub fn set(&self, time: Micros) {
        self.0.store(time.0, Ordering::SeqCst);
    }

    /// Goes on by some microseconds.
    pub fn advance(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::SeqCst))
    }
}
