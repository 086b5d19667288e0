//! Members of one group share the partitions, and hand them on only when they were released.

use super::support::{Reader, SHORT, assigned, next, numbered, ship, until};
use super::topic;
use bus::kafka::{KafkaConfig, KafkaConsumer, KafkaTimeouts};
use bus::{Consumer, Delivery, Partition};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Where a second process finds the topic and the group.
const TOPIC: &str = "SHIHYO_TEST_TOPIC";
const GROUP: &str = "SHIHYO_TEST_GROUP";

fn keys() -> Vec<String> {
    (0..12).map(|n| format!("plan-{n}")).collect()
}

fn ship_all(kafka: &KafkaConfig, numbers: std::ops::Range<u32>) {
    let folder = tempfile::tempdir().unwrap();
    let batch = keys().iter().flat_map(|key| numbered(key, numbers.clone())).collect();
    ship(folder.path(), kafka, batch);
}

/// Short times, so that a test does not wait for minutes.
fn hasty(kafka: KafkaConfig) -> KafkaConfig {
    let short = Duration::from_secs(2);
    KafkaConfig { timing: KafkaTimeouts { session: short, release: short, ..kafka.timing }, ..kafka }
}

fn position_of(readers: [&Reader; 2], partition: Partition) -> Option<bus::Position> {
    readers.iter().filter_map(|reader| reader.positions.get(&partition)).max_by_key(|position| position.next).copied()
}

#[test]
fn a_revocation_is_acknowledged_only_after_every_release() {
    let kafka = topic(4);
    ship_all(&kafka, 0..10);
    let mut first = KafkaConsumer::open(&kafka).unwrap();
    let mut one = Reader::default();
    one.read(&mut first, 120);
    assert_eq!(one.owned.len(), 4);

    let mut second = KafkaConsumer::open(&kafka).unwrap();
    let mut revoked = Vec::new();
    while revoked.len() < 4 {
        let Delivery::Revoked(partition) = next(&mut first, 10) else { panic!("not revoked") };
        revoked.push(partition);
        // Nobody else has anything before the last release.
        let quiet = Instant::now();
        while quiet.elapsed() < Duration::from_millis(500) {
            assert_eq!(second.next(10, SHORT).unwrap(), Delivery::Idle);
        }
        first.release(partition).unwrap();
    }
    one.owned.clear();

    // Both go on at the positions that were reached, and nothing comes twice.
    ship_all(&kafka, 10..20);
    let mut two = Reader { positions: one.positions.clone(), ..Reader::default() };
    until(
        || {
            one.step(&mut first);
            two.step(&mut second);
            one.bodies.len() + two.bodies.len() >= 240
        },
        || "the records".to_owned(),
    );
    assert_eq!((one.owned.len(), two.owned.len()), (2, 2));
    let all: BTreeSet<_> = one.bodies.iter().chain(&two.bodies).collect();
    assert_eq!(all.len(), 240);

    // One leaves, properly: the other has everything long before a session time-out.
    let left = Instant::now();
    drop(second);
    for partition in (0..4).map(Partition) {
        one.positions.extend(position_of([&one, &two], partition).map(|position| (partition, position)));
    }
    until(
        || {
            one.step(&mut first);
            one.owned.len() == 4
        },
        || "all partitions".to_owned(),
    );
    assert!(left.elapsed() < Duration::from_secs(10), "{:?}", left.elapsed());
    ship_all(&kafka, 20..30);
    let before = one.bodies.len();
    one.read(&mut first, before + 120);
    assert_eq!(one.bodies.len(), before + 120);
}

/// Not a test of its own: a member that is killed.
#[test]
#[ignore = "runs as the second process of another test"]
fn second_process() {
    let kafka = hasty(topic_of_parent());
    let mut consumer = KafkaConsumer::open(&kafka).unwrap();
    let partition = assigned(&mut consumer);
    consumer.start(partition, None).unwrap();
    println!("assigned {partition}");
    loop {
        consumer.next(1, SHORT).unwrap();
    }
}

fn topic_of_parent() -> KafkaConfig {
    let topic = std::env::var(TOPIC).unwrap();
    KafkaConfig { topic, ..KafkaConfig::new(super::server("KAFKA_BROKERS"), std::env::var(GROUP).unwrap()) }
}

#[test]
fn the_partitions_of_a_killed_member_are_given_to_others() {
    let kafka = hasty(topic(1));
    ship_all(&kafka, 0..10);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["group::second_process", "--exact", "--ignored", "--nocapture"])
        .env(TOPIC, &kafka.topic)
        .env(GROUP, &kafka.group)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("assigned 0")));
    child.kill().unwrap();
    child.wait().unwrap();
    let mut consumer = KafkaConsumer::open(&kafka).unwrap();
    let mut reader = Reader::default();
    reader.read(&mut consumer, 120);
    assert_eq!(reader.numbers("plan-3"), (0..10).collect::<Vec<_>>());
}

#[test]
fn a_caller_that_takes_its_time_stays_in_the_group() {
    let kafka = hasty(topic(2));
    ship_all(&kafka, 0..100);
    let mut consumer = KafkaConsumer::open(&kafka).unwrap();
    let health = consumer.health();
    assert!(!health.is_member(Instant::now()));
    let mut reader = Reader::default();
    reader.read(&mut consumer, 1);
    // Three times as long as the group waits for a poll.
    let started = Instant::now();
    while started.elapsed() < 3 * kafka.timing.release {
        std::thread::sleep(Duration::from_millis(100));
        if started.elapsed() > Duration::from_secs(2) {
            assert!(health.is_member(Instant::now()), "after {:?}", started.elapsed());
        }
    }
    let lag: u64 = health.lag().iter().filter_map(|(_, lag)| *lag).sum();
    assert_eq!(lag, 1200 - reader.bodies.len() as u64);
    reader.read(&mut consumer, 1200);
    for key in keys() {
        assert_eq!(reader.numbers(&key), (0..100).collect::<Vec<_>>(), "{key}");
    }
    assert_eq!(reader.owned.len(), 2, "nothing was revoked meanwhile");
    assert_eq!(health.lag(), [(Partition(0), Some(0)), (Partition(1), Some(0))]);
    drop(consumer);
    assert!(!health.is_member(Instant::now()));
}

#[test]
fn a_member_without_partitions_waits_and_takes_over() {
    let kafka = topic(1);
    ship_all(&kafka, 0..1);
    let mut first = KafkaConsumer::open(&kafka).unwrap();
    let (mut one, mut two) = (Reader::default(), Reader::default());
    one.read(&mut first, 12);
    let mut second = KafkaConsumer::open(&KafkaConfig { group: kafka.group.clone(), ..kafka.clone() }).unwrap();
    let both = Instant::now();
    while both.elapsed() < Duration::from_secs(2) {
        one.step(&mut first);
        two.step(&mut second);
    }
    assert_eq!(one.owned.len() + two.owned.len(), 1);
    let (staying, mut consumer, leaving) =
        if one.owned.is_empty() { (one, first, second) } else { (two, second, first) };
    let mut staying = Reader { positions: staying.positions, ..Reader::default() };
    drop(leaving);
    until(
        || {
            staying.step(&mut consumer);
            staying.owned.len() == 1
        },
        || "the partition".to_owned(),
    );
}
