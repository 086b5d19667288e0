//! An existing file of a log: its beginning, and what is new behind the place up to which it was read.

use super::progress::FileProgress;
use crate::document::sha256;
use crate::fetch::FetchError;
use crc32fast::Hasher;
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Bytes that identify a file: some twenty lines.
const HEAD_BYTES: usize = 4096;
/// Bytes read at a time.
const CHUNK_BYTES: usize = 1 << 20;
/// A compressed file that was written within this time may be incomplete yet.
const WRITING_SECONDS: i64 = 3600;
/// A growing file of which more was read is compared with what was read when it is rotated, not at each poll.
const MAX_COMPARED_BYTES: u64 = 64 << 20;

/// Device and inode.
pub(super) type FileId = (u64, u64);

/// An existing file of a log.
#[derive(Debug)]
pub(crate) struct LogFile {
    path: PathBuf,
    /// Its name, without its folder.
    pub(crate) name: String,
    /// True for the growing file.
    pub(crate) live: bool,
    pub(crate) compressed: bool,
    pub(super) length: u64,
    /// When it was last written, in seconds since 1970.
    written: i64,
    /// Inode, and when it was last written, in nanoseconds since 1970.
    stamp: (u64, i64),
    /// Number of leading zero bytes: a server that keeps its offset in a truncated file leaves them.
    zeros: u64,
    pub(super) head: Vec<u8>,
    /// Its first bytes as they are on the disk.
    magic: Vec<u8>,
    /// True when it can be decompressed to its end; asked only of a file without a beginning.
    readable: bool,
}

/// What is where a file was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadPart {
    /// The same bytes, as far as they were compared.
    Same,
    /// Other bytes.
    Changed,
    /// Fewer bytes, or a damaged file.
    Shorter,
}

/// `None` when the file does not exist.
pub(super) fn existing<T>(opened: std::io::Result<T>) -> Result<Option<T>, FetchError> {
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(FetchError::of_file(error)),
    }
}

/// The first bytes of a file as they are on the disk.
fn magic(mut file: &File) -> Result<Vec<u8>, FetchError> {
    let mut magic = Vec::with_capacity(8);
    file.seek(SeekFrom::Start(0)).map_err(FetchError::of_file)?;
    file.take(8).read_to_end(&mut magic).map_err(FetchError::of_file)?;
    file.seek(SeekFrom::Start(0)).map_err(FetchError::of_file)?;
    Ok(magic)
}

/// The number of leading zero bytes, and the first bytes after them, decompressed. A file that is still being compressed is
/// truncated: the readable part counts.
fn head(file: &File, compressed: bool) -> Result<(u64, Vec<u8>), FetchError> {
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

fn update(checksum: &mut Option<Hasher>, bytes: &[u8]) {
    if let Some(checksum) = checksum {
        checksum.update(bytes);
    }
}

fn is_gzip(magic: &[u8]) -> bool {
    magic.starts_with(&[0x1F, 0x8B])
}

/// True when a compressed file can be read to its end.
fn is_readable(mut file: &File) -> bool {
    let start = file.seek(SeekFrom::Start(0));
    start.is_ok() && std::io::copy(&mut MultiGzDecoder::new(file), &mut std::io::sink()).is_ok()
}

impl LogFile {
    /// Opens a file and reads its beginning; `None` when it does not exist any more. Also returns its device and inode.
    pub(super) fn open(path: PathBuf, name: String, live: bool) -> Result<Option<(FileId, Self)>, FetchError> {
        let Some(file) = existing(File::open(&path))? else { return Ok(None) };
        let meta = file.metadata().map_err(FetchError::of_file)?;
        let magic = magic(&file)?;
        let compressed = is_gzip(&magic);
        let (zeros, head) = head(&file, compressed)?;
        let readable = !compressed || !head.is_empty() || is_readable(&file);
        let nanos = meta.mtime().saturating_mul(1_000_000_000).saturating_add(meta.mtime_nsec());
        let (length, written, stamp) = (meta.len(), meta.mtime(), (meta.ino(), nanos));
        let file = Self { path, name, live, compressed, length, written, stamp, zeros, head, magic, readable };
        Ok(Some(((meta.dev(), meta.ino()), file)))
    }

    /// True when it begins with one of these bytes.
    pub(super) fn begins_with(&self, all: &[&[u8]]) -> bool {
        all.iter().any(|magic| self.magic.starts_with(magic))
    }

    /// True without a byte of a line.
    pub(super) fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// True for an empty file that is whole: nothing was written to it.
    pub(super) fn is_surely_empty(&self) -> bool {
        self.is_empty() && self.readable
    }

    /// True for a compressed file of which nothing can be read and that is not being written any more.
    pub(super) fn is_damaged_whole(&self, now: i64) -> bool {
        !self.readable && self.written <= now - WRITING_SECONDS
    }

    /// Plain before compressed, longer before shorter, the growing file before its copy.
    pub(super) fn rank(&self) -> (bool, u64, bool) {
        (!self.compressed, self.length, self.live)
    }

    /// The progress of a file that was not read yet.
    pub(crate) fn unread(&self) -> FileProgress {
        let mut progress = FileProgress::default();
        self.identify(&mut progress);
        progress
    }

    fn identify(&self, progress: &mut FileProgress) {
        progress.name.clone_from(&self.name);
        if self.head.len() > progress.head_bytes {
            (progress.head, progress.head_bytes) = (sha256(&self.head), self.head.len());
        }
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
        let (zeros, first) = head(&file, is_gzip(&magic(&file)?))?;
        if zeros != self.zeros || !first.starts_with(&self.head) {
            return Ok(0);
        }
        self.identify(progress);
        let mut checksum = match progress.checksum {
            Some(checksum) => Some(Hasher::new_with_initial(checksum)),
            None => (progress.offset <= zeros).then(Hasher::new),
        };
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
        let finalize = |checksum: &Option<Hasher>| checksum.as_ref().map(|checksum| checksum.clone().finalize());
        progress.at_end = false;
        while read < limit {
            let count = content.read(&mut chunk).map_err(failed)?;
            if count == 0 {
                progress.at_end = true;
                break;
            }
            let (whole, lines) = take(&chunk[..count], progress.lines);
            let mut rest = &chunk[..count];
            if lines > 0 {
                progress.offset = start + read + u64::try_from(whole).unwrap_or_default();
                progress.lines += lines;
                progress.skipping = false;
                update(&mut checksum, &rest[..whole]);
                progress.checksum = finalize(&checksum);
                rest = &rest[whole..];
            }
            update(&mut checksum, rest);
            read += u64::try_from(count).unwrap_or_default();
        }
        progress.read_checksum = finalize(&checksum);
        // A line without an end within the limit is skipped, or every poll would read it again.
        if read >= limit && progress.offset == start && read > 0 {
            (progress.offset, progress.skipping) = (start + read, true);
            progress.checksum = progress.read_checksum;
        }
        Ok(read)
    }

    /// Compares what was read of the file with what is there. It is read again when its inode, time or length is another one.
    pub(crate) fn compare(&self, progress: &FileProgress) -> Result<ReadPart, FetchError> {
        let (Some(checksum), Some((inode, written))) = (progress.checksum, progress.stamp) else {
            return Ok(ReadPart::Same);
        };
        let same = (inode, written) == self.stamp && progress.length == self.length;
        let grew = inode == self.stamp.0 && progress.length < self.length;
        if same || (self.live && grew && progress.offset > MAX_COMPARED_BYTES) {
            return Ok(ReadPart::Same);
        }
        Ok(match self.checksum(progress.offset)? {
            Some(found) if found == checksum => ReadPart::Same,
            Some(_) => ReadPart::Changed,
            None => ReadPart::Shorter,
        })
    }

    /// CRC-32 of the bytes up to `end`, without leading zeros; `None` when there are fewer, or when they cannot be read.
    fn checksum(&self, end: u64) -> Result<Option<u32>, FetchError> {
        let Some(file) = existing(File::open(&self.path))? else { return Ok(None) };
        let (mut plain, mut decoder);
        let content: &mut dyn Read = if self.compressed {
            decoder = MultiGzDecoder::new(&file);
            &mut decoder
        } else {
            plain = &file;
            &mut plain
        };
        let (mut checksum, mut chunk, mut at) = (Hasher::new(), vec![0; CHUNK_BYTES], 0_u64);
        while at < end {
            let most = usize::try_from(end - at).unwrap_or(usize::MAX).min(chunk.len());
            let count = match content.read(&mut chunk[..most]) {
                Ok(0) => return Ok(None),
                Ok(count) => count,
                Err(_) if self.compressed => return Ok(None),
                Err(error) => return Err(FetchError::of_file(error)),
            };
            let zeros = usize::try_from(self.zeros.saturating_sub(at)).unwrap_or(usize::MAX).min(count);
            checksum.update(&chunk[zeros..count]);
            at += u64::try_from(count).unwrap_or_default();
        }
        Ok(Some(checksum.finalize()))
    }

    /// True when all of the file was read and it is the same since: a longer one may have replaced it.
    pub(crate) fn is_read(&self, progress: &FileProgress) -> bool {
        progress.complete && progress.length == self.length && progress.stamp.is_none_or(|stamp| stamp == self.stamp)
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

    /// Stores the file's length at the end of a poll.
    pub(crate) fn end_poll(&self, progress: &mut FileProgress) {
        progress.length = self.length;
        progress.live = self.live;
        progress.stamp = Some(self.stamp);
        progress.read_checksum = None;
    }
}
