//! A topic that is set so that it loses records, or whose partitions change, is refused before and while it is read.

use super::gone::{admin, end, wait};
use super::support::{Reader, SHORT, Shipped, assigned, numbered, ship, until, until_shipped, until_state};
use super::topic;
use bus::kafka::topics::{self, TopicShape};
use bus::kafka::{KafkaConfig, KafkaConsumer, KafkaTimeouts};
use bus::{BusError, Consumer};
use rdkafka::admin::{AdminOptions, AlterConfig, NewPartitions, ResourceSpecifier};
use std::time::Duration;

const ANSWER: Duration = Duration::from_secs(10);

/// The settings of a topic as it is made, with another value of one of them.
fn set(kafka: &KafkaConfig, name: &str, value: &str) {
    let right = [
        ("retention.ms", "-1"),
        ("retention.bytes", "-1"),
        ("cleanup.policy", "delete"),
        ("message.timestamp.type", "LogAppendTime"),
        ("max.message.bytes", "2097152"),
        ("min.insync.replicas", "1"),
    ];
    let mut change = AlterConfig::new(ResourceSpecifier::Topic(&kafka.topic));
    for (key, right) in right {
        change = change.set(key, if key == name { value } else { right });
    }
    let changed = wait(admin(kafka).alter_configs([&change], &AdminOptions::new())).unwrap();
    assert!(changed.iter().all(Result::is_ok), "{changed:?}");
}

fn raise(kafka: &KafkaConfig, partitions: usize) {
    let new = NewPartitions::new(&kafka.topic, partitions);
    let raised = wait(admin(kafka).create_partitions([&new], &AdminOptions::new())).unwrap();
    assert!(raised.iter().all(Result::is_ok), "{raised:?}");
}

/// Looks at the topic every half a second.
fn soon(kafka: KafkaConfig) -> KafkaConfig {
    KafkaConfig { timing: KafkaTimeouts { proof: Duration::from_millis(500), ..kafka.timing }, ..kafka }
}

/// Brokers take a change in within moments.
fn until_refused(kafka: &KafkaConfig) -> BusError {
    let mut error = None;
    until(
        || {
            error = topics::check(kafka, ANSWER).err();
            error.is_some()
        },
        || "a refusal".to_owned(),
    );
    error.unwrap()
}

#[test]
fn every_setting_that_loses_or_bends_records_is_refused_with_its_name() {
    for (name, value, wanted) in [
        ("cleanup.policy", "compact", "delete"),
        ("cleanup.policy", "compact,delete", "delete"),
        ("retention.ms", "60000", "-1"),
        ("retention.bytes", "1000000", "-1"),
        ("message.timestamp.type", "CreateTime", "LogAppendTime"),
        ("max.message.bytes", "1048588", "2097152"),
    ] {
        let kafka = topic(1);
        assert_eq!(topics::check(&kafka, ANSWER).unwrap().partitions, 1);
        set(&kafka, name, value);
        let error = until_refused(&kafka);
        let expected = format!("{name} is {value} instead of {wanted}");
        assert!(matches!(&error, BusError::TopicSettings { what, .. } if *what == expected), "{error:?}");
        let mut consumer = KafkaConsumer::open(&kafka).unwrap();
        assert!(matches!(consumer.next(10, SHORT), Err(BusError::TopicSettings { .. })), "{name}");
    }
}

#[test]
fn settings_that_change_stop_reading_and_shipping_until_they_are_right_again() {
    let kafka = soon(topic(1));
    let folder = tempfile::tempdir().unwrap();
    let shipped = Shipped::open(&folder.path().join("bus.db"), &kafka);
    shipped.publish(numbered("plan", 0..5));
    until_shipped(&shipped.shipper);
    let (mut consumer, mut reader) = (KafkaConsumer::open(&kafka).unwrap(), Reader::default());
    reader.read(&mut consumer, 5);

    set(&kafka, "cleanup.policy", "compact");
    until(|| matches!(consumer.next(10, SHORT), Err(BusError::TopicSettings { .. })), || "the consumer".to_owned());
    // The shipper finds out with what it is given next.
    std::thread::sleep(2 * kafka.timing.proof);
    shipped.publish(numbered("plan", 5..10));
    let state = until_state(&shipped.shipper, |state| state.error.is_some());
    assert!(state.error.unwrap().contains("cleanup.policy is compact instead of delete"));
    assert_eq!(state.records_waiting, 5);

    set(&kafka, "cleanup.policy", "delete");
    until_shipped(&shipped.shipper);
    reader.read(&mut consumer, 10);
    assert_eq!(reader.numbers("plan"), (0..10).collect::<Vec<_>>());
}

#[test]
fn partitions_that_are_raised_end_reading_and_are_refused_at_the_start() {
    let kafka = soon(topic(1));
    ship(tempfile::tempdir().unwrap().path(), &kafka, numbered("plan", 0..5));
    let (mut consumer, mut reader) = (KafkaConsumer::open(&kafka).unwrap(), Reader::default());
    reader.read(&mut consumer, 5);
    assert_eq!(consumer.partitions(None).unwrap(), Some(1));

    raise(&kafka, 2);
    let error = end(&mut consumer);
    assert!(matches!(&error, BusError::Partitions { found: 2, wanted: 1, .. }), "{error:?}");
    assert!(error.to_string().contains("run `shihyo collect --republish` on every collector"), "{error}");
    drop(consumer);

    // By the number that is configured, and by the one that the reader's store knows.
    let configured = KafkaConfig { partitions: Some(1), ..kafka.clone() };
    assert!(matches!(topics::check(&configured, ANSWER), Err(BusError::Partitions { found: 2, wanted: 1, .. })));
    assert!(matches!(end(&mut KafkaConsumer::open(&configured).unwrap()), BusError::Partitions { .. }));
    let mut consumer = KafkaConsumer::open(&kafka).unwrap();
    let partition = assigned(&mut consumer);
    consumer.start(partition, None).unwrap();
    assert_eq!(consumer.partitions(Some(2)).unwrap(), Some(2));
    assert!(matches!(consumer.partitions(Some(1)), Err(BusError::Partitions { found: 2, wanted: 1, .. })));

    // Nothing is shipped into it either.
    let folder = tempfile::tempdir().unwrap();
    let shipped = Shipped::open(&folder.path().join("bus.db"), &configured);
    shipped.publish(numbered("plan", 5..6));
    let state = until_state(&shipped.shipper, |state| state.error.is_some());
    assert!(state.error.unwrap().contains("has 2 partition(s) instead of 1"));
    assert_eq!(state.records_waiting, 1);
}

#[test]
fn more_copies_and_larger_messages_are_as_good() {
    let kafka = topic(1);
    set(&kafka, "max.message.bytes", "4194304");
    topics::check(&kafka, ANSWER).unwrap();
    let shape = TopicShape { partitions: 1, replication: 1, min_insync: 1 };
    until(|| topics::verify(&kafka, &shape).is_ok(), || "a verified topic".to_owned());
}
