//! Records as they are read, and the position behind them.
//!
//! A batch holds all its bodies in one arena: a million records a second must not mean a million
//! allocations. It owns them, so that it can be handed to another thread.

use contract::time::Micros;
use std::fmt;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The number of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(pub i32);

/// Where reading a partition goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The offset to read next.
    pub next: i64,
    /// A digest of the record before it, by which a re-created log is recognised.
    pub last: u64,
}

/// Consecutive records of one partition, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Where they come from.
    pub partition: Partition,
    /// The position behind the last of them.
    pub next: Position,
    records: Vec<Record>,
    arena: Vec<u8>,
}

/// One record's place; its body starts where the one before it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Record {
    offset: i64,
    time: Micros,
    end: usize,
}

/// Gathers records into a [`Batch`].
#[derive(Debug)]
pub struct BatchBuilder {
    records: Vec<Record>,
    arena: Vec<u8>,
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Position {
    /// The position behind a record.
    ///
    /// The append time is part of the digest: a log that was re-created from the same sources often
    /// has the very same body at an offset, but it took it at another time.
    #[expect(clippy::cast_sign_loss, reason = "a seed is any 64 bits")]
    pub fn behind(offset: i64, time: Micros, body: &[u8]) -> Self {
        Self { next: offset + 1, last: xxh3_64_with_seed(body, time.0 as u64) }
    }
}

impl Batch {
    /// How many records it holds.
    #[expect(clippy::len_without_is_empty, reason = "a batch is never empty; nothing to read is `Delivery::Idle`")]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// How many bytes its bodies have together.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }

    /// Its records in order: offset, append time, body.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (i64, Micros, &[u8])> + '_ {
        let mut start = 0;
        self.records.iter().map(move |record| {
            let body = &self.arena[start..record.end];
            start = record.end;
            (record.offset, record.time, body)
        })
    }
}

impl Batch {
    /// At most `count` of its records from the `from`-th on, copied; `None` when there are none.
    pub(crate) fn part(&self, from: usize, count: usize) -> Option<Self> {
        let records = self.records.get(from..)?;
        let records = &records[..count.min(records.len())];
        let mut start = if from == 0 { 0 } else { self.records[from - 1].end };
        let bytes = records.last()?.end - start;
        let mut part = BatchBuilder::with_capacity(records.len(), bytes);
        for record in records {
            part.push(record.offset, record.time, &self.arena[start..record.end]);
            start = record.end;
        }
        part.finish(self.partition)
    }
}

impl BatchBuilder {
    /// An empty builder with room for that many records and bytes.
    pub fn with_capacity(records: usize, bytes: usize) -> Self {
        Self { records: Vec::with_capacity(records), arena: Vec::with_capacity(bytes) }
    }

    /// Adds the next record.
    pub fn push(&mut self, offset: i64, time: Micros, body: &[u8]) {
        self.arena.extend_from_slice(body);
        self.records.push(Record { offset, time, end: self.arena.len() });
    }

    /// How many records were added.
    pub fn records(&self) -> usize {
        self.records.len()
    }

    /// How many bytes were added.
    pub fn bytes(&self) -> usize {
        self.arena.len()
    }

    /// The position behind the last record, `None` when nothing was added.
    pub fn position(&self) -> Option<Position> {
        let last = self.records.last()?;
        let start = self.records.iter().nth_back(1).map_or(0, |record| record.end);
        Some(Position::behind(last.offset, last.time, &self.arena[start..]))
    }

    /// The batch, `None` when nothing was added.
    pub fn finish(self, partition: Partition) -> Option<Batch> {
        let next = self.position()?;
        Some(Batch { partition, next, records: self.records, arena: self.arena })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_gives_back_what_was_pushed_and_the_position_behind_it() {
        let mut builder = BatchBuilder::with_capacity(0, 0);
        builder.push(7, Micros(70), b"a");
        builder.push(8, Micros(80), b"");
        builder.push(9, Micros(90), b"ccc");
        let batch = builder.finish(Partition(2)).unwrap();
        let expected: [(i64, Micros, &[u8]); 3] =
            [(7, Micros(70), b"a"), (8, Micros(80), b""), (9, Micros(90), b"ccc")];
        assert_eq!(batch.iter().collect::<Vec<_>>(), expected);
        assert_eq!((batch.len(), batch.bytes()), (3, 4));
        assert_eq!(batch.next, Position::behind(9, Micros(90), b"ccc"));
        assert_eq!(BatchBuilder::with_capacity(0, 0).finish(Partition(2)), None);
    }

    #[test]
    fn the_same_body_taken_at_another_time_has_another_digest() {
        assert_ne!(Position::behind(1, Micros(1), b"x").last, Position::behind(1, Micros(2), b"x").last);
        assert_ne!(Position::behind(1, Micros(1), b"x").last, Position::behind(1, Micros(1), b"y").last);
    }
}
