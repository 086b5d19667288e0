//! The reading side of a SQLite log.

use super::block::{self, WalkEnd};
use super::file;
use super::log_head::LogHead;
use super::signal::CommitSignal;
use crate::batch::{Batch, BatchBuilder, Partition, Position};
use crate::consumer::{Consumer, Delivery};
use crate::error::BusError;
use contract::time::Micros;
use rusqlite::Connection;
use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The only partition of a SQLite log.
pub const PARTITION: Partition = Partition(0);
/// The offset of a log's first record.
const FIRST_OFFSET: i64 = 1;
/// Bytes after which a batch is full, whatever number of records was asked for: its memory is the
/// reader's, twice, while one batch is decoded and the next is read.
pub const BATCH_BYTES: usize = 8 << 20;
/// How often a waiting consumer looks for commits of other processes, which cannot wake it.
const POLL: Duration = Duration::from_millis(20);
/// What a first batch is expected to hold, for its first allocation.
const EXPECTED_RECORDS: usize = 64;
/// Bytes of a usual record, for the same.
const EXPECTED_RECORD_BYTES: usize = 256;

/// Reads a SQLite file. It has a connection of its own, which holds no lock between two calls.
pub struct SqliteConsumer {
    path: PathBuf,
    connection: Connection,
    signal: Arc<CommitSignal>,
    state: State,
    /// How often other processes are looked for.
    pub(super) poll: Duration,
    /// Records and bytes of the batch before: the best guess for the next one.
    expected: (usize, usize),
    /// The last offset when this was opened: what comes later did not wait. `None` when it cannot be read.
    last_at_open: Option<i64>,
    /// Records that waited then.
    backlog: Option<u64>,
}

/// Where the conversation with the caller stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    Assigned,
    Reading { next: i64 },
}

impl SqliteConsumer {
    /// Opens the log at `path`, which is made when there is none; its folder must exist. Commits are
    /// seen within 20 ms; a consumer of [`super::SqliteOutbox::consumer`] is woken at once.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, BusError> {
        Self::with_signal(path.as_ref(), Arc::default())
    }

    pub(super) fn with_signal(path: &Path, signal: Arc<CommitSignal>) -> Result<Self, BusError> {
        let connection = file::open(path)?;
        connection.pragma_update(None, "query_only", true).map_err(|error| file::failed(path, error))?;
        // Damage is reported when it is met in reading.
        let last = connection.query_row("SELECT max(id) FROM block", [], |row| row.get::<_, Option<i64>>(0));
        Ok(Self {
            path: path.to_owned(),
            connection,
            signal,
            state: State::New,
            poll: POLL,
            expected: (EXPECTED_RECORDS, EXPECTED_RECORDS * EXPECTED_RECORD_BYTES),
            last_at_open: last.ok().map(|last| last.unwrap_or(FIRST_OFFSET - 1)),
            backlog: None,
        })
    }

    /// Waits for a batch until the time is over, but looks into the log at least once.
    fn wait(&mut self, next: i64, max_records: usize, max_wait: Duration) -> Result<Delivery, BusError> {
        let started = Instant::now();
        loop {
            let commits = self.signal.count();
            if let Some(batch) = self.read(next, max_records)? {
                self.expected = (batch.len(), batch.bytes());
                self.state = State::Reading { next: batch.next.next };
                return Ok(Delivery::Batch(batch));
            }
            let left = max_wait.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Ok(Delivery::Idle);
            }
            self.signal.wait_beyond(commits, left.min(self.poll));
        }
    }

    fn read(&self, next: i64, max_records: usize) -> Result<Option<Batch>, BusError> {
        let max_records = max_records.max(1);
        // Nothing is allocated to find that there is nothing.
        let mut found: Option<BatchBuilder> = None;
        let end = block::walk(&self.connection, next, |record| {
            let batch = found
                .get_or_insert_with(|| BatchBuilder::with_capacity(self.expected.0.min(max_records), self.expected.1));
            batch.push(record.offset, Micros(record.time), record.body);
            if batch.records() < max_records && batch.bytes() < BATCH_BYTES {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        match (end.map_err(|error| file::failed(&self.path, error))?, found) {
            (WalkEnd::Gap { due, found }, _) => Err(self.gap(due, found)),
            (WalkEnd::Whole, Some(batch)) => Ok(batch.finish(PARTITION)),
            (WalkEnd::Whole, None) => self.check_end(next).map(|()| None),
        }
    }

    /// Makes sure that there is nothing from an offset on, where nothing was found.
    fn check_end(&self, next: i64) -> Result<(), BusError> {
        let failed = |error| file::failed(&self.path, error);
        // One transaction, so that both answers are of one moment: not that of the search, which found nothing yet.
        let transaction = self.connection.unchecked_transaction().map_err(failed)?;
        let head = LogHead::read(&transaction).map_err(failed)?;
        head.check_newest(&transaction).map_err(failed)?;
        let mut statement = transaction
            .prepare_cached("SELECT count(*) FROM (SELECT 1 FROM block WHERE id >= ?1 LIMIT 1)")
            .map_err(failed)?;
        let found: i64 = statement.query_row((next,), |row| row.get(0)).map_err(failed)?;
        if head.last >= next && found == 0 {
            let what = format!("the records from offset {next} to {} are not found", head.last);
            return Err(BusError::Damaged { bus: file::name(&self.path), what });
        }
        Ok(())
    }

    /// Makes sure that reading from the first record on misses none.
    fn check_first(&self) -> Result<(), BusError> {
        match block::first_offset(&self.connection).map_err(|error| file::failed(&self.path, error))? {
            Some(found) if found != FIRST_OFFSET => Err(self.gap(FIRST_OFFSET, found)),
            _ => Ok(()),
        }
    }

    /// Makes sure that the record before `position` is the one that was read.
    fn check(&self, position: Position) -> Result<(), BusError> {
        let failed = |error| file::failed(&self.path, error);
        // One transaction, so that all answers are of one moment.
        let transaction = self.connection.unchecked_transaction().map_err(failed)?;
        let mut before = None;
        block::walk(&transaction, position.next.saturating_sub(1), |record| {
            before = Some(Position::behind(record.offset, Micros(record.time), record.body));
            ControlFlow::Break(())
        })
        .map_err(failed)?;
        if before == Some(position) {
            return Ok(());
        }
        match block::first_offset(&transaction).map_err(failed)? {
            Some(found) if found > position.next => Err(self.gap(position.next, found)),
            _ => {
                let end: Option<i64> =
                    transaction.query_row("SELECT max(id) FROM block", [], |row| row.get(0)).map_err(failed)?;
                let (bus, end) = (file::name(&self.path), end.unwrap_or(FIRST_OFFSET - 1));
                Err(BusError::Recreated { bus, partition: PARTITION, position, end })
            }
        }
    }

    fn gap(&self, next: i64, found: i64) -> BusError {
        BusError::Gap { bus: file::name(&self.path), partition: PARTITION, next, found }
    }
}

impl Consumer for SqliteConsumer {
    fn next(&mut self, max_records: usize, max_wait: Duration) -> Result<Delivery, BusError> {
        match self.state {
            State::New => {
                self.state = State::Assigned;
                Ok(Delivery::Assigned(PARTITION))
            }
            State::Assigned => Err(out_of_order("next", PARTITION, "it was assigned, start it first")),
            State::Reading { next } => self.wait(next, max_records, max_wait),
        }
    }

    fn start(&mut self, partition: Partition, from: Option<Position>) -> Result<(), BusError> {
        if self.state != State::Assigned || partition != PARTITION {
            return Err(out_of_order("start", partition, "it is not being assigned"));
        }
        from.map_or_else(|| self.check_first(), |position| self.check(position))?;
        let next = from.map_or(FIRST_OFFSET, |position| position.next);
        self.backlog = self.last_at_open.map(|last| u64::try_from(last + 1 - next).unwrap_or(0));
        self.state = State::Reading { next };
        Ok(())
    }

    fn backlog(&self, partition: Partition) -> Option<u64> {
        self.backlog.filter(|_| partition == PARTITION)
    }

    /// Always out of order: a SQLite log has one reader, and its partition is never revoked.
    fn release(&mut self, partition: Partition) -> Result<(), BusError> {
        Err(out_of_order("release", partition, "it was not revoked"))
    }
}

impl fmt::Debug for SqliteConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteConsumer").field("path", &self.path).field("state", &self.state).finish_non_exhaustive()
    }
}

fn out_of_order(call: &'static str, partition: Partition, state: &'static str) -> BusError {
    BusError::OutOfOrder { call, partition, state }
}
