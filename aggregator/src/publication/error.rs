//! Why a publication cannot be made or read.

use std::io;
use std::path::{Path, PathBuf};

/// Why a publication cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum PublicationError {
    /// The system refuses a file.
    #[error("{} cannot be read or written", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file is not what was published.
    #[error("{} is damaged: its SHA-256 is {found}, published was {expected}; restore it from a backup", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The beginning of the hash that was noted.
        expected: String,
        /// That of the file.
        found: String,
    },
    /// A manifest has its hash and cannot be read.
    #[error("{} was written by a later version of shihyo", .0.display())]
    LaterVersion(PathBuf),
}

impl PublicationError {
    /// Names the file of an error of the system.
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    /// True when a file is not what was published.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }
}
