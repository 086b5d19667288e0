//! The log as a shipper sees it: what waits, what is noted as shipped, and the trimming.

use super::log_head::LogHead;
use super::{checksum, file};
use crate::error::BusError;
use contract::time::Micros;
use rusqlite::{Connection, Row, TransactionBehavior};
use sqlite::FileLock;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Rows that one transaction trims: about as long as the writer's own commits, so that it waits no longer.
const TRIM_RECORDS: i64 = 20_000;

/// A connection of a shipper.
pub(crate) struct ShippingLog {
    path: PathBuf,
    connection: Connection,
}

/// What is in the log and not shipped yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogBacklog {
    pub(crate) records: u64,
    /// Bytes of the file's content, 0 when no record waits.
    pub(crate) bytes: u64,
    /// When the oldest was committed.
    pub(crate) oldest: Option<Micros>,
}

/// The lock of the shipper of a log: one of all processes ships it.
#[derive(Debug)]
pub(crate) struct ShipperLock(#[expect(dead_code, reason = "dropping it releases the lock")] FileLock);

impl ShipperLock {
    /// Locks the log at `path` for shipping, `None` while another shipper locks it.
    pub(crate) fn try_acquire(path: &Path) -> Result<Option<Self>, BusError> {
        let mut name = path.as_os_str().to_owned();
        name.push(".shipper");
        let path = Path::new(&name);
        let failed = |source| BusError::Unopenable { bus: file::name(path), source: Arc::new(source) };
        Ok(FileLock::try_acquire(path).map_err(failed)?.map(Self))
    }
}

impl ShippingLog {
    pub(crate) fn open(path: &Path) -> Result<Self, BusError> {
        let connection = file::open(path)?;
        // A note that a power cut takes back brings its rows back too: they are shipped once more. So it
        // need not wait for the disk.
        connection.pragma_update(None, "synchronous", "NORMAL").map_err(|error| file::failed(path, error))?;
        Ok(Self { path: path.to_owned(), connection })
    }

    /// The last offset that is noted as shipped.
    pub(crate) fn shipped(&self) -> Result<i64, BusError> {
        LogHead::read(&self.connection).map(|head| head.shipped).map_err(|error| file::failed(&self.path, error))
    }

    /// Passes the records behind `after` to `each`, at most `limit` and until it breaks: offset, key, body.
    pub(crate) fn read(
        &self,
        after: i64,
        limit: usize,
        mut each: impl FnMut(i64, &str, &[u8]) -> ControlFlow<()>,
    ) -> Result<(), BusError> {
        let failed = |error| file::failed(&self.path, error);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = self
            .connection
            .prepare_cached("SELECT id, time, key, body, sum FROM log WHERE id > ?1 ORDER BY id LIMIT ?2")
            .map_err(failed)?;
        let mut rows = statement.query((after, limit)).map_err(failed)?;
        let mut due = after;
        while let Some(row) = rows.next().map_err(failed)? {
            let (id, key, body) = columns(row).map_err(failed)?;
            due += 1;
            if id != due {
                let what = format!("the record at offset {due} is missing, the next is at {id}");
                return Err(BusError::Damaged { bus: file::name(&self.path), what });
            }
            if each(id, key, body).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Notes `shipped` and trims, in one transaction, some of what is below it; true when more is left to
    /// trim. The newest record stays.
    pub(crate) fn mark_shipped(&mut self, shipped: i64) -> Result<bool, BusError> {
        self.try_mark_shipped(shipped).map_err(|error| file::failed(&self.path, error))
    }

    fn try_mark_shipped(&mut self, shipped: i64) -> rusqlite::Result<bool> {
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut head = LogHead::read(&transaction)?;
        head.check_newest(&transaction)?;
        if head.shipped < shipped {
            head.shipped = shipped;
            head.write(&transaction)?;
        }
        let oldest: Option<i64> = transaction.query_row("SELECT min(id) FROM log", [], |row| row.get(0))?;
        let Some(oldest) = oldest else { return transaction.commit().map(|()| false) };
        let end = shipped.min(head.last - 1);
        let step = end.min(oldest + TRIM_RECORDS - 1);
        if step >= oldest {
            transaction.execute("DELETE FROM log WHERE id <= ?1", (step,))?;
        }
        transaction.commit()?;
        Ok(step < end)
    }

    /// What waits, in a time that does not depend on how much it is.
    pub(crate) fn waiting(&self) -> Result<LogBacklog, BusError> {
        self.try_waiting().map_err(|error| file::failed(&self.path, error))
    }

    fn try_waiting(&self) -> rusqlite::Result<LogBacklog> {
        // One transaction, so that all is of one moment.
        let transaction = self.connection.unchecked_transaction()?;
        let LogHead { shipped, last } = LogHead::read(&transaction)?;
        // Offsets follow each other without gaps.
        let records = u64::try_from(last - shipped).unwrap_or(0);
        if records == 0 {
            return Ok(LogBacklog { records, bytes: 0, oldest: None });
        }
        let oldest = transaction
            .query_row("SELECT time FROM log WHERE id > ?1 ORDER BY id LIMIT 1", (shipped,), |row| row.get(0))
            .map(Micros)?;
        Ok(LogBacklog { records, bytes: file::used_bytes(&transaction)?, oldest: Some(oldest) })
    }
}

/// A record that agrees with its checksum: offset, key, body.
fn columns<'row>(row: &'row Row) -> rusqlite::Result<(i64, &'row str, &'row [u8])> {
    let (id, key, body) = (row.get(0)?, row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_blob()?);
    let sum = checksum::of_record(id, row.get(1)?, key.as_bytes(), body);
    sqlite::check_sum(row.get(4)?, sum, || format!("the record at offset {id}"))?;
    Ok((id, key, body))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Checkpoint, Outbox, Outgoing, SqliteOutbox};
    use testkit::TestClock;

    fn records(count: usize) -> Vec<Outgoing> {
        vec![Outgoing { key: "plan".into(), revision: Micros(1), body: vec![b'x'; 100] }; count]
    }

    fn offsets(log: &ShippingLog) -> (i64, i64) {
        log.connection.query_row("SELECT min(id), max(id) FROM log", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }

    #[test]
    fn trimming_goes_in_steps_and_never_takes_the_newest_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus.db");
        let outbox = SqliteOutbox::open(&path, TestClock::at(Micros(1_000))).unwrap();
        let mut log = ShippingLog::open(&path).unwrap();
        assert_eq!(log.waiting().unwrap(), LogBacklog { records: 0, bytes: 0, oldest: None });
        assert!(!log.mark_shipped(0).unwrap());
        for _ in 0..5 {
            outbox.publish(records(9000), Checkpoint::new()).wait().unwrap();
        }
        let before = log.waiting().unwrap();
        assert_eq!((before.records, before.oldest), (45_000, Some(Micros(1_000))));
        assert!(log.mark_shipped(44_000).unwrap());
        assert_eq!((offsets(&log), log.shipped().unwrap()), ((20_001, 45_000), 44_000));
        assert!(log.mark_shipped(44_000).unwrap());
        assert!(!log.mark_shipped(45_000).unwrap());
        assert_eq!((offsets(&log), log.waiting().unwrap().records), ((45_000, 45_000), 0));
        // Numbering goes on, and a note never goes back.
        outbox.publish(records(1), Checkpoint::new()).wait().unwrap();
        assert!(!log.mark_shipped(10).unwrap());
        let after = log.waiting().unwrap();
        assert_eq!((offsets(&log), log.shipped().unwrap(), after.records), ((45_000, 45_001), 45_000, 1));
        assert!(after.bytes < before.bytes / 10, "{after:?} after {before:?}");
        let mut read = Vec::new();
        log.read(45_000, 10, |id, key, body| {
            read.push((id, key.to_owned(), body.len()));
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(read, [(45_001, "plan".to_owned(), 100)]);
    }

    #[test]
    fn a_log_has_one_shipper() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus.db");
        let held = ShipperLock::try_acquire(&path).unwrap();
        assert!(held.is_some() && ShipperLock::try_acquire(&path).unwrap().is_none());
        drop(held);
        assert!(ShipperLock::try_acquire(&path).unwrap().is_some());
        assert!(ShipperLock::try_acquire(&folder.path().join("absent/bus.db")).is_err());
    }
}
