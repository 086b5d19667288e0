//! What somebody may wish of a running pipeline.

use super::Configured;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Wishes, fulfilled by the keeping thread between two batches.
#[derive(Debug, Default)]
pub struct Wishes(Mutex<Wish>);

#[derive(Debug, Default)]
struct Wish {
    replay: bool,
    configured: Option<Configured>,
}

impl Wishes {
    /// Has everything in quarantine judged again.
    pub fn replay(&self) {
        self.lock().replay = true;
    }

    /// Has everything judged by other catalogues from now on.
    pub fn reconfigure(&self, configured: Configured) {
        self.lock().configured = Some(configured);
    }

    pub(crate) fn take_replay(&self) -> bool {
        std::mem::take(&mut self.lock().replay)
    }

    pub(super) fn take_configured(&self) -> Option<Configured> {
        self.lock().configured.take()
    }

    fn lock(&self) -> MutexGuard<'_, Wish> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
