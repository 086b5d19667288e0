//! Whether the pipeline has caught up, and what does not work just now: told by whoever notices, asked by the doors.

use crate::trouble::{Component, DegradedComponent, DegradedReason};
use contract::time::Micros;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Why it is not ready before anybody has said so.
pub(super) const STARTING: &str = "starting";
/// Why it is not ready while the bus gives it nothing to keep.
pub(crate) const UNASSIGNED: &str = "no partition is assigned";

/// Not ready, with the reason, until somebody says otherwise.
#[derive(Debug)]
pub struct Readiness(RwLock<ReadinessState>);

#[derive(Debug)]
struct ReadinessState {
    reason: Option<Cow<'static, str>>,
    troubles: BTreeMap<Component, DegradedComponent>,
}

impl Default for Readiness {
    fn default() -> Self {
        Self(RwLock::new(ReadinessState { reason: Some(Cow::Borrowed(STARTING)), troubles: BTreeMap::new() }))
    }
}

impl Readiness {
    /// Not ready, because of `reason`: lower case, without secrets, for a person to read.
    pub fn wait(&self, reason: impl Into<Cow<'static, str>>) {
        self.write().reason = Some(reason.into());
    }

    /// Ready.
    pub fn ready(&self) {
        self.write().reason = None;
    }

    /// Why it is not ready; `None` when it is.
    pub fn reason(&self) -> Option<Cow<'static, str>> {
        let state = self.read();
        let outbox = state.troubles.get(&Component::Outbox).map(|trouble| format!("polling waits: {}", trouble.error));
        match (&state.reason, outbox) {
            (Some(reason), Some(outbox)) => Some(Cow::Owned(format!("{reason}; {outbox}"))),
            (reason, outbox) => reason.clone().or(outbox.map(Cow::Owned)),
        }
    }

    /// A part does not work, `now` being the first time or once more; ready or not, the others go on.
    pub fn trouble(
        &self,
        part: Component,
        why: impl Into<DegradedReason>,
        error: String,
        waiting: Option<u64>,
        now: Micros,
    ) {
        let mut state = self.write();
        let since = state.troubles.get(&part).map_or(now, |known| known.since);
        state.troubles.insert(part, DegradedComponent { since, why: why.into(), error, waiting });
    }

    /// A part works again.
    pub fn over(&self, part: Component) {
        // Said after each success: most have nothing to end, and readers of pages should not wait for those.
        if self.read().troubles.contains_key(&part) {
            self.write().troubles.remove(&part);
        }
    }

    /// What does not work just now.
    pub fn troubles(&self) -> BTreeMap<Component, DegradedComponent> {
        self.read().troubles.clone()
    }

    // Plain values, whole at any time, whoever panicked.
    fn read(&self) -> RwLockReadGuard<'_, ReadinessState> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, ReadinessState> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
