//! One partition that is read: what comes next, and what was gathered of it.

use super::probe::time;
use crate::batch::{Batch, BatchBuilder, Partition, Position};
use rdkafka::message::{BorrowedMessage, Message};

/// Bytes after which a batch is full, whatever number of records was asked for.
pub(super) const BATCH_BYTES: usize = 8 << 20;
/// What a first batch is expected to hold, for its first allocation.
const EXPECTED: (usize, usize) = (64, 64 * 256);

pub(super) struct PartitionBuffer {
    pub(super) partition: Partition,
    /// The offset to come.
    pub(super) next: i64,
    /// Behind the last record that left this buffer.
    before: Option<Position>,
    gathered: BatchBuilder,
    /// Records and bytes of the batch before: the best guess for the next one.
    expected: (usize, usize),
}

impl PartitionBuffer {
    /// Reads from `from` on, or from the first record.
    pub(super) fn new(partition: Partition, from: Option<Position>) -> Self {
        let next = from.map_or(0, |position| position.next);
        let gathered = BatchBuilder::with_capacity(0, 0);
        Self { partition, next, before: from, gathered, expected: EXPECTED }
    }

    /// Adds the record that is due, or one that is known to follow it.
    pub(super) fn push(&mut self, message: &BorrowedMessage<'_>) {
        if self.gathered.records() == 0 {
            self.gathered = BatchBuilder::with_capacity(self.expected.0, self.expected.1);
        }
        let offset = message.offset();
        self.gathered.push(offset, time(message), message.payload().unwrap_or_default());
        self.next = offset + 1;
    }

    pub(super) fn records(&self) -> usize {
        self.gathered.records()
    }

    pub(super) fn bytes(&self) -> usize {
        self.gathered.bytes()
    }

    /// Behind the last record that was read.
    pub(super) fn position(&self) -> Option<Position> {
        self.gathered.position().or(self.before)
    }

    /// What was gathered.
    pub(super) fn take(&mut self) -> Option<Batch> {
        let gathered = std::mem::replace(&mut self.gathered, BatchBuilder::with_capacity(0, 0));
        let batch = gathered.finish(self.partition)?;
        self.before = Some(batch.next);
        self.expected = (batch.len(), batch.bytes());
        Some(batch)
    }
}

/// What became of a message.
pub(super) enum BufferedMessage {
    More,
    Full,
    /// Not the record that was due in this buffer.
    Unexpected(usize),
}

/// Puts a record into its buffer. Records of partitions that are not read (any more) are dropped: the next reader
/// begins at its own position.
pub(super) fn take(
    buffers: &mut [PartitionBuffer],
    current: &mut usize,
    wanted: usize,
    message: &BorrowedMessage<'_>,
) -> BufferedMessage {
    let partition = Partition(message.partition());
    if buffers.get(*current).is_none_or(|buffer| buffer.partition != partition) {
        let Some(found) = buffers.iter().position(|buffer| buffer.partition == partition) else {
            return BufferedMessage::More;
        };
        *current = found;
    }
    let buffer = &mut buffers[*current];
    if message.offset() != buffer.next {
        return BufferedMessage::Unexpected(*current);
    }
    buffer.push(message);
    if buffer.records() >= wanted || buffer.bytes() >= BATCH_BYTES {
        BufferedMessage::Full
    } else {
        BufferedMessage::More
    }
}
