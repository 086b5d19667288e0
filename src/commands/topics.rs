//! `shihyo topics ensure`: makes the topic, or says how it differs from what it must be.

use crate::{Failure, city, log, transport};
use anyhow::Context;
use bus::kafka::topics::{self, Ensured};
use clap::Subcommand;
use std::path::Path;

#[derive(Subcommand)]
pub(crate) enum Topics {
    /// Make the topic, or verify that it is as it must be; it is never changed.
    Ensure,
}

pub(crate) fn run(folder: &Path, topics: &Topics) -> Result<(), Failure> {
    let Topics::Ensure = topics;
    let city = city::load(folder)?;
    log::start(&city.settings.log.level)?;
    let Some((kafka, topic)) = transport::topic(&city)? else {
        return Err(anyhow::anyhow!("no Kafka is configured: name `kafka.brokers` in shihyo.toml").into());
    };
    let name = &kafka.topic;
    match topics::ensure(&kafka, &topic).context("the topic cannot be ensured")? {
        Ensured::Created => println!("{name}: made, {} partition(s)", topic.partitions),
        Ensured::Verified => println!("{name}: as it must be, {} partition(s)", topic.partitions),
    }
    Ok(())
}
