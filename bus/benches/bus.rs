//! What the log costs above the bare loop of INSERTs it is made of, and how fast it is read.
//!
//! `publish/bare` and `publish/outbox` write the same rows into the same table with the same settings;
//! `publish/64 publishers` is one record each, answered one by one: its time is that of 64 answers.

use bus::{Checkpoint, Consumer, Delivery, Outbox, Outgoing, PARTITION, SqliteConsumer, SqliteOutbox};
use contract::time::Micros;
use criterion::{BatchSize, Criterion, Throughput, criterion_group};
use rusqlite::{Connection, params};
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use testkit::TestClock;
use testkit::bench::LoadWatch;

const NOW: Micros = Micros(1_585_666_800_000_000);
const BATCH: usize = 20_000;
const BODY: usize = 250;
const KEY: &str = "city-2016";
/// Rows that are read in one go.
const LOG: usize = 200_000;

fn batch(records: usize) -> Vec<Outgoing> {
    vec![Outgoing { key: KEY.to_owned(), revision: NOW, body: vec![b'x'; BODY] }; records]
}

fn open(path: &Path) -> SqliteOutbox {
    SqliteOutbox::open(path, TestClock::at(NOW)).expect("a new bus")
}

/// The log's table and settings, without the log.
fn bare(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("a new file");
    connection
        .execute_batch(
            "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;
             PRAGMA journal_size_limit = 67108864;
             CREATE TABLE log(
                 id INTEGER PRIMARY KEY, time INTEGER NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL) STRICT;",
        )
        .expect("a new table");
    connection
}

fn insert(connection: &mut Connection, batch: &[Outgoing]) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    {
        let mut statement = transaction.prepare_cached("INSERT INTO log(time, key, body) VALUES (?1, ?2, ?3)")?;
        for record in batch {
            statement.execute(params![NOW.0, record.key, record.body])?;
        }
    }
    transaction.commit()
}

fn publish(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut group = criterion.benchmark_group("publish");
    group.sample_size(20).throughput(Throughput::Elements(BATCH as u64));
    let mut connection = bare(&folder.path().join("bare.db"));
    group.bench_function("bare", |bencher| {
        bencher.iter_batched(|| batch(BATCH), |batch| insert(&mut connection, &batch), BatchSize::PerIteration);
    });
    let outbox = open(&folder.path().join("outbox.db"));
    group.bench_function("outbox", |bencher| {
        let publish = |batch| outbox.publish(batch, Checkpoint::new()).wait();
        bencher.iter_batched(|| batch(BATCH), publish, BatchSize::PerIteration);
    });
    group.throughput(Throughput::Elements(64));
    group.bench_function("64 publishers", |bencher| {
        bencher.iter(|| {
            let pending: Vec<_> = (0..64).map(|_| outbox.publish(batch(1), Checkpoint::new())).collect();
            pending.into_iter().try_for_each(bus::Pending::wait)
        });
    });
    group.finish();
}

fn read(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bus.db");
    let outbox = open(&path);
    for _ in 0..LOG / BATCH {
        outbox.publish(batch(BATCH), Checkpoint::new()).wait().expect("published");
    }
    let mut group = criterion.benchmark_group("read");
    group.sample_size(20).throughput(Throughput::Elements(LOG as u64));
    for max_records in [1_000, BATCH] {
        group.bench_function(format!("batches of {max_records}"), |bencher| {
            bencher.iter(|| {
                let mut consumer = SqliteConsumer::open(&path).expect("the log");
                consumer.next(1, Duration::ZERO).expect("assigned");
                consumer.start(PARTITION, None).expect("the first record");
                let (mut records, mut bytes) = (0, 0);
                while let Delivery::Batch(batch) = consumer.next(max_records, Duration::ZERO).expect("a batch") {
                    records += batch.len();
                    bytes += batch.iter().map(|(_, _, body)| black_box(body).len()).sum::<usize>();
                }
                assert_eq!((records, bytes), (LOG, LOG * BODY));
            });
        });
    }
    group.finish();
}

criterion_group!(benches, publish, read);

fn main() {
    let _watch = LoadWatch::begin();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
