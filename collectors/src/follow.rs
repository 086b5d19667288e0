//! Follows files that grow and rotate: which files exist, which were read before, and what is new in each.
//!
//! A file is identified by its first bytes, not by its name or inode: after a rotation the same bytes are found under another
//! name, in a compressed file, or in a copy of a truncated log. So the order of renaming, copying, compressing and truncating
//! does not matter. Lines begin with times, so two logs do not share their first bytes.

use crate::document::sha256;
use crate::fetch::FetchError;
use flate2::read::MultiGzDecoder;
use glob::Pattern;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Bytes that identify a file: some twenty lines.
const HEAD_BYTES: usize = 4096;
/// Bytes read at a time.
const CHUNK_BYTES: usize = 1 << 20;
/// Most files of one log, and most file identities in a checkpoint: an hourly file for a year.
pub(crate) const MAX_FILES: usize = 10_000;
/// A compressed file that was written within this time may be incomplete yet.
const WRITING_SECONDS: i64 = 3600;
/// Extensions of compressed files that cannot be read: such files are ignored.
const IGNORED: [&str; 4] = ["bz2", "xz", "zst", "tmp"];

/// How far a file was read: part of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileProgress {
    /// Its name at the last poll.
    pub name: String,
    /// Hash of its first bytes, and their number.
    head: String,
    head_bytes: usize,
    /// Bytes of complete lines that were read, decompressed.
    pub offset: u64,
    /// Lines that were read.
    pub lines: u64,
    /// Its length at the last poll.
    length: u64,
    /// True while it is the growing file.
    pub live: bool,
    /// True when it was read to its end.
    pub at_end: bool,
    /// True once all of it was read and nothing can be added.
    #[serde(default, rename = "over")]
    pub complete: bool,
    /// Its length when it was found damaged: it is not read again until the length changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damaged: Option<u64>,
    /// True inside a line that is too long: its rest is skipped.
    #[serde(default)]
    pub skipping: bool,
    /// The first hour of the lines that were read from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_line: Option<i64>,
    /// The hour of the last line that was read from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_line: Option<i64>,
    /// True when bad lines follow that line: the next good line bounds their hour.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unplaced: bool,
    /// The last hour that was read from it, or in which it had been read to its end.
    pub hour: Option<i64>,
}

/// An existing file of a log.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    /// Its name, without its folder.
    pub(crate) name: String,
    /// True for the growing file.
    pub(crate) live: bool,
    compressed: bool,
    length: u64,
    /// When it was last written, in seconds since 1970.
    written: i64,
    /// Number of leading zero bytes: a server that keeps its offset in a truncated file leaves them.
    zeros: u64,
    head: Vec<u8>,
}

/// The log's files that are not empty: the one at `path` and those beside it whose name matches `rotated` or extends the
/// log's name. With `finished` all files of the folder `path`.
///
/// Errors: [`FetchError::Damaged`] for a compressed file of which nothing can be read and that is not being written `now`.
pub(crate) fn list(
    path: &Path,
    finished: bool,
    rotated: Option<&Pattern>,
    now: i64,
) -> Result<Vec<LogFile>, FetchError> {
    let folder = if finished { Some(path) } else { path.parent() };
    let live = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut found: BTreeMap<(u64, u64), LogFile> = BTreeMap::new();
    let belongs = |name: &str| {
        let extends = || name.strip_prefix(&live).is_some_and(|rest| rest.starts_with(['.', '-']));
        let matches = finished || rotated.map_or_else(extends, |pattern| pattern.matches(name));
        matches && !name.starts_with('.') && !IGNORED.iter().any(|ending| name.ends_with(&format!(".{ending}")))
    };
    let mut add = |path: PathBuf, live: bool| -> Result<(), FetchError> {
        // Checked before opening, as opening a pipe waits for its writer. A file may disappear at any time.
        let Some(meta) = existing(path.metadata())? else { return Ok(()) };
        if !meta.is_file() {
            return if live { Err(FetchError::NotAFile) } else { Ok(()) };
        }
        let Some(file) = existing(File::open(&path))? else { return Ok(()) };
        let meta = file.metadata().map_err(FetchError::of_file)?;
        let (compressed, (zeros, head)) = (is_compressed(&file)?, head(&file)?);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (length, written) = (meta.len(), meta.mtime());
        if compressed && head.is_empty() && written <= now - WRITING_SECONDS && !is_readable(&file) {
            return Err(FetchError::Damaged(name));
        }
        if !head.is_empty() {
            let file = LogFile { path, name, live, compressed, length, written, zeros, head };
            found.entry((meta.dev(), meta.ino())).or_insert(file);
        }
        Ok(())
    };
    if !finished {
        add(path.to_owned(), true)?;
    }
    for entry in folder.unwrap_or(Path::new(".")).read_dir().map_err(FetchError::of_file)? {
        let entry = entry.map_err(FetchError::of_file)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if belongs(&name) {
            add(entry.path(), false)?;
        }
    }
    if found.len() > MAX_FILES {
        return Err(FetchError::TooManyFiles(MAX_FILES));
    }
    let mut all: Vec<LogFile> = found.into_values().collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(all)
}

/// `None` when the file does not exist.
fn existing<T>(opened: std::io::Result<T>) -> Result<Option<T>, FetchError> {
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FetchError::of_file(error)),
    }
}

fn is_compressed(mut file: &File) -> Result<bool, FetchError> {
    let mut magic = Vec::with_capacity(2);
    file.seek(SeekFrom::Start(0)).map_err(FetchError::of_file)?;
    file.take(2).read_to_end(&mut magic).map_err(FetchError::of_file)?;
    file.seek(SeekFrom::Start(0)).map_err(FetchError::of_file)?;
    Ok(magic == [0x1F, 0x8B])
}

/// The number of leading zero bytes, and the first bytes after them, decompressed. A file that is still being compressed is
/// truncated: the readable part counts.
fn head(file: &File) -> Result<(u64, Vec<u8>), FetchError> {
    let compressed = is_compressed(file)?;
    let (mut plain, mut decoder);
    let content: &mut dyn Read = if compressed {
        decoder = MultiGzDecoder::new(file);
        &mut decoder
    } else {
        plain = file;
        &mut plain
    };
    let (mut zeros, mut head, mut chunk) = (0_u64, Vec::with_capacity(HEAD_BYTES), vec![0; HEAD_BYTES]);
    while head.len() < HEAD_BYTES {
        let count = match content.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(_) if compressed => break,
            Err(error) => return Err(FetchError::of_file(error)),
        };
        let begins = if head.is_empty() { chunk[..count].iter().position(|byte| *byte != 0) } else { Some(0) };
        let begins = begins.unwrap_or(count);
        zeros += u64::try_from(begins).unwrap_or_default();
        head.extend_from_slice(&chunk[begins..count]);
        // There may be gigabytes of zeros.
        chunk.resize(if head.is_empty() { CHUNK_BYTES } else { HEAD_BYTES }, 0);
    }
    head.truncate(HEAD_BYTES);
    Ok((zeros, head))
}

/// True when a compressed file can be read to its end.
fn is_readable(mut file: &File) -> bool {
    let start = file.seek(SeekFrom::Start(0));
    start.is_ok() && std::io::copy(&mut MultiGzDecoder::new(file), &mut std::io::sink()).is_ok()
}

/// Pairs each file read before with an existing one, if any; also returns the new ones. Both are indexes into `files`.
pub(crate) fn pair(earlier: &[FileProgress], files: &[LogFile]) -> (Vec<Option<usize>>, Vec<usize>) {
    let mut by_head: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for (at, one) in earlier.iter().enumerate() {
        by_head.insert((one.head_bytes, &one.head), at);
    }
    let lengths: Vec<usize> =
        by_head.keys().map(|(length, _)| *length).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let (mut pairs, mut new): (Vec<Option<usize>>, Vec<usize>) = (vec![None; earlier.len()], Vec::new());
    for (at, one) in files.iter().enumerate() {
        let shorter = lengths.iter().rev().filter(|length| **length <= one.head.len());
        let owner =
            shorter.copied().find_map(|length| by_head.get(&(length, sha256(&one.head[..length]).as_str())).copied());
        match owner {
            // A copy of the log, or the compressed file beside the plain one: the one that may hold more is read.
            Some(owner) => match pairs[owner] {
                Some(other) if files[other].rank() >= one.rank() => {}
                _ => pairs[owner] = Some(at),
            },
            None => new.push(at),
        }
    }
    // Two new files may be one file and its copy.
    let mut heads: BTreeMap<&[u8], usize> = BTreeMap::new();
    for at in new {
        let best = heads.entry(&files[at].head).or_insert(at);
        if files[at].rank() > files[*best].rank() {
            *best = at;
        }
    }
    (pairs, heads.into_values().collect())
}

impl LogFile {
    /// Plain before compressed, longer before shorter, the growing file before its copy.
    fn rank(&self) -> (bool, u64, bool) {
        (!self.compressed, self.length, self.live)
    }

    /// The progress of a file that was not read yet.
    pub(crate) fn unread(&self) -> FileProgress {
        let mut progress = FileProgress::default();
        progress.identify(self);
        progress
    }

    /// Reads at most `limit` bytes from where `progress` ends, and moves `progress` on. `take` is called with each chunk, and
    /// returns the bytes and the number of the lines that end in it.
    ///
    /// Returns the bytes read; 0 for a file that was replaced meanwhile, which the next poll reads.
    ///
    /// Errors: [`FetchError::Damaged`] for a compressed file that cannot be read to its end; what `take` got is incomplete.
    pub(crate) fn read(
        &self,
        progress: &mut FileProgress,
        limit: u64,
        mut take: impl FnMut(&[u8], u64) -> (usize, u64),
    ) -> Result<u64, FetchError> {
        let Some(file) = existing(File::open(&self.path))? else { return Ok(0) };
        let (zeros, first) = head(&file)?;
        if zeros != self.zeros || !first.starts_with(&self.head) {
            return Ok(0);
        }
        progress.identify(self);
        progress.offset = progress.offset.max(zeros);
        let failed =
            |error| if self.compressed { FetchError::Damaged(self.name.clone()) } else { FetchError::of_file(error) };
        let mut plain = &file;
        let mut decoder;
        let content: &mut dyn Read = if self.compressed {
            plain.seek(SeekFrom::Start(0)).map_err(FetchError::of_file)?;
            decoder = MultiGzDecoder::new(&file);
            let skipped = std::io::copy(&mut (&mut decoder).take(progress.offset), &mut std::io::sink());
            if skipped.map_err(failed)? < progress.offset {
                return Ok(0);
            }
            &mut decoder
        } else {
            plain.seek(SeekFrom::Start(progress.offset)).map_err(FetchError::of_file)?;
            &mut plain
        };
        let (mut chunk, mut read) = (vec![0; CHUNK_BYTES], 0_u64);
        let start = progress.offset;
        progress.at_end = false;
        while read < limit {
            let count = content.read(&mut chunk).map_err(failed)?;
            if count == 0 {
                progress.at_end = true;
                break;
            }
            let (whole, lines) = take(&chunk[..count], progress.lines);
            if lines > 0 {
                progress.offset = start + read + u64::try_from(whole).unwrap_or_default();
                progress.lines += lines;
                progress.skipping = false;
            }
            read += u64::try_from(count).unwrap_or_default();
        }
        // A line without an end within the limit is skipped, or every poll would read it again.
        if read >= limit && progress.offset == start && read > 0 {
            (progress.offset, progress.skipping) = (start + read, true);
        }
        Ok(read)
    }

    /// True when all of the file was read and it has the same length since: a longer one may have replaced it.
    pub(crate) fn is_read(&self, progress: &FileProgress) -> bool {
        progress.complete && progress.length == self.length
    }

    /// Moves `progress` on over files that were read before under other names and follow in this one: it is a concatenation.
    pub(crate) fn skip_known(&self, progress: &mut FileProgress, known: &[FileProgress]) -> Result<(), FetchError> {
        if progress.offset == 0 || progress.length == self.length {
            return Ok(());
        }
        loop {
            let next = self.bytes_at(progress.offset)?;
            let begins = |one: &&FileProgress| {
                let head = next.get(..one.head_bytes).filter(|head| !head.is_empty() && one.offset > 0);
                head.is_some_and(|head| sha256(head) == one.head)
            };
            let Some(one) = known.iter().find(begins) else { return Ok(()) };
            progress.offset += one.offset;
            progress.lines += one.lines;
            progress.last_line = one.last_line.or(progress.last_line);
        }
    }

    /// Up to [`HEAD_BYTES`] bytes at a place, decompressed; none when the file ends before or cannot be read so far.
    fn bytes_at(&self, offset: u64) -> Result<Vec<u8>, FetchError> {
        let (mut bytes, limit) = (Vec::new(), u64::try_from(HEAD_BYTES).unwrap_or_default());
        let Some(mut file) = existing(File::open(&self.path))? else { return Ok(bytes) };
        if self.compressed {
            let mut decoder = MultiGzDecoder::new(&file);
            // A damaged file is found when it is read.
            if std::io::copy(&mut (&mut decoder).take(offset), &mut std::io::sink()).is_ok() {
                _ = decoder.take(limit).read_to_end(&mut bytes);
            }
        } else {
            file.seek(SeekFrom::Start(offset)).map_err(FetchError::of_file)?;
            file.take(limit).read_to_end(&mut bytes).map_err(FetchError::of_file)?;
        }
        Ok(bytes)
    }

    /// True when the file was found damaged and has not changed since.
    pub(crate) fn is_damaged(&self, progress: &FileProgress) -> bool {
        self.compressed && progress.damaged == Some(self.length)
    }

    /// Marks the file as damaged and returns the hour it was written in; `None` when it may still be being written.
    pub(crate) fn mark_damaged(&self, progress: &mut FileProgress, now: i64) -> Option<i64> {
        let at_rest = self.compressed && self.written <= now - WRITING_SECONDS;
        at_rest.then(|| {
            progress.damaged = Some(self.length);
            self.written.div_euclid(3600)
        })
    }

    /// True when nothing will be added: the file is not the growing one, and is compressed or did not grow since the last poll.
    pub(crate) fn is_complete(&self, progress: &FileProgress, finished: bool) -> bool {
        !self.live && (finished || self.compressed || progress.length == self.length)
    }
}

impl FileProgress {
    fn identify(&mut self, file: &LogFile) {
        self.name.clone_from(&file.name);
        if file.head.len() > self.head_bytes {
            (self.head, self.head_bytes) = (sha256(&file.head), file.head.len());
        }
    }

    /// Marks a last line of `last` bytes without a line end as read. A compressed file is not opened again.
    pub(crate) fn complete(&mut self, last: usize, file: &LogFile) {
        self.offset += u64::try_from(last).unwrap_or_default();
        self.lines += u64::from(last > 0);
        self.complete = file.compressed;
    }

    /// Stores the file's length at the end of a poll.
    pub(crate) fn end_poll(&mut self, file: &LogFile) {
        self.length = file.length;
        self.live = file.live;
    }
}
