//! The one thread of an outbox that writes: a group of requests, one transaction, all the answers.
//!
//! While it flushes, the next requests gather in the queue; that is all there is to group commit. A
//! failed commit fails every request in it and the writer goes on, so a disk that was full recovers
//! by itself. It never retries: the publisher knows best whether its batch is still wanted.

use super::block::{BlockWriter, LogRecord};
use super::checksum;
use super::file;
use super::log_head::LogHead;
use super::queue::{PublishQueue, PublishRequest};
use super::signal::CommitSignal;
use super::verify::LogVerification;
use crate::error::BusError;
use crate::failpoint::Failpoint;
use contract::time::Clock;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use std::path::PathBuf;
use std::sync::Arc;

const PUT: &str = "INSERT INTO checkpoint(name, value, sum) VALUES (?1, ?2, ?3) \
                   ON CONFLICT(name) DO UPDATE SET value = excluded.value, sum = excluded.sum";
const DELETE: &str = "DELETE FROM checkpoint WHERE name = ?1";

/// What the writing thread owns and shares.
pub(super) struct LogWriter {
    pub(super) path: PathBuf,
    pub(super) connection: Connection,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) queue: Arc<PublishQueue>,
    pub(super) signal: Arc<CommitSignal>,
    /// Bytes the file may hold before records are refused.
    pub(super) limit: Option<u64>,
    /// Must succeed before the first commit.
    pub(super) verification: Arc<LogVerification>,
}

impl LogWriter {
    /// Writes until the queue is closed and empty.
    pub(super) fn run(mut self) {
        // At once, so that the first publisher need not wait for it. A failure is returned to the first publisher.
        let _ = self.verification.ensure(&self.connection, &self.path);
        while let Some(group) = self.queue.take() {
            let verified = self.verification.ensure(&self.connection, &self.path);
            let outcome = verified.and_then(|()| self.commit(&group).map_err(|error| file::failed(&self.path, error)));
            if outcome.is_ok() {
                self.signal.raise();
            }
            self.answer(group, &outcome);
        }
    }

    /// Commits what may be committed; gives the bytes the file holds when they are too many for records.
    fn commit(&mut self, group: &[PublishRequest]) -> rusqlite::Result<Option<u64>> {
        // Immediate: the lock is awaited before anything is read, so that waiting for it cannot fail half-way.
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let full = match self.limit {
            Some(limit) => Some(file::used_bytes(&transaction)?).filter(|bytes| *bytes > limit),
            None => None,
        };
        if full.is_none() {
            insert(&transaction, group, self.clock.now().0)?;
        }
        write_checkpoints(&transaction, group.iter().filter(|request| full.is_none() || request.batch.is_empty()))?;
        Failpoint::OutboxWritten.reached();
        transaction.commit()?;
        Failpoint::OutboxCommitted.reached();
        Ok(full)
    }

    fn answer(&self, group: Vec<PublishRequest>, outcome: &Result<Option<u64>, BusError>) {
        for request in group {
            request.ack.send(match outcome {
                Err(error) => Err(error.clone().into()),
                Ok(Some(bytes)) if !request.batch.is_empty() => Err(self.over_limit(*bytes).into()),
                Ok(_) => Ok(()),
            });
        }
    }

    fn over_limit(&self, bytes: u64) -> BusError {
        BusError::OverLimit { bus: file::name(&self.path), bytes, limit: self.limit.unwrap_or(u64::MAX) }
    }
}

impl Drop for LogWriter {
    /// However the thread ends, every caller gets an answer.
    fn drop(&mut self) {
        self.queue.abandon();
    }
}

/// Appends the records of a group.
fn insert(transaction: &Transaction, group: &[PublishRequest], time: i64) -> rusqlite::Result<()> {
    let mut head = LogHead::read(transaction)?;
    head.check_newest(transaction)?;
    let before = head;
    let mut blocks = BlockWriter::new(transaction)?;
    for record in group.iter().flat_map(|request| &request.batch) {
        head.last += 1;
        blocks.push(LogRecord { offset: head.last, time, key: record.key.as_bytes(), body: &record.body })?;
    }
    blocks.write(head.last, time)?;
    if head == before { Ok(()) } else { head.write(transaction) }
}

/// Changes the checkpoints of requests, in order.
fn write_checkpoints<'a>(
    transaction: &Transaction,
    requests: impl Iterator<Item = &'a PublishRequest>,
) -> rusqlite::Result<()> {
    let mut put = transaction.prepare_cached(PUT)?;
    let mut delete = transaction.prepare_cached(DELETE)?;
    for (name, value) in requests.flat_map(|request| &request.checkpoint) {
        match value {
            Some(value) => put.execute((name, value, checksum::of_checkpoint(name, value)))?,
            None => delete.execute((name,))?,
        };
    }
    Ok(())
}
