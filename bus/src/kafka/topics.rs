//! Makes the topic, or verifies that it is as it must be. Never changes one that exists: more partitions
//! would move the plans' keys, and a shorter retention would lose records.

use super::error::{self, KafkaMessage, KafkaOperation};
use super::metadata_client::ErrorCapturingContext;
use super::settings::KafkaConfig;
use super::topic_description::{self, TopicSize};
use super::topic_settings;
use crate::error::BusError;
use rdkafka::admin::{AdminClient, NewTopic, TopicReplication};
use rdkafka::error::RDKafkaErrorCode as Code;
use std::thread;
use std::time::{Duration, Instant};

pub use super::topic_check::{CheckedTopic, check, same_partitions};
pub use super::topic_settings::TopicDifference;

/// Pause between two looks for a topic that was just made.
const LOOK: Duration = Duration::from_millis(100);

/// The shape of a topic that a city chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TopicShape {
    /// Partitions: the most aggregators that can share the work. Never changed later.
    pub partitions: i32,
    /// Copies of each record, on as many brokers.
    pub replication: i32,
    /// Copies that must be written before a record counts as arrived.
    pub min_insync: i32,
}

/// What was done about a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TopicOutcome {
    /// There was none; it was made.
    Created,
    /// It was there, and is as it must be.
    Verified,
}

/// Why a topic could not be ensured.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TopicError {
    /// It is there, but not as it must be.
    #[error("the topic {topic} is not as it must be: {}; it is never changed by us, change it or name another", TopicDifference::list(.differences))]
    Differs {
        /// The topic.
        topic: String,
        /// All differences.
        differences: Vec<TopicDifference>,
    },
    /// The brokers failed or refused.
    #[error(transparent)]
    Bus(#[from] BusError),
}

/// Makes the topic of `kafka` when there is none, else compares it with `topic`. Blocks until the brokers
/// have answered, so it is not for an async task.
pub fn ensure(kafka: &KafkaConfig, topic: &TopicShape) -> Result<TopicOutcome, TopicError> {
    let admin = Admin::open(kafka, topic)?;
    match admin.look()? {
        None => {
            let made = admin.make()?;
            let shape = admin.wait_for()?;
            // Somebody else may have made it in the meantime, otherwise.
            admin.compare(shape)?;
            Ok(made)
        }
        Some(shape) => admin.compare(shape).map(|()| TopicOutcome::Verified),
    }
}

/// Makes sure that there is a topic, and that it is as it must be; makes and changes nothing. Blocks like [`ensure`].
pub fn verify(kafka: &KafkaConfig, topic: &TopicShape) -> Result<bool, TopicError> {
    let admin = Admin::open(kafka, topic)?;
    match admin.look()? {
        None => Ok(false),
        Some(shape) => admin.compare(shape).map(|()| true),
    }
}

struct Admin<'a> {
    kafka: &'a KafkaConfig,
    topic: &'a TopicShape,
    client: AdminClient<ErrorCapturingContext>,
}

impl<'a> Admin<'a> {
    fn open(kafka: &'a KafkaConfig, topic: &'a TopicShape) -> Result<Self, TopicError> {
        kafka.check()?;
        topic.check()?;
        Ok(Self { kafka, topic, client: topic_description::admin(kafka)? })
    }

    /// The topic as it is, `None` when there is none.
    fn look(&self) -> Result<Option<TopicSize>, BusError> {
        topic_description::size(self.kafka, self.kafka.timing.answer)
    }

    fn make(&self) -> Result<TopicOutcome, BusError> {
        let wanted = self.topic.settings();
        let replication = TopicReplication::Fixed(self.topic.replication);
        let new = NewTopic::new(&self.kafka.topic, self.topic.partitions, replication);
        let new = wanted.iter().fold(new, |new, (name, value)| new.set(name, value));
        let options = topic_description::options(self.kafka.timing.answer);
        let made = topic_description::wait(self.client.create_topics([&new], &options));
        match made.map_err(|error| error::failed(self.kafka, KafkaOperation::Creating, error))?.pop() {
            Some(Err((_, Code::TopicAlreadyExists))) => Ok(TopicOutcome::Verified),
            Some(Err((_, code))) => Err(self.explain(KafkaOperation::Creating, code)),
            _ => Ok(TopicOutcome::Created),
        }
    }

    /// Waits until the brokers know of a new topic.
    fn wait_for(&self) -> Result<TopicSize, BusError> {
        let started = Instant::now();
        loop {
            match self.look()? {
                Some(size) if size.partitions > 0 => return Ok(size),
                _ if started.elapsed() > self.kafka.timing.answer => {
                    return Err(self.explain(KafkaOperation::Describing, Code::OperationTimedOut));
                }
                _ => thread::sleep(LOOK),
            }
        }
    }

    /// All that is not as it must be.
    fn compare(&self, size: TopicSize) -> Result<(), TopicError> {
        let number =
            |what, found: i32, wanted: i32| TopicDifference::between(what, found.to_string(), wanted.to_string());
        let mut differences = Vec::new();
        differences.extend(number("partitions", size.partitions, self.topic.partitions));
        differences.extend(number("replication", size.replication, self.topic.replication));
        let found = topic_description::settings(self.kafka, &self.client, self.kafka.timing.answer)?;
        differences.extend(topic_settings::differences(&found, self.topic.settings()));
        if differences.is_empty() {
            return Ok(());
        }
        Err(TopicError::Differs { topic: self.kafka.topic.clone(), differences })
    }

    fn explain(&self, doing: KafkaOperation, code: Code) -> BusError {
        error::explain(self.kafka, doing, KafkaMessage::new(code, None))
    }
}

impl TopicShape {
    fn check(&self) -> Result<(), BusError> {
        let wrong = |key, reason: &str| Err(BusError::Setting { key, reason: reason.to_owned() });
        match self {
            Self { partitions: ..=0, .. } => wrong("kafka.partitions", "is less than 1"),
            Self { replication: ..=0, .. } => wrong("kafka.replication", "is less than 1"),
            Self { min_insync, replication, .. } if *min_insync < 1 || min_insync > replication => {
                wrong("kafka.min_insync", "must be from 1 to `kafka.replication`")
            }
            _ => Ok(()),
        }
    }

    /// How the topic's settings must be.
    fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = topic_settings::needed();
        settings.insert(settings.len() - 1, ("min.insync.replicas", self.min_insync.to_string()));
        settings
    }
}
