//! Doors to those who are told: InfluxDB, Alertmanager, webhooks.
//!
//! Each sink of each open partition has a thread and a cursor of its own over what the store says has changed,
//! so a dead sink stops nobody, and whatever it missed is told when it is back: at least once, never skipped.
//!
//! ```text
//! keeper --commit--> store: changes, alert events
//!                       |  cursor
//!                    worker (one a sink and partition): turn -> turn -> wait -> turn
//!                       |
//!                    sink: InfluxDB, Alertmanager, webhook
//! ```
//!
//! - **turn**: one bounded piece of a sink's work: read on from the cursor, write, wait for the answer, note the cursor.
//! - **worker**: takes turns, waits between them, backs off after failures, measures and logs; sinks do none of that.

pub mod alert;
pub mod influxdb;
mod worker;

pub(crate) use worker::SinkWorkers;

use crate::health::DegradedReason;
use crate::plan_states::SharedPlanStates;
use crate::store::{SinkCursor, StoreError};
use bus::Partition;
use contract::time::Micros;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// What a sink works with in one turn.
#[derive(Debug)]
pub struct Step<'a> {
    /// The sink's place at the partition's store.
    pub desk: &'a mut SinkCursor,
    /// The figures as they are now; they may be ahead of the store by the batch in hand, never behind it.
    pub books: &'a SharedPlanStates,
    /// The wall clock.
    pub now: Micros,
    /// Cancelled when the partition is to be closed: a request under way may be dropped, its turn comes again.
    pub stop: &'a CancellationToken,
}

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// There was nothing to do.
    Nothing,
    /// Something was written; there may be more.
    Some {
        /// Points or messages that were taken by the other side.
        written: u64,
        /// Those it will never take, kept as dead letters.
        dead: u64,
    },
}

/// Why a turn failed. All of it is tried again: what can never be taken is a dead letter, not a failure.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The other side did not take it for now.
    #[error("{what}")]
    Refused {
        /// Which server, what it said, and what to do about it.
        what: String,
        /// How long it asked us to wait.
        after: Option<Duration>,
        /// What the library said.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The store cannot be read or written for now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// We were told to stop in the middle.
    #[error("stopped")]
    Stopped,
}

impl From<&SinkError> for DegradedReason {
    fn from(error: &SinkError) -> Self {
        match error {
            SinkError::Store(error) => error.into(),
            SinkError::Refused { .. } | SinkError::Stopped => Self::Refused,
        }
    }
}

/// Writes to one server what one partition's store says.
pub trait Sink: Send {
    /// Does one bounded piece of work. Blocks; must look at [`Turn::stop`] where it waits.
    fn turn(&mut self, turn: &mut Step<'_>) -> Result<StepOutcome, SinkError>;

    /// Asks the server once whether it would take what we write, and writes nothing; false where no such request exists.
    fn ask(&mut self, _stop: &CancellationToken) -> Result<bool, SinkError> {
        Ok(false)
    }
}

/// What a sink follows: each kind has cursors of its own in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkInput {
    /// Every figure and judgement that changes.
    Changes,
    /// Alerts that fire or are resolved.
    Alerts,
}

/// A configured sink: makes one [`Sink`] for each partition that is opened.
#[derive(Clone)]
pub struct ConfiguredSink {
    /// Its name in the store, in metrics and logs.
    pub name: &'static str,
    /// What its cursor counts.
    pub follows: SinkInput,
    /// Makes it.
    pub make: Arc<dyn Fn(Partition) -> Box<dyn Sink> + Send + Sync>,
}

impl fmt::Debug for ConfiguredSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SinkMaker").field(&self.name).finish()
    }
}

/// Says whether this instance may still speak for its partitions.
pub trait Membership: Send + Sync {
    /// False when the bus may have given our partitions to another instance.
    fn is_ours(&self) -> bool;
}

/// An embedded bus has one reader.
impl Membership for () {
    fn is_ours(&self) -> bool {
        true
    }
}
