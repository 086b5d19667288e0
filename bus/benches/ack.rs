//! How long a publisher waits for its answer: 64 at once, one record each, as many collectors on one machine would.
//!
//! Beside it a bare loop: one thread that commits one row after the other into the same table with the same settings.

use bus::{Checkpoint, Outbox, Outgoing, SqliteOutbox};
use contract::time::Micros;
use rusqlite::{Connection, params};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use testkit::TestClock;
use testkit::bench::LoadWatch;

const NOW: Micros = Micros(1_585_666_800_000_000);
const PUBLISHERS: usize = 64;
/// Runs of each; they take turns.
const ROUNDS: usize = 5;
/// Records of each publisher; after its answer it publishes the next.
const EACH: usize = 300;
const BODY: usize = 250;
const KEY: &str = "city-2016";

fn outbox(path: &Path) -> Vec<Duration> {
    let outbox = Arc::new(SqliteOutbox::open(path, TestClock::at(NOW)).expect("a new bus"));
    let threads: Vec<_> = (0..PUBLISHERS)
        .map(|_| {
            let outbox = Arc::clone(&outbox);
            std::thread::spawn(move || {
                let publish = |_| {
                    let record = Outgoing { key: KEY.to_owned(), revision: NOW, body: vec![b'x'; BODY] };
                    let started = Instant::now();
                    outbox.publish(vec![record], Checkpoint::new()).wait().expect("published");
                    started.elapsed()
                };
                (0..EACH).map(publish).collect::<Vec<_>>()
            })
        })
        .collect();
    threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
}

fn bare(path: &Path) -> Vec<Duration> {
    let connection = Connection::open(path).expect("a new file");
    connection
        .execute_batch(
            "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000;
             CREATE TABLE log(
                 id INTEGER PRIMARY KEY, time INTEGER NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL) STRICT;",
        )
        .expect("a new table");
    let mut insert = connection.prepare("INSERT INTO log(time, key, body) VALUES (?1, ?2, ?3)").expect("a statement");
    let body = vec![b'x'; BODY];
    let commit = |_| {
        let started = Instant::now();
        insert.execute(params![NOW.0, KEY, body]).expect("a row");
        started.elapsed()
    };
    (0..EACH * 10).map(commit).collect()
}

fn main() {
    // `cargo test --benches` runs it too, and wants no measure.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let _watch = LoadWatch::begin();
    let works = [("bare", bare as fn(&Path) -> _), ("outbox", outbox)];
    for (name, work) in works.into_iter().cycle().take(2 * ROUNDS) {
        let folder = tempfile::tempdir().expect("a folder");
        let started = Instant::now();
        let mut times: Vec<Duration> = work(&folder.path().join("bus.db"));
        let rate = f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX)) / started.elapsed().as_secs_f64();
        times.sort();
        let at = |share: usize| times[(times.len() * share).div_ceil(1000).max(1) - 1].as_secs_f64() * 1e3;
        for (column, value) in [("rate", rate), ("p50", at(500)), ("p99", at(990)), ("worst", at(1000))] {
            println!("result\t{name}\t{column}\t{value:.3}");
        }
    }
}
