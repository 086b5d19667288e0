//! The progress of a long poll, in the log: the first poll of a source reads all the history that it offers.

use collectors::config::SourceConfig;
use collectors::poll::PollProgress;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Time between two lines of one source; a shorter poll logs nothing.
const LOG_INTERVAL: Duration = Duration::from_secs(2);

/// Logs the progress of each source.
#[derive(Debug, Default)]
pub(crate) struct ProgressLog(Mutex<HashMap<(String, String), Instant>>);

impl ProgressLog {
    /// True when a line is due; the first call of a poll (`done` is 0) only notes the time.
    fn is_due(&self, source: &SourceConfig, done: usize) -> bool {
        let key = (source.plan.clone(), source.id.clone());
        let now = Instant::now();
        let mut all = self.0.lock();
        let last = all.entry(key).or_insert(now);
        let due = done > 0 && now.duration_since(*last) >= LOG_INTERVAL;
        if due || done == 0 {
            *last = now;
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
            tracing::info!(plan = source.plan, source = source.id, answers = done, "reading responses");
        }
    }
}
