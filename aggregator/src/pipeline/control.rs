//! Requests to a running pipeline.

use super::configured_plans::ConfiguredPlans;
use parking_lot::Mutex;

/// Requests, applied by the processor between two batches.
#[derive(Debug, Default)]
pub struct ControlRequests(Mutex<PendingControl>);

#[derive(Debug, Default)]
struct PendingControl {
    replay: bool,
    configured: Option<ConfiguredPlans>,
}

impl ControlRequests {
    /// Requests that everything in quarantine is judged again.
    pub fn replay(&self) {
        self.0.lock().replay = true;
    }

    /// Requests that everything is judged by other catalogues from now on.
    pub fn reconfigure(&self, configured: ConfiguredPlans) {
        self.0.lock().configured = Some(configured);
    }

    pub(crate) fn take_replay(&self) -> bool {
        std::mem::take(&mut self.0.lock().replay)
    }

    pub(super) fn take_configured(&self) -> Option<ConfiguredPlans> {
        self.0.lock().configured.take()
    }
}
