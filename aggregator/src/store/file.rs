//! The file of a store: how it is set up, and what its errors mean.

use super::error::StoreError;
use super::schema;
use bus::Failpoint;
use rusqlite::Connection;
use sqlite::{DatabaseFile, FileLock, OpenError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the file of a store is set up.
pub(super) const STORE_FILE: DatabaseFile = DatabaseFile {
    // "SHST"
    application_id: 0x5348_5354,
    version: schema::VERSION,
    migrate: schema::migrate,
    before_commit: || Failpoint::StoreMigrated.reached(),
    page_bytes: 4096,
    // FULL: every commit is flushed, so that a position never outlives its facts in a power cut. The WAL is folded into
    // the file every 4000 pages (16 MB) and cut back to 64 MB after a burst. 4 MB of pages are held in memory, for each of
    // an aggregator's partitions: the derived rows that a batch changes. What is not there is in the system's cache.
    settings: "
        PRAGMA synchronous = FULL;
        PRAGMA wal_autocheckpoint = 4000;
        PRAGMA journal_size_limit = 67108864;
        PRAGMA cache_size = -4000;
    ",
    // For another process, which can only be a backup tool: there is one writer. Short, because the pipeline tries
    // again and reports meanwhile what it waits for.
    busy_timeout: Duration::from_secs(1),
    // More than this folder has.
    statements: 96,
};

/// Opens a store for writing, once its lock file is locked.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    STORE_FILE.open(path).map_err(|error| failed(path, error))
}

/// Opens a store for reading; it must exist and be of this version.
pub(super) fn open_read_only(path: &Path) -> Result<Connection, StoreError> {
    STORE_FILE.open_read_only(path).map_err(|error| failed(path, error))
}

fn failed(file: &Path, error: OpenError) -> StoreError {
    let path = file.display().to_string();
    match error {
        OpenError::Library { found, needed } => StoreError::Library { found, needed },
        OpenError::Unopenable(source) => StoreError::Unopenable { path, source },
        OpenError::Foreign => StoreError::Foreign { path },
        OpenError::Earlier { found, needed } => StoreError::Earlier { path, found, needed },
        OpenError::Later { found, known } => StoreError::Schema { path, found, known },
        OpenError::Sqlite(error) => StoreError::of(file, error),
    }
}

/// Locks the lock file of a store: one process writes it.
pub(super) fn lock(path: &Path) -> Result<FileLock, StoreError> {
    let lock = PathBuf::from(format!("{}.lock", path.display()));
    let failed = |source| StoreError::Folder { path: lock.display().to_string(), source };
    FileLock::try_acquire(&lock)
        .map_err(failed)?
        .ok_or_else(|| StoreError::Held { path: path.display().to_string(), lock: lock.display().to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_version_and_a_foreign_file_are_refused_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store-0.db");
        open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
        assert!(matches!(open(&path), Err(StoreError::Schema { found: 99, known, .. }) if known == schema::VERSION));
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
        assert_eq!(pragma("user_version"), rusqlite::types::Value::Integer(schema::VERSION));
    }
}
