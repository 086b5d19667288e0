//! The two contenders that are this program: librdkafka's poll loop without anything behind it, and the shipper.

use anyhow::{Context, bail};
use bus::kafka::{KafkaConfig, Shipper};
use bus::{Checkpoint, Outbox, Outgoing, SqliteOutbox};
use contract::time::{Clock, Micros};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Partitions of every topic here.
pub(crate) const PARTITIONS: i32 = 4;
/// Records of one publish.
const BATCH: usize = 20_000;
const PATIENCE: Duration = Duration::from_mins(2);

/// What the bare loop saw.
#[derive(Serialize, Deserialize)]
pub(crate) struct Seen {
    /// Since its first record.
    pub(crate) seconds: f64,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) partitions: [u64; 4],
}

pub(crate) struct Wall;

impl Clock for Wall {
    fn now(&self) -> Micros {
        let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        Micros(i64::try_from(since.as_micros()).unwrap_or(0))
    }
}

/// Reads all records of a topic and counts them; librdkafka's settings are its defaults.
pub(crate) fn bare(brokers: &str, topic: &str, records: u64) -> anyhow::Result<Seen> {
    let consumer = reader(brokers)?;
    let mut all = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        all.add_partition_offset(topic, partition, Offset::Beginning)?;
    }
    consumer.assign(&all)?;
    let mut seen = Seen { seconds: 0.0, records: 0, bytes: 0, partitions: [0; 4] };
    let (started, mut first) = (Instant::now(), None);
    while seen.records < records {
        let Some(message) = consumer.poll(Duration::from_millis(100)) else {
            if started.elapsed() > PATIENCE {
                bail!("{} of {records} records were read", seen.records);
            }
            continue;
        };
        let message = message?;
        first.get_or_insert_with(Instant::now);
        seen.records += 1;
        seen.bytes += message.payload().map_or(0, <[u8]>::len) as u64;
        seen.partitions[usize::try_from(message.partition())?] += 1;
    }
    seen.seconds = first.map_or(0.0, |first| first.elapsed().as_secs_f64());
    Ok(seen)
}

/// Records that a topic holds, by its watermarks.
pub(crate) fn held(brokers: &str, topic: &str) -> anyhow::Result<u64> {
    let consumer = reader(brokers)?;
    let mut records = 0;
    for partition in 0..PARTITIONS {
        let (low, high) = consumer.fetch_watermarks(topic, partition, Duration::from_secs(10))?;
        records += u64::try_from(high - low)?;
    }
    Ok(records)
}

fn reader(brokers: &str) -> anyhow::Result<BaseConsumer> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", brokers).set("group.id", "bench-bare").set("enable.auto.commit", "false");
    Ok(config.create()?)
}

/// Fills a log with the lines' records.
pub(crate) fn fill(log: &Path, lines: &Path) -> anyhow::Result<()> {
    let outbox = SqliteOutbox::open(log, Arc::new(Wall))?;
    let mut batch = Vec::with_capacity(BATCH);
    for line in BufReader::new(std::fs::File::open(lines)?).lines() {
        let line = line?;
        let (key, body) = line.split_once('\t').context("a line has no key")?;
        batch.push(Outgoing { key: key.to_owned(), revision: Micros(0), body: body.as_bytes().to_vec() });
        if batch.len() == BATCH {
            outbox.publish(std::mem::take(&mut batch), Checkpoint::new()).wait()?;
        }
    }
    outbox.publish(batch, Checkpoint::new()).wait()?;
    Ok(())
}

/// Ships a log until nothing waits, and says how long that took.
pub(crate) fn ship(log: &Path, brokers: &str, topic: &str) -> anyhow::Result<f64> {
    let started = Instant::now();
    let shipper = Shipper::start(log, &on(brokers, topic), Arc::new(Wall))?;
    loop {
        let state = shipper.state()?;
        if state.records_waiting == 0 {
            return Ok(started.elapsed().as_secs_f64());
        }
        if started.elapsed() > PATIENCE {
            bail!("the shipper takes too long: {state:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Settings of a topic.
pub(crate) fn on(brokers: &str, topic: &str) -> KafkaConfig {
    let mut kafka = KafkaConfig::new(brokers, "unused");
    topic.clone_into(&mut kafka.topic);
    kafka
}
