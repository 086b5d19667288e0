//! The settings of the library: every setting that is not its default, each with its reason.

use super::settings::KafkaConfig;
use crate::limits::MAX_BODY_BYTES;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use std::time::Duration;

/// Bytes of a message or of what one partition gives at once: the largest body with its key and frame.
pub(super) const MAX_MESSAGE_BYTES: usize = 2 * MAX_BODY_BYTES;
/// How often the library gives statistics: the age of the group's last word, and the watermarks.
pub(super) const STATISTICS: Duration = Duration::from_secs(1);

fn ms(duration: Duration) -> String {
    duration.as_millis().max(1).to_string()
}

/// What every client needs.
fn shared(kafka: &KafkaConfig) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &kafka.brokers).set("client.id", "shihyo");
    config.set("security.protocol", kafka.security.name());
    if kafka.security.is_sasl() {
        config.set("sasl.mechanism", kafka.mechanism.name());
        config.set("sasl.username", kafka.username.as_deref().unwrap_or_default());
        config.set("sasl.password", kafka.password.as_deref().unwrap_or_default());
    }
    if let Some(path) = &kafka.ca_file {
        config.set("ssl.ca.location", path.display().to_string());
    }
    // 2 s instead of 10: brokers that came back are found soon.
    config.set("reconnect.backoff.max.ms", "2000");
    // A broker closes idle connections; that is no error.
    config.set("log.connection.close", "false");
    // The topic is made on purpose, by `shihyo topics ensure`.
    config.set("allow.auto.create.topics", "false");
    // Its errors reach the caller; log lines would report them twice.
    config.set_log_level(RDKafkaLogLevel::Critical);
    config
}

/// A member of the group.
pub(super) fn member(kafka: &KafkaConfig) -> ClientConfig {
    let mut config = shared(kafka);
    config.set("group.id", &kafka.group);
    // The newer protocol gives partitions away without waiting for their release.
    config.set("group.protocol", "classic");
    // All partitions change hands at once: one release, one start each. Cooperative rebalancing would spare
    // re-opening the stores that stay, at the price of two joins and of partitions in three states.
    config.set("partition.assignment.strategy", "range");
    config.set("session.timeout.ms", ms(kafka.timing.session));
    // Five heartbeats a session: four may be lost.
    config.set("heartbeat.interval.ms", ms(kafka.timing.session / 5));
    config.set("max.poll.interval.ms", ms(kafka.timing.release.max(kafka.timing.session)));
    // Positions live in the reader's store, in the transaction of its results.
    config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
    // A position that is gone is a gap or another topic, never to be jumped over.
    config.set("auto.offset.reset", "error");
    // Memory at full speed: 16 MiB of bodies read ahead cost about three times as much inside the library.
    config.set("queued.max.messages.kbytes", "16384");
    // Ahead by at most as many records as two batches of the aggregator.
    config.set("queued.min.messages", "40000");
    // 2 ms instead of 1 s: with a queue that small the fetcher would sleep most of the time.
    config.set("fetch.queue.backoff.ms", "2");
    config.set("fetch.message.max.bytes", MAX_MESSAGE_BYTES.to_string());
    // What one answer of a broker holds, for all partitions.
    config.set("fetch.max.bytes", (4 * MAX_MESSAGE_BYTES).to_string());
    // 100 ms instead of 500: a broker that moved its leader is asked again soon.
    config.set("fetch.error.backoff.ms", "100");
    // New partitions, and a topic that was re-created, are seen within a minute instead of five.
    config.set("topic.metadata.refresh.interval.ms", "60000");
    config.set("statistics.interval.ms", ms(STATISTICS));
    config
}

/// A reader of single records and watermarks, outside the group.
pub(super) fn probe(kafka: &KafkaConfig) -> ClientConfig {
    let mut config = shared(kafka);
    // Only named because the library wants one to assign partitions; nothing is joined or committed.
    config.set("group.id", &kafka.group);
    config.set("enable.auto.commit", "false").set("enable.auto.offset.store", "false");
    config.set("auto.offset.reset", "error");
    config.set("fetch.message.max.bytes", MAX_MESSAGE_BYTES.to_string());
    // One record is wanted, not what is behind it.
    config.set("queued.min.messages", "1").set("queued.max.messages.kbytes", "1024");
    config.set("fetch.error.backoff.ms", "100");
    config
}

/// The shipper's producer.
pub(super) fn producer(kafka: &KafkaConfig) -> ClientConfig {
    let mut config = shared(kafka);
    // A record is shipped when all replicas in sync have it.
    config.set("acks", "all");
    // Retries neither double nor reorder.
    config.set("enable.idempotence", "true");
    // What fails for good stops all behind it, so that no key's records overtake each other.
    config.set("enable.gapless.guarantee", "true");
    // What arrives is counted, not reported; what fails is reported.
    config.set("delivery.report.only.error", "true");
    // The same as Kafka's own clients: any producer puts a plan into the same partition.
    config.set("partitioner", "murmur2_random");
    // For ever: brokers that are away are waited for by the library, in order.
    config.set("message.timeout.ms", "0");
    // A topic that is missing is reported after 5 s instead of 30.
    config.set("topic.metadata.propagation.max.ms", "5000");
    // A topic is kept for ever, so its size counts: JSON of figures shrinks to a tenth.
    config.set("compression.type", "zstd");
    config.set("message.max.bytes", MAX_MESSAGE_BYTES.to_string());
    // Memory: the log on disk is the queue.
    config.set("queue.buffering.max.messages", "100000");
    config.set("queue.buffering.max.kbytes", "32768");
    config
}

/// Looks at topics and makes them.
pub(super) fn admin(kafka: &KafkaConfig) -> ClientConfig {
    shared(kafka)
}
