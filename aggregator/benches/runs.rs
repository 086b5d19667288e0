//! What it costs to store a million observations, and to read those of one series among them.
//!
//! `bulk`: one plan of 40 daily series in random order. `scattered`: 1,741 plans of 14 series, day by day, so that a batch
//! of 20 k has one figure of each series. Beside them `rows`: one row an observation with a checksum, no more than that. Processor
//! time is that of the thread, each commit is flushed, and a wrong number of observations ends the bench.

use aggregator::store::{self, ObservationRow, PlanNames, StoreWriter};
use aggregator_core::ledger::FigureKey;
use bus::Partition;
use contract::record::{Finality, Observation, Place, Span, Value};
use contract::time::{DAY, Micros, Moment};
use std::path::Path;
use std::time::Instant;
use testkit::bench::LoadWatch;
use xxhash_rust::xxh3::Xxh3;

const TOTAL: usize = 1_000_000;
const BATCH: usize = 20_000;
const ROUNDS: usize = 3;
const TABLE: &str = "
    PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;
    CREATE TABLE t(id INTEGER PRIMARY KEY, plan INTEGER, series INTEGER, definition INTEGER, source INTEGER, since INTEGER,
        until INTEGER, value INTEGER, reason INTEGER, final INTEGER, revision INTEGER, poll INTEGER, sheet INTEGER,
        line INTEGER, breakdown TEXT, sum INTEGER) STRICT";

/// How the figures lie.
#[derive(Clone, Copy)]
struct Shape {
    name: &'static str,
    plans: usize,
    series: usize,
    is_shuffled: bool,
}

const SHAPES: [Shape; 2] = [
    Shape { name: "bulk", plans: 1, series: 40, is_shuffled: true },
    Shape { name: "scattered", plans: 1741, series: 14, is_shuffled: false },
];

impl Shape {
    /// Plan, series and day of the figure at a place.
    fn figure(self, n: usize) -> (usize, usize, i64) {
        // A step that shares no factor with the total visits every figure once.
        let n = if self.is_shuffled { n * 617_411 % TOTAL } else { n };
        let of_day = n % (self.plans * self.series);
        (of_day / self.series, of_day % self.series, i64::try_from(n / (self.plans * self.series)).unwrap_or(0))
    }

    fn observation(self, n: usize) -> Observation {
        let (plan, series, day) = self.figure(n);
        let number = i64::try_from(n).unwrap_or(0);
        Observation {
            plan: format!("plan-{plan}"),
            series: format!("series-{series}"),
            definition: "d".into(),
            source: "register".into(),
            period: Span::During(Moment(day * DAY), Moment((day + 1) * DAY)),
            value: Value::Known(number * 31 % 977),
            breakdown: None,
            finality: Finality::Final,
            revision: Micros(1_690_000_000_000_000 + day * 86_400_000_000),
            visit: format!("collector/{plan}/{day}"),
            place: Some(Place { sheet: None, row: u32::try_from(series).ok() }),
        }
    }
}

/// Processor seconds of this thread.
fn cpu() -> f64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    times.split(' ').next().and_then(|text| text.parse::<f64>().ok()).expect("a number") / 1e9
}

/// One row an observation. Gives the processor seconds.
fn rows(shape: Shape, path: &Path) -> f64 {
    let mut table = rusqlite::Connection::open(path).expect("a file");
    table.execute_batch(TABLE).expect("a table");
    let mut used = 0.0;
    for from in (0..TOTAL).step_by(BATCH) {
        let batch: Vec<_> = (from..from + BATCH).map(|n| (n, shape.figure(n))).collect();
        let started = cpu();
        let change = table.transaction().expect("a transaction");
        {
            let sql = format!("INSERT INTO t VALUES (NULL, {})", vec!["?"; 15].join(", "));
            let mut insert = change.prepare_cached(&sql).expect("a statement");
            for (n, (plan, series, day)) in batch {
                let number = |n: usize| i64::try_from(n).unwrap_or(0);
                let known = [number(plan), number(series), 1, 2, day * DAY, (day + 1) * DAY, number(n) * 31 % 977];
                let fields = known.map(Some).into_iter().chain([None, Some(1), Some(1_690_000_000_000_000 + day)]);
                let fields = fields.chain([Some(number(plan) + day * 1741), None, Some(number(series)), None]);
                let mut hash = Xxh3::new();
                for (index, field) in fields.enumerate() {
                    hash.update(&field.unwrap_or_default().to_le_bytes());
                    insert.raw_bind_parameter(index + 1, field).expect("a parameter");
                }
                insert.raw_bind_parameter(15, (hash.digest() & 0x7fff_ffff).cast_signed()).expect("a parameter");
                insert.raw_execute().expect("a row");
            }
        }
        change.commit().expect("durable");
        used += cpu() - started;
    }
    table.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").expect("a checkpoint");
    used
}

/// A store with the numbers of all plans.
fn open(shape: Shape, folder: &Path) -> (StoreWriter, Vec<PlanNames>) {
    let series = |n| testkit::series(&format!("series-{n}"), "shape = \"flow\"\ngrain = \"day\"", "d", "register");
    let mut catalogue = testkit::catalogue(&(0..shape.series).map(series).collect::<String>());
    let mut writer = store::open_writer(folder, Partition(0)).expect("a store");
    let names = writer.change(|change| {
        (0..shape.plans)
            .map(|plan| {
                catalogue.plan.id = format!("plan-{plan}");
                change.plan_names(&catalogue)
            })
            .collect::<Result<Vec<_>, _>>()
    });
    (writer, names.expect("numbers"))
}

/// The store. Gives the processor seconds in all and of the worst batch.
fn runs(shape: Shape, writer: &mut StoreWriter, names: &[PlanNames]) -> (f64, f64) {
    let (mut used, mut worst) = (0.0, 0.0_f64);
    for from in (0..TOTAL).step_by(BATCH) {
        let batch: Vec<_> = (from..from + BATCH).map(|n| (shape.figure(n), shape.observation(n))).collect();
        let mut rows = Vec::with_capacity(BATCH);
        for ((plan, series, _), observation) in &batch {
            let key = FigureKey { series: u16::try_from(*series).unwrap_or(0), definition: 0, source: 0, index: 0 };
            rows.push(ObservationRow {
                names: &names[*plan],
                key,
                observation: observation.borrowed(),
                signature: None,
            });
        }
        let started = cpu();
        writer.change(|change| change.put_observations(&rows)).expect("durable");
        let took = cpu() - started;
        (used, worst) = (used + took, worst.max(took));
    }
    (used, worst)
}

fn main() {
    let _watch = LoadWatch::begin();
    println!("a million observations in batches of {BATCH}; {ROUNDS} rounds");
    for shape in SHAPES {
        for _ in 0..ROUNDS {
            let folder = tempfile::tempdir().expect("a folder");
            let table = folder.path().join("t.db");
            let bare = rows(shape, &table);
            let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len()) / 1_000_000;
            let (mut writer, names) = open(shape, folder.path());
            let (used, worst) = runs(shape, &mut writer, &names);
            let path = store::path(folder.path(), Partition(0));
            drop(writer);
            let reader = store::open_reader(folder.path(), Partition(0)).expect("a store");
            let started = cpu();
            let mut read = 0;
            reader.each_observation(|_| read += 1).expect("read");
            let all = cpu() - started;
            assert_eq!(read, TOTAL, "{}: a wrong number of observations", shape.name);
            let started = Instant::now();
            let of = reader.observations_of(("plan-0", "series-3", "d"), Micros(i64::MAX), |_| true).expect("read");
            println!(
                "{}: rows {bare:.2} CPU s, {} MB; runs {used:.2} CPU s, worst batch {:.0} ms, {} MB; read all {all:.2} CPU s, a \
                 series ({} figures) {:.1} ms",
                shape.name,
                size(&table),
                worst * 1e3,
                size(&path),
                of.len(),
                started.elapsed().as_secs_f64() * 1e3
            );
        }
    }
}
