//! What the tests against Kafka share.
#![allow(dead_code, reason = "each test target uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use bus::kafka::topics::{self, TopicOutcome, TopicShape};
use bus::kafka::{KafkaConfig, KafkaConsumer, Shipper, ShipperState};
use bus::{Batch, Checkpoint, Consumer, Delivery, Outbox, Outgoing, Partition, Pending, Position, SqliteOutbox};
use contract::time::Micros;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use testkit::TestClock;

/// 2020-04-01T00:00:00+09:00; it stands still.
pub(crate) const NOW: Micros = Micros(1_585_666_800_000_000);
/// Far above what anything here needs.
pub(crate) const DEADLINE: Duration = Duration::from_secs(40);
pub(crate) const SHORT: Duration = Duration::from_millis(200);
pub(crate) const P0: Partition = Partition(0);

/// A setting of the environment that `tests/run --servers` makes.
pub(crate) fn server(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run tests/run --servers, which starts a Kafka and sets it"))
}

/// A name that no other test of any run has.
pub(crate) fn unique(what: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let nanos = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("test.{what}.{nanos}.{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

pub(crate) fn ensure(kafka: &KafkaConfig, partitions: i32) {
    let topic = TopicShape { partitions, replication: 1, min_insync: 1 };
    assert_eq!(topics::ensure(kafka, &topic).unwrap(), TopicOutcome::Created);
}

pub(crate) fn record(key: &str, body: &[u8]) -> Outgoing {
    Outgoing { key: key.to_owned(), revision: NOW, body: body.to_vec() }
}

pub(crate) fn numbered(key: &str, numbers: std::ops::Range<u32>) -> Vec<Outgoing> {
    numbers.map(|n| record(key, format!("{key}:{n}").as_bytes())).collect()
}

/// An outbox whose records a shipper moves to Kafka.
pub(crate) struct Shipped {
    pub(crate) outbox: SqliteOutbox,
    pub(crate) shipper: Shipper,
}

impl Shipped {
    pub(crate) fn open(path: &Path, kafka: &KafkaConfig) -> Self {
        let outbox = SqliteOutbox::open(path, TestClock::at(NOW)).unwrap();
        Self { outbox, shipper: Shipper::start(path, kafka, TestClock::at(NOW)).unwrap() }
    }

    pub(crate) fn publish(&self, batch: Vec<Outgoing>) {
        self.outbox.publish(batch, Checkpoint::new()).wait().unwrap();
    }
}

impl Outbox for Shipped {
    fn publish(&self, batch: Vec<Outgoing>, checkpoint: Checkpoint) -> Pending {
        self.outbox.publish(batch, checkpoint)
    }

    fn checkpoints(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, bus::BusError> {
        self.outbox.checkpoints(prefix)
    }
}

/// Publishes on the spot.
pub(crate) fn ship(folder: &Path, kafka: &KafkaConfig, batch: Vec<Outgoing>) {
    let shipped = Shipped::open(&folder.join("ship.db"), kafka);
    shipped.publish(batch);
    until_shipped(&shipped.shipper);
}

pub(crate) fn until_shipped(shipper: &Shipper) {
    until(|| shipper.state().unwrap().records_waiting == 0, || format!("{:?}", shipper.state()));
}

pub(crate) fn until_state(shipper: &Shipper, wanted: impl Fn(&ShipperState) -> bool) -> ShipperState {
    until(|| wanted(&shipper.state().unwrap()), || format!("{:?}", shipper.state()));
    shipper.state().unwrap()
}

/// Waits until it is so.
pub(crate) fn until(mut so: impl FnMut() -> bool, otherwise: impl Fn() -> String) {
    let started = Instant::now();
    while !so() {
        assert!(started.elapsed() < DEADLINE, "not in time: {}", otherwise());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What comes next, idleness and passing troubles left out.
pub(crate) fn next(consumer: &mut KafkaConsumer, max_records: usize) -> Delivery {
    let started = Instant::now();
    loop {
        match consumer.next(max_records, SHORT) {
            Ok(Delivery::Idle) => {}
            Ok(delivery) => return delivery,
            Err(error) if error.is_retriable() => {}
            Err(error) => panic!("{error:?}"),
        }
        assert!(started.elapsed() < DEADLINE, "nothing came");
    }
}

pub(crate) fn assigned(consumer: &mut KafkaConsumer) -> Partition {
    match next(consumer, 1) {
        Delivery::Assigned(partition) => partition,
        other => panic!("{other:?} instead of an assignment"),
    }
}

/// Takes part in the group for that long: starts what is assigned, from its position, releases what is
/// revoked, and adds what comes.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) bodies: Vec<(Partition, i64, Vec<u8>)>,
    pub(crate) positions: BTreeMap<Partition, Position>,
    pub(crate) owned: Vec<Partition>,
}

impl Reader {
    pub(crate) fn step(&mut self, consumer: &mut KafkaConsumer) {
        match consumer.next(1000, Duration::from_millis(20)) {
            Ok(Delivery::Assigned(partition)) => {
                self.start(consumer, partition);
                self.owned.push(partition);
            }
            Ok(Delivery::Revoked(partition)) => {
                self.owned.retain(|owned| *owned != partition);
                consumer.release(partition).unwrap();
            }
            Ok(Delivery::Batch(batch)) => self.keep(&batch),
            Ok(Delivery::Idle) => {}
            Err(error) if error.is_retriable() => {}
            Err(error) => panic!("{error:?}"),
        }
    }

    fn start(&self, consumer: &mut KafkaConsumer, partition: Partition) {
        let started = Instant::now();
        while let Err(error) = consumer.start(partition, self.positions.get(&partition).copied()) {
            assert!(error.is_retriable() && started.elapsed() < DEADLINE, "{error:?}");
        }
    }

    pub(crate) fn keep(&mut self, batch: &Batch) {
        for (offset, _, body) in batch.iter() {
            self.bodies.push((batch.partition, offset, body.to_vec()));
        }
        self.positions.insert(batch.partition, batch.next);
    }

    /// Reads until there are that many records.
    pub(crate) fn read(&mut self, consumer: &mut KafkaConsumer, records: usize) {
        let started = Instant::now();
        while self.bodies.len() < records {
            assert!(started.elapsed() < DEADLINE, "{} of {records} records came", self.bodies.len());
            self.step(consumer);
        }
    }

    /// The numbers of a key's records, in the order they came.
    pub(crate) fn numbers(&self, key: &str) -> Vec<u32> {
        let number = |body: &Vec<u8>| {
            let text = String::from_utf8(body.clone()).unwrap();
            text.strip_prefix(key)?.strip_prefix(':')?.parse().ok()
        };
        self.bodies.iter().filter_map(|(_, _, body)| number(body)).collect()
    }

    /// The same without repetitions, which may only start again at what came before: at least once, in order.
    pub(crate) fn in_order(&self, key: &str) -> Vec<u32> {
        let mut seen = Vec::new();
        for number in self.numbers(key) {
            let next = u32::try_from(seen.len()).unwrap();
            assert!(number <= next, "{key}: {number} came when {next} was due");
            if number == next {
                seen.push(number);
            }
        }
        seen
    }

    /// Reads until there are that many different records.
    pub(crate) fn read_distinct(&mut self, consumer: &mut KafkaConsumer, records: usize) {
        let distinct = |reader: &Self| reader.bodies.iter().map(|(_, _, body)| body).collect::<BTreeSet<_>>().len();
        let started = Instant::now();
        while distinct(self) < records {
            assert!(started.elapsed() < DEADLINE, "{} of {records} records came", distinct(self));
            self.step(consumer);
        }
    }
}
