//! The log as a shipper sees it: what waits, what is noted as shipped, and the trimming.

use super::block::{self, WalkEnd};
use super::file;
use super::log_head::LogHead;
use crate::error::BusError;
use contract::time::Micros;
use rusqlite::{Connection, TransactionBehavior};
use sqlite::FileLock;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Records that one transaction trims: about as long as the writer's own commits, so that it waits no longer.
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

    /// Passes the records behind `after` to `each`, in order, until it breaks: offset, key, body.
    pub(crate) fn read(
        &self,
        after: i64,
        mut each: impl FnMut(i64, &[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), BusError> {
        let end = block::walk(&self.connection, after + 1, |record| each(record.offset, record.key, record.body));
        match end.map_err(|error| file::failed(&self.path, error))? {
            WalkEnd::Whole => Ok(()),
            WalkEnd::Gap { due, found } => {
                let what = format!("the record at offset {due} is missing, the next is at {found}");
                Err(BusError::Damaged { bus: file::name(&self.path), what })
            }
        }
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
        let Some(oldest) = block::first_offset(&transaction)? else { return transaction.commit().map(|()| false) };
        let end = shipped.min(head.last - 1);
        let step = end.min(oldest + TRIM_RECORDS - 1);
        if step >= oldest {
            // A block of which a part waits stays whole.
            transaction.execute("DELETE FROM block WHERE id <= ?1", (step,))?;
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
            .query_row("SELECT time FROM block WHERE id > ?1 ORDER BY id LIMIT 1", (shipped,), |row| row.get(0))
            .map(Micros)?;
        Ok(LogBacklog { records, bytes: file::used_bytes(&transaction)?, oldest: Some(oldest) })
    }
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
        let last = log.connection.query_row("SELECT max(id) FROM block", [], |row| row.get(0)).unwrap();
        (block::first_offset(&log.connection).unwrap().unwrap(), last)
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
        // A step takes whole blocks alone.
        assert!(log.mark_shipped(44_000).unwrap());
        assert!((19_800..=20_001).contains(&offsets(&log).0), "{:?}", offsets(&log));
        assert_eq!((offsets(&log).1, log.shipped().unwrap()), (45_000, 44_000));
        assert!(log.mark_shipped(44_000).unwrap());
        assert!(!log.mark_shipped(45_000).unwrap());
        assert!((44_800..=45_000).contains(&offsets(&log).0), "{:?}", offsets(&log));
        assert_eq!((offsets(&log).1, log.waiting().unwrap().records), (45_000, 0));
        // Numbering goes on, and a note never goes back.
        outbox.publish(records(1), Checkpoint::new()).wait().unwrap();
        assert!(!log.mark_shipped(10).unwrap());
        let after = log.waiting().unwrap();
        assert_eq!((offsets(&log).1, log.shipped().unwrap(), after.records), (45_001, 45_000, 1));
        assert!(after.bytes < before.bytes / 10, "{after:?} after {before:?}");
        let mut read = Vec::new();
        log.read(44_999, |id, key, body| {
            read.push((id, key.to_owned(), body.len()));
            ControlFlow::Continue(())
        })
        .unwrap();
        // The newest block of those that have arrived is still there.
        assert_eq!(read, [(45_000, b"plan".to_vec(), 100), (45_001, b"plan".to_vec(), 100)]);
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
