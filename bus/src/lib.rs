//! How records travel from collectors to the aggregator.
//!
//! Two traits stand between both: an [`Outbox`] takes records and says when they are durable, a
//! [`Consumer`] is pulled for them. The bus knows no plan, figure or wire form, so that neither side
//! can lean on it for more than order, durability and positions; only [`bundle`], which carries records
//! where no network does, finds the key in a body. It has no callbacks, no retries of
//! its own and no log lines: its errors are born with their kind, and the caller decides.
//!
//! One collector publishes what it saw on the portal, one aggregator reads it:
//!
//! ```text
//! publish([{key, revision, body}, ..], [("portal/seen", sha256)])      1 transaction, then the answer
//!                          |
//!   offset        1    2    3    4    5    6
//!   record       [r1] [r2] [r3] [r4] [r5] [r6]        partition 0, kept in order, never changed
//!                      `--- batch ---'
//!                                     ^ position {next: 5, last: digest of r4}
//! ```
//!
//! - **record**: a key (the plan's id), a revision and body bytes. Read back: offset, append time, body.
//! - **outbox**: where a collector publishes. **Durable**: it survives a power cut.
//! - **checkpoint**: the collector's own small notes, changed in the transaction of the records.
//! - **partition**: a part of the bus that is in order. The SQLite log has one.
//! - **offset**: a record's number in its partition, without gaps. **Append time**: when the bus took it.
//! - **batch**: consecutive records of one partition, owned by whoever asked for them.
//! - **position**: where reading goes on, and a digest of the record before it. The reader stores it in
//!   the transaction of its results; the bus keeps no positions.
//! - **assigned**, **revoked**: a partition is given to this consumer, or is to be handed back.

mod batch;
pub mod bundle;
mod error;
mod failpoint;
pub mod kafka;
mod log;
pub mod pause;
mod pending;
pub mod suite;

pub use batch::{Batch, BatchBuilder, Partition, Position};
pub use error::{BusError, Cause, PublishError};
pub use failpoint::Failpoint;
pub use log::{BATCH_BYTES, PARTITION, SqliteConsumer, SqliteOutbox};
pub use pending::{Pending, PendingSender};

use contract::time::Micros;
use std::time::Duration;

/// How far a revision may be ahead of the machine's clock. Clocks of one city differ by seconds; a
/// revision from further ahead would stand above every honest correction until then.
pub const MAX_AHEAD: Micros = Micros(5 * 60 * 1_000_000);
/// Bytes that one body, or one value of a checkpoint, may have. Records are about 250 B; Kafka's own
/// default limit is the same.
pub const MAX_BODY_BYTES: usize = 1 << 20;
/// Bytes that a key or the name of a checkpoint may have. Both are ids out of the configuration.
pub const MAX_NAME_BYTES: usize = 1 << 10;
/// Bytes that one published batch may hold in all. It is held in memory until it is durable.
pub const MAX_PUBLISH_BYTES: usize = 64 << 20;

/// One record to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The plan's id, at most [`MAX_NAME_BYTES`]. Records of one key stay in one partition, in order.
    pub key: String,
    /// The revision in the body, repeated here because the bus does not read bodies. Only checked
    /// against the clock ([`MAX_AHEAD`]), not carried.
    pub revision: Micros,
    /// The wire form, at most [`MAX_BODY_BYTES`]; any bytes.
    pub body: Vec<u8>,
}

/// The collector's notes to change together with the records: name and new value, `None` deletes.
/// Applied in order; a name is at most [`MAX_NAME_BYTES`], a value at most [`MAX_BODY_BYTES`].
pub type Checkpoint = Vec<(String, Option<Vec<u8>>)>;

/// Takes records and says when they are durable.
pub trait Outbox: Send + Sync {
    /// Publishes all of `batch` and changes all of `checkpoint`, or nothing of either; either may be
    /// empty.
    ///
    /// Never blocks. The order of calls is the order of the records. What is handed in is published
    /// whether or not the answer is waited for. A retriable failure means that nothing was published.
    fn publish(&self, batch: Vec<Outgoing>, checkpoint: Checkpoint) -> Pending;

    /// The notes whose name starts with `prefix`, ordered by the bytes of their names.
    fn checkpoints(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, BusError>;
}

/// Pulled for records by its caller, on the caller's thread and at the caller's pace.
///
/// ```text
/// next -> Assigned(p) ; start(p, position) ; next -> Batch .. next -> Idle .. next -> Revoked(p) ; release(p)
/// ```
pub trait Consumer: Send {
    /// What comes next: at most `max_records` records (at least one, whatever is asked), waiting for
    /// up to `max_wait` when there is nothing. Blocks, so it is not for an async task.
    ///
    /// A retriable failure loses nothing: the next call goes on where the last batch ended.
    fn next(&mut self, max_records: usize, max_wait: Duration) -> Result<Delivery, BusError>;

    /// The answer to [`Delivery::Assigned`]: reads `partition` from `from` on, or from its first record.
    ///
    /// Refuses ([`BusError::Recreated`], [`BusError::Gap`]) unless the record before `from` is still
    /// the one that was read, and unless the first record is there when `from` is `None`.
    fn start(&mut self, partition: Partition, from: Option<Position>) -> Result<(), BusError>;

    /// The answer to [`Delivery::Revoked`], once everything read of `partition` is stored and closed:
    /// from here on another consumer may read it.
    fn release(&mut self, partition: Partition) -> Result<(), BusError>;
}

/// What a [`Consumer`] gives when it is pulled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A partition is ours now. The next call must be [`Consumer::start`].
    Assigned(Partition),
    /// Records of a started partition.
    Batch(Batch),
    /// A partition is to be given back. The next call must be [`Consumer::release`].
    Revoked(Partition),
    /// Nothing came within the wait.
    Idle,
}
