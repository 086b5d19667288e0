//! Whether the pipeline has caught up, told by the pipeline and asked by the doors.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

/// Not ready, with the reason, until somebody says otherwise.
#[derive(Debug)]
pub struct Readiness {
    pipeline: RwLock<Reason>,
    outbox: RwLock<Reason>,
}

type Reason = Option<Cow<'static, str>>;

impl Default for Readiness {
    fn default() -> Self {
        Self { pipeline: RwLock::new(Some(Cow::Borrowed("starting"))), outbox: RwLock::default() }
    }
}

impl Readiness {
    /// Not ready, because of `reason`: lower case, without secrets, for a person to read.
    pub fn wait(&self, reason: impl Into<Cow<'static, str>>) {
        self.set(Some(reason.into()));
    }

    /// Ready.
    pub fn ready(&self) {
        self.set(None);
    }

    /// The outbox takes no records, so that polling waits, and why; or takes them again (`None`).
    pub fn outbox(&self, reason: Option<String>) {
        *self.outbox.write().unwrap_or_else(PoisonError::into_inner) = reason.map(Cow::Owned);
    }

    /// Why it is not ready; `None` when it is.
    pub fn reason(&self) -> Option<Cow<'static, str>> {
        let read = |of: &RwLock<Reason>| of.read().unwrap_or_else(PoisonError::into_inner).clone();
        match (read(&self.pipeline), read(&self.outbox)) {
            (Some(one), Some(other)) => Some(Cow::Owned(format!("{one}; {other}"))),
            (one, other) => one.or(other),
        }
    }

    fn set(&self, reason: Reason) {
        *self.pipeline.write().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}
