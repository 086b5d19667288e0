//! Why a file cannot be opened, and what an error of SQLite means for its user.

use rusqlite::{Error, ErrorCode};

/// Why a file was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The SQLite that is linked into this program is too old.
    #[error("the linked library SQLite is version {found}, at least {needed} is needed")]
    Library {
        /// Its version.
        found: String,
        /// The least version.
        needed: &'static str,
    },
    /// The system does not open it: no such file or folder, no permission.
    #[error("cannot open the file")]
    Unopenable(#[source] Error),
    /// It has other tables, or none where it must have some.
    #[error("the file is of another kind")]
    Foreign,
    /// It has not seen all migrations, and is only to be read.
    #[error("the file has version {found}, not {needed} yet")]
    Earlier {
        /// The version it has.
        found: i64,
        /// The version it needs.
        needed: i64,
    },
    /// A later version of this program wrote it.
    #[error("the file has version {found}, this program knows up to {known}")]
    Later {
        /// The version it has.
        found: i64,
        /// The last version this program knows.
        known: i64,
    },
    /// SQLite failed.
    #[error(transparent)]
    Sqlite(#[from] Error),
}

/// What an error of SQLite means for its user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqliteFault {
    /// Another process locks the file.
    Locked,
    /// The disk is full.
    Full,
    /// Reading or writing failed for now.
    Io,
    /// The file, or one beside it, cannot be opened.
    Unopenable,
    /// The file may not be written.
    ReadOnly,
    /// The file is no SQLite file.
    Foreign,
    /// Anything else: the content is damaged.
    Corrupt,
}

impl SqliteFault {
    /// What `error` means.
    pub fn of(error: &Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
                Self::Locked
            }
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure | ErrorCode::OutOfMemory) => Self::Io,
            Some(ErrorCode::CannotOpen) => Self::Unopenable,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::NotADatabase) => Self::Foreign,
            _ => Self::Corrupt,
        }
    }
}
