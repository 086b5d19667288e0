//! Files that grow and rotate: which of them are there, which are known, and what is new in each.
//!
//! A file is known by what it begins with, not by its name or number: after a rotation the same beginning is found
//! under another name, in a packed file, or in the copy of a log that was cut. So no order of renaming, copying, packing
//! and cutting has to be guessed. Beginnings of lines hold times, so two logs do not share one.

use super::{FetchError, sha256};
use flate2::read::MultiGzDecoder;
use glob::Pattern;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Bytes by which a file is known: some twenty lines.
const HEAD_BYTES: usize = 4096;
/// Bytes read at a time.
const CHUNK_BYTES: usize = 1 << 20;
/// Files of one log, and beginnings that are remembered: an hourly file for a year.
pub(crate) const MAX_FILES: usize = 10_000;
/// How long a packed file may have been at rest and still be one that is being delivered.
const WRITING_SECONDS: i64 = 3600;
/// Packed forms that cannot be read: such files are left alone.
const UNREAD: [&str; 4] = ["bz2", "xz", "zst", "tmp"];

/// A file as far as it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileProgress {
    /// Its name when it was last seen.
    pub name: String,
    /// Hash of its first bytes, and how many these are.
    head: String,
    head_bytes: usize,
    /// Bytes of whole lines that were read, unpacked.
    pub offset: u64,
    /// Lines that were read.
    pub lines: u64,
    /// Its length when it was last seen, unpacked; of a packed file 0.
    length: u64,
    /// True while it is the one that grows.
    pub live: bool,
    /// True when it was read to its end.
    pub at_end: bool,
    /// True once all of it was read and nothing can be added.
    #[serde(default)]
    pub over: bool,
    /// Its length as it lay there, when it was found cut short or damaged: it is not read again until that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub damaged: Option<u64>,
    /// True inside a line longer than any: it is skipped.
    #[serde(default)]
    pub skipping: bool,
    /// The last hour that was read from it, or in which it was found read to its end.
    pub hour: Option<i64>,
}

/// A file that is there.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    /// Its name, without its folder.
    pub(crate) name: String,
    /// True for the one that grows.
    pub(crate) live: bool,
    packed: bool,
    length: u64,
    /// When it was last written, in seconds since 1970.
    written: i64,
    /// Zeros before its first byte: a server that keeps its place in a file that was cut leaves them.
    zeros: u64,
    head: Vec<u8>,
}

/// The files of a log that are there and hold something: the one at `path` and those beside it that `rotated` fits, or its
/// name with something behind; of a folder all of its files.
///
/// Errors: [`FetchError::Damaged`] for a packed one of which nothing can be read, and that nobody is writing `now`.
pub(crate) fn present(
    path: &Path,
    finished: bool,
    rotated: Option<&Pattern>,
    now: i64,
) -> Result<Vec<LogFile>, FetchError> {
    let folder = if finished { Some(path) } else { path.parent() };
    let live = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let mut found: BTreeMap<(u64, u64), LogFile> = BTreeMap::new();
    let is_ours = |name: &str| {
        let behind = || name.strip_prefix(&live).is_some_and(|rest| rest.starts_with(['.', '-']));
        let fits = finished || rotated.map_or_else(behind, |pattern| pattern.matches(name));
        fits && !name.starts_with('.') && !UNREAD.iter().any(|ending| name.ends_with(&format!(".{ending}")))
    };
    let mut add = |path: PathBuf, live: bool| -> Result<(), FetchError> {
        // Asked before it is opened: opening a pipe would wait for its writer. A file may go at any time.
        let Some(meta) = absent(path.metadata())? else { return Ok(()) };
        if !meta.is_file() {
            return if live { Err(FetchError::NotAFile) } else { Ok(()) };
        }
        let Some(file) = absent(File::open(&path))? else { return Ok(()) };
        let meta = file.metadata().map_err(super::file::failed)?;
        let (packed, (zeros, head)) = (is_packed(&file)?, head(&file)?);
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let (length, written) = (meta.len(), meta.mtime());
        if packed && head.is_empty() && written <= now - WRITING_SECONDS && !ends(&file) {
            return Err(FetchError::Damaged(name));
        }
        if !head.is_empty() {
            let present = LogFile { path, name, live, packed, length, written, zeros, head };
            found.entry((meta.dev(), meta.ino())).or_insert(present);
        }
        Ok(())
    };
    if !finished {
        add(path.to_owned(), true)?;
    }
    for entry in folder.unwrap_or(Path::new(".")).read_dir().map_err(super::file::failed)? {
        let entry = entry.map_err(super::file::failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if is_ours(&name) {
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

/// `None` when it is not there.
fn absent<T>(opened: std::io::Result<T>) -> Result<Option<T>, FetchError> {
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(super::file::failed(error)),
    }
}

fn is_packed(mut file: &File) -> Result<bool, FetchError> {
    let mut magic = Vec::with_capacity(2);
    file.seek(SeekFrom::Start(0)).map_err(super::file::failed)?;
    file.take(2).read_to_end(&mut magic).map_err(super::file::failed)?;
    file.seek(SeekFrom::Start(0)).map_err(super::file::failed)?;
    Ok(magic == [0x1F, 0x8B])
}

/// How many zeros a file begins with, and its first bytes behind them, unpacked. One that is being packed just now is cut short:
/// as much as can be read counts.
fn head(file: &File) -> Result<(u64, Vec<u8>), FetchError> {
    let packed = is_packed(file)?;
    let (mut plain, mut unpacked);
    let content: &mut dyn Read = if packed {
        unpacked = MultiGzDecoder::new(file);
        &mut unpacked
    } else {
        plain = file;
        &mut plain
    };
    let (mut zeros, mut head, mut chunk) = (0_u64, Vec::with_capacity(HEAD_BYTES), vec![0; HEAD_BYTES]);
    while head.len() < HEAD_BYTES {
        let count = match content.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(_) if packed => break,
            Err(error) => return Err(super::file::failed(error)),
        };
        let begins = if head.is_empty() { chunk[..count].iter().position(|byte| *byte != 0) } else { Some(0) };
        let begins = begins.unwrap_or(count);
        zeros += u64::try_from(begins).unwrap_or_default();
        head.extend_from_slice(&chunk[begins..count]);
        // There may be gigabytes of them.
        chunk.resize(if head.is_empty() { CHUNK_BYTES } else { HEAD_BYTES }, 0);
    }
    head.truncate(HEAD_BYTES);
    Ok((zeros, head))
}

/// True when a packed file can be read to its end.
fn ends(mut file: &File) -> bool {
    let start = file.seek(SeekFrom::Start(0));
    start.is_ok() && std::io::copy(&mut MultiGzDecoder::new(file), &mut std::io::sink()).is_ok()
}

/// Pairs each known file with the one that is there, if any, and gives those that are new: places in `present`.
pub(crate) fn pair(known: &[FileProgress], present: &[LogFile]) -> (Vec<Option<usize>>, Vec<usize>) {
    let mut by_head: BTreeMap<(usize, &str), usize> = BTreeMap::new();
    for (at, one) in known.iter().enumerate() {
        by_head.insert((one.head_bytes, &one.head), at);
    }
    let lengths: Vec<usize> =
        by_head.keys().map(|(length, _)| *length).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let (mut pairs, mut new): (Vec<Option<usize>>, Vec<usize>) = (vec![None; known.len()], Vec::new());
    for (at, one) in present.iter().enumerate() {
        let fitting = lengths.iter().rev().filter(|length| **length <= one.head.len());
        let owner =
            fitting.copied().find_map(|length| by_head.get(&(length, sha256(&one.head[..length]).as_str())).copied());
        match owner {
            // A copy of the log, or the packed one beside the plain: the one that may hold more.
            Some(owner) => match pairs[owner] {
                Some(other) if present[other].rank() >= one.rank() => {}
                _ => pairs[owner] = Some(at),
            },
            None => new.push(at),
        }
    }
    // Two new ones may be one file and its copy.
    let mut heads: BTreeMap<&[u8], usize> = BTreeMap::new();
    for at in new {
        let best = heads.entry(&present[at].head).or_insert(at);
        if present[at].rank() > present[*best].rank() {
            *best = at;
        }
    }
    (pairs, heads.into_values().collect())
}

impl LogFile {
    /// Plain before packed, longer before shorter; the live one before its copy.
    fn rank(&self) -> (bool, u64, bool) {
        (!self.packed, self.length, self.live)
    }

    /// A file of which nothing was read yet.
    pub(crate) fn unread(&self) -> FileProgress {
        let mut known = FileProgress::default();
        known.note(self);
        known
    }

    /// Reads on where `known` ends, no further than `limit` bytes, and notes how far it came. `take` is given each
    /// chunk, and says how many of its bytes belong to lines that ended, and how many lines that were.
    ///
    /// Gives the bytes read. A file that is no longer the one that was found is left for the next time: 0.
    ///
    /// Errors: [`FetchError::Damaged`] for a packed one that cannot be read to its end; what was taken of it is no whole.
    pub(crate) fn read(
        &self,
        known: &mut FileProgress,
        limit: u64,
        mut take: impl FnMut(&[u8], u64) -> (usize, u64),
    ) -> Result<u64, FetchError> {
        let Some(file) = absent(File::open(&self.path))? else { return Ok(0) };
        let (zeros, now) = head(&file)?;
        if zeros != self.zeros || !now.starts_with(&self.head) {
            return Ok(0);
        }
        known.note(self);
        known.offset = known.offset.max(zeros);
        let failed =
            |error| if self.packed { FetchError::Damaged(self.name.clone()) } else { super::file::failed(error) };
        let mut plain = &file;
        let mut packed;
        let content: &mut dyn Read = if self.packed {
            plain.seek(SeekFrom::Start(0)).map_err(super::file::failed)?;
            packed = MultiGzDecoder::new(&file);
            let skipped = std::io::copy(&mut (&mut packed).take(known.offset), &mut std::io::sink());
            if skipped.map_err(failed)? < known.offset {
                return Ok(0);
            }
            &mut packed
        } else {
            plain.seek(SeekFrom::Start(known.offset)).map_err(super::file::failed)?;
            &mut plain
        };
        let (mut chunk, mut read) = (vec![0; CHUNK_BYTES], 0_u64);
        let start = known.offset;
        known.at_end = false;
        while read < limit {
            let count = content.read(&mut chunk).map_err(failed)?;
            if count == 0 {
                known.at_end = true;
                break;
            }
            let (whole, lines) = take(&chunk[..count], known.lines);
            if lines > 0 {
                known.offset = start + read + u64::try_from(whole).unwrap_or_default();
                known.lines += lines;
                known.skipping = false;
            }
            read += u64::try_from(count).unwrap_or_default();
        }
        // A line without end within the limit: skipped, or it would be read again for ever.
        if read >= limit && known.offset == start && read > 0 {
            (known.offset, known.skipping) = (start + read, true);
        }
        Ok(read)
    }

    /// True when it was found damaged, and is the same still.
    pub(crate) fn is_damaged(&self, known: &FileProgress) -> bool {
        self.packed && known.damaged == Some(self.length)
    }

    /// Notes that it cannot be read to its end, and gives the hour of that; `None` when somebody may be writing it now.
    pub(crate) fn damaged(&self, known: &mut FileProgress, now: i64) -> Option<i64> {
        let at_rest = self.packed && self.written <= now - WRITING_SECONDS;
        at_rest.then(|| {
            known.damaged = Some(self.length);
            self.written.div_euclid(3600)
        })
    }

    /// True when nothing will be added: it is not the one that grows, and packed or as long as the last time.
    pub(crate) fn is_over(&self, known: &FileProgress, finished: bool) -> bool {
        !self.live && (finished || self.packed || known.length == self.length)
    }
}

impl FileProgress {
    fn note(&mut self, present: &LogFile) {
        self.name.clone_from(&present.name);
        if present.head.len() > self.head_bytes {
            (self.head, self.head_bytes) = (sha256(&present.head), present.head.len());
        }
    }

    /// Its last line was read though it has no end, or it had none: a packed file is not opened again.
    pub(crate) fn end(&mut self, last: usize, present: &LogFile) {
        self.offset += u64::try_from(last).unwrap_or_default();
        self.lines += u64::from(last > 0);
        self.over = present.packed;
    }

    /// To be called when a poll is over.
    pub(crate) fn seen(&mut self, present: &LogFile) {
        self.length = if present.packed { 0 } else { present.length };
        self.live = present.live;
    }
}
