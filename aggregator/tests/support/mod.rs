//! A city in a temporary folder: one plan, a real SQLite log, a real store.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

pub mod script;

use aggregator::pipeline::{self, ConfiguredPlans, PipelineSetup, RecordCounts};
use aggregator::store::{self, StoreReader};
use aggregator_core::alert::{AlertPolicy, AlertRule};
use aggregator_core::report::Report;
use aggregator_core::report_period::ReportPeriod;
use bus::{Outbox, Outgoing, PARTITION, SqliteConsumer, SqliteOutbox};
use contract::catalogue;
use contract::period::{Grain, Period};
use contract::record::{CatalogueText, Finality, Observation, Place, PollOutcome, PollRecord, Record, Span, Value};
use contract::time::{Clock, Micros, Moment, parse_date};
use contract::wire;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

/// Levels and flows of one small plan, and a KPI of each.
pub const PLAN: &str = r#"
[plan]
id = "p"
name = { ja = "計画", en = "plan" }
city = { ja = "市", en = "city" }
first_year = "FY2019"
last_year = "FY2021"
default_on = "FY2019"
citation = "test"

[[policy]]
id = "policy"
name = { ja = "施策", en = "policy" }
owner = { ja = "課", en = "section" }

[[series]]
id = "uses"
name = { ja = "利用件数", en = "uses" }
unit = { ja = "件", en = "uses" }
shape = "flow"
grain = "month"
[[series.definition]]
id = "d"
text = { ja = "数え方", en = "rule" }
[[series.source]]
id = "register"
[[series.source]]
id = "other"

[[series]]
id = "sets"
name = { ja = "データセット数", en = "sets" }
unit = { ja = "件", en = "sets" }
shape = "level"
grain = "day"
[[series.definition]]
id = "d"
text = { ja = "数え方", en = "rule" }
[[series.source]]
id = "register"

[[series]]
id = "hits"
name = { ja = "閲覧", en = "hits" }
unit = { ja = "回", en = "hits" }
shape = "counter"
grain = "day"
decrease = "break"
[[series.definition]]
id = "d"
text = { ja = "数え方", en = "rule" }
[[series.source]]
id = "register"

[[kpi]]
id = "uses"
policy = "policy"
name = { ja = "利用件数", en = "uses" }
unit = { ja = "件", en = "uses" }
kind = "flow_per_year"
series = "uses"
baseline = { year = "FY2017", value = 100 }
target = { at_least = 200 }
connect = { ja = "電子申請", en = "the application system" }
citation = "test"

[[kpi]]
id = "sets"
policy = "policy"
name = { ja = "データセット数", en = "sets" }
unit = { ja = "件", en = "sets" }
kind = "level"
series = "sets"
baseline = { year = "FY2017", value = 10 }
target = { at_least = 50 }
citation = "test"
"#;

/// [`PLAN`] with one more series, `late`.
pub fn extended() -> String {
    let series = PLAN.find("[[kpi]]").unwrap();
    let uses = PLAN.find("[[series]]\nid = \"uses\"").unwrap();
    let sets = PLAN.find("[[series]]\nid = \"sets\"").unwrap();
    let late = PLAN[uses..sets].replace("id = \"uses\"", "id = \"late\"");
    format!("{}{late}{}", &PLAN[..series], &PLAN[series..])
}

/// [`PLAN`] with another target of the KPI `uses`.
pub fn with_target(target: i64) -> String {
    PLAN.replace("at_least = 200", &format!("at_least = {target}"))
}

/// A clock that a test sets.
pub struct SetClock(AtomicI64);

impl SetClock {
    pub fn set(&self, now: Micros) {
        self.0.store(now.0, Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Micros {
        Micros(self.0.load(Ordering::Relaxed))
    }
}

/// A folder with a bus and a store.
pub struct World {
    pub folder: tempfile::TempDir,
    pub clock: Arc<SetClock>,
    pub text: String,
}

/// A limit for what takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(30);

impl World {
    pub fn new() -> Self {
        let clock = Arc::new(SetClock(AtomicI64::new(micros("2022-06-01").0)));
        Self { folder: tempfile::tempdir().unwrap(), clock, text: PLAN.to_owned() }
    }

    /// With a store that holds nothing.
    pub fn new_with_store() -> Self {
        let world = Self::new();
        drop(store::open_writer(&world.data(), PARTITION).unwrap());
        world
    }

    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn bus(&self) -> PathBuf {
        self.folder.path().join("bus.db")
    }

    pub fn set_clock(&self, now: Micros) {
        self.clock.set(now);
    }

    pub fn setup(&self) -> PipelineSetup {
        let clock: Arc<dyn Clock> = self.clock.clone();
        // Landings are computed beside the pipeline; a test that waits for no such alert gets none.
        let mut alerts = AlertPolicy::default();
        alerts.rules.retain(|rule| *rule != AlertRule::Landing);
        PipelineSetup { alerts: Arc::new(alerts), ..PipelineSetup::new(self.data(), configured(&self.text), clock) }
    }

    /// Publishes bodies in batches of a size.
    pub fn publish_bodies(&self, bodies: &[Vec<u8>], batch: usize) {
        let clock: Arc<dyn Clock> = self.clock.clone();
        let outbox = SqliteOutbox::open(self.bus(), clock).unwrap();
        for some in bodies.chunks(batch.max(1)) {
            let out = |body: &Vec<u8>| Outgoing { key: "p".into(), revision: Micros(0), body: body.clone() };
            outbox.publish(some.iter().map(out).collect(), Vec::new()).wait().unwrap();
        }
    }

    pub fn publish(&self, records: &[Record]) {
        let bodies: Vec<_> = records.iter().map(wire::encode).collect();
        self.publish_bodies(&bodies, bodies.len());
    }

    /// Runs the pipeline until it has received `total` records in all, and gives the counts.
    pub fn keep(&self, total: u64) -> RecordCounts {
        self.keep_with(&self.setup(), total, || ())
    }

    /// The same with a setup of one's own, and something to be done before it is stopped.
    pub fn keep_with(&self, setup: &PipelineSetup, total: u64, then: impl FnOnce()) -> RecordCounts {
        let counts = run_until_then(setup, &self.bus(), total, then);
        assert_eq!(pipeline::check(&self.reader()).unwrap(), RecordCounts { superseded: 0, ..counts });
        counts
    }

    pub fn reader(&self) -> StoreReader {
        store::open_reader(&self.data(), PARTITION).unwrap()
    }

    pub fn derived(&self) -> String {
        self.reader().dump_derived().unwrap()
    }

    /// The canonical export, from the store's facts.
    pub fn export(&self, on: &str) -> String {
        let states = aggregator::vintage::plan_states(&[self.reader()], configured(&self.text).empty_states()).unwrap();
        let ask = ReportPeriod(Period::parse(on).unwrap());
        Report::from(states.values().map(|b| b.report(ask, true)).collect::<Vec<_>>()).canonical_json()
    }
}

/// Runs the pipeline on a bus until it has received `total` records, then stops it.
pub fn run_until(setup: &PipelineSetup, bus: &Path, total: u64) -> RecordCounts {
    run_until_then(setup, bus, total, || ())
}

fn run_until_then(setup: &PipelineSetup, bus: &Path, total: u64, then: impl FnOnce()) -> RecordCounts {
    let stop = AtomicBool::new(false);
    let log = Box::new(SqliteConsumer::open(bus).unwrap());
    std::thread::scope(|scope| {
        let running = scope.spawn(|| pipeline::run(setup, log, &stop));
        let started = Instant::now();
        while !running.is_finished() && started.elapsed() < PATIENCE {
            let state = setup.progress.state();
            if state.ready && state.counts.received >= total {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        // Ended in any case: a thread that runs on would keep the test from failing.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(then));
        stop.store(true, Ordering::Relaxed);
        running.join().unwrap().unwrap();
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    });
    let counts = setup.progress.counts();
    assert_eq!(counts.received, total);
    assert!(counts.is_conserved(), "{counts:?}");
    counts
}

pub fn configured(text: &str) -> ConfiguredPlans {
    let mut configured = ConfiguredPlans::default();
    configured.add(catalogue::parse("test", text).unwrap_or_else(|m| panic!("{m:#?}")), text);
    configured
}

/// 00:00 of a date.
pub fn at(date: &str) -> Moment {
    Moment::midnight(parse_date(date).unwrap())
}

pub fn micros(date: &str) -> Micros {
    at(date).micros()
}

/// A final monthly figure of `uses`; `seen` is a date.
pub fn uses(month: &str, value: i64, seen: &str) -> Observation {
    let period = Period::parse(month).unwrap();
    observation("uses", Span::of(period), Value::Known(value), seen)
}

/// A final state of `sets`.
pub fn sets(date: &str, value: i64, seen: &str) -> Observation {
    observation("sets", Span::AsOf(at(date)), Value::Known(value), seen)
}

pub fn observation(series: &str, period: Span, value: Value, seen: &str) -> Observation {
    Observation {
        plan: "p".into(),
        series: series.into(),
        definition: "d".into(),
        source: "register".into(),
        period,
        value,
        breakdown: None,
        finality: Finality::Final,
        revision: micros(seen),
        visit: format!("v-{seen}"),
        place: Some(Place { sheet: Some("表1".into()), row: Some(7) }),
    }
}

pub fn visit(collector: &str, seen: &str) -> PollRecord {
    PollRecord {
        plan: "p".into(),
        source: "register".into(),
        id: format!("v-{seen}"),
        collector: collector.into(),
        time: micros(seen),
        outcome: PollOutcome::Changed,
        address: "https://data.example/uses.csv".into(),
        sha256: Some("ab".repeat(32)),
        bytes: Some(123),
        size: None,
    }
}

pub fn catalogue_record(text: &str, seen: &str) -> Record {
    Record::Catalogue(CatalogueText { plan: "p".into(), revision: micros(seen), text: text.into() })
}

/// The twelve months of FY2019, 10 each, seen on 2 May 2020, and their visit.
pub fn year() -> Vec<Record> {
    let months = Period::fiscal_year(2019).parts(Grain::Month);
    let mut records: Vec<Record> =
        months.map(|month| Record::Observation(uses(&month.to_string(), 10, "2020-05-02"))).collect();
    records.push(Record::Poll(visit("c1", "2020-05-02")));
    records
}
