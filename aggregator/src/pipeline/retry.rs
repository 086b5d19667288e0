//! Retries what a store refuses for now.

use super::error::PipelineError;
use super::setup::PipelineSetup;
use crate::store::StoreError;
use contract::backoff::Backoff;
use contract::error::chain;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// First pause before a failed commit is tried again.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// Longest pause: an operator who made room on the disk should not have to wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Repeats an action on a store until it succeeds, or fails with an error that no retry cures, or fails after a stop.
pub(super) fn retry<T>(
    setup: &PipelineSetup,
    stop: &AtomicBool,
    mut action: impl FnMut() -> Result<T, StoreError>,
) -> Result<T, PipelineError> {
    let is_stopped = || stop.load(Ordering::Relaxed);
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    loop {
        match action() {
            Ok(result) => {
                if backoff.reset() {
                    tracing::info!("the store can be written again");
                    setup.progress.store_recovered();
                }
                return Ok(result);
            }
            Err(error) if error.is_retriable() && !is_stopped() => {
                tracing::warn!(error = %chain(&error), "the store cannot be written for now; the batch is tried again");
                setup.progress.store_failed(&error, setup.clock.now());
                bus::pause::sleep_unless(backoff.next_pause(), is_stopped);
            }
            Err(error) => return Err(error.into()),
        }
    }
}
