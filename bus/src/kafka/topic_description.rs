//! A topic as the brokers describe it.

use super::client;
use super::error::{self, KafkaMessage, KafkaOperation};
use super::metadata_client::{ErrorCapturingContext, MetadataClient};
use super::settings::KafkaConfig;
use crate::error::BusError;
use rdkafka::admin::{AdminClient, AdminOptions, ConfigEntry, ResourceSpecifier};
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode as Code;
use rdkafka::metadata::MetadataTopic;
use std::future::Future;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

/// How many partitions a topic has, and the least number of copies of any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TopicSize {
    pub(super) partitions: i32,
    pub(super) replication: i32,
}

/// The topic's size, `None` when there is no such topic.
pub(super) fn size(kafka: &KafkaConfig, answer: Duration) -> Result<Option<TopicSize>, BusError> {
    // Not by the admin client: that one gives no reason when it gets no answer.
    let eye = MetadataClient::open(kafka, KafkaOperation::Describing, answer)?;
    let metadata = eye.ask(|client, wait| client.fetch_metadata(Some(&kafka.topic), wait))?;
    let Some(topic) = metadata.topics().first() else { return Ok(None) };
    match topic.error().map(Code::from) {
        None => Ok(Some(size_of(topic))),
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic) => Ok(None),
        Some(code) => Err(error::explain(kafka, KafkaOperation::Describing, KafkaMessage::new(code, None))),
    }
}

fn size_of(topic: &MetadataTopic) -> TopicSize {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let copies = topic.partitions().iter().map(|partition| partition.replicas().len());
    TopicSize { partitions: number(topic.partitions().len()), replication: number(copies.min().unwrap_or(0)) }
}

/// A client that looks at settings, and makes topics.
pub(super) fn admin(kafka: &KafkaConfig) -> Result<AdminClient<ErrorCapturingContext>, BusError> {
    AdminClient::from_config_and_context(&client::admin(kafka), ErrorCapturingContext::default())
        .map_err(|error| error::not_created(&error))
}

/// How long such a client waits for its answer.
pub(super) fn options(answer: Duration) -> AdminOptions {
    AdminOptions::new().request_timeout(Some(answer)).operation_timeout(Some(answer))
}

/// The topic's settings by name.
pub(super) fn settings(
    kafka: &KafkaConfig,
    admin: &AdminClient<ErrorCapturingContext>,
    answer: Duration,
) -> Result<Vec<(String, String)>, BusError> {
    let explain = |code| error::explain(kafka, KafkaOperation::Configuring, KafkaMessage::new(code, None));
    let resource = ResourceSpecifier::Topic(&kafka.topic);
    let described = wait(admin.describe_configs([&resource], &options(answer)));
    match described.map_err(|error| error::failed(kafka, KafkaOperation::Configuring, error))?.pop() {
        // A topic always has settings: the library drops the broker's refusal and hands over none.
        Some(Ok(resource)) if resource.entries.is_empty() => Err(explain(Code::TopicAuthorizationFailed)),
        Some(Ok(resource)) => {
            let value = |entry: ConfigEntry| Some((entry.name, entry.value?));
            Ok(resource.entries.into_iter().filter_map(value).collect())
        }
        Some(Err(code)) => Err(explain(code)),
        None => Ok(Vec::new()),
    }
}

/// Wakes a waiting thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits on this thread. The library answers on one of its own; no runtime is needed for that.
pub(super) fn wait<T>(future: impl Future<Output = T>) -> T {
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
