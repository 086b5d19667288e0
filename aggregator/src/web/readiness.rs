//! Whether the pipeline has caught up, told by the pipeline and asked by the doors.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

/// Not ready, with the reason, until somebody says otherwise.
#[derive(Debug)]
pub struct Readiness(RwLock<Option<Cow<'static, str>>>);

impl Default for Readiness {
    fn default() -> Self {
        Self(RwLock::new(Some(Cow::Borrowed("starting"))))
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

    /// Why it is not ready; `None` when it is.
    pub fn reason(&self) -> Option<Cow<'static, str>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, reason: Option<Cow<'static, str>>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}
