//! A client that belongs to no group: it asks, and hears why nobody answers.

use super::client;
use super::error::{self, CapturedMessages, KafkaMessage, KafkaOperation};
use super::settings::KafkaConfig;
use crate::error::BusError;
use parking_lot::Mutex;
use rdkafka::client::ClientContext;
use rdkafka::config::FromClientConfigAndContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use std::time::{Duration, Instant};

/// How long one call waits before it is looked whether an answer will ever come: a call itself only times
/// out, although a refused login was told long before.
const ASK: Duration = Duration::from_secs(1);

/// Remembers what the library said beside its last error.
#[derive(Default)]
pub(super) struct ErrorCapturingContext(Mutex<CapturedMessages>);

impl ErrorCapturingContext {
    pub(super) fn message(&self) -> Option<KafkaMessage> {
        self.0.lock().take()
    }
}

impl ClientContext for ErrorCapturingContext {
    fn error(&self, error: KafkaError, reason: &str) {
        self.0.lock().capture(&error, reason);
    }
}

impl ConsumerContext for ErrorCapturingContext {}

/// The client.
pub(super) struct MetadataClient<'a> {
    pub(super) kafka: &'a KafkaConfig,
    pub(super) client: BaseConsumer<ErrorCapturingContext>,
    pub(super) until: Instant,
    doing: KafkaOperation,
}

impl<'a> MetadataClient<'a> {
    /// One that gives up after `wait`.
    pub(super) fn open(kafka: &'a KafkaConfig, doing: KafkaOperation, wait: Duration) -> Result<Self, BusError> {
        let client = BaseConsumer::from_config_and_context(&client::probe(kafka), ErrorCapturingContext::default());
        let client = client.map_err(|error| error::not_created(&error))?;
        Ok(Self { kafka, client, until: Instant::now() + wait, doing })
    }

    /// Asks again and again until there is an answer, or a reason why there will be none.
    pub(super) fn ask<T>(
        &self,
        call: impl Fn(&BaseConsumer<ErrorCapturingContext>, Duration) -> KafkaResult<T>,
    ) -> Result<T, BusError> {
        loop {
            let left = self.until.saturating_duration_since(Instant::now());
            match call(&self.client, left.min(ASK)) {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    // What was said about it waits to be polled for.
                    while self.client.poll(Duration::ZERO).is_some() {}
                    let error = self.failed(&error);
                    if !error.is_retriable() || left.is_zero() {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// An error with what was said beside it: a time-out is told by why nobody answered.
    pub(super) fn failed(&self, error: &KafkaError) -> BusError {
        match self.client.context().message() {
            Some(message) => error::explain(self.kafka, self.doing, message),
            None => error::failed(self.kafka, self.doing, error.clone()),
        }
    }
}
