//! Opens the file of a store: checked, migrated and set up before anything else sees it.
//!
//! A file that is not ours, or of a later version, is refused before anything in it is changed.

use super::schema::{APPLICATION_ID, MIGRATIONS};
use super::{StoreError, checksum};
use bus::Failpoint;
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long SQLite waits for another process, which can only be a backup tool: there is one writer. Short,
/// because the pipeline tries again and says meanwhile what it waits for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);
/// Before 3.51.3 a checkpoint of the WAL could lose a commit of another connection
/// (<https://sqlite.org/wal.html#walresetbug>).
const SQLITE_NEEDED: (i32, &str) = (3_051_003, "3.51.3");
/// FULL: every commit is flushed, so that a position never outlives its facts in a power cut. The WAL
/// is folded into the file every 4000 pages (16 MB) and cut back to 64 MB after a burst.
const SETTINGS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA wal_autocheckpoint = 4000;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -8000;
";
/// Prepared statements kept; more than this folder has.
const STATEMENTS: usize = 64;

/// Opens a store for writing, once its lock file is held.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    check_library(rusqlite::version_number(), rusqlite::version())?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = connect(path, flags)?;
    let failed = |error| StoreError::of(path, error);
    let version = version(&connection, path, true)?;
    if version == 0 {
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    }
    connection.execute_batch(SETTINGS).map_err(failed)?;
    if version < MIGRATIONS.len() {
        migrate(&mut connection, version).map_err(failed)?;
    }
    Ok(connection)
}

/// Opens a store for reading; it must exist and be of this version.
pub(super) fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    check_library(rusqlite::version_number(), rusqlite::version())?;
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let found = version(&connection, path, false)?;
    if found < MIGRATIONS.len() {
        return Err(StoreError::Earlier { path: path.display().to_string(), found, needed: MIGRATIONS.len() });
    }
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|source| StoreError::Unopenable { path: path.display().to_string(), source })?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(|error| StoreError::of(path, error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    checksum::teach(&connection).map_err(|error| StoreError::of(path, error))?;
    Ok(connection)
}

/// How many migrations a store has seen, or the reason why it is refused.
fn version(connection: &Connection, path: &Path, may_be_new: bool) -> Result<usize, StoreError> {
    // One statement, so that all three are of one moment.
    let (application, version, tables): (i64, i64, i64) = connection
        .query_row(
            "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
                    (SELECT count(*) FROM sqlite_schema)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .map_err(|error| StoreError::of(path, error))?;
    let name = || path.display().to_string();
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    match (application, version, tables) {
        (0, 0, 0) if may_be_new => Ok(0),
        (APPLICATION_ID, found, _) if found > known => Err(StoreError::Schema { path: name(), found, known }),
        (APPLICATION_ID, found, _) => Ok(usize::try_from(found).unwrap_or(0)),
        _ => Err(StoreError::Foreign { path: name() }),
    }
}

/// Runs the migrations a store has not seen, all of them or none.
fn migrate(connection: &mut Connection, seen: usize) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for migration in &MIGRATIONS[seen..] {
        transaction.execute_batch(migration)?;
    }
    checksum::fill(&transaction, seen)?;
    Failpoint::StoreMigrated.reached();
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", i64::try_from(MIGRATIONS.len()).unwrap_or(0))?;
    transaction.commit()
}

/// Holds the lock file of a store as long as the returned file lives; the system lets go of it even
/// after kill -9. The file stays behind: removing it would let two processes lock two files of one name.
pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let lock = PathBuf::from(format!("{}.lock", path.display()));
    let failed = |source| StoreError::Folder { path: lock.display().to_string(), source };
    let file = File::options().create(true).truncate(false).write(true).open(&lock).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(StoreError::Held { path: path.display().to_string(), lock: lock.display().to_string() })
        }
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

fn check_library(number: i32, text: &str) -> Result<(), StoreError> {
    let (least, needed) = SQLITE_NEEDED;
    if number < least {
        return Err(StoreError::Library { found: text.to_owned(), needed });
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
    fn a_later_version_and_a_foreign_file_are_refused_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store-0.db");
        open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(open(&path), Err(StoreError::Schema { found: 99, known: 5, .. })));
        let other = folder.path().join("other.db");
        Connection::open(&other).unwrap().execute_batch("CREATE TABLE t(a)").unwrap();
        assert!(matches!(open(&other), Err(StoreError::Foreign { .. })));
        assert!(matches!(open_read_only(&folder.path().join("none.db")), Err(StoreError::Unopenable { .. })));
    }

    #[test]
    fn every_commit_is_flushed_to_a_wal() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("store-0.db")).unwrap();
        let pragma = |name: &str| {
            connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0)).unwrap()
        };
        assert_eq!(pragma("journal_mode"), rusqlite::types::Value::Text("wal".into()));
        assert_eq!(pragma("synchronous"), rusqlite::types::Value::Integer(2));
        assert_eq!(pragma("user_version"), rusqlite::types::Value::Integer(5));
    }
}
