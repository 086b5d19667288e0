//! Whether a pipeline rests: what it keeps to work faster is given back then, because most of a day nothing comes.

use std::time::{Duration, Instant};

/// How long nothing must come before a pipeline rests. The batches of one poll follow each other faster.
const REST_AFTER: Duration = Duration::from_secs(2);

/// When the pipeline worked last.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// `None` while it rests.
    worked: Option<Instant>,
}

impl Rest {
    /// A batch was processed, or a store opened.
    pub(super) fn work(&mut self, now: Instant) {
        self.worked = Some(now);
    }

    /// True once, when a rest begins.
    pub(super) fn begins(&mut self, now: Instant) -> bool {
        self.worked.take_if(|worked| now.saturating_duration_since(*worked) >= REST_AFTER).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_begins_once_and_only_after_a_pause() {
        let (mut rest, start) = (Rest::default(), Instant::now());
        assert!(!rest.begins(start + REST_AFTER));
        rest.work(start);
        let later = start + Duration::from_secs(1);
        rest.work(later);
        assert!(!rest.begins(start + REST_AFTER));
        assert!(rest.begins(later + REST_AFTER) && !rest.begins(later + 2 * REST_AFTER));
        rest.work(later + 2 * REST_AFTER);
        assert!(rest.begins(later + 3 * REST_AFTER));
    }
}
