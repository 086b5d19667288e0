//! The publishing side of a SQLite log.

use super::consumer::SqliteConsumer;
use super::file;
use super::queue::{PublishQueue, PublishRequest, QueueError};
use super::signal::CommitSignal;
use super::writer::LogWriter;
use super::{checksum, schema};
use crate::{
    BusError, Checkpoint, MAX_AHEAD, MAX_BODY_BYTES, MAX_NAME_BYTES, MAX_PUBLISH_BYTES, Outbox, Outgoing, Pending,
    PublishError,
};
use contract::time::{Clock, Micros};
use rusqlite::Connection;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
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
    proof: Arc<Proof>,
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
        let (reader, proof) = (Mutex::new(file::open(path)?), Arc::new(Proof::default()));
        let writer = LogWriter {
            path: path.to_owned(),
            connection,
            clock: Arc::clone(&clock),
            queue: Arc::clone(&queue),
            signal: Arc::clone(&signal),
            limit,
            proof: Arc::clone(&proof),
        };
        let thread = thread::Builder::new()
            .name("bus-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(|error| BusError::Io { bus: file::name(path), source: Arc::new(error) })?;
        Ok(Self { path: path.to_owned(), clock, queue, signal, reader, proof, writer: Some(thread) })
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
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        self.proof.ensure(&reader, &self.path)?;
        notes(&reader, prefix).map_err(|error| file::failed(&self.path, error))
    }
}

impl Drop for SqliteOutbox {
    fn drop(&mut self) {
        self.queue.close();
        // A writer that panicked has told so on its own thread and has failed what was queued.
        let _ = self.writer.take().map(JoinHandle::join);
    }
}

impl fmt::Debug for SqliteOutbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteOutbox").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Names are compared byte by byte, so those with a prefix follow each other, from the prefix on.
/// Whether the parts of the file beside its records were proved: before anything is told of them, or written.
///
/// Not when the file is opened, because that holds up a start by the time of reading every checkpoint.
#[derive(Debug, Default)]
pub(super) struct Proof(Mutex<bool>);

impl Proof {
    /// Proves them unless they are. Whoever asks meanwhile waits; what failed is tried again by the next one.
    pub(super) fn ensure(&self, connection: &Connection, path: &Path) -> Result<(), BusError> {
        let mut proved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !*proved {
            // A checkpoint that is not found is one that there never was: all of them are proved.
            let whole = schema::verify(connection).and_then(|()| notes(connection, "").map(drop));
            whole.map_err(|error| file::failed(path, error))?;
            *proved = true;
        }
        Ok(())
    }
}

fn notes(reader: &Connection, prefix: &str) -> rusqlite::Result<Vec<(String, Vec<u8>)>> {
    let mut statement =
        reader.prepare_cached("SELECT name, value, sum FROM checkpoint WHERE name >= ?1 ORDER BY name")?;
    let mut rows = statement.query((prefix,))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        if !name.starts_with(prefix) {
            break;
        }
        let value: Vec<u8> = row.get(1)?;
        checksum::check(row.get(2)?, checksum::of_note(&name, &value), || format!("the checkpoint `{name}`"))?;
        found.push((name, value));
    }
    Ok(found)
}

/// The bytes of a request that respects all limits.
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
