//! The SQLite log passes the suite, and keeps what only a file can promise.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its file has failed")]

use bus::suite::Fixture;
use bus::{
    BusError, Checkpoint, Consumer, Delivery, Outbox, Outgoing, PARTITION, Position, PublishError, SqliteConsumer,
    SqliteOutbox,
};
use contract::time::Micros;
use proptest::prelude::*;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use testkit::TestClock;

/// 2020-04-01T00:00:00+09:00; it stands still.
const NOW: Micros = Micros(1_585_666_800_000_000);
/// Where a second process finds the file.
const FILE: &str = "SHIHYO_TEST_BUS";

struct File {
    folder: TempDir,
    one_process: bool,
}

impl Fixture for File {
    fn open(&self) -> (Box<dyn Outbox>, Box<dyn Consumer>) {
        let path = self.folder.path().join("bus.db");
        let outbox = outbox(&path);
        let consumer = if self.one_process { outbox.consumer().unwrap() } else { SqliteConsumer::open(&path).unwrap() };
        (Box::new(outbox), Box::new(consumer))
    }

    fn now(&self) -> Micros {
        NOW
    }
}

mod in_one_process {
    fn fresh() -> impl bus::suite::Fixture {
        super::File { folder: tempfile::tempdir().unwrap(), one_process: true }
    }
    bus::suite!(fresh);
}

mod as_if_in_two_processes {
    fn fresh() -> impl bus::suite::Fixture {
        super::File { folder: tempfile::tempdir().unwrap(), one_process: false }
    }
    bus::suite!(fresh);
}

fn outbox(path: &Path) -> SqliteOutbox {
    SqliteOutbox::open(path, TestClock::at(NOW)).unwrap()
}

fn record(body: &[u8]) -> Outgoing {
    Outgoing { key: "plan".to_owned(), revision: NOW, body: body.to_vec() }
}

fn publish(outbox: &SqliteOutbox, bodies: &[&[u8]]) {
    outbox.publish(bodies.iter().map(|body| record(body)).collect(), Checkpoint::new()).wait().unwrap();
}

fn assigned(path: &Path) -> SqliteConsumer {
    let mut consumer = SqliteConsumer::open(path).unwrap();
    assert_eq!(consumer.next(1, Duration::ZERO).unwrap(), Delivery::Assigned(PARTITION));
    consumer
}

/// Everything that can be read without waiting.
fn bodies(consumer: &mut SqliteConsumer, max_records: usize) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    while let Delivery::Batch(batch) = consumer.next(max_records, Duration::ZERO).unwrap() {
        found.extend(batch.iter().map(|(_, _, body)| body.to_vec()));
    }
    found
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    (folder, path)
}

fn sql(path: &Path, text: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(text).unwrap();
}

#[test]
fn records_carry_the_clock_of_their_commit_and_offsets_from_1() {
    let (_folder, path) = folder();
    publish(&outbox(&path), &[b"a", b"b"]);
    let mut consumer = assigned(&path);
    consumer.start(PARTITION, None).unwrap();
    let Delivery::Batch(batch) = consumer.next(10, Duration::ZERO).unwrap() else { panic!("no batch") };
    let expected: [(i64, Micros, &[u8]); 2] = [(1, NOW, b"a"), (2, NOW, b"b")];
    assert_eq!(batch.iter().collect::<Vec<_>>(), expected);
    assert_eq!(batch.next, Position::behind(2, NOW, b"b"));
}

#[test]
fn the_backlog_is_what_waited_when_the_log_was_opened() {
    let (_folder, path) = folder();
    let outbox = outbox(&path);
    publish(&outbox, &[b"1", b"2", b"3"]);
    let mut consumer = outbox.consumer().unwrap();
    publish(&outbox, &[b"4"]);
    assert_eq!(consumer.backlog(PARTITION), None);
    let Delivery::Assigned(partition) = consumer.next(10, Duration::ZERO).unwrap() else { panic!("no partition") };
    consumer.start(partition, None).unwrap();
    assert_eq!(consumer.backlog(PARTITION), Some(3));
    let Delivery::Batch(batch) = consumer.next(10, Duration::ZERO).unwrap() else { panic!("no records") };
    assert_eq!(batch.len(), 4);
    for (next, backlog) in [(batch.next, 0), (Position::behind(2, NOW, b"2"), 2)] {
        let mut again = SqliteConsumer::open(&path).unwrap();
        again.next(10, Duration::ZERO).unwrap();
        again.start(PARTITION, Some(next)).unwrap();
        assert_eq!(again.backlog(PARTITION), Some(backlog));
    }
}

#[test]
fn a_file_of_a_later_version_is_refused_unchanged() {
    let (_folder, path) = folder();
    publish(&outbox(&path), &[b"a"]);
    sql(&path, "PRAGMA user_version = 5; PRAGMA wal_checkpoint(TRUNCATE)");
    let before = std::fs::read(&path).unwrap();
    let error = SqliteOutbox::open(&path, TestClock::at(NOW)).unwrap_err();
    let expected =
        format!("the bus {} has schema version 5, this program knows up to 4; run a later version", path.display());
    assert_eq!(error.to_string(), expected);
    assert!(matches!(SqliteConsumer::open(&path).unwrap_err(), BusError::Schema { found: 5, known: 4, .. }));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_file_of_version_1_is_brought_up_with_all_it_holds() {
    let (_folder, path) = folder();
    let bus = outbox(&path);
    bus.publish(vec![record(b"a"), record(b"b")], vec![("seen".into(), Some(b"1".to_vec()))]).wait().unwrap();
    drop(bus);
    sql(
        &path,
        "DROP TABLE shipped; DROP TABLE block; ALTER TABLE checkpoint DROP COLUMN sum;
         CREATE TABLE log(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL) STRICT;
         INSERT INTO log VALUES (1, 7, 'plan', CAST('a' AS BLOB)), (2, 7, 'plan', CAST('b' AS BLOB));
         PRAGMA user_version = 1",
    );
    // Many at once, as when the services of a machine start together.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| SqliteConsumer::open(&path).unwrap());
        }
    });
    let connection = rusqlite::Connection::open(&path).unwrap();
    let version: i64 =
        connection.query_row("SELECT user_version FROM pragma_user_version", [], |row| row.get(0)).unwrap();
    let shipped: i64 = connection.query_row("SELECT id FROM shipped", [], |row| row.get(0)).unwrap();
    assert_eq!((version, shipped), (4, 0));
    let bus = outbox(&path);
    publish(&bus, &[b"c"]);
    assert_eq!(bus.checkpoints("").unwrap(), [("seen".to_owned(), b"1".to_vec())]);
    let mut consumer = assigned(&path);
    consumer.start(PARTITION, None).unwrap();
    assert_eq!(bodies(&mut consumer, 10), [b"a", b"b", b"c"]);
}

#[test]
fn a_log_without_a_limit_takes_what_one_with_a_limit_refuses() {
    let (_folder, path) = folder();
    let limited = SqliteOutbox::open_with_limit(&path, TestClock::at(NOW), 200_000).unwrap();
    let large = || vec![record(&[7; 250_000])];
    limited.publish(large(), Checkpoint::new()).wait().unwrap();
    let error = limited.publish(large(), Checkpoint::new()).wait().unwrap_err();
    let expected = format!("the bus {} holds ", path.display());
    assert!(error.to_string().starts_with(&expected) && error.is_retriable(), "{error}");
    assert!(matches!(error, PublishError::Bus(BusError::OverLimit { limit: 200_000, .. })));
    outbox(&path).publish(large(), Checkpoint::new()).wait().unwrap();
}

#[test]
fn files_of_others_and_missing_folders_are_refused() {
    let (folder, path) = folder();
    sql(&path, "CREATE TABLE cards(id)");
    assert!(matches!(SqliteConsumer::open(&path).unwrap_err(), BusError::Foreign { .. }));
    let text = folder.path().join("text.db");
    std::fs::write(&text, "id,value\n".repeat(1000)).unwrap();
    assert!(matches!(SqliteConsumer::open(&text).unwrap_err(), BusError::Foreign { .. }));
    let error = SqliteConsumer::open(folder.path().join("absent/bus.db")).unwrap_err();
    assert!(matches!(error, BusError::Unopenable { .. }) && !error.is_retriable(), "{error:?}");
}

#[test]
fn a_damaged_file_is_reported_and_not_read_as_empty() {
    let (_folder, path) = folder();
    let outbox = outbox(&path);
    publish(&outbox, &[&vec![7; 100_000]]);
    drop(outbox);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[16_384..].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let mut consumer = assigned(&path);
    let error = consumer.start(PARTITION, None).unwrap_err();
    assert!(matches!(error, BusError::Corrupt { .. }) && !error.is_retriable(), "{error:?}");
}

#[test]
fn a_gap_is_named_wherever_it_is() {
    let (_folder, path) = folder();
    let outbox = outbox(&path);
    // Each in a block of its own.
    for body in [b"1", b"2", b"3", b"4", b"5", b"6"] {
        publish(&outbox, &[body]);
    }

    // In the middle of reading: what is before it is not lost, what is behind it is never given.
    let mut reading = assigned(&path);
    reading.start(PARTITION, None).unwrap();
    assert!(matches!(reading.next(2, Duration::ZERO).unwrap(), Delivery::Batch(batch) if batch.len() == 2));
    sql(&path, "DELETE FROM block WHERE id = 3");
    for _ in 0..2 {
        let error = reading.next(10, Duration::ZERO).unwrap_err();
        assert!(matches!(error, BusError::Gap { partition: PARTITION, next: 3, found: 4, .. }), "{error:?}");
        assert!(!error.is_retriable());
    }

    // Before the first record, and between a position and what is left.
    sql(&path, "DELETE FROM block WHERE id < 5");
    let mut consumer = assigned(&path);
    let error = consumer.start(PARTITION, None).unwrap_err();
    assert!(matches!(error, BusError::Gap { next: 1, found: 5, .. }), "{error:?}");
    let error = consumer.start(PARTITION, Some(Position::behind(2, NOW, b"2"))).unwrap_err();
    assert!(matches!(error, BusError::Gap { next: 3, found: 5, .. }), "{error:?}");
    consumer.start(PARTITION, Some(Position::behind(5, NOW, b"5"))).unwrap();
    assert_eq!(bodies(&mut consumer, 10), [b"6"]);
}

#[test]
fn positions_that_no_log_ever_gave_are_refused() {
    let (_folder, path) = folder();
    let _outbox = outbox(&path);
    for next in [i64::MIN, -1, 0, 1, 2, i64::MAX] {
        let error = assigned(&path).start(PARTITION, Some(Position { next, last: 0 })).unwrap_err();
        assert!(matches!(error, BusError::Recreated { end: 0, .. }), "{error:?}");
    }
}

#[test]
fn many_that_open_a_new_file_at_once_make_one_log() {
    let (_folder, path) = folder();
    std::thread::scope(|scope| {
        for n in 0..8_u8 {
            let path = &path;
            scope.spawn(move || publish(&outbox(path), &[&[n]]));
        }
    });
    let mut consumer = assigned(&path);
    consumer.start(PARTITION, None).unwrap();
    let mut found = bodies(&mut consumer, 3);
    found.sort();
    assert_eq!(found, (0..8_u8).map(|n| vec![n]).collect::<Vec<_>>());
}

/// Not a test of its own: what a second process does. Publishes one record after the other and says
/// which were acknowledged, until it is done or killed.
#[test]
#[ignore = "runs as the second process of other tests"]
fn second_process() {
    let outbox = outbox(Path::new(&std::env::var_os(FILE).unwrap()));
    for n in 0..100_u8 {
        publish(&outbox, &[&[b'p', n]]);
        println!("acknowledged {n}");
    }
}

fn spawn(path: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["second_process", "--exact", "--ignored", "--nocapture"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn acknowledged(child: &mut Child) -> impl Iterator<Item = u8> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    lines.filter_map(|line| line.rsplit_once("acknowledged ")?.1.parse().ok())
}

#[test]
fn two_processes_write_one_file_in_turns() {
    let (_folder, path) = folder();
    let outbox = outbox(&path);
    let mut child = spawn(&path);
    for n in 0..100_u8 {
        publish(&outbox, &[&[b'o', n]]);
    }
    assert_eq!(acknowledged(&mut child).count(), 100);
    assert!(child.wait().unwrap().success());
    let mut consumer = assigned(&path);
    consumer.start(PARTITION, None).unwrap();
    let found = bodies(&mut consumer, 7);
    assert_eq!(found.len(), 200);
    for writer in [b'o', b'p'] {
        let own: Vec<_> = found.iter().filter(|body| body[0] == writer).map(|body| body[1]).collect();
        assert_eq!(own, (0..100).collect::<Vec<_>>());
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let (_folder, path) = folder();
    let mut child = spawn(&path);
    let mut answers = acknowledged(&mut child);
    let mut last = answers.by_ref().find(|n| *n == 10).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    last = answers.last().unwrap_or(last);
    let mut consumer = assigned(&path);
    consumer.start(PARTITION, None).unwrap();
    let found: Vec<_> = bodies(&mut consumer, 1000).iter().map(|body| body[1]).collect();
    // One more may have been committed whose answer was not yet told.
    assert!(found.len() > usize::from(last), "{} after {last}", found.len());
    assert_eq!(found, (0..100).take(found.len()).collect::<Vec<_>>());
}

/// One step of a run.
#[derive(Clone, Debug)]
enum Step {
    Publish(Vec<Vec<u8>>),
    Read(usize),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let body = proptest::collection::vec(any::<u8>(), 0..300);
    let step = prop_oneof![
        3 => proptest::collection::vec(body, 0..20).prop_map(Step::Publish),
        3 => (0..30_usize).prop_map(Step::Read),
        1 => Just(Step::Reopen),
    ];
    proptest::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_batching_of_publishes_and_reads_gives_the_same_sequence(steps in steps()) {
        let (_folder, path) = folder();
        let mut bus = (outbox(&path), assigned(&path));
        bus.1.start(PARTITION, None).unwrap();
        let (mut published, mut read, mut position) = (Vec::new(), Vec::new(), None);
        // In the end everything is read.
        let closing = [Step::Reopen, Step::Read(usize::MAX)];
        for step in steps.into_iter().chain(closing) {
            match step {
                Step::Publish(bodies) => {
                    let batch = bodies.iter().map(|body| record(body)).collect();
                    bus.0.publish(batch, Checkpoint::new()).wait().unwrap();
                    published.extend(bodies);
                }
                Step::Read(max_records) => {
                    if let Delivery::Batch(batch) = bus.1.next(max_records, Duration::ZERO).unwrap() {
                        prop_assert!(batch.len() <= max_records.max(1));
                        read.extend(batch.iter().map(|(_, _, body)| body.to_vec()));
                        position = Some(batch.next);
                    }
                }
                Step::Reopen => {
                    bus = (outbox(&path), assigned(&path));
                    bus.1.start(PARTITION, position).unwrap();
                }
            }
            prop_assert_eq!(&read[..], &published[..read.len()]);
        }
        prop_assert_eq!(read, published);
    }
}
