//! Records that are gone, and topics that are others, are named and never read over.

use super::support::{P0, Reader, SHORT, assigned, ensure, next, numbered, ship, until};
use super::{settings, topic};
use bus::kafka::{KafkaConfig, KafkaConsumer, KafkaTimeouts};
use bus::{BusError, Consumer, Delivery, Partition};
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use std::time::{Duration, Instant};

fn config(kafka: &KafkaConfig) -> ClientConfig {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", &kafka.brokers);
    config
}

pub(crate) fn admin(kafka: &KafkaConfig) -> AdminClient<DefaultClientContext> {
    config(kafka).create().unwrap()
}

pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn delete_before(kafka: &KafkaConfig, offset: i64) {
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&kafka.topic, 0, Offset::Offset(offset)).unwrap();
    wait(admin(kafka).delete_records(&list, &AdminOptions::new())).unwrap();
}

fn recreate(kafka: &KafkaConfig, records: u32) {
    let deleted = wait(admin(kafka).delete_topics(&[&kafka.topic], &AdminOptions::new())).unwrap();
    assert!(deleted.iter().all(Result::is_ok), "{deleted:?}");
    std::thread::sleep(Duration::from_millis(500));
    ensure(kafka, 1);
    put(kafka, 0..records);
}

fn put(kafka: &KafkaConfig, numbers: std::ops::Range<u32>) {
    ship(tempfile::tempdir().unwrap().path(), kafka, numbered("plan", numbers));
}

/// A consumer that has read so many records.
fn reading(kafka: &KafkaConfig, records: usize) -> (KafkaConsumer, Reader) {
    let mut consumer = KafkaConsumer::open(kafka).unwrap();
    let mut reader = Reader::default();
    reader.read(&mut consumer, records);
    (consumer, reader)
}

/// The error that ends reading.
pub(crate) fn end(consumer: &mut KafkaConsumer) -> BusError {
    let (started, mut last) = (Instant::now(), None);
    while started.elapsed() < Duration::from_mins(1) {
        match consumer.next(10, SHORT) {
            Err(error) if !error.is_retriable() => return error,
            other => last = Some(other),
        }
    }
    panic!("reading went on: {last:?}");
}

#[test]
fn a_topic_that_was_re_created_shorter_is_named_while_reading() {
    let kafka = topic(1);
    put(&kafka, 0..20);
    let (mut consumer, reader) = reading(&kafka, 20);
    recreate(&kafka, 5);
    let error = end(&mut consumer);
    let BusError::Recreated { bus, partition, position, end: last } = &error else { panic!("{error:?}") };
    assert_eq!((bus, *partition, *position), (&kafka.topic, P0, reader.positions[&P0]));
    // Seen at any moment of its filling.
    assert!((-1..=4).contains(last), "{last}");
    assert!(matches!(consumer.next(10, SHORT), Err(BusError::Recreated { .. })), "it stays so");
}

#[test]
fn a_topic_that_was_re_created_longer_is_named_while_reading() {
    let kafka = topic(1);
    let kafka = KafkaConfig { timing: KafkaTimeouts { proof: Duration::from_millis(500), ..kafka.timing }, ..kafka };
    put(&kafka, 0..5);
    let (mut consumer, reader) = reading(&kafka, 5);
    recreate(&kafka, 50);
    let error = end(&mut consumer);
    let BusError::Recreated { position, .. } = &error else { panic!("{error:?}") };
    assert!(position.next >= reader.positions[&P0].next);
}

#[test]
fn retention_that_overtook_a_position_is_a_gap_at_the_start() {
    let kafka = topic(1);
    put(&kafka, 0..20);
    let (consumer, mut reader) = reading(&kafka, 20);
    drop(consumer);
    put(&kafka, 20..40);
    delete_before(&kafka, 30);
    let mut consumer = KafkaConsumer::open(&kafka).unwrap();
    assert_eq!(assigned(&mut consumer), P0);
    let error = consumer.start(P0, Some(reader.positions[&P0])).unwrap_err();
    assert!(matches!(&error, BusError::Gap { next: 20, found: 30, .. }), "{error:?}");
    let expected = format!(
        "the log has a gap: partition 0 of the bus {} was read up to offset 20, but goes on at 30: 10 records are \
         missing; restore the log, or read it from the beginning with a new store",
        kafka.topic
    );
    assert_eq!(error.to_string(), expected);
    let error = consumer.start(P0, None).unwrap_err();
    assert!(matches!(&error, BusError::Gap { next: 0, found: 30, .. }), "{error:?}");
    // The record before it is gone, so that nothing proves what was read.
    let position = bus::Position { next: 30, last: reader.positions.remove(&P0).unwrap().last };
    assert!(matches!(consumer.start(P0, Some(position)), Err(BusError::Recreated { end: 39, .. })));
}

#[test]
fn retention_that_overtakes_a_reader_is_a_gap_while_reading() {
    let kafka = topic(1);
    let release = Duration::from_secs(2);
    let kafka = KafkaConfig { timing: KafkaTimeouts { session: release, release, ..kafka.timing }, ..kafka };
    put(&kafka, 0..1000);
    let mut consumer = KafkaConsumer::open(&kafka).unwrap();
    assert_eq!(assigned(&mut consumer), P0);
    consumer.start(P0, None).unwrap();
    let Delivery::Batch(batch) = next(&mut consumer, 10) else { panic!("no batch") };
    let mut read = batch.next.next;
    // Long enough for what was read ahead to be given up.
    std::thread::sleep(Duration::from_secs(3));
    delete_before(&kafka, 900);
    let error = loop {
        match consumer.next(10, SHORT) {
            Ok(Delivery::Batch(batch)) => read = batch.next.next,
            Err(error) if !error.is_retriable() => break error,
            _ => {}
        }
    };
    let BusError::Gap { partition, next, found, .. } = error else { panic!("{error:?}") };
    assert_eq!((partition, next, found), (P0, read, 900));
    assert!(read < 100, "{read}");
}

/// Two records in each of three transactions, the second of which is aborted: offsets 0 and 1, a mark, 3 and 4, a mark,
/// 6 and 7, a mark.
fn transactions(kafka: &KafkaConfig) {
    let producer: BaseProducer = config(kafka).set("transactional.id", &kafka.topic).create().unwrap();
    producer.init_transactions(Duration::from_secs(20)).unwrap();
    for transaction in 0..3_u8 {
        producer.begin_transaction().unwrap();
        for n in 0..2_u8 {
            producer.send(BaseRecord::to(&kafka.topic).key("plan").payload(&[transaction, n])).unwrap();
        }
        producer.flush(Duration::from_secs(20)).unwrap();
        if transaction == 1 {
            producer.abort_transaction(Duration::from_secs(20)).unwrap();
        } else {
            producer.commit_transaction(Duration::from_secs(20)).unwrap();
        }
    }
}

#[test]
fn offsets_that_jump_inside_a_partition_are_a_gap_and_never_read_over() {
    let kafka = topic(1);
    transactions(&kafka);
    let (mut consumer, reader) = reading(&kafka, 2);
    let error = end(&mut consumer);
    assert!(matches!(&error, BusError::Gap { partition: P0, next: 2, found: 6, .. }), "{error:?}");
    assert!(matches!(consumer.next(10, SHORT), Err(BusError::Gap { .. })), "it stays so");
    drop(consumer);
    // So it is after a restart.
    let mut consumer = KafkaConsumer::open(&kafka).unwrap();
    assert_eq!(assigned(&mut consumer), P0);
    consumer.start(P0, Some(reader.positions[&P0])).unwrap();
    let error = end(&mut consumer);
    assert!(matches!(&error, BusError::Gap { next: 2, found: 6, .. }), "{error:?}");
    drop(consumer);
    // A position whose record is gone, while later ones are there.
    let mut consumer = KafkaConsumer::open(&kafka).unwrap();
    assert_eq!(assigned(&mut consumer), P0);
    let position = bus::Position { next: 3, last: reader.positions[&P0].last };
    let error = consumer.start(P0, Some(position)).unwrap_err();
    assert!(matches!(&error, BusError::Gap { next: 2, found: 6, .. }), "{error:?}");
}

#[test]
fn a_topic_that_does_not_exist_is_named_with_the_remedy() {
    let kafka = settings();
    let mut consumer = KafkaConsumer::open(&kafka).unwrap();
    let error = end(&mut consumer);
    assert_eq!(error.to_string(), format!("the topic {} does not exist; run `shihyo topics ensure`", kafka.topic));
    // So is one that is deleted while it is read.
    let kafka = topic(1);
    put(&kafka, 0..5);
    let (mut consumer, _) = reading(&kafka, 5);
    wait(admin(&kafka).delete_topics(&[&kafka.topic], &AdminOptions::new())).unwrap();
    let error = end(&mut consumer);
    assert!(matches!(error, BusError::NoTopic { .. }), "{error:?}");
}

#[test]
fn positions_that_no_topic_ever_gave_are_refused() {
    let kafka = topic(1);
    put(&kafka, 0..1);
    let mut consumer = KafkaConsumer::open(&kafka).unwrap();
    assert_eq!(assigned(&mut consumer), Partition(0));
    for next in [i64::MIN, -1, 0, 1, 2, i64::MAX] {
        let error = consumer.start(P0, Some(bus::Position { next, last: 0 })).unwrap_err();
        assert!(matches!(error, BusError::Recreated { end: 0, .. }), "{next}: {error:?}");
    }
    consumer.start(P0, None).unwrap();
    until(|| matches!(consumer.next(10, SHORT), Ok(Delivery::Batch(_))), || "the record".to_owned());
}
