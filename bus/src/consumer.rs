//! The side that reads.

use crate::batch::{Batch, Partition, Position};
use crate::error::BusError;
use std::time::Duration;

/// Pulled for records by its caller, on the caller's thread and at the caller's pace.
///
/// ```text
/// next -> Assigned(p) ; start(p, position) ; next -> Batch .. next -> Idle .. next -> Revoked(p) ; release(p)
/// ```
///
/// ```
/// use bus::{Consumer, Delivery, Outbox, Outgoing, SqliteConsumer, SqliteOutbox};
/// use contract::time::Micros;
/// use std::time::Duration;
/// use testkit::TestClock;
///
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("bus.db");
/// let outbox = SqliteOutbox::open(&path, TestClock::at(Micros(7))).unwrap();
/// let record = Outgoing { key: "plan".into(), revision: Micros(7), body: b"{}".to_vec() };
/// outbox.publish(vec![record], Vec::new()).wait().unwrap();
///
/// let mut consumer = SqliteConsumer::open(&path).unwrap();
/// let Delivery::Assigned(partition) = consumer.next(10, Duration::ZERO).unwrap() else { panic!("no partition") };
/// consumer.start(partition, None).unwrap();
/// let Delivery::Batch(batch) = consumer.next(10, Duration::ZERO).unwrap() else { panic!("no record") };
/// let records: Vec<_> = batch.iter().collect();
/// assert_eq!(records, [(1, Micros(7), &b"{}"[..])]);
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

    /// How many partitions the bus has, asked once one of them was started; `None` where it can only have one.
    ///
    /// Refuses ([`BusError::Partitions`]) another number than `known`: the records of a key would lie in two partitions.
    fn partitions(&self, known: Option<i32>) -> Result<Option<i32>, BusError> {
        let _ = known;
        Ok(None)
    }

    /// How many records waited in a partition when it was assigned; `None` where the bus cannot say.
    fn backlog(&self, partition: Partition) -> Option<u64> {
        let _ = partition;
        None
    }

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
