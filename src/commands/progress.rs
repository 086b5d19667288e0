//! How far a long poll has come, in the log: the first one of a source reads all the history that it offers.

use collectors::config::SourceConfig;
use collectors::poll::PollProgress;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Time between two lines of one source; a poll that takes less says nothing.
const EVERY: Duration = Duration::from_secs(2);

/// Says how far each source has come, no more often than every two seconds.
#[derive(Debug, Default)]
pub(crate) struct ProgressLog(Mutex<HashMap<(String, String), Instant>>);

impl ProgressLog {
    /// True when a line is due; the first call of a poll (`done` is 0) only starts its watch.
    fn is_due(&self, source: &SourceConfig, done: usize) -> bool {
        let key = (source.plan.clone(), source.id.clone());
        let now = Instant::now();
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let told = last.entry(key).or_insert(now);
        let due = done > 0 && now.duration_since(*told) >= EVERY;
        if due || done == 0 {
            *told = now;
        }
        due
    }
}

impl PollProgress for ProgressLog {
    fn file(&self, source: &SourceConfig, done: usize, of: usize) {
        if self.is_due(source, done) {
            tracing::info!(plan = source.plan, source = source.id, done, of, "reading files");
        }
    }

    fn answer(&self, source: &SourceConfig, done: usize) {
        if self.is_due(source, done) {
            tracing::info!(plan = source.plan, source = source.id, answers = done, "asking on");
        }
    }
}
