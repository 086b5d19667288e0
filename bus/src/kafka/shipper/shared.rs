//! What a shipper and its threads share.

use crate::error::BusError;
use crate::log::ShippingLog;
use contract::error::chain;
use contract::time::Clock;
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Pause before a new try when it may succeed by itself.
pub(super) const RETRY: Duration = Duration::from_millis(500);
/// The same when it succeeds only after a change of the settings or the brokers.
const SLOW_RETRY: Duration = Duration::from_secs(10);

/// State of a shipper, for its threads and its owner.
pub(super) struct Shared {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) stopping: Mutex<bool>,
    pub(super) stop: Condvar,
    pub(super) shipped: AtomicU64,
    pub(super) failures: AtomicU64,
    pub(super) error: Mutex<Option<String>>,
    pub(super) reader: Mutex<ShippingLog>,
}

impl Shared {
    pub(super) fn is_stopping(&self) -> bool {
        *self.stopping.lock()
    }

    /// Waits, but not beyond a stop.
    pub(super) fn pause(&self, pause: Duration) {
        let _ = self.stop.wait_while_for(&mut self.stopping.lock(), |stopping| !*stopping, pause);
    }

    pub(super) fn report(&self, error: Option<String>) {
        *self.error.lock() = error;
    }

    /// Counts records that were noted as shipped.
    pub(super) fn noted(&self, records: i64) {
        self.shipped.fetch_add(u64::try_from(records).unwrap_or(0), Ordering::Relaxed);
    }

    /// Reports an error and pauses as long as its kind needs.
    pub(super) fn fail(&self, error: &BusError) {
        self.report(Some(chain(error)));
        let needs_change = !error.is_retriable() || matches!(error, BusError::TopicSettings { .. });
        self.pause(if needs_change { SLOW_RETRY } else { RETRY });
    }
}
