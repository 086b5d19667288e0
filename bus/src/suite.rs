//! One behaviour suite that every bus passes.
//!
//! Both buses promise the same things, so the promises are written once, as tests that know only the
//! traits. A bus passes with a [`Fixture`] and one line in a file of its own under `tests/`:
//!
//! ```text
//! bus::suite!(fresh);    fn fresh() -> impl bus::suite::Fixture
//! ```
//!
//! The suite expects a bus of one partition. What only one kind of bus can do wrong (a later schema, a
//! locked file, a lost broker) is tested beside that bus.

#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "these are tests, only shared between crates")]

use crate::batch::{Partition, Position};
use crate::consumer::{Consumer, Delivery};
use crate::error::{BusError, PublishError};
use crate::limits::{MAX_AHEAD, MAX_BODY_BYTES};
use crate::outbox::{Checkpoint, Outbox, Outgoing};
use contract::time::Micros;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

/// How long a behaviour may take before it counts as missing; far above what any bus needs.
const DEADLINE: Duration = Duration::from_secs(20);
/// A wait that is over at once when there is something to read.
const SHORT: Duration = Duration::from_millis(200);

/// A fresh, empty bus, and how to open it again and again.
pub trait Fixture {
    /// Opens both ends; dropped and opened again, that is a restart.
    fn open(&self) -> (Box<dyn Outbox>, Box<dyn Consumer>);

    /// What the outbox's clock shows. It stands still.
    fn now(&self) -> Micros;
}

/// Runs the suite: one `#[test]` a behaviour, on what the named function makes afresh for each.
#[macro_export]
macro_rules! suite {
    ($fresh:path) => {
        $crate::suite!(
            $fresh:
            what_is_published_is_read_once_in_order_with_the_same_bytes
            nothing_is_acknowledged_before_it_is_readable_after_a_restart
            records_and_checkpoint_commit_together
            a_position_resumes_exactly_behind_the_last_batch
            a_batch_holds_no_more_than_was_asked_for
            an_idle_consumer_says_so_in_time
            a_waiting_consumer_is_woken_by_a_publish
            each_of_64_publishers_is_acknowledged_and_keeps_its_order
            a_revision_from_the_future_is_refused_by_name
            a_re_created_log_is_recognised
            an_empty_batch_is_acknowledged
            large_bodies_travel_and_too_large_ones_are_refused
            checkpoints_are_put_deleted_and_listed_by_prefix
            calls_out_of_order_are_refused
        );
    };
    ($fresh:path: $($behaviour:ident)*) => {
        $(
            #[test]
            fn $behaviour() {
                $crate::suite::$behaviour(&$fresh());
            }
        )*
    };
}

/// Order, bytes and number are kept; offsets follow each other; nothing comes twice.
pub fn what_is_published_is_read_once_in_order_with_the_same_bytes(bus: &impl Fixture) {
    let (outbox, mut consumer) = bus.open();
    let bodies: [&[u8]; 5] = [b"first", b"", b"\0\xff not utf-8", "指標".as_bytes(), b"first"];
    publish(&*outbox, bus, &bodies[..2]);
    publish(&*outbox, bus, &bodies[2..]);
    start(&mut *consumer, None);
    let read = read(&mut *consumer, bodies.len());
    assert_eq!(read.bodies, bodies);
    assert!(read.offsets.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{:?}", read.offsets);
    assert_eq!(consumer.next(10, SHORT).unwrap(), Delivery::Idle);
}

/// A crash right after the answer loses nothing: the next process that opens the bus reads the record.
pub fn nothing_is_acknowledged_before_it_is_readable_after_a_restart(bus: &impl Fixture) {
    let (outbox, consumer) = bus.open();
    for n in 0..10_u8 {
        outbox.publish(vec![record(bus, &[n])], vec![put("seen", &[n])]).wait().unwrap();
        // Opened beside the outbox that is still at work: it has had no chance to tidy up.
        let (other, mut reader) = bus.open();
        start(&mut *reader, None);
        let expected: Vec<_> = (0..=n).map(|n| vec![n]).collect();
        assert_eq!(read(&mut *reader, expected.len()).bodies, expected);
        assert_eq!(other.checkpoints("").unwrap(), [("seen".to_owned(), vec![n])]);
    }
    drop(consumer);
}

/// A refused batch leaves the checkpoint as it was, a taken one changes it.
pub fn records_and_checkpoint_commit_together(bus: &impl Fixture) {
    let (outbox, mut consumer) = bus.open();
    outbox.publish(vec![record(bus, b"one")], vec![put("seen", b"1")]).wait().unwrap();
    let late = Outgoing { revision: Micros(bus.now().0 + MAX_AHEAD.0 + 1), ..record(bus, b"two") };
    outbox.publish(vec![record(bus, b"good"), late], vec![put("seen", b"2")]).wait().unwrap_err();
    assert_eq!(outbox.checkpoints("").unwrap(), [("seen".to_owned(), b"1".to_vec())]);
    outbox.publish(vec![record(bus, b"three")], vec![put("seen", b"3")]).wait().unwrap();
    assert_eq!(outbox.checkpoints("").unwrap(), [("seen".to_owned(), b"3".to_vec())]);
    start(&mut *consumer, None);
    assert_eq!(read(&mut *consumer, 2).bodies, [b"one".as_slice(), b"three"]);
    assert_eq!(consumer.next(10, SHORT).unwrap(), Delivery::Idle);
}

/// A restart after each batch reads the same as none.
pub fn a_position_resumes_exactly_behind_the_last_batch(bus: &impl Fixture) {
    let bodies: Vec<_> = (0..10_u8).map(|n| vec![n]).collect();
    let (outbox, consumer) = bus.open();
    publish(&*outbox, bus, &bodies);
    drop((outbox, consumer));
    let (mut position, mut found) = (None, Vec::new());
    while found.len() < bodies.len() {
        let (_outbox, mut consumer) = bus.open();
        start(&mut *consumer, position);
        let Delivery::Batch(batch) = consumer.next(3, DEADLINE).unwrap() else { panic!("no batch after {found:?}") };
        found.extend(batch.iter().map(|(_, _, body)| body.to_vec()));
        position = Some(batch.next);
    }
    assert_eq!(found, bodies);
    let (outbox, mut consumer) = bus.open();
    start(&mut *consumer, position);
    assert_eq!(consumer.next(3, SHORT).unwrap(), Delivery::Idle);
    publish(&*outbox, bus, &[b"later"]);
    assert_eq!(read(&mut *consumer, 1).bodies, [b"later"]);
}

/// The reader bounds its memory by what it asks for.
pub fn a_batch_holds_no_more_than_was_asked_for(bus: &impl Fixture) {
    let (outbox, mut consumer) = bus.open();
    publish(&*outbox, bus, &(0..20_u8).map(|n| [n]).collect::<Vec<_>>());
    let partition = start(&mut *consumer, None);
    let mut left = 20;
    for max_records in [1, 2, 7, 0, 1000] {
        let Delivery::Batch(batch) = consumer.next(max_records, DEADLINE).unwrap() else { panic!("no batch") };
        assert!((1..=max_records.max(1)).contains(&batch.len()), "{} of {max_records}", batch.len());
        assert_eq!(batch.partition, partition);
        left -= batch.len();
    }
    read(&mut *consumer, left);
}

/// Waiting ends when it was to end: not at once, and not much later.
pub fn an_idle_consumer_says_so_in_time(bus: &impl Fixture) {
    let (_outbox, mut consumer) = bus.open();
    start(&mut *consumer, None);
    let started = Instant::now();
    assert_eq!(consumer.next(10, SHORT).unwrap(), Delivery::Idle);
    let waited = started.elapsed();
    assert!(waited >= SHORT && waited < SHORT + Duration::from_secs(5), "{waited:?}");
}

/// A publish ends the wait of a consumer that has nothing to read.
pub fn a_waiting_consumer_is_woken_by_a_publish(bus: &impl Fixture) {
    let (outbox, mut consumer) = bus.open();
    start(&mut *consumer, None);
    let body = record(bus, b"late");
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(SHORT);
            outbox.publish(vec![body], Checkpoint::new()).wait().unwrap();
        });
        let started = Instant::now();
        let delivery = consumer.next(10, DEADLINE).unwrap();
        let waited = started.elapsed();
        assert!(matches!(delivery, Delivery::Batch(_)), "{delivery:?}");
        assert!(waited < DEADLINE / 4, "{waited:?}");
    });
}

/// However the bus groups them, no records are lost, doubled or swapped.
pub fn each_of_64_publishers_is_acknowledged_and_keeps_its_order(bus: &impl Fixture) {
    const PUBLISHERS: u8 = 64;
    const RECORDS: u8 = 20;
    let (outbox, mut consumer) = bus.open();
    let (outbox, template, together) = (&*outbox, record(bus, b""), Barrier::new(usize::from(PUBLISHERS)));
    thread::scope(|scope| {
        for publisher in 0..PUBLISHERS {
            let (template, together) = (&template, &together);
            scope.spawn(move || {
                together.wait();
                for n in 0..RECORDS {
                    let record = Outgoing { body: vec![publisher, n], ..template.clone() };
                    outbox.publish(vec![record], vec![put(&publisher.to_string(), &[n])]).wait().unwrap();
                }
            });
        }
    });
    start(&mut *consumer, None);
    let read = read(&mut *consumer, usize::from(PUBLISHERS) * usize::from(RECORDS));
    for publisher in 0..PUBLISHERS {
        let own: Vec<_> = read.bodies.iter().filter(|body| body[0] == publisher).map(|body| body[1]).collect();
        assert_eq!(own, (0..RECORDS).collect::<Vec<_>>(), "publisher {publisher}");
    }
    let notes = outbox.checkpoints("").unwrap();
    assert_eq!(notes.len(), usize::from(PUBLISHERS));
    assert!(notes.iter().all(|(_, value)| value == &[RECORDS - 1]));
}

/// Five minutes are tolerated to the microsecond; the error names record, revision and clock.
pub fn a_revision_from_the_future_is_refused_by_name(bus: &impl Fixture) {
    let (outbox, mut consumer) = bus.open();
    let limit = Micros(bus.now().0 + MAX_AHEAD.0);
    let at = |revision: Micros| Outgoing { revision, ..record(bus, b"x") };
    let error = outbox.publish(vec![at(limit), at(Micros(limit.0 + 1))], Checkpoint::new()).wait().unwrap_err();
    let PublishError::Future { key, revision, now } = &error else { panic!("{error:?}") };
    assert_eq!((key.as_str(), *revision, *now), ("plan", Micros(limit.0 + 1), bus.now()));
    assert!(!error.is_retriable());
    outbox.publish(vec![at(limit)], Checkpoint::new()).wait().unwrap();
    start(&mut *consumer, None);
    assert_eq!(read(&mut *consumer, 1).bodies, [b"x"]);
    assert_eq!(consumer.next(10, SHORT).unwrap(), Delivery::Idle);
}

/// A position of another log is refused: its digest differs, or the log ends before it.
pub fn a_re_created_log_is_recognised(bus: &impl Fixture) {
    let (outbox, mut consumer) = bus.open();
    publish(&*outbox, bus, &[b"one", b"two"]);
    start(&mut *consumer, None);
    let honest = read(&mut *consumer, 2).position;
    let other_record = Position { last: !honest.last, ..honest };
    let shorter_log = Position { next: honest.next + 5, ..honest };
    for position in [other_record, shorter_log] {
        let (_outbox, mut consumer) = bus.open();
        let partition = assigned(&mut *consumer);
        let error = consumer.start(partition, Some(position)).unwrap_err();
        let BusError::Recreated { partition: at, position: reported, end, .. } = &error else { panic!("{error:?}") };
        assert_eq!((*at, *reported, *end), (partition, position, honest.next - 1));
        assert!(!error.is_retriable());
        // The refusal starts nothing, and an honest position still does.
        consumer.start(partition, Some(honest)).unwrap();
        assert_eq!(consumer.next(10, SHORT).unwrap(), Delivery::Idle);
    }
}

/// A poll that found nothing new has nothing to publish, and still gets its answer.
pub fn an_empty_batch_is_acknowledged(bus: &impl Fixture) {
    let (outbox, mut consumer) = bus.open();
    outbox.publish(Vec::new(), Checkpoint::new()).wait().unwrap();
    outbox.publish(Vec::new(), vec![put("seen", b"1")]).wait().unwrap();
    assert_eq!(outbox.checkpoints("").unwrap(), [("seen".to_owned(), b"1".to_vec())]);
    start(&mut *consumer, None);
    assert_eq!(consumer.next(10, SHORT).unwrap(), Delivery::Idle);
}

/// The limit itself is taken, one byte more is not, and a refusal takes nothing of the batch.
pub fn large_bodies_travel_and_too_large_ones_are_refused(bus: &impl Fixture) {
    let (outbox, mut consumer) = bus.open();
    let large: Vec<_> = (1..=12_u8).map(|n| vec![n; MAX_BODY_BYTES]).collect();
    publish(&*outbox, bus, &large);
    let too_large = vec![record(bus, b"small"), record(bus, &vec![0; MAX_BODY_BYTES + 1])];
    let error = outbox.publish(too_large, Checkpoint::new()).wait().unwrap_err();
    let PublishError::TooLarge { part, name, bytes, limit } = &error else { panic!("{error:?}") };
    assert_eq!((*part, name.as_str(), *bytes, *limit), ("body", "plan", MAX_BODY_BYTES + 1, MAX_BODY_BYTES));
    assert!(!error.is_retriable());
    start(&mut *consumer, None);
    let read = read(&mut *consumer, large.len());
    assert!(read.bodies == large, "bodies differ");
    assert_eq!(consumer.next(10, SHORT).unwrap(), Delivery::Idle);
}

/// Later changes win, a deleted note is gone, and a prefix is compared byte by byte.
pub fn checkpoints_are_put_deleted_and_listed_by_prefix(bus: &impl Fixture) {
    let (outbox, consumer) = bus.open();
    let puts = vec![put("b/2", b"2"), put("a%b", b"p"), put("b/1", b"1"), put("b", b""), put("指標/x", b"s")];
    outbox.publish(Vec::new(), puts).wait().unwrap();
    let changes = vec![put("b/1", b"x"), put("b/1", b"1b"), ("b/2".to_owned(), None), ("absent".to_owned(), None)];
    outbox.publish(Vec::new(), changes).wait().unwrap();
    drop((outbox, consumer));
    let (outbox, _consumer) = bus.open();
    let names = |prefix: &str| outbox.checkpoints(prefix).unwrap().into_iter().map(|note| note.0).collect::<Vec<_>>();
    assert_eq!(names(""), ["a%b", "b", "b/1", "指標/x"]);
    assert_eq!(outbox.checkpoints("b/").unwrap(), [("b/1".to_owned(), b"1b".to_vec())]);
    assert_eq!(outbox.checkpoints("b").unwrap(), [("b".to_owned(), vec![]), ("b/1".to_owned(), b"1b".to_vec())]);
    assert_eq!(names("指"), ["指標/x"]);
    assert_eq!(names("%"), Vec::<String>::new());
}

/// A caller that skips its answer gets an error instead of no records.
pub fn calls_out_of_order_are_refused(bus: &impl Fixture) {
    let (_outbox, mut consumer) = bus.open();
    let partition = assigned(&mut *consumer);
    let refused = |outcome: Result<(), BusError>| {
        let error = outcome.unwrap_err();
        assert!(matches!(error, BusError::OutOfOrder { .. }) && !error.is_retriable(), "{error:?}");
    };
    refused(consumer.next(10, SHORT).map(drop));
    refused(consumer.release(partition));
    refused(consumer.start(Partition(partition.0 + 1), None));
    consumer.start(partition, None).unwrap();
    refused(consumer.start(partition, None));
    assert_eq!(consumer.next(10, SHORT).unwrap(), Delivery::Idle);
}

/// What was read, and the position behind it.
struct ReadRecords {
    bodies: Vec<Vec<u8>>,
    offsets: Vec<i64>,
    position: Position,
}

fn record(bus: &impl Fixture, body: &[u8]) -> Outgoing {
    Outgoing { key: "plan".to_owned(), revision: bus.now(), body: body.to_vec() }
}

fn put(name: &str, value: &[u8]) -> (String, Option<Vec<u8>>) {
    (name.to_owned(), Some(value.to_vec()))
}

fn publish<B: AsRef<[u8]>>(outbox: &dyn Outbox, bus: &impl Fixture, bodies: &[B]) {
    let batch = bodies.iter().map(|body| record(bus, body.as_ref())).collect();
    outbox.publish(batch, Checkpoint::new()).wait().unwrap();
}

/// Waits for the partition to be assigned.
fn assigned(consumer: &mut dyn Consumer) -> Partition {
    let started = Instant::now();
    while started.elapsed() < DEADLINE {
        match consumer.next(1, SHORT).unwrap() {
            Delivery::Assigned(partition) => return partition,
            Delivery::Idle => {}
            other => panic!("{other:?} before a partition was assigned"),
        }
    }
    panic!("no partition was assigned");
}

fn start(consumer: &mut dyn Consumer, from: Option<Position>) -> Partition {
    let partition = assigned(consumer);
    consumer.start(partition, from).unwrap();
    partition
}

/// Reads until there are that many records.
fn read(consumer: &mut dyn Consumer, records: usize) -> ReadRecords {
    let mut read = ReadRecords { bodies: Vec::new(), offsets: Vec::new(), position: Position { next: 0, last: 0 } };
    let started = Instant::now();
    while read.bodies.len() < records {
        assert!(started.elapsed() < DEADLINE, "{} of {records} records came", read.bodies.len());
        match consumer.next(records, SHORT).unwrap() {
            Delivery::Batch(batch) => {
                read.bodies.extend(batch.iter().map(|(_, _, body)| body.to_vec()));
                read.offsets.extend(batch.iter().map(|(offset, _, _)| offset));
                read.position = batch.next;
            }
            Delivery::Idle => {}
            other => panic!("{other:?} instead of records"),
        }
    }
    assert_eq!(read.bodies.len(), records);
    read
}
