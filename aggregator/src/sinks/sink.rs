//! What a sink is: bounded steps over the changes of one partition's store.

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

/// What a sink works with in one step.
#[derive(Debug)]
pub struct Step<'a> {
    /// The partition's store, and the sink's cursor in it.
    pub store: &'a mut SinkCursor,
    /// The figures as they are now; they may be ahead of the store by the batch in hand, never behind it.
    pub plans: &'a SharedPlanStates,
    /// The wall clock.
    pub now: Micros,
    /// Cancelled when the partition is to be closed: a request under way may be dropped, its step is repeated later.
    pub stop: &'a CancellationToken,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepOutcome {
    /// There was nothing to do.
    Nothing,
    /// Something was written; there may be more.
    Some {
        /// Points or messages that the server accepted.
        written: u64,
        /// Those it will never accept, kept as dead letters.
        dead: u64,
    },
}

/// How far a first fill is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FillProgress {
    /// Plans that it writes.
    pub plans: usize,
    /// Those that are written.
    pub written: usize,
}

/// Why a step failed. It is tried again: what can never be accepted is a dead letter, not a failure.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// The server did not accept it for now.
    #[error("{what}")]
    Refused {
        /// Which server, its answer, and what to do about it.
        what: String,
        /// How long the server asks us to wait.
        after: Option<Duration>,
        /// The library's error.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// The store cannot be read or written for now.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Stopped before the end of the step.
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

/// Writes the changes in one partition's store to one server.
pub trait Sink: Send {
    /// Does one bounded piece of work. Blocks; must look at [`Step::stop`] where it waits.
    fn step(&mut self, step: &mut Step<'_>) -> Result<StepOutcome, SinkError>;

    /// How far it is with what was there before it, `None` when nothing of that is left.
    fn fill_progress(&self) -> Option<FillProgress> {
        None
    }

    /// Asks the server once whether it accepts what we write, changes nothing, and returns the result in words.
    fn probe(&mut self, stop: &CancellationToken) -> Result<&'static str, SinkError>;
}

/// What a sink reads: each kind has cursors of its own in the store.
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
    /// What it reads.
    pub input: SinkInput,
    /// Makes it.
    pub make: Arc<dyn Fn(Partition) -> Box<dyn Sink> + Send + Sync>,
}

impl fmt::Debug for ConfiguredSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ConfiguredSink").field(&self.name).finish()
    }
}

/// Whether this instance still owns its partitions.
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
