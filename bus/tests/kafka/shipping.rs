//! A shipper loses nothing, whenever it ends, and shares its log with no other.

use super::support::{DEADLINE, NOW, Reader, Shipped, numbered, until, until_shipped, until_state};
use super::topic;
use bus::kafka::topics::{self, TopicError, TopicOutcome, TopicShape};
use bus::kafka::{KafkaConfig, KafkaConsumer, Shipper, ShipperState};
use bus::{BusError, Checkpoint, Outbox, SqliteOutbox};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use testkit::TestClock;

const FILE: &str = "SHIHYO_TEST_BUS";
const TOPIC: &str = "SHIHYO_TEST_TOPIC";

fn count(path: &Path) -> (i64, i64) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.query_row("SELECT count(*), max(id) FROM block", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
}

fn read(kafka: &KafkaConfig, records: usize) -> Reader {
    let mut consumer = KafkaConsumer::open(kafka).unwrap();
    let mut reader = Reader::default();
    reader.read(&mut consumer, records);
    reader
}

#[test]
fn what_has_arrived_is_trimmed_up_to_the_newest_record() {
    let kafka = topic(3);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    let shipped = Shipped::open(&path, &kafka);
    for plan in 0..10 {
        shipped.publish(numbered(&format!("plan-{plan}"), 0..5000));
    }
    until_shipped(&shipped.shipper);
    let state = until_state(&shipped.shipper, |state| state.shipped_total == 50_000);
    assert_eq!(state, ShipperState { shipped_total: 50_000, ..ShipperState::default() });
    until(|| count(&path) == (1, 50_000), || format!("{:?}", count(&path)));
    // Restarted, it sends nothing again.
    drop(shipped);
    let shipped = Shipped::open(&path, &kafka);
    shipped.publish(numbered("plan-0", 5000..5001));
    until_shipped(&shipped.shipper);
    assert_eq!(count(&path).1, 50_001);
    let reader = read(&kafka, 50_001);
    assert_eq!(reader.numbers("plan-0"), (0..=5000).collect::<Vec<_>>());
    assert_eq!(reader.numbers("plan-9"), (0..5000).collect::<Vec<_>>());
}

/// Not a test of its own: a shipper that is killed.
#[test]
#[ignore = "runs as the second process of another test"]
fn second_process() {
    let kafka = KafkaConfig {
        topic: std::env::var(TOPIC).unwrap(),
        ..KafkaConfig::new(super::server("KAFKA_BROKERS"), "shipper")
    };
    let _shipper = Shipper::start(std::env::var_os(FILE).unwrap(), &kafka, TestClock::at(NOW)).unwrap();
    std::thread::sleep(DEADLINE);
}

#[test]
fn a_shipper_that_is_killed_between_arrival_and_trimming_doubles_but_never_loses() {
    const RECORDS: u32 = 60_000;
    let kafka = topic(2);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    let outbox = SqliteOutbox::open(&path, TestClock::at(NOW)).unwrap();
    for plan in ["plan-a", "plan-b", "plan-c"] {
        outbox.publish(numbered(plan, 0..RECORDS / 3), Checkpoint::new()).wait().unwrap();
    }
    for kill in 0..6_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["shipping::second_process", "--exact", "--ignored"])
            .env(FILE, &path)
            .env(TOPIC, &kafka.topic)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(150 + kill * 53));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let shipper = Shipper::start(&path, &kafka, TestClock::at(NOW)).unwrap();
    until_shipped(&shipper);
    let mut consumer = KafkaConsumer::open(&kafka).unwrap();
    let mut reader = Reader::default();
    let whole: Vec<_> = (0..RECORDS / 3).collect();
    reader.read_distinct(&mut consumer, RECORDS as usize);
    for plan in ["plan-a", "plan-b", "plan-c"] {
        assert_eq!(reader.in_order(plan), whole, "{plan}");
    }
}

#[test]
fn a_second_shipper_waits_for_the_first() {
    let kafka = topic(1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    let first = Shipped::open(&path, &kafka);
    first.publish(numbered("plan", 0..10));
    until_shipped(&first.shipper);
    let second = Shipper::start(&path, &kafka, TestClock::at(NOW)).unwrap();
    first.publish(numbered("plan", 10..20));
    until_shipped(&first.shipper);
    first.shipper.stop();
    first.publish(numbered("plan", 20..30));
    until_shipped(&second);
    assert_eq!(second.state().unwrap().shipped_total, 10);
    assert_eq!(read(&kafka, 30).numbers("plan"), (0..30).collect::<Vec<_>>());
}

#[test]
fn a_shipper_without_a_topic_says_so_and_goes_on_once_there_is_one() {
    let kafka = super::settings();
    let folder = tempfile::tempdir().unwrap();
    let shipped = Shipped::open(&folder.path().join("bus.db"), &kafka);
    shipped.publish(numbered("plan", 0..10));
    let state = until_state(&shipped.shipper, |state| state.error.is_some());
    let error = state.error.unwrap();
    assert!(error.contains("does not exist; run `shihyo topics ensure`"), "{error}");
    assert_eq!((state.records_waiting, state.oldest_age), (10, Some(Duration::ZERO)));
    assert!(state.bytes_waiting > 0);
    super::ensure(&kafka, 1);
    until_shipped(&shipped.shipper);
    assert_eq!(shipped.shipper.state().unwrap().error, None);
    assert_eq!(read(&kafka, 10).numbers("plan"), (0..10).collect::<Vec<_>>());
}

#[test]
fn a_topic_is_verified_and_every_difference_is_told_at_once() {
    let kafka = topic(2);
    let as_made = TopicShape { partitions: 2, replication: 1, min_insync: 1 };
    assert_eq!(topics::ensure(&kafka, &as_made).unwrap(), TopicOutcome::Verified);
    let error = topics::ensure(&kafka, &TopicShape { partitions: 3, replication: 2, min_insync: 2 }).unwrap_err();
    let TopicError::Differs { differences, .. } = &error else { panic!("{error:?}") };
    assert_eq!(differences.len(), 3);
    let expected = format!(
        "the topic {} is not as it must be: partitions is 2 instead of 3, replication is 1 instead of 2, \
         min.insync.replicas is 1 instead of 2; it is never changed by us, change it or name another",
        kafka.topic
    );
    assert_eq!(error.to_string(), expected);
    let error = topics::ensure(&kafka, &TopicShape { min_insync: 2, ..as_made }).unwrap_err();
    assert!(matches!(error, TopicError::Bus(BusError::Setting { key: "kafka.min_insync", .. })), "{error:?}");
}
