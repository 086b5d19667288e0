//! `shihyo topics ensure`: makes the topic, or says how it differs from what it must be.

use crate::failure::Failure;
use crate::{configuration, log, transport};
use anyhow::Context;
use bus::kafka::topics::{self, TopicOutcome};
use clap::Subcommand;
use std::path::Path;

#[derive(Subcommand)]
pub(crate) enum TopicsCommand {
    /// Make the topic, or verify that it is as it must be; it is never changed.
    Ensure,
}

pub(crate) fn run(folder: &Path, topics: &TopicsCommand) -> Result<(), Failure> {
    let TopicsCommand::Ensure = topics;
    let city = configuration::load(folder)?;
    log::start(&city.settings.log.level)?;
    let Some((kafka, topic)) = transport::topic(&city)? else {
        return Err(anyhow::anyhow!("no Kafka is configured: name `kafka.brokers` in shihyo.toml").into());
    };
    let name = &kafka.topic;
    match topics::ensure(&kafka, &topic).context("the topic cannot be ensured")? {
        TopicOutcome::Created => println!("{name}: made, {} partition(s)", topic.partitions),
        TopicOutcome::Verified => println!("{name}: as it must be, {} partition(s)", topic.partitions),
    }
    Ok(())
}
