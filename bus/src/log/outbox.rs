//! The publishing side of a SQLite log.

use super::checkpoints;
use super::consumer::SqliteConsumer;
use super::file;
use super::queue::{PublishQueue, PublishRequest, QueueError};
use super::signal::CommitSignal;
use super::verify::LogVerification;
use super::writer::LogWriter;
use crate::error::{BusError, PublishError};
use crate::limits::{MAX_AHEAD, MAX_BODY_BYTES, MAX_NAME_BYTES, MAX_PUBLISH_BYTES};
use crate::outbox::{Checkpoint, Outbox, Outgoing};
use crate::pending::Pending;
use contract::time::{Clock, Micros};
use parking_lot::Mutex;
use rusqlite::Connection;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

/// Characters of a too long name that an error shows.
const SHOWN_CHARS: usize = 60;

/// Publishes to a SQLite file. Dropped, it waits until everything published is written and answered.
pub struct SqliteOutbox {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    queue: Arc<PublishQueue>,
    signal: Arc<CommitSignal>,
    reader: Mutex<Connection>,
    verification: Arc<LogVerification>,
    writer: Option<JoinHandle<()>>,
}

impl SqliteOutbox {
    /// Opens the log at `path`, which is made when there is none; its folder must exist. `clock` gives
    /// the append times and the bound of revisions.
    pub fn open(path: impl AsRef<Path>, clock: Arc<dyn Clock>) -> Result<Self, BusError> {
        let path = path.as_ref();
        Self::start(path, file::open(path)?, clock, None)
    }

    /// The same with a limit for what waits to be shipped: above `limit_bytes` of content in the file,
    /// records are refused ([`BusError::OverLimit`], retriable) until a shipper has moved some on. Up to
    /// one commit more than the limit may be held.
    pub fn open_with_limit(path: impl AsRef<Path>, clock: Arc<dyn Clock>, limit_bytes: u64) -> Result<Self, BusError> {
        let path = path.as_ref();
        Self::start(path, file::open(path)?, clock, Some(limit_bytes))
    }

    /// A consumer of the same file that wakes up at once when this outbox has committed.
    pub fn consumer(&self) -> Result<SqliteConsumer, BusError> {
        SqliteConsumer::with_signal(&self.path, Arc::clone(&self.signal))
    }

    fn start(path: &Path, connection: Connection, clock: Arc<dyn Clock>, limit: Option<u64>) -> Result<Self, BusError> {
        let (queue, signal) = (Arc::new(PublishQueue::default()), Arc::new(CommitSignal::default()));
        let (reader, verification) = (Mutex::new(file::open(path)?), Arc::new(LogVerification::default()));
        let writer = LogWriter {
            path: path.to_owned(),
            connection,
            clock: Arc::clone(&clock),
            queue: Arc::clone(&queue),
            signal: Arc::clone(&signal),
            limit,
            verification: Arc::clone(&verification),
        };
        let thread = thread::Builder::new()
            .name("bus-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| BusError::Io { bus: file::name(path), source: Arc::new(error) })?;
        Ok(Self { path: path.to_owned(), clock, queue, signal, reader, verification, writer: Some(thread) })
    }
}

impl Outbox for SqliteOutbox {
    fn publish(&self, batch: Vec<Outgoing>, checkpoint: Checkpoint) -> Pending {
        let (ack, pending) = Pending::new(file::name(&self.path));
        match check(&batch, &checkpoint, self.clock.now()) {
            Err(error) => ack.send(Err(error)),
            Ok(bytes) => match self.queue.push(PublishRequest { batch, checkpoint, bytes, ack }) {
                Ok(()) => {}
                Err(QueueError::Full(request)) => {
                    request.ack.send(Err(BusError::Overloaded { bus: file::name(&self.path) }.into()));
                }
                Err(QueueError::Closed(request)) => {
                    request.ack.send(Err(BusError::Closed { bus: file::name(&self.path) }.into()));
                }
            },
        }
        pending
    }

    fn checkpoints(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, BusError> {
        let reader = self.reader.lock();
        self.verification.ensure(&reader, &self.path)?;
        checkpoints::read(&reader, prefix).map_err(|error| file::failed(&self.path, error))
    }
}

impl Drop for SqliteOutbox {
    fn drop(&mut self) {
        self.queue.close();
        // A writer that panicked has reported it on its own thread and has failed what was queued.
        let _ = self.writer.take().map(JoinHandle::join);
    }
}

impl fmt::Debug for SqliteOutbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteOutbox").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The bytes of a request that keeps all limits.
fn check(batch: &[Outgoing], checkpoint: &Checkpoint, now: Micros) -> Result<usize, PublishError> {
    let mut total = 0;
    for Outgoing { key, revision, body } in batch {
        total += within("key", key, key.len(), MAX_NAME_BYTES)? + within("body", key, body.len(), MAX_BODY_BYTES)?;
        if revision.0 > now.0.saturating_add(MAX_AHEAD.0) {
            return Err(PublishError::Future { key: key.clone(), revision: *revision, now });
        }
    }
    for (name, value) in checkpoint {
        total += within("name", name, name.len(), MAX_NAME_BYTES)?;
        total += within("value", name, value.as_ref().map_or(0, Vec::len), MAX_BODY_BYTES)?;
    }
    // Records without a body take memory too.
    total += size_of_val(batch) + size_of_val(checkpoint.as_slice());
    let name = batch.first().map(|record| &record.key).or(checkpoint.first().map(|(name, _)| name));
    within("batch", name.map_or("", String::as_str), total, MAX_PUBLISH_BYTES)
}

/// `bytes`, unless they are more than `limit`.
fn within(part: &'static str, name: &str, bytes: usize, limit: usize) -> Result<usize, PublishError> {
    if bytes > limit {
        let name = name.chars().take(SHOWN_CHARS).collect();
        return Err(PublishError::TooLarge { part, name, bytes, limit });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
