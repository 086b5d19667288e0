//! Which files of a log exist.

use super::file::{FileId, LogFile, existing};
use crate::fetch::FetchError;
use glob::Pattern;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Most files of one log, and most file identities in a checkpoint: an hourly file for a year.
pub(crate) const MAX_FILES: usize = 10_000;
/// Ending of files that are not there yet: they are ignored.
const TEMPORARY: &str = ".tmp";
/// Endings of packed files that cannot be read.
const UNREAD: [&str; 13] =
    [".bz2", ".xz", ".zst", ".Z", ".lz", ".lz4", ".lzma", ".lzo", ".br", ".7z", ".zip", ".tgz", ".tar.gz"];
/// First bytes of packed files that cannot be read, whatever their name.
const UNREAD_MAGIC: [&[u8]; 8] =
    [b"BZh", b"\xFD7zXZ", b"\x28\xB5\x2F\xFD", b"\x1F\x9D", b"\x04\x22\x4D\x18", b"LZIP", b"7z\xBC\xAF", b"PK\x03\x04"];

/// The name of a packed file that cannot be read, before it was packed.
pub(crate) fn before_packing(name: &str) -> Option<&str> {
    UNREAD.iter().find_map(|ending| name.strip_suffix(ending))
}

/// The existing files of a log.
#[derive(Debug, Default)]
pub(crate) struct LogFiles {
    /// Those with lines, sorted by name.
    pub(crate) files: Vec<LogFile>,
    /// Names of those that are empty: they prove that nothing was written.
    pub(crate) empty: Vec<String>,
    /// Names of those that are packed in a form that cannot be read.
    pub(crate) unread: Vec<String>,
}

/// The log's files: the one at `path` and those beside it whose name matches `rotated` or extends the log's name. With `finished` all
/// files of the folder `path`.
///
/// Errors: [`FetchError::Damaged`] for a compressed file of which nothing can be read and that is not being written `now`.
pub(crate) fn list(path: &Path, finished: bool, rotated: Option<&Pattern>, now: i64) -> Result<LogFiles, FetchError> {
    let folder = if finished { Some(path) } else { path.parent() };
    let live = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let belongs = |name: &str| {
        let extends = || name.strip_prefix(&live).is_some_and(|rest| rest.starts_with(['.', '-']));
        let matches = finished || rotated.map_or_else(extends, |pattern| pattern.matches(name));
        // A pattern of the files before they are packed means the packed ones too.
        let packed = || before_packing(name).is_some_and(|name| rotated.is_some_and(|pattern| pattern.matches(name)));
        (matches || packed()) && !name.starts_with('.') && !name.ends_with(TEMPORARY)
    };
    let mut listing = Listing { now, found: BTreeMap::new(), empty: Vec::new(), unread: Vec::new() };
    if !finished {
        listing.add(path.to_owned(), true)?;
    }
    for entry in folder.unwrap_or(Path::new(".")).read_dir().map_err(FetchError::of_file)? {
        let entry = entry.map_err(FetchError::of_file)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if belongs(&name) {
            listing.add(entry.path(), false)?;
        }
    }
    let Listing { found, mut empty, mut unread, .. } = listing;
    if found.len() > MAX_FILES {
        return Err(FetchError::TooManyFiles(MAX_FILES));
    }
    let mut files: Vec<LogFile> = found.into_values().collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    empty.sort();
    unread.sort();
    Ok(LogFiles { files, empty, unread })
}

struct Listing {
    now: i64,
    found: BTreeMap<FileId, LogFile>,
    empty: Vec<String>,
    unread: Vec<String>,
}

impl Listing {
    fn add(&mut self, path: PathBuf, live: bool) -> Result<(), FetchError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        // Checked before opening, as opening a pipe waits for its writer. A file may disappear at any time.
        let Some(meta) = existing(path.metadata())? else { return Ok(()) };
        if !meta.is_file() {
            return if live { Err(FetchError::NotAFile) } else { Ok(()) };
        }
        if !live && before_packing(&name).is_some() {
            self.unread.push(name);
            return Ok(());
        }
        let Some((id, file)) = LogFile::open(path, name, live)? else { return Ok(()) };
        if file.begins_with(&UNREAD_MAGIC) {
            self.unread.push(file.name);
        } else if file.is_empty() {
            if file.is_damaged_whole(self.now) {
                return Err(FetchError::Damaged(file.name));
            }
            if file.is_surely_empty() {
                self.empty.push(file.name);
            }
        } else {
            self.found.entry(id).or_insert(file);
        }
        Ok(())
    }
}
