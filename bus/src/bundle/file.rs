//! Files that appear whole or not at all, and files that are only read when they are plain.

use super::error::{BundleError, BundleFault};
use super::limits::{MAX_BUNDLE_BYTES, MAX_MANIFEST_BYTES};
use sqlite::FileLock;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Bytes that a bundle's file may have.
pub(super) const MAX_FILE_BYTES: u64 = (MAX_BUNDLE_BYTES + MAX_MANIFEST_BYTES) as u64;

/// Opens a file of the folder that somebody else filled: never through a link, never more than a bundle.
pub(super) fn open(path: &Path) -> Result<impl BufRead + use<>, BundleFault> {
    let named = fs::symlink_metadata(path)?;
    if !named.is_file() {
        return Err(BundleFault::NotPlain);
    }
    let file = File::open(path)?;
    let opened = file.metadata()?;
    // It may have been replaced by a link since we looked.
    if (named.dev(), named.ino()) != (opened.dev(), opened.ino()) {
        return Err(BundleFault::NotPlain);
    }
    if opened.len() > MAX_FILE_BYTES {
        return Err(BundleFault::TooLarge { bytes: opened.len(), limit: MAX_FILE_BYTES });
    }
    // It may still grow.
    Ok(BufReader::new(file.take(MAX_FILE_BYTES)))
}

/// The content of a bundle's file.
pub(super) fn content(path: &Path) -> Result<Vec<u8>, BundleFault> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Puts a file into a folder, durably and under its name only when it is whole.
pub(super) fn place(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), BundleError> {
    let (partial, path) = (folder.join(format!(".{name}.partial")), folder.join(name));
    // What an interrupted call left, or a link that somebody laid there.
    if let Err(error) = fs::remove_file(&partial)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(BundleError::file("remove", &partial)(error));
    }
    let written = OpenOptions::new().write(true).create_new(true).open(&partial).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(BundleError::file("write", &partial))?;
    fs::rename(&partial, &path).map_err(BundleError::file("write", &path))?;
    sync(folder)
}

/// Makes the names in a folder durable, where its file system can: some shares refuse to flush a folder.
fn sync(folder: &Path) -> Result<(), BundleError> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if !matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) => {
            Err(BundleError::file("write", folder)(error))
        }
        _ => Ok(()),
    }
}

/// Holds a lock file in a folder, which is made when there is none, until it is dropped.
pub(super) fn lock(folder: &Path, name: &str) -> Result<FileLock, BundleError> {
    fs::create_dir_all(folder).map_err(BundleError::file("make", folder))?;
    let path = folder.join(name);
    let lock = FileLock::try_acquire(&path).map_err(BundleError::file("lock", &path))?;
    lock.ok_or(BundleError::Running(path))
}

/// Makes sure that a folder is one.
pub(super) fn check_folder(folder: &Path) -> Result<(), BundleError> {
    if folder.is_dir() { Ok(()) } else { Err(BundleError::NoFolder(folder.to_owned())) }
}
