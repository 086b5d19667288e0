//! How long a correction takes until the year's KPI shows it, while 50,000 observations a second go by.
//!
//! The log holds 100 k observations; a publisher adds a thousand more every 20 ms, of sixteen years in random order, fresh ones at
//! first and more and more corrections, and ten times a second somebody corrects a day of fiscal year 2021 with a value of its own. Measured from handing the correction to the
//! outbox until the KPI's report says the new sum. The bare loop beside it has the same log
//! and the same load, and only delivers the correction to whoever waits for it.

mod city;

use aggregator::pipeline::{self, PipelineSetup};
use aggregator_core::report_period::ReportPeriod;
use bus::{Consumer, Delivery, Outbox, Outgoing, SqliteConsumer, SqliteOutbox};
use city::{Random, SERIES, Then, configured, observation};
use contract::period::Period;
use contract::record::{Observation, Value};
use contract::time::Micros;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};
use testkit::bench::LoadWatch;

/// Observations before it begins.
const HELD: usize = 100_000;
/// What the publisher adds, and how often: 50,000 a second.
const ADDED: usize = 1_000;
const EVERY: Duration = Duration::from_millis(20);
/// Corrections measured, and the pause between two.
const CORRECTIONS: i64 = 300;
const PAUSE: Duration = Duration::from_millis(100);
/// How often the KPI is looked at.
const LOOK: Duration = Duration::from_micros(500);
/// Runs of each; they take turns.
const ROUNDS: usize = 3;
/// A correction that takes longer is lost.
const LOST: Duration = Duration::from_secs(30);
/// Days from April 2005 to the first of fiscal year 2021.
const YEAR: usize = 5844;

fn outgoing(observation: Observation) -> Outgoing {
    Outgoing { key: "p".into(), revision: Micros(0), body: city::body(observation) }
}

/// Some day of fiscal year 2021 of the first series, corrected for the `n`th time.
fn correction(n: i64) -> Observation {
    let day = YEAR + usize::try_from(n * 7 % 360).unwrap_or(0);
    let value = Value::Known(1_000_000 + n);
    Observation { value, revision: Micros(1_695_000_000_000_000 + n), ..observation(day * SERIES, 0) }
}

/// Adds 50,000 observations a second until it is stopped. Gives how many a second it was.
fn load(outbox: &SqliteOutbox, stop: &AtomicBool) -> f64 {
    let (mut random, mut by, mut added) = (Random(9), 0, 0);
    let started = Instant::now();
    let mut due = started;
    while !stop.load(Ordering::Relaxed) {
        // Later with every batch, so that what is there already is corrected; never in the year that is looked at.
        by += 1;
        let batch = (0..ADDED).map(|_| outgoing(observation(random.below(YEAR * SERIES), by)));
        outbox.publish(batch.collect(), Vec::new()).wait().expect("published");
        added += ADDED;
        due += EVERY;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    f64::from(u32::try_from(added).unwrap_or(u32::MAX)) / started.elapsed().as_secs_f64()
}

/// Publishes all corrections, one after the other; `seen` returns when one has arrived. The times, sorted.
fn corrected(outbox: &SqliteOutbox, mut seen: impl FnMut(i64)) -> Vec<Duration> {
    let mut times: Vec<Duration> = (1..=CORRECTIONS)
        .map(|n| {
            std::thread::sleep(PAUSE);
            let started = Instant::now();
            outbox.publish(vec![outgoing(correction(n))], Vec::new()).wait().expect("published");
            seen(n);
            started.elapsed()
        })
        .collect();
    times.sort();
    times
}

fn until(mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < LOST, "a correction was not seen within {LOST:?}");
        std::thread::sleep(LOOK);
    }
}

fn held(bus: &Path) -> Arc<SqliteOutbox> {
    let outbox = Arc::new(SqliteOutbox::open(bus, Arc::new(Then)).expect("a new log"));
    for first in (0..HELD).step_by(20_000) {
        let batch = (first..first + 20_000).map(|i| outgoing(observation(i, 0))).collect();
        outbox.publish(batch, Vec::new()).wait().expect("published");
    }
    // The year that is corrected, all of its days.
    let year = (YEAR..YEAR + 365).map(|day| outgoing(observation(day * SERIES, 0))).collect();
    outbox.publish(year, Vec::new()).wait().expect("published");
    outbox
}

/// The corrections under load; `seen` as in [`corrected`].
fn under_load(outbox: &Arc<SqliteOutbox>, seen: impl FnMut(i64)) -> (Vec<Duration>, f64) {
    let stop = Arc::new(AtomicBool::new(false));
    let (theirs, flag) = (Arc::clone(outbox), Arc::clone(&stop));
    let publisher = std::thread::spawn(move || load(&theirs, &flag));
    let times = corrected(outbox, seen);
    stop.store(true, Ordering::Relaxed);
    (times, publisher.join().expect("no panic"))
}

fn shihyo(folder: &Path) -> (Vec<Duration>, f64) {
    let outbox = held(&folder.join("bus.db"));
    let setup = PipelineSetup::new(folder.to_owned(), configured(), Arc::new(Then));
    let consumer: Box<dyn Consumer> = Box::new(outbox.consumer().expect("a consumer"));
    let (running, stop) = (setup.clone(), Arc::new(AtomicBool::new(false)));
    let flag = Arc::clone(&stop);
    let keeping = std::thread::spawn(move || pipeline::run(&running, consumer, &flag));
    until(|| setup.progress.state().ready && setup.progress.counts().received >= HELD as u64);
    // Nothing else that is published changes this year's sum.
    let shown = || {
        let states = setup.states.read().expect("the states");
        let report = states["p"].report(ReportPeriod(Period::fiscal_year(2021)), false);
        report.kpis.first().and_then(|kpi| kpi.value_text.clone())
    };
    let mut before = shown();
    let result = under_load(&outbox, |_| {
        until(|| shown() != before);
        before = shown();
    });
    stop.store(true, Ordering::Relaxed);
    keeping.join().expect("no panic").expect("no error");
    assert_eq!(setup.progress.counts().quarantined, 0);
    result
}

fn bare(folder: &Path) -> (Vec<Duration>, f64) {
    let outbox = held(&folder.join("bus.db"));
    let (newest, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let (seen, flag) = (Arc::clone(&newest), Arc::clone(&stop));
    let mut consumer: SqliteConsumer = outbox.consumer().expect("a consumer");
    let reading = std::thread::spawn(move || {
        while !flag.load(Ordering::Relaxed) {
            match consumer.next(20_000, Duration::from_millis(100)).expect("a batch") {
                Delivery::Assigned(partition) => consumer.start(partition, None).expect("started"),
                Delivery::Batch(batch) => {
                    let marks = batch.iter().filter(|(_, _, body)| body.windows(12).any(|w| w == b"\"value\":1000"));
                    seen.fetch_add(marks.count() as u64, Ordering::Release);
                }
                Delivery::Revoked(_) | Delivery::Idle => {}
            }
        }
    });
    let result = under_load(&outbox, |n| until(|| newest.load(Ordering::Acquire) >= n.unsigned_abs()));
    stop.store(true, Ordering::Relaxed);
    reading.join().expect("no panic");
    result
}

fn main() {
    // `cargo test --benches` runs it too, and wants no measure.
    if std::env::args().any(|word| word == "--test") {
        return;
    }
    let _watch = LoadWatch::begin();
    for (name, run) in [("bare", bare as fn(&Path) -> _), ("shihyo", shihyo)].into_iter().cycle().take(2 * ROUNDS) {
        let folder = tempfile::tempdir().expect("a folder");
        let (times, rate) = run(folder.path());
        let at = |share: usize| times[(times.len() * share).div_ceil(1000).max(1) - 1].as_secs_f64() * 1e3;
        for (column, value) in [("rate", rate), ("p50", at(500)), ("p99", at(990)), ("worst", at(1000))] {
            println!("result\t{name}\t{column}\t{value:.3}");
        }
    }
}
