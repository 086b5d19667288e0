//! The plan states of a process: the pipeline writes them, reports, pages and sinks read them.

use aggregator_core::plan_state::PlanState;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The state of every configured plan, by plan id.
pub type PlanStates = BTreeMap<String, PlanState>;

/// Plan states behind a lock. A reader makes a whole report under the lock and waits for nothing else meanwhile; the
/// pipeline holds the lock while it inserts one batch.
///
/// The lock of `std`, because it is poisoned when the pipeline panics in the middle of a batch: pages and metrics then
/// answer with an error instead of figures that were written by half.
pub type SharedPlanStates = Arc<RwLock<PlanStates>>;

/// Locks for reading, also when the pipeline has panicked: for threads that end with it.
pub(crate) fn read(states: &SharedPlanStates) -> RwLockReadGuard<'_, PlanStates> {
    states.read().unwrap_or_else(PoisonError::into_inner)
}

/// Locks for writing. The pipeline is the only writer, and does not go on after a panic.
pub(crate) fn write(states: &SharedPlanStates) -> RwLockWriteGuard<'_, PlanStates> {
    states.write().unwrap_or_else(PoisonError::into_inner)
}
