//! Whether the topic is one whose records make right figures: asked before a command reads or ships.

use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::transport;
use aggregator::store;
use bus::BusError;
use bus::kafka::KafkaConfig;
use bus::kafka::topics::{self, CheckedTopic};
use contract::error::chain;
use std::time::Duration;

/// How long the brokers are waited for. Without an answer the command goes on: what reads and what ships asks again.
const ANSWER: Duration = Duration::from_secs(3);

/// Kafka as it is configured, with a topic that may be used.
pub(crate) fn usable(configuration: &Configuration) -> Result<Option<KafkaConfig>, Failure> {
    let Some(kafka) = transport::kafka(configuration)? else { return Ok(None) };
    let known = store::partition_count(&configuration.settings.data_dir).map_err(anyhow::Error::from)?;
    match look(&kafka, known) {
        Ok(CheckedTopic { unread: None, .. }) => {}
        Ok(CheckedTopic { unread: Some(error), .. }) => {
            tracing::warn!(error = %chain(&error), "it cannot be checked how the topic is set");
        }
        Err(error @ (BusError::Partitions { .. } | BusError::TopicSettings { .. })) => {
            return Err(anyhow::Error::from(error).context("the topic cannot be used").into());
        }
        Err(error) => tracing::warn!(error = %chain(&error), "the topic cannot be checked yet"),
    }
    Ok(Some(kafka))
}

/// Looks at the topic, whose partitions the stores of this machine may know.
fn look(kafka: &KafkaConfig, known: Option<i32>) -> Result<CheckedTopic, BusError> {
    let topic = topics::check(kafka, ANSWER)?;
    topics::same_partitions(&kafka.topic, topic.partitions, known)?;
    Ok(topic)
}
