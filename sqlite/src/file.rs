//! Opens a file: checked, migrated and set up before its user sees it.
//!
//! A file of another kind, or of a later version, is refused before anything in it is changed.

use crate::check::definitions;
use crate::checksum;
use crate::error::{OpenError, SqliteFault};
use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

/// Before 3.51.3 a checkpoint of the WAL could lose a commit of another connection
/// (<https://sqlite.org/wal.html#walresetbug>).
const SQLITE_NEEDED: (i32, &str) = (3_051_003, "3.51.3");
/// Pause between two tries to set up a file that another process is setting up.
const SETUP_PAUSE: Duration = Duration::from_millis(5);

/// A kind of file: what it holds, and how its connections are set up.
#[derive(Clone, Copy, Debug)]
pub struct DatabaseFile {
    /// A number in the file's header that no other kind of file has.
    pub application_id: i64,
    /// The present version of its tables, from 1.
    pub version: i64,
    /// Brings the tables of an earlier version (0: none) to the present one, inside a transaction.
    pub migrate: fn(&Connection, i64) -> rusqlite::Result<()>,
    /// Called between a migration and its commit.
    pub before_commit: fn(),
    /// Bytes of a page of a new file.
    pub page_bytes: u32,
    /// SQL that sets up a connection that writes.
    pub settings: &'static str,
    /// How long a connection waits for the lock of another process.
    pub busy_timeout: Duration,
    /// Prepared statements that a connection keeps.
    pub statements: usize,
}

impl DatabaseFile {
    /// Opens the file at `path` for reading and writing; it is made when there is none.
    pub fn open(&self, path: &Path) -> Result<Connection, OpenError> {
        let started = Instant::now();
        loop {
            // SQLite does not wait for a lock when it switches a new file to WAL, so this does.
            match self.try_open(path) {
                Err(OpenError::Sqlite(error))
                    if SqliteFault::of(&error) == SqliteFault::Locked && started.elapsed() < self.busy_timeout =>
                {
                    thread::sleep(SETUP_PAUSE);
                }
                outcome => return outcome,
            }
        }
    }

    /// Opens the file at `path` for reading; it must exist and be of the present version.
    pub fn open_read_only(&self, path: &Path) -> Result<Connection, OpenError> {
        let connection = self.connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        match self.version_of(&connection)? {
            Some(found) if found < self.version => Err(OpenError::Earlier { found, needed: self.version }),
            Some(_) => Ok(connection),
            None => Err(OpenError::Foreign),
        }
    }

    /// True when the tables of a file are defined as those of a new one.
    pub fn defines(&self, connection: &Connection) -> rusqlite::Result<bool> {
        Ok(definitions(connection)? == definitions(&self.model()?)?)
    }

    /// A new file in memory.
    pub fn model(&self) -> rusqlite::Result<Connection> {
        let model = Connection::open_in_memory()?;
        checksum::register(&model)?;
        (self.migrate)(&model, 0)?;
        Ok(model)
    }

    fn try_open(&self, path: &Path) -> Result<Connection, OpenError> {
        create(path);
        let mut connection = self.connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let found = self.version_of(&connection)?;
        if found.is_none() {
            connection.pragma_update(None, "page_size", self.page_bytes)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
        }
        connection.execute_batch(self.settings)?;
        if found.is_none_or(|found| found < self.version) {
            self.bring_up(&mut connection)?;
        }
        Ok(connection)
    }

    fn connect(&self, path: &Path, flags: OpenFlags) -> Result<Connection, OpenError> {
        check_library(rusqlite::version_number(), rusqlite::version())?;
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(OpenError::Unopenable)?;
        connection.busy_timeout(self.busy_timeout)?;
        connection.set_prepared_statement_cache_capacity(self.statements);
        checksum::register(&connection)?;
        Ok(connection)
    }

    /// The version of the tables in a file, `None` of an empty one; else the reason why it is refused.
    fn version_of(&self, connection: &Connection) -> Result<Option<i64>, OpenError> {
        // One statement, so that all three are of one moment.
        let (application, found, tables): (i64, i64, i64) = connection.query_row(
            "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),
                    (SELECT count(*) FROM sqlite_schema)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        match (application, found, tables) {
            (0, 0, 0) => Ok(None),
            (id, 1.., _) if id == self.application_id && found <= self.version => Ok(Some(found)),
            (id, ..) if id == self.application_id => Err(OpenError::Later { found, known: self.version }),
            _ => Err(OpenError::Foreign),
        }
    }

    /// Gives the file the present tables, in one transaction.
    fn bring_up(&self, connection: &mut Connection) -> Result<(), OpenError> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process may have done it since.
        let found = self.version_of(&transaction)?.unwrap_or(0);
        if found < self.version {
            (self.migrate)(&transaction, found)?;
            transaction.pragma_update(None, "application_id", self.application_id)?;
            transaction.pragma_update(None, "user_version", self.version)?;
            (self.before_commit)();
        }
        Ok(transaction.commit()?)
    }
}

/// Creates a file that only its owner may read and write; SQLite gives the files beside it the same mode. Why it cannot be
/// created is reported by the connection.
fn create(path: &Path) {
    // A file that exists must not be opened here: closing it would drop this process's locks on it.
    drop(OpenOptions::new().write(true).create_new(true).mode(0o600).open(path));
}

fn check_library(number: i32, text: &str) -> Result<(), OpenError> {
    let (least, needed) = SQLITE_NEEDED;
    if number < least {
        return Err(OpenError::Library { found: text.to_owned(), needed });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: DatabaseFile = DatabaseFile {
        application_id: 7,
        version: 2,
        migrate: |connection, seen| {
            if seen < 1 {
                connection.execute_batch("CREATE TABLE a(x)")?;
            }
            connection.execute_batch("ALTER TABLE a ADD COLUMN y")
        },
        before_commit: || {},
        page_bytes: 8192,
        settings: "PRAGMA synchronous = FULL",
        busy_timeout: Duration::from_secs(1),
        statements: 16,
    };

    #[test]
    fn an_old_library_is_refused_by_name() {
        let error = check_library(3_051_002, "3.51.2").unwrap_err();
        assert_eq!(error.to_string(), "the linked library SQLite is version 3.51.2, at least 3.51.3 is needed");
        assert!(check_library(3_051_003, "3.51.3").is_ok());
    }

    #[test]
    fn an_earlier_version_is_migrated_by_a_writer_and_refused_by_a_reader() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let first = DatabaseFile { version: 1, migrate: |c, _| c.execute_batch("CREATE TABLE a(x)"), ..FILE };
        drop(first.open(&path).unwrap());
        assert!(matches!(FILE.open_read_only(&path), Err(OpenError::Earlier { found: 1, needed: 2 })));
        assert!(FILE.defines(&FILE.open(&path).unwrap()).unwrap());
        assert!(!first.defines(&FILE.open_read_only(&path).unwrap()).unwrap());
        assert!(matches!(first.open(&path), Err(OpenError::Later { found: 2, known: 1 })));
    }

    #[test]
    fn a_file_of_another_kind_and_one_that_is_absent_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other.db");
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE t(a)").unwrap();
        assert!(matches!(FILE.open(&path), Err(OpenError::Foreign)));
        assert!(matches!(FILE.open_read_only(&folder.path().join("none.db")), Err(OpenError::Unopenable(_))));
        let empty = folder.path().join("empty.db");
        std::fs::write(&empty, "").unwrap();
        assert!(matches!(FILE.open_read_only(&empty), Err(OpenError::Foreign)));
    }
}
