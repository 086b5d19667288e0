//! What somebody may wish of a running pipeline.

use std::sync::atomic::{AtomicBool, Ordering};

/// Wishes, fulfilled by the keeping thread between two batches.
#[derive(Debug, Default)]
pub struct Wishes {
    replay: AtomicBool,
}

impl Wishes {
    /// Has everything in quarantine judged again.
    pub fn replay(&self) {
        self.replay.store(true, Ordering::Release);
    }

    pub(crate) fn take_replay(&self) -> bool {
        self.replay.swap(false, Ordering::AcqRel)
    }
}
