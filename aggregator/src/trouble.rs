//! What does not work just now: a part of the machine, since when, and why.
//!
//! Parts fail by themselves and the others go on, so that each is told apart. Whoever notices says so to
//! [`crate::web::Readiness`]; pages show it to readers.

use crate::sinks::SinkError;
use crate::store::StoreError;
use bus::{BusError, PublishError};
use contract::time::Micros;

/// A part of the machine that may fail while the others go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Component {
    /// The store of the figures.
    Store,
    /// Reading the bus.
    Bus,
    /// The log in which collectors publish.
    Outbox,
    /// Moving on what they published.
    Shipper,
    /// Who is told of changes: its name and the partition it follows.
    Sink(&'static str, i32),
}

impl Component {
    /// The word in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Bus => "bus",
            Self::Outbox => "outbox",
            Self::Shipper => "shipper",
            Self::Sink(name, _) => name,
        }
    }
}

/// What does not work just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DegradedComponent {
    /// Since when.
    pub since: Micros,
    /// What it is, in words for readers.
    pub why: DegradedReason,
    /// The error with its causes, without secrets, for those who mend it.
    pub error: String,
    /// What waits because of it, where that is counted.
    pub waiting: Option<u64>,
}

/// The kinds of trouble that readers are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DegradedReason {
    /// No room is left on the disk.
    Full,
    /// Another process holds a file.
    Locked,
    /// What may wait for the bus has reached its limit.
    OverLimit,
    /// A file cannot be read or written.
    Io,
    /// The other side cannot be reached, or does not take it.
    Refused,
}

impl DegradedReason {
    /// The word in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Locked => "locked",
            Self::OverLimit => "over_limit",
            Self::Io => "io",
            Self::Refused => "refused",
        }
    }
}

impl From<&StoreError> for DegradedReason {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Full { .. } => Self::Full,
            StoreError::Locked { .. } | StoreError::Held { .. } => Self::Locked,
            _ => Self::Io,
        }
    }
}

impl From<&BusError> for DegradedReason {
    fn from(error: &BusError) -> Self {
        match error {
            BusError::Full { .. } => Self::Full,
            BusError::Locked { .. } => Self::Locked,
            BusError::OverLimit { .. } => Self::OverLimit,
            BusError::Unreachable { .. } | BusError::Refused { .. } | BusError::Login { .. } => Self::Refused,
            _ => Self::Io,
        }
    }
}

impl From<&SinkError> for DegradedReason {
    fn from(error: &SinkError) -> Self {
        match error {
            SinkError::Store(error) => error.into(),
            SinkError::Refused { .. } | SinkError::Stopped => Self::Refused,
        }
    }
}

impl From<&PublishError> for DegradedReason {
    fn from(error: &PublishError) -> Self {
        if let PublishError::Bus(error) = error { error.into() } else { Self::Refused }
    }
}
