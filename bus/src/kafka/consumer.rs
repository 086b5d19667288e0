//! The reading side of a Kafka topic, as its caller sees it.

use super::client;
use super::context::GroupContext;
use super::error::{self, KafkaOperation};
use super::health::{GroupHealth, PartitionAssignment};
use super::mailbox::{Mailbox, PartitionDecision};
use super::poller::Poller;
use super::probe;
use super::settings::KafkaConfig;
use super::topic_check::{self, TopicWatch};
use crate::batch::{Partition, Position};
use crate::consumer::{Consumer, Delivery};
use crate::error::BusError;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How long dropping waits for the group to be left. Without an answer the group finds out by itself.
const LEAVE_WAIT: Duration = Duration::from_secs(5);

/// How long a proof while reading may take the caller's time.
const PROOF_WAIT: Duration = Duration::from_secs(1);

/// Reads a topic as a member of a group, or all of it outside the group. A thread of its own stays in the group and reads
/// ahead; this end is pulled. Dropped, it leaves the group.
pub struct KafkaConsumer {
    kafka: KafkaConfig,
    mailbox: Arc<Mailbox>,
    health: Arc<GroupHealth>,
    partitions: BTreeMap<Partition, State>,
    /// Behind the last record that was handed over of each partition, and when that was proved last.
    read: BTreeMap<Partition, (Position, Instant)>,
    topic: TopicWatch,
    /// Records that waited when a partition was started.
    backlogs: BTreeMap<Partition, u64>,
    /// When this was last known to be a member of the group.
    member_at: Instant,
}

/// Where the conversation about a partition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Assigned,
    Reading,
    Revoked,
}

impl KafkaConsumer {
    /// Joins the group. Brokers that cannot be reached, or refuse, are errors of [`Consumer::next`].
    pub fn open(kafka: &KafkaConfig) -> Result<Self, BusError> {
        Self::assigned(kafka, PartitionAssignment::ByGroup)
    }

    /// Reads every partition outside the group: it takes none from the group's members, and none is ever revoked.
    pub fn open_all(kafka: &KafkaConfig) -> Result<Self, BusError> {
        Self::assigned(kafka, PartitionAssignment::All)
    }

    fn assigned(kafka: &KafkaConfig, assignment: PartitionAssignment) -> Result<Self, BusError> {
        kafka.check()?;
        let health = Arc::new(GroupHealth::new(kafka.timing.session, assignment));
        let mailbox = Arc::new(Mailbox::default());
        let context = GroupContext::new(&kafka.topic, Arc::clone(&health));
        let consumer = BaseConsumer::from_config_and_context(&client::member(kafka), context)
            .map_err(|error| error::not_created(&error))?;
        if assignment == PartitionAssignment::ByGroup {
            consumer
                .subscribe(&[&kafka.topic])
                .map_err(|error| error::failed(kafka, KafkaOperation::Reading, error))?;
        }
        let shared = (Arc::clone(&mailbox), Arc::clone(&health));
        let poller = Poller::new(kafka.clone(), assignment, shared, consumer);
        thread::Builder::new()
            .name("bus-poller".to_owned())
            .spawn(move || poller.run())
            .map_err(|error| BusError::Io { bus: kafka.topic.clone(), source: Arc::new(error) })?;
        Ok(Self {
            kafka: kafka.clone(),
            mailbox,
            health,
            partitions: BTreeMap::new(),
            read: BTreeMap::new(),
            topic: TopicWatch::default(),
            backlogs: BTreeMap::new(),
            member_at: Instant::now(),
        })
    }

    /// What other threads may ask.
    pub fn health(&self) -> Arc<GroupHealth> {
        Arc::clone(&self.health)
    }

    /// Proves from time to time that what is read is still what was started; not while the group is not
    /// in contact, as the brokers would not answer.
    fn prove(&mut self) {
        let now = Instant::now();
        let due = |proved: &Instant| now.duration_since(*proved) >= self.kafka.timing.proof;
        let mut stale = self.read.iter_mut().filter(|(_, (_, proved))| due(proved)).peekable();
        if stale.peek().is_none() || !self.health.is_member(now) {
            return;
        }
        for (partition, (position, proved)) in stale {
            *proved = now;
            match probe::prove(&self.kafka, *partition, Some(*position), PROOF_WAIT) {
                Ok(()) => {}
                // Brokers that are away are reported by the polling thread.
                Err(error) if error.is_retriable() => return,
                Err(error) => return self.mailbox.refuse(error),
            }
        }
    }

    /// Looks from time to time whether the topic is still one whose records make right figures; also while no partition
    /// is assigned, as the next one may be one that was added. Brokers that do not answer are reported by the polling
    /// thread.
    fn check(&mut self) -> Result<(), BusError> {
        let is_in_contact = self.partitions.is_empty() || self.health.is_member(Instant::now());
        if self.topic.is_due(&self.kafka) && is_in_contact {
            let _ = self.topic.look(&self.kafka, PROOF_WAIT);
        }
        self.topic.sound()
    }

    /// That nothing comes is no news from a bus that is not in contact: after a session without the group it is an error.
    fn check_contact(&mut self) -> Result<(), BusError> {
        let now = Instant::now();
        if self.health.is_member(now) {
            self.member_at = now;
        }
        let silent = now.duration_since(self.member_at);
        if silent <= self.kafka.timing.session {
            return Ok(());
        }
        Err(error::silent(&self.kafka, silent))
    }

    /// Notes how far a partition was read.
    fn note(&mut self, partition: Partition, position: Position) {
        let started = Instant::now();
        self.read.entry(partition).or_insert((position, started)).0 = position;
        self.health.read(partition, position.next);
    }

    fn unanswered(&self) -> Result<(), BusError> {
        let open = self.partitions.iter().find(|(_, state)| **state != State::Reading);
        let (partition, state) = match open {
            None => return Ok(()),
            Some((partition, State::Assigned)) => (*partition, "it was assigned, start it first"),
            Some((partition, _)) => (*partition, "it was revoked, release it first"),
        };
        Err(BusError::OutOfOrder { call: "next", partition, state })
    }
}

impl Consumer for KafkaConsumer {
    fn next(&mut self, max_records: usize, max_wait: Duration) -> Result<Delivery, BusError> {
        self.unanswered()?;
        self.check()?;
        self.prove();
        let closed = || Err(BusError::Closed { bus: self.kafka.topic.clone() });
        let delivery = self.mailbox.take(max_records, max_wait).unwrap_or_else(closed)?;
        if delivery == Delivery::Idle {
            self.check_contact()?;
            return Ok(delivery);
        }
        self.member_at = Instant::now();
        match &delivery {
            Delivery::Assigned(partition) => {
                self.partitions.insert(*partition, State::Assigned);
            }
            Delivery::Revoked(partition) => {
                self.partitions.insert(*partition, State::Revoked);
            }
            Delivery::Batch(batch) => self.note(batch.partition, batch.next),
            Delivery::Idle => {}
        }
        Ok(delivery)
    }

    fn start(&mut self, partition: Partition, from: Option<Position>) -> Result<(), BusError> {
        if self.partitions.get(&partition) != Some(&State::Assigned) {
            return Err(BusError::OutOfOrder { call: "start", partition, state: "it is not being assigned" });
        }
        let backlog = probe::check(&self.kafka, partition, from)?;
        self.backlogs.insert(partition, backlog);
        self.topic.look(&self.kafka, self.kafka.timing.answer)?;
        self.topic.sound()?;
        self.member_at = Instant::now();
        self.partitions.insert(partition, State::Reading);
        match from {
            Some(position) => self.note(partition, position),
            None => self.health.read(partition, 0),
        }
        self.mailbox.answer(PartitionDecision::Start(partition, from));
        Ok(())
    }

    fn partitions(&self, known: Option<i32>) -> Result<Option<i32>, BusError> {
        let found = self.topic.partitions;
        found.map(|found| topic_check::same_partitions(&self.kafka.topic, found, known)).transpose()?;
        Ok(found)
    }

    fn backlog(&self, partition: Partition) -> Option<u64> {
        self.backlogs.get(&partition).copied()
    }

    fn release(&mut self, partition: Partition) -> Result<(), BusError> {
        if self.partitions.get(&partition) != Some(&State::Revoked) {
            return Err(BusError::OutOfOrder { call: "release", partition, state: "it was not revoked" });
        }
        self.partitions.remove(&partition);
        self.read.remove(&partition);
        self.backlogs.remove(&partition);
        self.health.released(partition);
        self.mailbox.answer(PartitionDecision::Release(partition));
        Ok(())
    }
}

impl Drop for KafkaConsumer {
    fn drop(&mut self) {
        // The thread leaves the group on its own; waiting lets the word out before the process ends.
        self.mailbox.close(LEAVE_WAIT);
    }
}

impl fmt::Debug for KafkaConsumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (topic, partitions) = (&self.kafka.topic, &self.partitions);
        f.debug_struct("KafkaConsumer").field("topic", topic).field("partitions", partitions).finish_non_exhaustive()
    }
}
