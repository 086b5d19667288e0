//! Kafka passes the suite, and keeps what only a group of consumers and a shipper can promise.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod gone;
mod group;
mod shipping;
#[path = "../support/mod.rs"]
mod support;
mod topic;

use bus::kafka::{KafkaConfig, KafkaConsumer};
use bus::suite::Fixture;
use bus::{Consumer, Outbox};
use contract::time::Micros;
use support::{NOW, Shipped, ensure, server, unique};
use tempfile::TempDir;

struct Fresh {
    folder: TempDir,
    kafka: KafkaConfig,
}

impl Fixture for Fresh {
    fn open(&self) -> (Box<dyn Outbox>, Box<dyn Consumer>) {
        let outbox = Shipped::open(&self.folder.path().join("bus.db"), &self.kafka);
        let kafka = KafkaConfig { group: unique("group"), ..self.kafka.clone() };
        (Box::new(outbox), Box::new(KafkaConsumer::open(&kafka).unwrap()))
    }

    fn now(&self) -> Micros {
        NOW
    }
}

fn settings() -> KafkaConfig {
    KafkaConfig { topic: unique("topic"), ..KafkaConfig::new(server("KAFKA_BROKERS"), unique("group")) }
}

/// A fresh topic of that many partitions.
fn topic(partitions: i32) -> KafkaConfig {
    let kafka = settings();
    ensure(&kafka, partitions);
    kafka
}

fn fresh() -> impl Fixture {
    Fresh { folder: tempfile::tempdir().unwrap(), kafka: topic(1) }
}

bus::suite!(fresh);
