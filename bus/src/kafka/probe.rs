//! Looks at one record of a partition, outside the group, on the caller's thread.
//!
//! A client of its own, made for one look and dropped: a position is proved when a partition is started,
//! which happens when instances come and go. The polling thread meanwhile stays in the group.

use super::client;
use super::error::{self, Doing, Heard, Said};
use super::settings::Kafka;
use crate::{BusError, Partition, Position};
use contract::time::Micros;
use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long one poll waits, between two looks at the time.
const POLL: Duration = Duration::from_millis(100);

/// Remembers what the library said beside its last error.
#[derive(Default)]
pub(super) struct Ear(Mutex<Heard>);

impl Ear {
    pub(super) fn said(&self) -> Option<Said> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl ClientContext for Ear {
    fn error(&self, error: KafkaError, reason: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).hear(&error, reason);
    }
}

impl ConsumerContext for Ear {}

/// Makes sure that reading `partition` from `from` on misses nothing.
pub(super) fn check(kafka: &Kafka, partition: Partition, from: Option<Position>) -> Result<(), BusError> {
    Probe::new(kafka, partition, kafka.timing.answer)?.check(from)
}

/// The same while it is being read: records that were read may be gone, as long as none behind them is.
pub(super) fn prove(
    kafka: &Kafka,
    partition: Partition,
    read: Option<Position>,
    wait: Duration,
) -> Result<(), BusError> {
    let probe = Probe::new(kafka, partition, wait)?;
    let (low, high) = probe.watermarks()?;
    match read {
        Some(position) if low == position.next && high >= low => Ok(()),
        _ => probe.check(read),
    }
}

struct Probe<'a> {
    kafka: &'a Kafka,
    client: BaseConsumer<Ear>,
    partition: Partition,
    until: Instant,
}

impl<'a> Probe<'a> {
    fn new(kafka: &'a Kafka, partition: Partition, wait: Duration) -> Result<Self, BusError> {
        let config: ClientConfig = client::probe(kafka);
        let client = BaseConsumer::from_config_and_context(&config, Ear::default());
        let client = client.map_err(|error| error::unmade(&error))?;
        Ok(Self { kafka, client, partition, until: Instant::now() + wait })
    }

    /// The offsets of the first record, and behind the last.
    fn watermarks(&self) -> Result<(i64, i64), BusError> {
        let left = self.until.saturating_duration_since(Instant::now());
        let watermarks = self.client.fetch_watermarks(&self.kafka.topic, self.partition.0, left);
        watermarks.map_err(|error| self.failed(error))
    }

    fn check(&self, from: Option<Position>) -> Result<(), BusError> {
        let (low, high) = self.watermarks()?;
        let bus = self.kafka.topic.clone();
        let Some(position) = from else {
            return if low == 0 {
                Ok(())
            } else {
                Err(BusError::Gap { bus, partition: self.partition, next: 0, found: low })
            };
        };
        if low > position.next && position.next >= 0 {
            return Err(BusError::Gap { bus, partition: self.partition, next: position.next, found: low });
        }
        let before = position.next.saturating_sub(1);
        if (low..high).contains(&before) && self.read(before)? == Some(position) {
            return Ok(());
        }
        Err(BusError::Recreated { bus, partition: self.partition, position, end: high - 1 })
    }

    /// The position behind the record at `offset`, `None` when another one comes.
    fn read(&self, offset: i64) -> Result<Option<Position>, BusError> {
        let mut list = TopicPartitionList::with_capacity(1);
        let added = list.add_partition_offset(&self.kafka.topic, self.partition.0, Offset::Offset(offset));
        added.and_then(|()| self.client.assign(&list)).map_err(|error| self.failed(error))?;
        while Instant::now() < self.until {
            match self.client.poll(POLL) {
                Some(Ok(message)) => return Ok((message.offset() == offset).then(|| behind(&message))),
                // Gone since the watermarks were asked for.
                Some(Err(error)) if is_gone(&error) => return Ok(None),
                Some(Err(error)) => {
                    let error = self.failed(error);
                    if !error.is_retriable() {
                        return Err(error);
                    }
                }
                None => {}
            }
        }
        Err(self.failed(KafkaError::Global(Code::OperationTimedOut)))
    }

    /// An error with what was said beside it: a time-out is told by why nobody answered.
    fn failed(&self, error: KafkaError) -> BusError {
        // The reason of a call's failure waits to be polled for.
        if error.rdkafka_error_code() == Some(Code::OperationTimedOut) {
            let _ = self.client.poll(Duration::ZERO);
        }
        let said = self.client.context().said();
        match said {
            Some(said) => error::said(self.kafka, Doing::Reading, said),
            None => error::failed(self.kafka, Doing::Reading, error),
        }
    }
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
