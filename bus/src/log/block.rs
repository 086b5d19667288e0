//! Records as the table `block` holds them: those that were committed together, as many as a page of the file takes.
//!
//! ```text
//! id       offset of the last record; so `id >= next` finds a record by one look at the index
//! records  how many there are; their offsets follow each other
//! time     when they were committed
//! content  for each: length of the key (u16), length of the body (u32), key, body; numbers are little-endian.
//!          65535 instead of a key's length: the key of the record before
//! sum      a checksum of the others
//! ```
//!
//! A row a record cost twice as much to publish, four times as much to read and six times as much to trim: 0.98, 0.29 and
//! 0.50 CPU seconds a million instead of 0.48, 0.08 and 0.08, measured at 240 B a record on a busy two-core machine.

use super::checksum;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row};
use sqlite::Damage;
use std::ops::ControlFlow;

/// Bytes of records in a block: with the other columns a page of 16 KiB, so that trimming reads no page but its own. A larger
/// record is a block of its own.
const BLOCK_BYTES: usize = 16_256;
/// Instead of the length of a key: that of the record before. Longer than any key.
const SAME_KEY: u16 = u16::MAX;
/// Bytes of both lengths.
const LENGTHS: usize = 6;

const INSERT: &str = "INSERT INTO block(id, records, time, content, sum) VALUES (?1, ?2, ?3, ?4, ?5)";
const SELECT: &str = "SELECT id, records, time, content, sum FROM block WHERE id >= ?1 ORDER BY id";
const FIRST: &str = "SELECT id, records, time, content, sum FROM block ORDER BY id LIMIT 1";

/// A record of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LogRecord<'a> {
    pub(super) offset: i64,
    pub(super) time: i64,
    pub(super) key: &'a [u8],
    pub(super) body: &'a [u8],
}

/// How a walk along a log ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WalkEnd {
    /// At its end, or where its caller had enough.
    Whole,
    /// Before records that are missing: the one that was due, and the next that is there.
    Gap { due: i64, found: i64 },
}

/// Passes the records from the offset `next` on to `each`, in order, until it breaks or one is missing.
pub(super) fn walk(
    connection: &Connection,
    next: i64,
    mut each: impl FnMut(LogRecord<'_>) -> ControlFlow<()>,
) -> rusqlite::Result<WalkEnd> {
    let mut statement = connection.prepare_cached(SELECT)?;
    let mut rows = statement.query((next,))?;
    let mut due = next;
    while let Some(row) = rows.next()? {
        let block = Block::of(row)?;
        if block.first > due {
            return Ok(WalkEnd::Gap { due, found: block.first });
        }
        for record in block.records() {
            let record = record?;
            if record.offset >= due && each(record).is_break() {
                return Ok(WalkEnd::Whole);
            }
        }
        due = block.last + 1;
    }
    Ok(WalkEnd::Whole)
}

/// The offset of the first record, `None` of an empty log.
pub(super) fn first_offset(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let mut statement = connection.prepare_cached(FIRST)?;
    statement.query_row([], |row| Block::of(row).map(|block| block.first)).optional()
}

/// A row that agrees with its checksum.
struct Block<'a> {
    first: i64,
    last: i64,
    time: i64,
    content: &'a [u8],
}

impl<'a> Block<'a> {
    fn of(row: &'a Row<'_>) -> rusqlite::Result<Self> {
        let (last, records, time): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let content = row.get_ref(3)?.as_blob()?;
        let sum = checksum::of_block(last, records, time, content);
        let first = last.saturating_sub(records).saturating_add(1);
        sqlite::check_sum(row.get(4)?, sum, || match records {
            1 => format!("the record at offset {last}"),
            _ => format!("the block of the records at offsets {first} to {last}"),
        })?;
        Ok(Self { first, last, time, content })
    }

    fn records(&self) -> Records<'a> {
        Records { rest: self.content, key: &[], offset: self.first, last: self.last, time: self.time }
    }
}

struct Records<'a> {
    rest: &'a [u8],
    key: &'a [u8],
    offset: i64,
    last: i64,
    time: i64,
}

impl<'a> Records<'a> {
    fn cut(&mut self) -> Option<LogRecord<'a>> {
        let (key, rest) = self.rest.split_first_chunk()?;
        let (body, rest) = rest.split_first_chunk()?;
        let (key, body) = (u16::from_le_bytes(*key), u32::from_le_bytes(*body));
        let own = if key == SAME_KEY { 0 } else { usize::from(key) };
        let (own, rest) = rest.split_at_checked(own)?;
        if key != SAME_KEY {
            self.key = own;
        }
        let (body, rest) = rest.split_at_checked(usize::try_from(body).ok()?)?;
        self.rest = rest;
        Some(LogRecord { offset: self.offset, time: self.time, key: self.key, body })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = rusqlite::Result<LogRecord<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.offset > self.last {
            return None;
        }
        let offset = self.offset;
        let record = self.cut();
        // Behind a record that is not whole there is none.
        self.offset = if record.is_some() { offset + 1 } else { i64::MAX };
        Some(record.ok_or_else(|| Damage::error(format!("the record at offset {offset} is not whole in its block"))))
    }
}

/// Gathers records to blocks and writes them.
pub(super) struct BlockWriter<'a> {
    insert: CachedStatement<'a>,
    content: Vec<u8>,
    records: i64,
    key: Vec<u8>,
}

impl<'a> BlockWriter<'a> {
    pub(super) fn new(connection: &'a Connection) -> rusqlite::Result<Self> {
        let insert = connection.prepare_cached(INSERT)?;
        Ok(Self { insert, content: Vec::new(), records: 0, key: Vec::new() })
    }

    /// Adds a record behind the others, which are written before when it has no room beside them.
    pub(super) fn push(&mut self, record: LogRecord<'_>) -> rusqlite::Result<()> {
        let LogRecord { offset, time, key, body } = record;
        if self.content.len() + LENGTHS + key.len() + body.len() > BLOCK_BYTES {
            self.write(offset - 1, time)?;
        }
        let own = if self.records > 0 && self.key == key { &[] } else { key };
        let same = own.len() < key.len();
        // Both are far below: `MAX_NAME_BYTES`, `MAX_BODY_BYTES`.
        let lengths = (u16::try_from(key.len()), u32::try_from(body.len()));
        let (Ok(key_bytes), Ok(body_bytes)) = lengths else {
            return Err(Damage::error(format!("the record at offset {offset} is longer than a record may be")));
        };
        self.content.extend_from_slice(&if same { SAME_KEY } else { key_bytes }.to_le_bytes());
        self.content.extend_from_slice(&body_bytes.to_le_bytes());
        self.content.extend_from_slice(own);
        self.content.extend_from_slice(body);
        self.records += 1;
        if !same {
            self.key.clear();
            self.key.extend_from_slice(key);
        }
        Ok(())
    }

    /// Writes what was gathered, committed at `time`, up to the record at offset `last`.
    pub(super) fn write(&mut self, last: i64, time: i64) -> rusqlite::Result<()> {
        let sum = checksum::of_block(last, self.records, time, &self.content);
        self.write_with(last, time, sum)
    }

    /// The same of what is damaged: it stays so.
    pub(super) fn write_damaged(&mut self, last: i64, time: i64) -> rusqlite::Result<()> {
        let sum = checksum::of_block(last, self.records, time, &self.content);
        self.write_with(last, time, sum ^ 1)
    }

    fn write_with(&mut self, last: i64, time: i64, sum: i64) -> rusqlite::Result<()> {
        if self.records > 0 {
            self.insert.execute((last, self.records, time, &self.content, sum))?;
            self.content.clear();
            self.records = 0;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
