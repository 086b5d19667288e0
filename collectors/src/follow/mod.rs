//! Follows files that grow and rotate: which files exist, which were read before, and what is new in each.
//!
//! A file is identified by its first bytes, not by its name or inode: after a rotation the same bytes are found under another
//! name, in a compressed file, or in a copy of a truncated log. So the order of renaming, copying, compressing and truncating
//! does not matter. Lines begin with times, so two logs do not share their first bytes. What was read of a file is compared by its
//! checksum when the file changes.

mod file;
mod list;
mod pair;
mod progress;

pub(crate) use file::{LogFile, ReadPart};
pub(crate) use list::{LogFiles, MAX_FILES, before_packing, list};
pub(crate) use pair::pair;
pub(crate) use progress::{FileProgress, HourBlock};
