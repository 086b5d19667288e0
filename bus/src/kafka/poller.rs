//! The thread that owns the group's client: it polls for as long as the consumer lives.
//!
//! ```text
//! group --Assign--> mailbox.assign .. all started --> assign --> gather --> mailbox.push
//! group --Revoke--> mailbox.revoke .. all released --> unassign (the acknowledgement)
//! ```
//!
//! The caller may take its time with a batch: when the mailbox is full for long, the partitions are paused and
//! polling goes on, so that the group keeps this member. Nothing is ever polled that has no place to go.

use super::context::{GroupContext, RebalanceEvent};
use super::error::{self, KafkaMessage, KafkaOperation};
use super::health::{GroupHealth, PartitionAssignment};
use super::mailbox::{Mailbox, PartitionDecision};
use super::partition_buffer::{BATCH_BYTES, BufferedMessage, PartitionBuffer, take};
use super::probe;
use super::settings::KafkaConfig;
use crate::batch::Partition;
use crate::error::BusError;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::metadata::MetadataTopic;
use rdkafka::{Offset, TopicPartitionList};
use std::sync::Arc;
use std::time::Duration;

/// How long the library is waited for when nothing comes; also how late a close is noticed.
const POLL: Duration = Duration::from_millis(100);
/// The same while the caller's answer is awaited.
const ANSWER_POLL: Duration = Duration::from_millis(20);
/// The same while a batch that could still grow waits for the caller.
const ROOM_POLL: Duration = Duration::from_millis(10);
/// How long a full mailbox is waited for without polling. Pausing throws away what was read ahead, so it must
/// not happen with every batch; it must happen long before the group's time-out ends.
const PAUSE_AFTER: Duration = Duration::from_secs(1);
/// Records gathered before anything else is looked at.
const BURST: usize = 1000;
/// How long the brokers are asked for the partitions of a topic; also how late a close is noticed meanwhile.
const METADATA_WAIT: Duration = Duration::from_secs(1);

/// Where the conversation with the group stands.
enum Stage {
    /// No partitions, or none yet.
    Outside,
    /// Waits for the caller to start these; those in the list are started.
    Starting(Vec<Partition>, Vec<PartitionBuffer>),
    /// Reads.
    Reading,
    /// Waits for the caller to release these.
    Releasing(Vec<Partition>),
}

pub(super) struct Poller {
    pub(super) kafka: KafkaConfig,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) health: Arc<GroupHealth>,
    assignment: PartitionAssignment,
    consumer: BaseConsumer<GroupContext>,
    stage: Stage,
    /// What the group gave, until it is released.
    owned: Vec<Partition>,
    /// What is read of it.
    buffers: Vec<PartitionBuffer>,
    /// The buffer of the last record: the next one is most likely in it too.
    current: usize,
    /// Records that a batch may hold.
    wanted: usize,
    paused: bool,
    failed: bool,
}

/// How an inner loop ended.
enum Polled {
    Enough,
    Nothing,
    Unexpected(usize, i64),
    Failed(KafkaError),
}

impl Poller {
    pub(super) fn new(
        kafka: KafkaConfig,
        assignment: PartitionAssignment,
        (mailbox, health): (Arc<Mailbox>, Arc<GroupHealth>),
        consumer: BaseConsumer<GroupContext>,
    ) -> Self {
        let (stage, owned, buffers) = (Stage::Outside, Vec::new(), Vec::new());
        let (current, wanted, paused, failed) = (0, 1, false, false);
        Self { kafka, mailbox, health, assignment, consumer, stage, owned, buffers, current, wanted, paused, failed }
    }

    /// Polls until the caller is gone, then leaves the group.
    pub(super) fn run(mut self) {
        while !self.mailbox.is_closed() {
            self.health.polled();
            self.assign_all();
            self.apply_decisions();
            self.make_room();
            match self.poll() {
                Polled::Enough => {}
                Polled::Nothing => self.hand_over(),
                Polled::Unexpected(buffer, offset) => self.recheck(buffer, offset),
                Polled::Failed(error) => self.handle_error(&error),
            }
            for event in self.consumer.context().events() {
                self.rebalance(event);
            }
            let lost = self.consumer.assignment_lost();
            self.health.member(matches!(self.stage, Stage::Reading | Stage::Releasing(_)) && !lost);
        }
        self.leave();
    }

    /// Leaves the group at once, whatever is in hand.
    fn leave(self) {
        self.health.member(false);
        self.consumer.context().leave();
        // Whatever the library still waits for from us, this is the answer; dropping it says the rest.
        let _ = self.consumer.unassign();
        let mailbox = self.mailbox;
        drop(self.consumer);
        mailbox.end();
    }

    /// Polls as long as records come and there is room for them.
    fn poll(&mut self) -> Polled {
        let mut timeout = self.poll_timeout();
        for _ in 0..BURST {
            match self.consumer.poll(timeout) {
                None => return Polled::Nothing,
                Some(Err(error)) => return Polled::Failed(error),
                Some(Ok(message)) => match take(&mut self.buffers, &mut self.current, self.wanted, &message) {
                    BufferedMessage::More => {}
                    BufferedMessage::Full => return Polled::Enough,
                    BufferedMessage::Unexpected(buffer) => return Polled::Unexpected(buffer, message.offset()),
                },
            }
            timeout = Duration::ZERO;
        }
        Polled::Enough
    }

    /// How long a poll may wait for a record: not at all when something else is to be done at once.
    fn poll_timeout(&self) -> Duration {
        let answered_soon = matches!(self.stage, Stage::Starting(..) | Stage::Releasing(_));
        let gathered = self.buffers.iter().any(|buffer| buffer.records() > 0);
        match (answered_soon, gathered && !self.paused) {
            (true, _) => Duration::ZERO,
            (_, true) if self.mailbox.has_room() => Duration::ZERO,
            (_, true) => ROOM_POLL,
            _ => POLL,
        }
    }

    /// Waits while there is no place for more.
    fn make_room(&mut self) {
        self.wanted = self.mailbox.wanted();
        if !self.is_full() {
            self.resume();
            return;
        }
        if !self.paused {
            self.mailbox.wait_for_room(PAUSE_AFTER.min(self.kafka.timing.release / 4));
        }
        if self.mailbox.has_room() {
            self.hand_over();
            self.resume();
        } else if !self.paused {
            self.paused = self.consumer.pause(&self.partitions()).is_ok();
        }
    }

    fn is_full(&self) -> bool {
        let bytes: usize = self.buffers.iter().map(PartitionBuffer::bytes).sum();
        bytes >= BATCH_BYTES || self.buffers.iter().any(|buffer| buffer.records() >= self.wanted)
    }

    fn resume(&mut self) {
        if self.paused {
            self.paused = self.consumer.resume(&self.partitions()).is_err();
        }
    }

    /// Hands over what was gathered, the fullest first, as far as there is room.
    fn hand_over(&mut self) {
        while self.mailbox.has_room() {
            let Some(buffer) = self.buffers.iter_mut().max_by_key(|buffer| buffer.bytes()) else { return };
            let Some(batch) = buffer.take() else { return };
            self.mailbox.push(batch);
        }
    }

    fn partitions(&self) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(self.buffers.len());
        for buffer in &self.buffers {
            list.add_partition(&self.kafka.topic, buffer.partition.0);
        }
        list
    }
}

/// The group, or what stands in for it.
impl Poller {
    /// Outside a group, takes every partition as soon as the brokers have named them.
    fn assign_all(&mut self) {
        if self.assignment == PartitionAssignment::ByGroup || !self.owned.is_empty() || self.failed {
            return;
        }
        match self.consumer.fetch_metadata(Some(&self.kafka.topic), METADATA_WAIT) {
            Ok(metadata) => {
                let topic = metadata.topics().first();
                let partitions: Vec<Partition> =
                    topic.into_iter().flat_map(MetadataTopic::partitions).map(|one| Partition(one.id())).collect();
                if partitions.is_empty() {
                    let code = topic.and_then(MetadataTopic::error).map_or(Code::UnknownTopicOrPartition, Code::from);
                    let message = KafkaMessage::new(code, None);
                    return self.report(error::explain(&self.kafka, KafkaOperation::Reading, message));
                }
                self.rebalance(RebalanceEvent::Assign(partitions));
            }
            Err(error) => self.report(error::failed(&self.kafka, KafkaOperation::Reading, error)),
        }
    }

    fn rebalance(&mut self, event: RebalanceEvent) {
        match event {
            RebalanceEvent::Assign(partitions) => {
                self.owned.clone_from(&partitions);
                self.mailbox.assign(&partitions);
                self.stage = Stage::Starting(partitions, Vec::new());
            }
            RebalanceEvent::Revoke => {
                // The library reads on until the revocation is acknowledged; what it reads is dropped.
                let _ = self.consumer.pause(&self.partitions());
                self.paused = false;
                self.buffers.clear();
                self.stage = Stage::Releasing(self.mailbox.revoke(&std::mem::take(&mut self.owned)));
            }
        }
        self.acknowledge();
    }

    fn apply_decisions(&mut self) {
        if matches!(self.stage, Stage::Starting(..) | Stage::Releasing(_)) {
            self.mailbox.wait_for_answers(ANSWER_POLL);
        }
        for answer in self.mailbox.answers() {
            match (&mut self.stage, answer) {
                (Stage::Starting(waiting, started), PartitionDecision::Start(partition, from)) => {
                    waiting.retain(|waiting| *waiting != partition);
                    started.push(PartitionBuffer::new(partition, from));
                }
                (Stage::Releasing(waiting), PartitionDecision::Release(partition)) => {
                    waiting.retain(|waiting| *waiting != partition);
                }
                // A start that a revocation overtook.
                _ => {}
            }
        }
        self.acknowledge();
    }

    /// Acknowledges to the group once the caller has answered for every partition.
    fn acknowledge(&mut self) {
        let done = match &mut self.stage {
            Stage::Starting(waiting, started) if waiting.is_empty() => {
                self.buffers = std::mem::take(started);
                self.current = 0;
                self.stage = Stage::Reading;
                self.assign()
            }
            Stage::Releasing(waiting) if waiting.is_empty() => {
                self.stage = Stage::Outside;
                self.consumer.unassign()
            }
            _ => Ok(()),
        };
        if let Err(error) = done {
            self.fail(error::failed(&self.kafka, KafkaOperation::Reading, error));
        }
    }

    fn assign(&self) -> Result<(), KafkaError> {
        let mut list = TopicPartitionList::with_capacity(self.buffers.len());
        for buffer in &self.buffers {
            list.add_partition_offset(&self.kafka.topic, buffer.partition.0, Offset::Offset(buffer.next))?;
        }
        self.consumer.assign(&list)?;
        // A partition that was paused when it was revoked would come back paused.
        self.consumer.resume(&list)
    }
}

/// Errors, and records out of order.
impl Poller {
    fn handle_error(&mut self, error: &KafkaError) {
        let polled = error.rdkafka_error_code().unwrap_or(Code::Unknown);
        // A refusal of TLS is reported as a lost connection when it is met at another moment.
        let refusal = |message: &KafkaMessage| matches!(message.code, Code::SSL | Code::Authentication);
        let reason = self.consumer.context().reason().filter(|message| message.code == polled || refusal(message));
        let message = reason.unwrap_or_else(|| KafkaMessage::new(polled, None));
        let code = message.code;
        match code {
            // The next poll is the way out of it, or one broker of several: the library takes the next one.
            Code::PartitionEOF | Code::PollExceeded | Code::BrokerTransportFailure | Code::Resolve => {}
            Code::AutoOffsetReset | Code::LogTruncation | Code::OffsetOutOfRange => self.recheck_all(),
            Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition => self.look_for_topic(message),
            _ => self.report(error::explain(&self.kafka, KafkaOperation::Reading, message)),
        }
    }

    fn report(&mut self, error: BusError) {
        if error.is_retriable() {
            self.mailbox.warn(error);
        } else {
            self.fail(error);
        }
    }

    /// Ends reading, behind everything that was read.
    fn fail(&mut self, error: BusError) {
        for mut buffer in std::mem::take(&mut self.buffers) {
            if let Some(batch) = buffer.take() {
                self.mailbox.push(batch);
            }
        }
        if !std::mem::replace(&mut self.failed, true) {
            self.mailbox.fail(error);
        }
    }

    /// Another record came than was due. When the one that was due is there, the library lost its place; else there is
    /// a gap: records were deleted or compacted, or somebody published in transactions, whose marks have offsets too.
    fn recheck(&mut self, buffer: usize, offset: i64) {
        let (partition, due, position) = {
            let buffer = &self.buffers[buffer];
            (buffer.partition, buffer.next, buffer.position())
        };
        let answer = self.kafka.timing.answer;
        let proved = probe::prove(&self.kafka, partition, position, answer);
        let found = proved
            .and_then(|()| if offset > due { probe::first(&self.kafka, partition, due, answer) } else { Ok(due) });
        match found {
            Ok(found) if found > due => {
                self.fail(BusError::Gap { bus: self.kafka.topic.clone(), partition, next: due, found });
            }
            Ok(_) => self.seek(partition, due),
            Err(error) if error.is_retriable() => {
                self.mailbox.warn(error);
                self.seek(partition, due);
            }
            Err(error) => self.fail(error),
        }
    }

    /// The library lost its place somewhere; it does not report where.
    fn recheck_all(&mut self) {
        let mut buffer = 0;
        // A failure ends it: it empties the buffers.
        while let Some(due) = self.buffers.get(buffer).map(|buffer| buffer.next) {
            self.recheck(buffer, due);
            buffer += 1;
        }
    }

    fn seek(&mut self, partition: Partition, offset: i64) {
        let offset = Offset::Offset(offset);
        if let Err(error) = self.consumer.seek(&self.kafka.topic, partition.0, offset, self.kafka.timing.answer) {
            // Assigning anew seeks too.
            if self.assign().is_err() {
                self.fail(error::failed(&self.kafka, KafkaOperation::Reading, error));
            }
        }
    }

    /// The library does not know the topic: so it was deleted, or a broker does not know it yet.
    fn look_for_topic(&mut self, message: KafkaMessage) {
        let metadata = self.consumer.fetch_metadata(Some(&self.kafka.topic), self.kafka.timing.answer);
        let error = metadata.map(|metadata| metadata.topics().first().and_then(MetadataTopic::error));
        match error {
            Ok(Some(code)) => self.report(error::explain(
                &self.kafka,
                KafkaOperation::Reading,
                KafkaMessage::new(code.into(), message.reason),
            )),
            // It is there: perhaps another one.
            Ok(None) => self.recheck_all(),
            Err(error) => self.report(error::failed(&self.kafka, KafkaOperation::Reading, error)),
        }
    }
}
