//! Makes the topic, or verifies that it is as it must be. Never changes one that exists: more partitions
//! would move the plans' keys, and a shorter retention would lose records.

use super::client::{self, MAX_MESSAGE_BYTES};
use super::error::{self, KafkaMessage, KafkaOperation};
use super::metadata_client::{ErrorCapturingContext, MetadataClient};
use super::settings::KafkaConfig;
use crate::error::BusError;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::metadata::MetadataTopic;
use std::fmt::Write;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

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

/// One thing that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicDifference {
    /// `partitions`, `replication`, or a setting's name.
    pub what: String,
    /// How it is.
    pub found: String,
    /// How it must be.
    pub wanted: String,
}

/// Why a topic could not be ensured.
#[derive(Clone, Debug, thiserror::Error)]
pub enum TopicError {
    /// It is there, but not as it must be.
    #[error("the topic {topic} is not as it must be: {}; it is never changed by us, change it or name another", list(.differences))]
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

fn list(differences: &[TopicDifference]) -> String {
    let mut text = String::new();
    for TopicDifference { what, found, wanted } in differences {
        let comma = if text.is_empty() { "" } else { ", " };
        let _ = write!(text, "{comma}{what} is {found} instead of {wanted}");
    }
    text
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

/// Partitions, and the least number of copies of any.
type Shape = (usize, usize);

impl<'a> Admin<'a> {
    fn open(kafka: &'a KafkaConfig, topic: &'a TopicShape) -> Result<Self, TopicError> {
        kafka.check()?;
        topic.check()?;
        let client = AdminClient::from_config_and_context(&client::admin(kafka), ErrorCapturingContext::default())
            .map_err(|error| error::not_created(&error))?;
        Ok(Self { kafka, topic, client })
    }

    /// The topic as it is, `None` when there is none.
    fn look(&self) -> Result<Option<Shape>, BusError> {
        // Not by the admin client: that one gives no reason when it gets no answer.
        let eye = MetadataClient::open(self.kafka, KafkaOperation::Describing, self.kafka.timing.answer)?;
        let metadata = eye.ask(|client, wait| client.fetch_metadata(Some(&self.kafka.topic), wait))?;
        let Some(topic) = metadata.topics().first() else { return Ok(None) };
        match topic.error().map(Code::from) {
            None => Ok(Some(shape(topic))),
            Some(Code::UnknownTopicOrPartition) => Ok(None),
            Some(code) => Err(self.explain(KafkaOperation::Describing, code)),
        }
    }

    fn make(&self) -> Result<TopicOutcome, BusError> {
        let wanted = self.topic.settings();
        let replication = TopicReplication::Fixed(self.topic.replication);
        let new = NewTopic::new(&self.kafka.topic, self.topic.partitions, replication);
        let new = wanted.iter().fold(new, |new, (name, value)| new.set(name, value));
        let made = wait(self.client.create_topics([&new], &self.options()));
        match made.map_err(|error| error::failed(self.kafka, KafkaOperation::Creating, error))?.pop() {
            Some(Err((_, Code::TopicAlreadyExists))) => Ok(TopicOutcome::Verified),
            Some(Err((_, code))) => Err(self.explain(KafkaOperation::Creating, code)),
            _ => Ok(TopicOutcome::Created),
        }
    }

    /// Waits until the brokers know of a new topic.
    fn wait_for(&self) -> Result<Shape, BusError> {
        let started = Instant::now();
        loop {
            match self.look()? {
                Some(shape) if shape.0 > 0 => return Ok(shape),
                _ if started.elapsed() > self.kafka.timing.answer => {
                    return Err(self.explain(KafkaOperation::Describing, Code::OperationTimedOut));
                }
                _ => thread::sleep(LOOK),
            }
        }
    }

    /// All that is not as it must be.
    fn compare(&self, (partitions, replication): Shape) -> Result<(), TopicError> {
        let mut differences = Vec::new();
        let mut compare = |what: &str, found: String, wanted: String| {
            if found != wanted {
                differences.push(TopicDifference { what: what.to_owned(), found, wanted });
            }
        };
        compare("partitions", partitions.to_string(), self.topic.partitions.to_string());
        compare("replication", replication.to_string(), self.topic.replication.to_string());
        let found = self.settings()?;
        for (name, wanted) in self.topic.settings() {
            let found = found.iter().find(|(found, _)| found == name);
            compare(name, found.map_or_else(|| "unknown".to_owned(), |(_, value)| value.clone()), wanted);
        }
        if differences.is_empty() {
            return Ok(());
        }
        Err(TopicError::Differs { topic: self.kafka.topic.clone(), differences })
    }

    fn settings(&self) -> Result<Vec<(String, String)>, BusError> {
        let resource = ResourceSpecifier::Topic(&self.kafka.topic);
        let described = wait(self.client.describe_configs([&resource], &self.options()));
        match described.map_err(|error| error::failed(self.kafka, KafkaOperation::Configuring, error))?.pop() {
            // A topic always has settings: the library drops the broker's refusal and hands over none.
            Some(Ok(resource)) if resource.entries.is_empty() => {
                Err(self.explain(KafkaOperation::Configuring, Code::TopicAuthorizationFailed))
            }
            Some(Ok(resource)) => {
                let value = |entry: rdkafka::admin::ConfigEntry| Some((entry.name, entry.value?));
                Ok(resource.entries.into_iter().filter_map(value).collect())
            }
            Some(Err(code)) => Err(self.explain(KafkaOperation::Configuring, code)),
            None => Ok(Vec::new()),
        }
    }

    fn options(&self) -> AdminOptions {
        let answer = Some(self.kafka.timing.answer);
        AdminOptions::new().request_timeout(answer).operation_timeout(answer)
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
        vec![
            // Kept for ever: a store is rebuilt from the topic.
            ("retention.ms", "-1".to_owned()),
            ("retention.bytes", "-1".to_owned()),
            ("cleanup.policy", "delete".to_owned()),
            // The broker's clock, so that a re-created topic is recognised by its times.
            ("message.timestamp.type", "LogAppendTime".to_owned()),
            ("min.insync.replicas", self.min_insync.to_string()),
            ("max.message.bytes", MAX_MESSAGE_BYTES.to_string()),
        ]
    }
}

fn shape(topic: &MetadataTopic) -> Shape {
    let copies = topic.partitions().iter().map(|partition| partition.replicas().len());
    (topic.partitions().len(), copies.min().unwrap_or(0))
}

/// Wakes a waiting thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits on this thread. The library answers on one of its own; no runtime is needed for that.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}
