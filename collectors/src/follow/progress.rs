//! How far a file was read.

use serde::{Deserialize, Serialize};

/// How far a file was read: part of a checkpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileProgress {
    /// Its name at the last poll.
    pub(crate) name: String,
    /// Hash of its first bytes, and their number.
    pub(super) head: String,
    pub(super) head_bytes: usize,
    /// Bytes of complete lines that were read, decompressed.
    pub(crate) offset: u64,
    /// Lines that were read.
    pub(crate) lines: u64,
    /// Its length at the last poll.
    pub(super) length: u64,
    /// True while it is the growing file.
    pub(crate) live: bool,
    /// True when it was read to its end.
    pub(crate) at_end: bool,
    /// True once all of it was read and nothing can be added.
    #[serde(default, rename = "over")]
    pub(super) complete: bool,
    /// Its length when it was found damaged: it is not read again until the length changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) damaged: Option<u64>,
    /// True inside a line that is too long: its rest is skipped.
    #[serde(default)]
    pub(crate) skipping: bool,
    /// The first hour of the lines that were read from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) first_line: Option<i64>,
    /// The hour of the last line that was read from it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) last_line: Option<i64>,
    /// True when bad lines follow that line: the next good line bounds their hour.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) unplaced: bool,
    /// The last hour that was read from it, or in which it had been read to its end.
    pub(crate) hour: Option<i64>,
    /// CRC-32 of the bytes up to `offset`; `None` for a file that an earlier version began to read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) checksum: Option<u32>,
    /// CRC-32 of these bytes and of an incomplete line behind them, at this poll.
    #[serde(skip)]
    pub(super) read_checksum: Option<u32>,
    /// Inode, and when it was last written, in nanoseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stamp: Option<(u64, i64)>,
    /// What it added to the count of its last hour, which may go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) open: Option<HourBlock>,
    /// The counts of its last hour that are not added yet, as the file is read in parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) pending: Option<HourBlock>,
    /// The last hour of a file of its name that is gone, before its first lines are read.
    #[serde(skip)]
    pub(crate) replaces: Option<i64>,
    /// While it is read again because it was rewritten: the hour before which all its lines were counted once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rewritten: Option<i64>,
}

/// The accesses of one hour in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HourBlock {
    /// Hours since 1970.
    pub(crate) hour: i64,
    /// Accesses.
    pub(crate) hits: i64,
    /// Accesses by area.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) areas: Vec<i64>,
    /// Sum of the digests of their lines.
    pub(crate) digest: u32,
}

impl FileProgress {
    /// Marks a last line of `last` bytes without a line end as read. A compressed file is not opened again.
    pub(crate) fn complete(&mut self, last: usize, compressed: bool) {
        self.offset += u64::try_from(last).unwrap_or_default();
        self.lines += u64::from(last > 0);
        self.checksum = self.read_checksum.or(self.checksum);
        self.complete = compressed;
    }

    /// Begins again: other bytes are where it was read.
    pub(crate) fn restart(&mut self) {
        let Self { name, head, head_bytes, length, live, .. } = std::mem::take(self);
        *self = Self { name, head, head_bytes, length, live, rewritten: Some(i64::MAX), ..Self::default() };
    }
}
