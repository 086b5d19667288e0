//! The file of a log: how it is set up, and what its errors mean.

use super::schema;
use crate::error::BusError;
use crate::failpoint::Failpoint;
use rusqlite::Connection;
use sqlite::{Damage, DatabaseFile, OpenError, SqliteFault};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// How the file of a log is set up.
pub(super) const LOG_FILE: DatabaseFile = DatabaseFile {
    // "SHBU"
    application_id: 0x5348_4255,
    version: schema::VERSION,
    migrate: schema::migrate,
    before_commit: || Failpoint::LogMigrated.reached(),
    // Instead of 4 KiB. Measured at 20 000 rows of 250 B a commit: 750-890 k rows/s instead of 600-660 k; a row alone
    // takes 0.14 ms instead of 0.11.
    page_bytes: 16_384,
    // FULL: every commit is flushed, so what was acknowledged survives a power cut. The WAL is folded into the file
    // every 1000 pages (16 MB), and cut back to 64 MB after a burst.
    settings: "
        PRAGMA synchronous = FULL;
        PRAGMA wal_autocheckpoint = 1000;
        PRAGMA journal_size_limit = 67108864;
    ",
    // For the commit of another process. Commits take milliseconds; a backup tool may take seconds.
    busy_timeout: Duration::from_secs(5),
    statements: 16,
};

/// Opens the log at `path` for reading and writing, and makes it when there is none.
pub(super) fn open(path: &Path) -> Result<Connection, BusError> {
    LOG_FILE.open(path).map_err(|error| unopened(path, error))
}

/// Opens the log at `path` for reading alone; it must exist and be of this version.
pub(super) fn open_read_only(path: &Path) -> Result<Connection, BusError> {
    LOG_FILE.open_read_only(path).map_err(|error| unopened(path, error))
}

fn unopened(path: &Path, error: OpenError) -> BusError {
    let bus = name(path);
    match error {
        OpenError::Library { found, needed } => BusError::Library { library: "SQLite", found, needed },
        OpenError::Unopenable(source) => BusError::Unopenable { bus, source: Arc::new(source) },
        OpenError::Foreign => BusError::Foreign { bus },
        OpenError::Later { found, known } | OpenError::Earlier { found, needed: known } => {
            BusError::Schema { bus, found, known }
        }
        OpenError::Sqlite(error) => failed(path, error),
    }
}

/// An error of SQLite as one of the bus.
pub(super) fn failed(path: &Path, error: rusqlite::Error) -> BusError {
    let bus = name(path);
    if let Some(what) = Damage::of(&error) {
        return BusError::Damaged { bus, what: what.to_owned() };
    }
    let fault = SqliteFault::of(&error);
    let source = Arc::new(error);
    match fault {
        SqliteFault::Locked => BusError::Locked { bus, source },
        SqliteFault::Full => BusError::Full { bus, source },
        SqliteFault::Io | SqliteFault::Unopenable => BusError::Io { bus, source },
        SqliteFault::ReadOnly => BusError::Unopenable { bus, source },
        SqliteFault::Foreign => BusError::Foreign { bus },
        SqliteFault::Corrupt => BusError::Corrupt { bus, source },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_commit_is_flushed_to_a_wal() {
        let folder = tempfile::tempdir().unwrap();
        let connection = open(&folder.path().join("bus.db")).unwrap();
        let pragma = |name: &str| {
            connection.pragma_query_value(None, name, |row| row.get::<_, rusqlite::types::Value>(0)).unwrap()
        };
        assert_eq!(pragma("journal_mode"), rusqlite::types::Value::Text("wal".into()));
        assert_eq!(pragma("synchronous"), rusqlite::types::Value::Integer(2));
        assert_eq!(pragma("page_size"), rusqlite::types::Value::Integer(LOG_FILE.page_bytes.into()));
        assert_eq!(pragma("application_id"), rusqlite::types::Value::Integer(LOG_FILE.application_id));
        assert_eq!(pragma("user_version"), rusqlite::types::Value::Integer(LOG_FILE.version));
    }
}
