//! Failing commits and wake-ups, which need the insides of an outbox or consumer.

use super::*;
use crate::{Consumer, Delivery, PARTITION};
use std::time::{Duration, Instant};
use testkit::TestClock;

fn record(body: &[u8]) -> Outgoing {
    Outgoing { key: "plan".into(), revision: Micros(1), body: body.to_vec() }
}

/// An outbox whose writing connection was changed by `change`.
fn outbox(path: &Path, change: impl Fn(&Connection)) -> SqliteOutbox {
    let connection = file::open(path).unwrap();
    change(&connection);
    SqliteOutbox::start(path, connection, TestClock::at(Micros(1_000)), None).unwrap()
}

fn bodies(path: &Path) -> Vec<Vec<u8>> {
    let mut consumer = SqliteConsumer::open(path).unwrap();
    assert_eq!(consumer.next(1, Duration::ZERO).unwrap(), Delivery::Assigned(PARTITION));
    consumer.start(PARTITION, None).unwrap();
    let mut found = Vec::new();
    while let Delivery::Batch(batch) = consumer.next(10, Duration::ZERO).unwrap() {
        found.extend(batch.iter().map(|(_, _, body)| body.to_vec()));
    }
    found
}

#[test]
fn a_full_disk_fails_the_whole_request_and_the_writer_recovers_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    let outbox = outbox(&path, |connection| connection.pragma_update(None, "max_page_count", 10).unwrap());
    let large = || vec![record(&[7; 100_000]), record(&[8; 100_000])];
    let error = outbox.publish(large(), vec![("a".into(), Some(b"1".to_vec()))]).wait().unwrap_err();
    assert!(matches!(error, PublishError::Bus(BusError::Full { .. })), "{error:?}");
    assert!(error.is_retriable());
    assert_eq!(outbox.checkpoints("").unwrap(), []);

    outbox.publish(vec![record(b"small")], Vec::new()).wait().unwrap();
    assert_eq!(bodies(&path), [b"small".to_vec()]);
}

#[test]
fn a_writer_whose_turn_does_not_come_fails_retriably_and_then_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    let outbox = outbox(&path, |connection| connection.busy_timeout(Duration::from_millis(20)).unwrap());
    let other = file::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = outbox.publish(vec![record(b"refused")], Vec::new()).wait().unwrap_err();
    assert!(matches!(error, PublishError::Bus(BusError::Locked { .. })), "{error:?}");
    assert!(error.is_retriable());

    other.execute_batch("ROLLBACK").unwrap();
    outbox.publish(vec![record(b"taken")], Vec::new()).wait().unwrap();
    assert_eq!(bodies(&path), [b"taken".to_vec()]);
}

#[test]
fn a_writer_that_panics_leaves_nobody_waiting() {
    struct Broken(Mutex<u32>);
    impl Clock for Broken {
        fn now(&self) -> Micros {
            let mut calls = self.0.lock();
            *calls += 1;
            // The first call is the publisher's own, the second the writer's.
            assert!(*calls != 2, "this clock breaks on purpose");
            Micros(1_000)
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    let connection = file::open(&path).unwrap();
    let outbox = SqliteOutbox::start(&path, connection, Arc::new(Broken(Mutex::new(0))), None).unwrap();
    let error = outbox.publish(vec![record(b"lost")], Vec::new()).wait().unwrap_err();
    assert!(matches!(error, PublishError::Bus(BusError::Closed { .. })), "{error:?}");
    let error = outbox.publish(vec![record(b"late")], Vec::new()).wait().unwrap_err();
    assert!(matches!(error, PublishError::Bus(BusError::Closed { .. })), "{error:?}");
}

#[test]
fn what_is_queued_is_written_before_an_outbox_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    let outbox = outbox(&path, |_| {});
    let pending: Vec<_> = (0..100_u8).map(|n| outbox.publish(vec![record(&[n])], Vec::new())).collect();
    drop(outbox);
    assert_eq!(bodies(&path), (0..100_u8).map(|n| vec![n]).collect::<Vec<_>>());
    assert!(pending.into_iter().all(|answer| answer.wait().is_ok()));
}

#[test]
fn a_consumer_of_the_outbox_is_woken_without_polling() {
    let folder = tempfile::tempdir().unwrap();
    let outbox = outbox(&folder.path().join("bus.db"), |_| {});
    let mut consumer = outbox.consumer().unwrap();
    consumer.poll = Duration::from_mins(1);
    consumer.next(1, Duration::ZERO).unwrap();
    consumer.start(PARTITION, None).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(50));
            outbox.publish(vec![record(b"x")], Vec::new()).wait().unwrap();
        });
        let started = Instant::now();
        assert!(matches!(consumer.next(10, Duration::from_mins(1)).unwrap(), Delivery::Batch(_)));
        assert!(started.elapsed() < Duration::from_secs(30));
    });
}
