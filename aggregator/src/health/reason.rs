//! Why a component is degraded.

use crate::store::StoreError;
use bus::{BusError, PublishError};

/// The kinds of failure that pages and metrics distinguish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DegradedReason {
    /// The disk is full.
    Full,
    /// Another process locks a file.
    Locked,
    /// The backlog has reached its limit.
    OverLimit,
    /// A file cannot be read or written.
    Io,
    /// The server cannot be reached, or rejects the request.
    Refused,
    /// A part has not arrived.
    Incomplete,
    /// The topic is set so that records are lost, or its partitions were changed.
    Topic,
    /// Records are missing on the bus.
    Gap,
    /// The bus is another one than the one that was read.
    Recreated,
    /// Records are dated later than this machine's clock.
    Ahead,
}

impl DegradedReason {
    /// All reasons.
    pub const ALL: [Self; 10] = [
        Self::Full,
        Self::Locked,
        Self::OverLimit,
        Self::Io,
        Self::Refused,
        Self::Incomplete,
        Self::Topic,
        Self::Gap,
        Self::Recreated,
        Self::Ahead,
    ];

    /// True when records that are read now could make wrong figures, so that none are.
    pub fn stops_reading(self) -> bool {
        matches!(self, Self::Topic | Self::Gap | Self::Recreated)
    }

    /// The label in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Locked => "locked",
            Self::OverLimit => "over_limit",
            Self::Io => "io",
            Self::Refused => "refused",
            Self::Incomplete => "incomplete",
            Self::Topic => "topic",
            Self::Gap => "gap",
            Self::Recreated => "recreated",
            Self::Ahead => "ahead",
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
            BusError::Partitions { .. } | BusError::TopicSettings { .. } => Self::Topic,
            BusError::Gap { .. } => Self::Gap,
            BusError::Recreated { .. } => Self::Recreated,
            _ => Self::Io,
        }
    }
}

impl From<&PublishError> for DegradedReason {
    fn from(error: &PublishError) -> Self {
        if let PublishError::Bus(error) = error { error.into() } else { Self::Refused }
    }
}
