//! How records travel from collectors to the aggregator.
//!
//! Two traits stand between both: an [`Outbox`] takes records and reports when they are durable, a
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
//! - **batch**: consecutive records of one partition, owned by the caller.
//! - **position**: where reading goes on, and a digest of the record before it. The reader stores it in
//!   the transaction of its results; the bus keeps no positions.
//! - **assigned**, **revoked**: a partition is given to this consumer, or is to be handed back.

mod batch;
pub mod bundle;
mod consumer;
mod error;
mod failpoint;
pub mod kafka;
mod limits;
mod log;
mod outbox;
pub mod pause;
mod pending;
pub mod suite;

pub use batch::{Batch, BatchBuilder, Partition, Position};
pub use consumer::{Consumer, Delivery};
pub use error::{BusError, Cause, PublishError};
pub use failpoint::Failpoint;
pub use limits::{MAX_AHEAD, MAX_BODY_BYTES, MAX_NAME_BYTES, MAX_PUBLISH_BYTES};
pub use log::{BATCH_BYTES, CheckpointReader, PARTITION, SqliteConsumer, SqliteOutbox};
pub use outbox::{Checkpoint, Outbox, Outgoing};
pub use pending::{Pending, PendingSender};
