//! What can go wrong with a store, each error born with its kind: worth another try, or not.

use contract::catalogue::DecimalsChange;
use sqlite::SqliteFault;
use std::path::Path;

/// What helps against damage.
const REMEDY: &str = "restore it from a backup, or stop what uses it and move it away: it is then made again from what the \
                      bus holds";

/// Why a store could not be opened, read or written. `path` names the file.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process writes it.
    #[error("the store {path} is being written by another process, which holds {lock}; stop that one first")]
    Held {
        /// The store.
        path: String,
        /// The lock file.
        lock: String,
    },
    /// Another process keeps SQLite's own lock for longer than we wait.
    #[error("the store {path} is locked by another process")]
    Locked {
        /// The store.
        path: String,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// There is no room left for it.
    #[error("no room is left for the store {path}; nothing is lost, make room on its disk")]
    Full {
        /// The store.
        path: String,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// Reading or writing failed for now.
    #[error("cannot read or write the store {path}")]
    Io {
        /// The store.
        path: String,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// It cannot be opened: no such file or folder, no permission.
    #[error("cannot open the store {path}; its folder must exist and be writable")]
    Unopenable {
        /// The store.
        path: String,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The folder or the lock file failed.
    #[error("cannot use the folder of the stores: {path}")]
    Folder {
        /// The folder or file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Its content is damaged.
    #[error("the store {path} is damaged; {REMEDY}")]
    Corrupt {
        /// The store.
        path: String,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// It holds something that no version of this program writes.
    #[error("the store {path} is damaged: {what}; {REMEDY}")]
    Nonsense {
        /// The store.
        path: String,
        /// What was found.
        what: String,
    },
    /// It is no store.
    #[error("{path} is no store of shihyo, or its beginning is damaged; name another data folder, or {REMEDY}")]
    Foreign {
        /// The file.
        path: String,
    },
    /// An earlier version of this program has written it, and it is only to be read.
    #[error(
        "the store {path} has schema version {found}, not {needed} yet; start `shihyo run` or `shihyo aggregate`, or run \
         `shihyo rebuild`, which bring it up"
    )]
    Earlier {
        /// The store.
        path: String,
        /// The version it has.
        found: i64,
        /// The version it needs.
        needed: i64,
    },
    /// A later version of this program has written it.
    #[error("the store {path} has schema version {found}, this program knows up to {known}; run a later version")]
    Schema {
        /// The store.
        path: String,
        /// The version it has.
        found: i64,
        /// The last version this program knows.
        known: i64,
    },
    /// The configuration gives figures that are stored another meaning.
    #[error("the catalogue of plan {plan} is refused: {change}")]
    Decimals {
        /// The plan.
        plan: String,
        /// Which definition, and what to do.
        change: DecimalsChange,
    },
    /// The library linked into this program is too old to be trusted with a store.
    #[error("the linked library SQLite is version {found}, at least {needed} is needed")]
    Library {
        /// Its version.
        found: String,
        /// The least version.
        needed: &'static str,
    },
}

impl StoreError {
    /// True when the same call may succeed later without anybody changing the program or the store.
    pub fn is_retriable(&self) -> bool {
        matches!(self, Self::Locked { .. } | Self::Full { .. } | Self::Io { .. })
    }

    /// True when what is stored is not what was written.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::Nonsense { .. })
    }

    /// An error of SQLite as one of the store.
    pub(super) fn of(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.display().to_string();
        match SqliteFault::of(&source) {
            SqliteFault::Locked => Self::Locked { path, source },
            SqliteFault::Full => Self::Full { path, source },
            SqliteFault::Io => Self::Io { path, source },
            SqliteFault::Unopenable | SqliteFault::ReadOnly => Self::Unopenable { path, source },
            SqliteFault::Foreign => Self::Foreign { path },
            SqliteFault::Corrupt => Self::Corrupt { path, source },
        }
    }
}
