//! From the SQLite log to durable rollups, beside a bare loop that copies the same rows into a table.
//!
//! 200 k observations of about 250 B of 40 daily series, 5 % duplicates and 5 % corrections, in batches
//! of 20 k. Both read the same log through the same consumer and flush every commit. `start` is opening
//! a store of 100 k observations until the states can be asked.

mod city;

use aggregator::pipeline::{self, BATCH_RECORDS, PipelineSetup};
use bus::{Consumer, Delivery, Outbox, Outgoing, SqliteConsumer, SqliteOutbox};
use city::{Random, Then, configured, observation};
use contract::time::Micros;
use contract::wire;
use criterion::{Criterion, Throughput, criterion_group};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use testkit::bench::LoadWatch;

const OBSERVATIONS: usize = 200_000;

/// A log of `total` records: nine tenths fresh, the rest duplicates and corrections mixed in.
fn publish(bus: &Path, total: usize) {
    let outbox = SqliteOutbox::open(bus, Arc::new(Then)).expect("a new log");
    let mut random = Random(7);
    let (mut fresh, mut bytes, mut batch) = (0, 0, Vec::new());
    for i in 0..total {
        let observation = match i % 20 {
            18 => observation(random.below(fresh), 0),
            19 => observation(random.below(fresh), 1),
            _ => {
                fresh += 1;
                observation(fresh - 1, 0)
            }
        };
        let body = city::body(observation);
        bytes += body.len();
        batch.push(Outgoing { key: "p".into(), revision: Micros(0), body });
        if batch.len() == BATCH_RECORDS || i + 1 == total {
            outbox.publish(std::mem::take(&mut batch), Vec::new()).wait().expect("published");
        }
    }
    println!("{} B a record", bytes / total);
}

/// Runs the pipeline on a log until all of it is durable; the time until then.
fn keep(bus: &Path, data: &Path, total: usize) -> Duration {
    let setup = PipelineSetup::new(data.to_owned(), configured(), Arc::new(Then));
    let consumer = Box::new(SqliteConsumer::open(bus).expect("a log"));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let started = Instant::now();
        let running = scope.spawn(|| pipeline::run(&setup, consumer, &stop));
        while !running.is_finished() {
            let state = setup.progress.state();
            if state.ready && state.counts.received >= total as u64 {
                break;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
        let took = started.elapsed();
        stop.store(true, Ordering::Relaxed);
        running.join().expect("no panic").expect("no error");
        let counts = setup.progress.counts();
        assert_eq!((counts.duplicate > 0, counts.quarantined), (true, 0), "{counts:?}");
        took
    })
}

/// Copies the log row by row.
fn copy(bus: &Path, to: &Path, total: usize) -> Duration {
    let started = Instant::now();
    let mut consumer = SqliteConsumer::open(bus).expect("a log");
    let mut table = rusqlite::Connection::open(to).expect("a file");
    table
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
             CREATE TABLE t(id INTEGER PRIMARY KEY, time INTEGER NOT NULL, body BLOB NOT NULL) STRICT;",
        )
        .expect("a table");
    let mut seen = 0;
    while seen < total {
        match consumer.next(BATCH_RECORDS, Duration::ZERO).expect("a batch") {
            Delivery::Assigned(partition) => consumer.start(partition, None).expect("started"),
            Delivery::Batch(batch) => {
                let change = table.transaction().expect("a transaction");
                {
                    let mut insert = change.prepare_cached("INSERT INTO t VALUES (?1, ?2, ?3)").expect("a statement");
                    for (offset, time, body) in batch.iter() {
                        insert.execute((offset, time.0, body)).expect("a row");
                    }
                }
                change.commit().expect("durable");
                seen += batch.len();
            }
            Delivery::Revoked(_) | Delivery::Idle => {}
        }
    }
    started.elapsed()
}

/// Decodes every record of the log on one thread, which no pipeline of two threads can outrun.
fn decode(bus: &Path, total: usize) -> Duration {
    let mut consumer = SqliteConsumer::open(bus).expect("a log");
    let (mut seen, mut took) = (0, Duration::ZERO);
    while seen < total {
        match consumer.next(BATCH_RECORDS, Duration::ZERO).expect("a batch") {
            Delivery::Assigned(partition) => consumer.start(partition, None).expect("started"),
            Delivery::Batch(batch) => {
                let started = Instant::now();
                let records: Vec<_> = batch.iter().map(|(_, _, body)| wire::decode(body).expect("a record")).collect();
                took += started.elapsed();
                seen += records.len();
            }
            Delivery::Revoked(_) | Delivery::Idle => {}
        }
    }
    took
}

/// The most memory this process has held so far, where the system says so.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown").to_owned()
}

fn store(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a folder");
    let (bus, small) = (folder.path().join("bus.db"), folder.path().join("small.db"));
    publish(&bus, OBSERVATIONS);
    publish(&small, OBSERVATIONS / 2);
    let mut group = criterion.benchmark_group("store");
    group.sample_size(10).throughput(Throughput::Elements(OBSERVATIONS as u64));
    let mut run = 0;
    let mut fresh = |work: &dyn Fn(&Path) -> Duration, times: u64| {
        (0..times)
            .map(|_| {
                run += 1;
                let data = folder.path().join(format!("run-{run}"));
                std::fs::create_dir(&data).expect("a folder");
                let took = work(&data);
                std::fs::remove_dir_all(&data).expect("removed");
                took
            })
            .sum()
    };
    group.bench_function("log to durable rollups", |b| {
        b.iter_custom(|times| fresh(&|data| keep(&bus, data, OBSERVATIONS), times));
    });
    println!("{}", peak_memory());
    group.bench_function("bare copy of the log", |b| {
        b.iter_custom(|times| fresh(&|data| copy(&bus, &data.join("t.db"), OBSERVATIONS), times));
    });
    group.bench_function("decoding alone", |b| {
        b.iter_custom(|times| (0..times).map(|_| decode(&bus, OBSERVATIONS)).sum());
    });
    let started = folder.path().join("started");
    keep(&small, &started, OBSERVATIONS / 2);
    group.throughput(Throughput::Elements(OBSERVATIONS as u64 / 2));
    group.bench_function("start", |b| {
        b.iter_custom(|times| (0..times).map(|_| keep(&small, &started, OBSERVATIONS / 2)).sum());
    });
    group.finish();
}

criterion_group!(benches, store);

fn main() {
    let _watch = LoadWatch::begin();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
