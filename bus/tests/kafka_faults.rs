//! What brokers may do wrong, on a cluster that is played: nothing is lost, nothing comes twice, order is kept.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod support;

use bus::kafka::{KafkaConfig, KafkaConsumer, KafkaTimeouts};
use bus::{BusError, Checkpoint, Consumer, Delivery, Outbox, PublishError, SqliteOutbox};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::RDKafkaApiKey as Api;
use rdkafka::types::RDKafkaRespErr::{self as Code, *};
use std::time::{Duration, Instant};
use support::{
    NOW, Reader, SHORT, Shipped, assigned, next, numbered, record, unique, until, until_shipped, until_state,
};
use tempfile::TempDir;
use testkit::TestClock;

const PLANS: [&str; 3] = ["plan-a", "plan-b", "plan-c"];

/// A cluster of three brokers with a topic of two partitions, and a log that is shipped to it.
struct Played {
    cluster: MockCluster<'static, DefaultProducerContext>,
    kafka: KafkaConfig,
    folder: TempDir,
}

impl Played {
    fn new() -> Self {
        let cluster = MockCluster::new(3).unwrap();
        let kafka =
            KafkaConfig { topic: unique("topic"), ..KafkaConfig::new(cluster.bootstrap_servers(), unique("group")) };
        let seconds = Duration::from_secs;
        let timing = KafkaTimeouts { session: seconds(6), release: seconds(10), answer: seconds(5), proof: seconds(1) };
        cluster.create_topic(&kafka.topic, 2, 3).unwrap();
        Self { cluster, kafka: KafkaConfig { timing, ..kafka }, folder: tempfile::tempdir().unwrap() }
    }

    fn shipped(&self) -> Shipped {
        Shipped::open(&self.folder.path().join("bus.db"), &self.kafka)
    }

    fn consumer(&self) -> KafkaConsumer {
        KafkaConsumer::open(&self.kafka).unwrap()
    }
}

/// Ships and reads through each of these errors, given twice in a row by a cluster of its own.
fn through(api: Api, errors: &[Code]) {
    std::thread::scope(|scope| {
        for error in errors {
            scope.spawn(move || through_one(api, *error));
        }
    });
}

fn through_one(api: Api, error: Code) {
    let played = Played::new();
    let (shipped, mut consumer, mut reader) = (played.shipped(), played.consumer(), Reader::default());
    publish(&shipped, 0);
    until_shipped(&shipped.shipper);
    reader.read_distinct(&mut consumer, 30);
    played.cluster.request_errors(api, &[error; 2]);
    for batch in PLANS.map(|plan| numbered(plan, 10..20)) {
        // One request at a time: the played brokers do not look at a request's sequence, so they take
        // the second when the first has failed, from which the library concludes that they have both.
        for record in batch {
            shipped.publish(vec![record]);
            until_shipped(&shipped.shipper);
        }
    }
    reader.read_distinct(&mut consumer, 60);
    // Nothing comes behind it.
    let quiet = Instant::now();
    while quiet.elapsed() < Duration::from_secs(2) {
        reader.step(&mut consumer);
    }
    for plan in PLANS {
        // Nor do they know a request that is sent twice; true ones do.
        let numbers = if api == Api::Produce { reader.in_order(plan) } else { reader.numbers(plan) };
        assert_eq!(numbers, (0..20).collect::<Vec<_>>(), "{plan} through {error:?}");
    }
}

/// Ten records of each plan.
fn publish(shipped: &Shipped, round: u32) {
    for plan in PLANS {
        shipped.publish(numbered(plan, round * 10..(round + 1) * 10));
    }
}

/// All rounds came, once and in order.
fn whole(reader: &Reader, rounds: u32) {
    for plan in PLANS {
        assert_eq!(reader.numbers(plan), (0..rounds * 10).collect::<Vec<_>>(), "{plan}");
    }
}

#[test]
fn through_errors_of_producing() {
    through(
        Api::Produce,
        &[
            RD_KAFKA_RESP_ERR__TRANSPORT,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION,
            RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
        ],
    );
}

#[test]
fn through_errors_that_end_a_producer() {
    through(
        Api::Produce,
        &[
            RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID,
            RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
            RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH,
            RD_KAFKA_RESP_ERR_UNKNOWN,
        ],
    );
}

#[test]
fn through_errors_of_fetching() {
    through(
        Api::Fetch,
        &[
            RD_KAFKA_RESP_ERR__TRANSPORT,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
            RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
            RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
            RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
            RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
        ],
    );
}

#[test]
fn through_errors_of_heartbeats() {
    through(
        Api::Heartbeat,
        &[
            RD_KAFKA_RESP_ERR__TRANSPORT,
            RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
            RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
        ],
    );
}

/// Errors of the way into the group, each met by a member of its own, all at the same time.
fn into_the_group(api: Api, errors: &[Code]) {
    std::thread::scope(|scope| {
        for error in errors {
            scope.spawn(move || {
                let played = Played::new();
                let shipped = played.shipped();
                publish(&shipped, 0);
                played.cluster.request_errors(api, &[*error; 2]);
                let (mut consumer, mut reader) = (played.consumer(), Reader::default());
                reader.read(&mut consumer, 30);
                whole(&reader, 1);
            });
        }
    });
}

#[test]
fn through_errors_of_joining() {
    into_the_group(
        Api::JoinGroup,
        &[
            RD_KAFKA_RESP_ERR__TRANSPORT,
            RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
        ],
    );
}

#[test]
fn through_errors_of_syncing() {
    into_the_group(
        Api::SyncGroup,
        &[
            RD_KAFKA_RESP_ERR__TRANSPORT,
            RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
        ],
    );
}

#[test]
fn through_errors_of_finding_the_coordinator() {
    into_the_group(Api::FindCoordinator, &[RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE]);
}

#[test]
fn through_errors_of_looking_at_offsets() {
    into_the_group(
        Api::ListOffsets,
        &[RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE],
    );
}

#[test]
fn away_and_back_again() {
    let played = Played::new();
    let (shipped, mut consumer, mut reader) = (played.shipped(), played.consumer(), Reader::default());
    publish(&shipped, 0);
    reader.read(&mut consumer, 30);

    played.cluster.broker_down(-1).unwrap();
    publish(&shipped, 1);
    let state = until_state(&shipped.shipper, |state| state.error.is_some());
    assert_eq!(state.records_waiting, 30);
    let error = state.error.unwrap();
    assert!(error.starts_with(&format!("the brokers of the bus {} cannot be reached for now", played.kafka.topic)));
    assert!(error.contains("Connection refused") || error.contains("onnect"), "{error}");
    let started = Instant::now();
    let error = loop {
        match consumer.next(10, SHORT) {
            Err(error) => break error,
            Ok(Delivery::Batch(batch)) => reader.keep(&batch),
            Ok(Delivery::Idle) => assert!(started.elapsed() < support::DEADLINE),
            Ok(other) => panic!("{other:?}"),
        }
    };
    assert!(matches!(error, BusError::Unreachable { .. }) && error.is_retriable(), "{error:?}");

    played.cluster.broker_up(-1).unwrap();
    until_shipped(&shipped.shipper);
    assert_eq!(shipped.shipper.state().unwrap().error, None);
    reader.read(&mut consumer, 60);
    whole(&reader, 2);
}

#[test]
fn a_session_that_timed_out_is_reported_as_a_revocation() {
    let played = Played::new();
    let (shipped, mut consumer, mut reader) = (played.shipped(), played.consumer(), Reader::default());
    publish(&shipped, 0);
    reader.read(&mut consumer, 30);
    let health = consumer.health();
    until(|| health.is_member(Instant::now()), || "membership".to_owned());
    played.cluster.broker_down(-1).unwrap();
    until(
        || {
            reader.step(&mut consumer);
            reader.owned.is_empty()
        },
        || "the revocation".to_owned(),
    );
    assert!(!health.is_member(Instant::now()));
    played.cluster.broker_up(-1).unwrap();
    publish(&shipped, 1);
    reader.read(&mut consumer, 60);
    whole(&reader, 2);
    until(|| health.is_member(Instant::now()), || "membership".to_owned());
}

#[test]
fn slow_answers_and_moving_leaders() {
    let played = Played::new();
    let (shipped, mut consumer, mut reader) = (played.shipped(), played.consumer(), Reader::default());
    played.cluster.broker_round_trip_time(-1, Duration::from_millis(100)).unwrap();
    for round in 0..4_u32 {
        for partition in 0..2 {
            let leader = 1 + (i32::try_from(round).unwrap() + partition) % 3;
            played.cluster.partition_leader(&played.kafka.topic, partition, Some(leader)).unwrap();
        }
        publish(&shipped, round);
        until_shipped(&shipped.shipper);
        if round % 2 == 1 {
            reader.read(&mut consumer, 30 * (round as usize + 1));
        }
    }
    whole(&reader, 4);
}

#[test]
fn records_are_sent_without_waiting_for_answers() {
    // As many records as the shipper sends at a time, that often.
    const CHUNK: u32 = 2000;
    const CHUNKS: u32 = 100;
    let played = Played::new();
    let outbox = SqliteOutbox::open(played.folder.path().join("bus.db"), TestClock::at(NOW)).unwrap();
    outbox.publish(numbered("plan-a", 0..CHUNKS * CHUNK), Checkpoint::new()).wait().unwrap();
    let delay = Duration::from_millis(250);
    played.cluster.broker_round_trip_time(-1, delay).unwrap();
    let started = Instant::now();
    let shipped = played.shipped();
    until_shipped(&shipped.shipper);
    let took = started.elapsed();
    assert!(took < delay * CHUNKS / 2, "{took:?}: {CHUNKS} answers, each awaited, take {:?}", delay * CHUNKS);
}

#[test]
fn a_start_that_gets_no_answer_can_be_tried_again() {
    let played = Played::new();
    let shipped = played.shipped();
    shipped.publish(numbered("plan-a", 0..10));
    until_shipped(&shipped.shipper);
    let mut consumer = played.consumer();
    let partition = assigned(&mut consumer);
    played.cluster.broker_down(-1).unwrap();
    let started = Instant::now();
    let error = consumer.start(partition, None).unwrap_err();
    assert!(matches!(error, BusError::Unreachable { .. }), "{error:?}");
    assert!(started.elapsed() < 3 * played.kafka.timing.answer, "{:?}", started.elapsed());
    played.cluster.broker_up(-1).unwrap();
    let started = Instant::now();
    while let Err(error) = consumer.start(partition, None) {
        assert!(error.is_retriable() && started.elapsed() < support::DEADLINE, "{error:?}");
    }
}

#[test]
fn a_full_log_refuses_records_while_kafka_is_away_and_all_arrive_when_it_is_back() {
    const LIMIT: u64 = 600_000;
    let played = Played::new();
    played.cluster.broker_down(-1).unwrap();
    let path = played.folder.path().join("bus.db");
    let outbox = SqliteOutbox::open_with_limit(&path, TestClock::at(NOW), LIMIT).unwrap();
    let shipper = bus::kafka::Shipper::start(&path, &played.kafka, TestClock::at(NOW)).unwrap();
    let batch = |n: u32| {
        let mut body = format!("plan-a:{n}").into_bytes();
        body.resize(20_000, b' ');
        vec![record("plan-a", &body)]
    };
    let note = |n: u32| vec![("seen".to_owned(), Some(n.to_string().into_bytes()))];
    let mut taken = 0;
    let error = loop {
        match outbox.publish(batch(taken), note(taken)).wait() {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 100, "no limit");
    };
    let PublishError::Bus(BusError::OverLimit { bytes, limit: LIMIT, .. }) = &error else { panic!("{error:?}") };
    assert!(error.is_retriable() && (LIMIT..LIMIT + 100_000).contains(bytes), "{error}");
    assert!(error.to_string().ends_with("polling stops until the bus takes records again"), "{error}");
    assert_eq!(
        outbox.checkpoints("").unwrap()[0].1,
        (taken - 1).to_string().into_bytes(),
        "the note of what was refused"
    );
    outbox.publish(Vec::new(), note(7)).wait().unwrap();
    outbox.publish(Vec::new(), Checkpoint::new()).wait().unwrap();
    assert_eq!(shipper.state().unwrap().bytes_waiting, *bytes);

    played.cluster.broker_up(-1).unwrap();
    until(|| outbox.publish(batch(taken), Checkpoint::new()).wait().is_ok(), || format!("{:?}", shipper.state()));
    until_shipped(&shipper);
    let (mut consumer, mut reader) = (played.consumer(), Reader::default());
    reader.read(&mut consumer, taken as usize + 1);
    let starts: Vec<_> = (0..=taken).map(|n| format!("plan-a:{n}")).collect();
    let found: Vec<_> = reader
        .bodies
        .iter()
        .map(|(_, _, body)| String::from_utf8(body.clone()).unwrap().trim_end().to_owned())
        .collect();
    assert_eq!(found, starts);
}

#[test]
fn a_topic_with_another_number_of_partitions_is_neither_read_nor_shipped_to() {
    let played = Played::new();
    let kafka = KafkaConfig { partitions: Some(1), ..played.kafka.clone() };
    let mut consumer = KafkaConsumer::open(&kafka).unwrap();
    let error = consumer.next(10, SHORT).unwrap_err();
    assert!(matches!(&error, BusError::Partitions { found: 2, wanted: 1, .. }) && !error.is_retriable(), "{error:?}");
    let shipped = Shipped::open(&played.folder.path().join("bus.db"), &kafka);
    publish(&shipped, 0);
    let state = until_state(&shipped.shipper, |state| state.error.is_some());
    assert!(state.error.unwrap().contains("has 2 partition(s) instead of 1"));
    assert_eq!(state.records_waiting, 30);
    // These brokers cannot be asked how it is set; that alone keeps nobody from reading.
    let checked = bus::kafka::topics::check(&played.kafka, Duration::from_secs(5)).unwrap();
    assert!(checked.partitions == 2 && checked.unread.is_some(), "{checked:?}");
}

#[test]
fn a_reader_of_all_partitions_takes_none_from_the_group() {
    let played = Played::new();
    let (shipped, mut member, mut reader) = (played.shipped(), played.consumer(), Reader::default());
    publish(&shipped, 0);
    until_shipped(&shipped.shipper);
    reader.read_distinct(&mut member, 30);
    let (mut all, mut everything) = (KafkaConsumer::open_all(&played.kafka).unwrap(), Reader::default());
    everything.read_distinct(&mut all, 30);
    whole(&everything, 1);
    publish(&shipped, 1);
    everything.read_distinct(&mut all, 60);
    // Had the group been asked for them, its member would have to give partitions back.
    while reader.bodies.len() < 60 {
        match next(&mut member, 1000) {
            Delivery::Batch(batch) => reader.keep(&batch),
            other => panic!("{other:?}"),
        }
    }
    whole(&everything, 2);
    whole(&reader, 2);
    assert_eq!(everything.owned.len(), 2);
    until(|| all.health().is_member(Instant::now()), || "no contact with a broker".into());
}
