//! `shihyo topics ensure`: creates the topic, or reports how it differs from the configuration.

use crate::failure::Failure;
use crate::output;
use crate::{configuration, log, transport};
use anyhow::Context;
use bus::kafka::topics::{self, TopicOutcome};
use clap::Subcommand;
use std::path::Path;

#[derive(Subcommand)]
pub(crate) enum TopicsCommand {
    /// Create the topic, or verify it; an existing topic is never changed.
    Ensure,
}

pub(crate) fn run(folder: &Path, topics: &TopicsCommand) -> Result<(), Failure> {
    let TopicsCommand::Ensure = topics;
    let configuration = configuration::load(folder)?;
    log::start(&configuration)?;
    let Some((kafka, topic)) = transport::topic(&configuration)? else {
        return Err(anyhow::anyhow!("no Kafka is configured: name `kafka.brokers` in shihyo.toml").into());
    };
    let name = &kafka.topic;
    match topics::ensure(&kafka, &topic).context("the topic cannot be ensured")? {
        TopicOutcome::Created => output::line(format_args!("{name}: made, {} partition(s)", topic.partitions))?,
        TopicOutcome::Verified => {
            output::line(format_args!("{name}: as it must be, {} partition(s)", topic.partitions))?;
        }
    }
    Ok(())
}
