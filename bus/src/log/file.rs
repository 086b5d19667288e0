//! Opens the file of a log: made, checked and set up the same way by every process.
//!
//! A file that is not ours, or of a later version, is refused before anything in it is changed.

use super::schema::{self, APPLICATION_ID, VERSION};
use crate::{BusError, Failpoint};
use rusqlite::types::Type;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a writer waits for another process to finish its commit. Commits take milliseconds; a
/// backup tool may take seconds.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pause between two tries to set up a file that another process is setting up.
const SETUP_PAUSE: Duration = Duration::from_millis(5);
/// Before 3.51.3 two connections that checkpoint and write at the same moment could damage the file
/// (<https://sqlite.org/wal.html#walresetbug>), and a log has several.
const SQLITE_NEEDED: (i32, &str) = (3_051_003, "3.51.3");
/// Pages of 16 KiB instead of 4, to be set before anything is in the file. Measured at 20 000 rows of 250 B
/// a commit: 750-890 k rows/s instead of 600-660 k; a row alone takes 0.14 ms instead of 0.11.
const PAGE_BYTES: u32 = 16_384;
/// FULL: every commit is flushed, so what was acknowledged survives a power cut. The WAL is folded into
/// the file every 1000 pages (16 MB), and cut back to 64 MB after a burst.
const SETTINGS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 1000;
    PRAGMA journal_size_limit = 67108864;
";

/// Opens the log at `path` for reading and writing, and makes it when there is none.
pub(super) fn open(path: &Path) -> Result<Connection, BusError> {
    check_library(rusqlite::version_number(), rusqlite::version())?;
    let started = Instant::now();
    loop {
        // Switching a new file to WAL does not wait for its turn as other writes do, so we do.
        match try_open(path) {
            Err(BusError::Locked { .. }) if started.elapsed() < BUSY_TIMEOUT => thread::sleep(SETUP_PAUSE),
            outcome => return outcome,
        }
    }
}

/// An error of SQLite in our words.
pub(super) fn failed(path: &Path, error: rusqlite::Error) -> BusError {
    let bus = name(path);
    let code = error.sqlite_error_code();
    if let rusqlite::Error::FromSqlConversionFailure(_, _, found) = &error
        && let Some(Damage(what)) = found.downcast_ref()
    {
        return BusError::Damaged { bus, what: what.clone() };
    }
    let source = Arc::new(error);
    match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
            BusError::Locked { bus, source }
        }
        Some(ErrorCode::DiskFull) => BusError::Full { bus, source },
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen | ErrorCode::OutOfMemory) => {
            BusError::Io { bus, source }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => BusError::Unopenable { bus, source },
        Some(ErrorCode::NotADatabase) => BusError::Foreign { bus },
        _ => BusError::Corrupt { bus, source },
    }
}

/// Bytes that the file's content takes: its pages without the free ones.
///
/// Not the sum of the bodies, because that is a walk through all of them, and because what the limit is
/// for is the disk. Rows that were trimmed leave free pages, which the next records fill.
pub(super) fn used_bytes(connection: &Connection) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(
        "SELECT (SELECT page_count FROM pragma_page_count) - (SELECT freelist_count FROM pragma_freelist_count),
                (SELECT page_size FROM pragma_page_size)",
    )?;
    let (pages, bytes): (i64, i64) = statement.query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(u64::try_from(pages.saturating_mul(bytes)).unwrap_or(0))
}

/// How errors name the log at `path`.
pub(super) fn name(path: &Path) -> String {
    path.display().to_string()
}

fn try_open(path: &Path) -> Result<Connection, BusError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)
        .map_err(|error| BusError::Unopenable { bus: name(path), source: Arc::new(error) })?;
    let failed = |error| failed(path, error);
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    let seen = version(&connection, path)?;
    if seen == 0 {
        connection.pragma_update(None, "page_size", PAGE_BYTES).map_err(failed)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    }
    if seen < VERSION {
        bring_up(&mut connection, path)?;
    }
    connection.execute_batch(SETTINGS).map_err(failed)?;
    Ok(connection)
}

/// The version of the tables in a file, 0 of an empty one; else the reason why it is refused.
fn version(connection: &Connection, path: &Path) -> Result<i64, BusError> {
    // One statement, so that all three are of one moment.
    let (application, version, tables): (i64, i64, i64) = connection
        .query_row(
            "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
                    (SELECT count(*) FROM sqlite_schema)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .map_err(|error| failed(path, error))?;
    match (application, version, tables) {
        (0, 0, 0) => Ok(0),
        (APPLICATION_ID, found @ 1..=VERSION, _) => Ok(found),
        (APPLICATION_ID, found, _) => Err(BusError::Schema { bus: name(path), found, known: VERSION }),
        _ => Err(BusError::Foreign { bus: name(path) }),
    }
}

/// Gives the file the present shape, in one transaction.
fn bring_up(connection: &mut Connection, path: &Path) -> Result<(), BusError> {
    let failed = |error| failed(path, error);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Another process may have done it since we looked.
    let seen = version(&transaction, path)?;
    if seen < VERSION {
        schema::bring_up(&transaction, seen).map_err(failed)?;
        Failpoint::LogMigrated.reached();
    }
    transaction.commit().map_err(failed)
}

/// What is damaged, in words: an error that the checks of this folder raise.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Damage(String);

impl Damage {
    /// As an error of SQLite, so that it passes where those do; [`failed`] finds it again.
    pub(super) fn of(what: String) -> rusqlite::Error {
        rusqlite::Error::FromSqlConversionFailure(0, Type::Null, Box::new(Self(what)))
    }
}

fn check_library(number: i32, text: &str) -> Result<(), BusError> {
    let (least, needed) = SQLITE_NEEDED;
    if number < least {
        return Err(BusError::Library { library: "SQLite", found: text.to_owned(), needed });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_library_is_refused_by_name() {
        let error = check_library(3_051_002, "3.51.2").unwrap_err();
        assert_eq!(error.to_string(), "the linked library SQLite is version 3.51.2, at least 3.51.3 is needed");
        assert!(check_library(3_051_003, "3.51.3").is_ok());
    }

    #[test]
    fn every_commit_is_flushed_to_a_wal() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("bus.db")).unwrap();
        let pragma = |name: &str| {
            connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0)).unwrap()
        };
        assert_eq!(pragma("journal_mode"), rusqlite::types::Value::Text("wal".into()));
        assert_eq!(pragma("synchronous"), rusqlite::types::Value::Integer(2));
        assert_eq!(pragma("page_size"), rusqlite::types::Value::Integer(PAGE_BYTES.into()));
        assert_eq!(pragma("application_id"), rusqlite::types::Value::Integer(APPLICATION_ID));
        assert_eq!(pragma("user_version"), rusqlite::types::Value::Integer(VERSION));
    }
}
