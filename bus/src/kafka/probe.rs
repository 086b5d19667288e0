//! Looks at one record of a partition, outside the group, on the caller's thread.
//!
//! A client of its own, made for one look and dropped: a position is proved when a partition is started,
//! which happens when instances come and go. The polling thread meanwhile stays in the group.

use super::error::KafkaOperation;
use super::metadata_client::MetadataClient;
use super::settings::KafkaConfig;
use crate::batch::{Partition, Position};
use crate::error::BusError;
use contract::time::Micros;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};
use std::time::{Duration, Instant};

/// How long one poll waits, between two looks at the time.
const POLL: Duration = Duration::from_millis(100);

/// Makes sure that reading `partition` from `from` on misses nothing; gives how many records wait there.
pub(super) fn check(kafka: &KafkaConfig, partition: Partition, from: Option<Position>) -> Result<u64, BusError> {
    Probe::new(kafka, partition, kafka.timing.answer)?.check(from)
}

/// The same while it is being read: records that were read may be gone, as long as none behind them is.
pub(super) fn prove(
    kafka: &KafkaConfig,
    partition: Partition,
    read: Option<Position>,
    wait: Duration,
) -> Result<(), BusError> {
    let probe = Probe::new(kafka, partition, wait)?;
    let (low, high) = probe.watermarks()?;
    match read {
        Some(position) if low == position.next && high >= low => Ok(()),
        _ => probe.check(read).map(drop),
    }
}

/// The offset of the first record from `offset` on.
pub(super) fn first(kafka: &KafkaConfig, partition: Partition, offset: i64, wait: Duration) -> Result<i64, BusError> {
    let probe = Probe::new(kafka, partition, wait)?;
    probe.read(offset)?.map(|(found, _)| found).ok_or_else(|| probe.timed_out())
}

struct Probe<'a> {
    eye: MetadataClient<'a>,
    partition: Partition,
}

impl<'a> Probe<'a> {
    fn new(kafka: &'a KafkaConfig, partition: Partition, wait: Duration) -> Result<Self, BusError> {
        Ok(Self { eye: MetadataClient::open(kafka, KafkaOperation::Reading, wait)?, partition })
    }

    /// The offsets of the first record, and behind the last.
    fn watermarks(&self) -> Result<(i64, i64), BusError> {
        self.eye.ask(|client, wait| client.fetch_watermarks(&self.eye.kafka.topic, self.partition.0, wait))
    }

    fn check(&self, from: Option<Position>) -> Result<u64, BusError> {
        let (low, high) = self.watermarks()?;
        let bus = self.eye.kafka.topic.clone();
        let Some(position) = from else {
            return if low == 0 {
                Ok(records(high))
            } else {
                Err(BusError::Gap { bus, partition: self.partition, next: 0, found: low })
            };
        };
        if low > position.next && position.next >= 0 {
            return Err(BusError::Gap { bus, partition: self.partition, next: position.next, found: low });
        }
        let before = position.next.saturating_sub(1);
        let found = if (low..high).contains(&before) { self.read(before)? } else { None };
        match found {
            Some((_, behind)) if behind == position => Ok(records(high - position.next)),
            // Records in the middle are gone, which deleting from the beginning does not do, but compacting does.
            Some((found, _)) if found > before => {
                Err(BusError::Gap { bus, partition: self.partition, next: before, found })
            }
            _ => Err(BusError::Recreated { bus, partition: self.partition, position, end: high - 1 }),
        }
    }

    /// The first record from `offset` on: its offset, and the position behind it. `None` when that offset is gone.
    fn read(&self, offset: i64) -> Result<Option<(i64, Position)>, BusError> {
        let mut list = TopicPartitionList::with_capacity(1);
        let added = list.add_partition_offset(&self.eye.kafka.topic, self.partition.0, Offset::Offset(offset));
        added.and_then(|()| self.eye.client.assign(&list)).map_err(|error| self.eye.failed(&error))?;
        while Instant::now() < self.eye.until {
            match self.eye.client.poll(POLL) {
                Some(Ok(message)) => return Ok(Some((message.offset(), behind(&message)))),
                // Gone since the watermarks were asked for.
                Some(Err(error)) if is_gone(&error) => return Ok(None),
                Some(Err(error)) => {
                    let error = self.eye.failed(&error);
                    if !error.is_retriable() {
                        return Err(error);
                    }
                }
                None => {}
            }
        }
        Err(self.timed_out())
    }

    fn timed_out(&self) -> BusError {
        self.eye.failed(&KafkaError::Global(Code::OperationTimedOut))
    }
}

fn records(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}

fn is_gone(error: &KafkaError) -> bool {
    matches!(error.rdkafka_error_code(), Some(Code::AutoOffsetReset | Code::OffsetOutOfRange))
}

/// When the broker took a record. Kafka counts milliseconds; a producer of old may have given no time.
pub(super) fn time(message: &BorrowedMessage<'_>) -> Micros {
    Micros(message.timestamp().to_millis().unwrap_or(0).saturating_mul(1000))
}

fn behind(message: &BorrowedMessage<'_>) -> Position {
    Position::behind(message.offset(), time(message), message.payload().unwrap_or_default())
}
