//! The bus in one SQLite file: the outbox of every collector and, embedded, the whole bus.
//!
//! SQLite because its log is durable, transactional with the checkpoints, and needs no
//! server; `shihyo tap` shows what it holds. Several processes may have the file open: writers take turns, readers never
//! wait. The file holds:
//!
//! ```text
//! block(id, records, time, content, sum)  records that were committed together (`block.rs`); id: the offset of the last of
//!                                         them, offsets are contiguous from 1; time: when they were committed
//! checkpoint(name, value, sum)
//! shipped(id, last, sum)                  id: everything up to this offset is on another bus, and may be trimmed;
//!                                         last: the offset of the newest record
//! ```
//!
//! `sum` is a checksum of the other columns: a row that a disk changed is refused by name, and so is a log whose
//! records do not follow each other up to `last`.
//!
//! Only a shipper deletes from the log, whole blocks, and always keeps the newest record: SQLite numbers on from it, and
//! a reader's position is proved by it.

mod block;
mod checkpoints;
mod checksum;
mod consumer;
mod file;
mod log_head;
mod outbox;
mod queue;
mod schema;
mod shipping;
mod signal;
mod verify;
mod writer;

pub use checkpoints::CheckpointReader;
pub use consumer::{BATCH_BYTES, PARTITION, SqliteConsumer};
pub use outbox::SqliteOutbox;
pub(crate) use shipping::{ShipperLock, ShippingLog};
