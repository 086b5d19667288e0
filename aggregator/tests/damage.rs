//! A store whose bytes were turned over or cut off gives the right answers, or says that it is damaged: never others.
//!
//! `SHIHYO_FLIPS=all` turns over every byte; a plain run takes those of page headers and some of the others
//! (`SHIHYO_FLIPS=20000`: that many).

#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support;
use crate::support::{World, configured, micros, observation, sets, visit, year};
use aggregator::pipeline::{self, PipelineError};
use aggregator::store::{self, StoreError, StoreReader, StoredAlert};
use aggregator::vintage;
use aggregator_core::alert::{AlertRule, AlertState, AlertTransition};
use aggregator_core::report::Report;
use bus::{PARTITION, SqliteConsumer};
use contract::record::{PollOutcome, Record, Reject, Span, Value};
use contract::time::Micros;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Records on the bus.
const TOTAL: u64 = 121;
/// Bytes that a plain run turns over beside those of page headers; the slow way tries fewer.
const READ: usize = 600;
const REBUILT: usize = 150;
const PAGE: usize = 4096;

/// Facts of every kind, with the rows of sinks and alerts.
fn world() -> World {
    let world = World::new();
    let mut records = year();
    for day in 0..80 {
        let at = Span::AsOf(contract::time::Moment(support::at("2019-06-01").0 + day * contract::time::DAY));
        let mut reading = observation("hits", at, Value::Known(day * 7), "2020-05-03");
        reading.breakdown = (day % 3 == 0).then(|| [("北".to_owned(), day), ("南".to_owned(), day * 6)].into());
        records.push(Record::Observation(reading));
    }
    for day in 1..=20 {
        let mut failed = visit("c2", &format!("2020-06-{day:02}"));
        failed.source = "other".into();
        failed.outcome = PollOutcome::Failed("unreachable".into());
        records.push(Record::Poll(failed));
    }
    let mut unknown = sets("2020-04-01", 20, "2020-05-02");
    unknown.series = "unknown".into();
    let mut withdrawn = support::uses("2019-05", 0, "2020-07-01");
    withdrawn.value = Value::Unknown("withdrawn".into());
    records.extend([Record::Observation(unknown), Record::Observation(withdrawn)]);
    records.push(Record::Observation(sets("2020-04-01", 31, "2020-05-02")));
    records.push(support::catalogue_record(support::PLAN, "2020-05-02"));
    records.push(support::catalogue_record(&support::with_target(110), "2020-06-02"));
    records.push(Record::Reject(Reject {
        plan: "p".into(),
        source: "register".into(),
        visit: "v-2020-05-02".into(),
        time: micros("2020-05-02"),
        reason: "number".into(),
        file: "f.csv".into(),
        sheet: None,
        row: Some(3),
        column: None,
        hash: "00".into(),
    }));
    records.extend([records[3].clone(), records[90].clone()]);
    world.publish(&records);
    assert_eq!(records.len() as u64, TOTAL);
    world
}

/// What a city may ask of facts.
fn facts(reader: &StoreReader) -> Result<String, StoreError> {
    let catalogues = configured(support::PLAN);
    let readers = std::slice::from_ref(reader);
    let mut text = String::new();
    let states = vintage::plan_states(readers, catalogues.empty_states())?;
    let ask = aggregator_core::report_period::ReportPeriod(contract::period::Period::parse("FY2019").unwrap());
    text += &Report::from(states.values().map(|state| state.report(ask, true)).collect::<Vec<_>>()).canonical_json();
    let known = vintage::known_at(readers, catalogues.catalogue("p").unwrap(), micros("2020-06-10"))?;
    writeln!(text, "{:?} {:?}", known.doubts, known.catalogue).unwrap();
    text += &Report::from(vec![known.state.report(ask, false)]).canonical_json();
    let all = reader.observations_after("p", (None, None), 0, 1000)?.into_iter();
    let some = reader.observations_after("p", (Some("hits"), Some("register")), 20, 9)?.into_iter();
    // Their numbers say nothing but their order.
    all.chain(some).for_each(|(_, observation)| writeln!(text, "{observation:?}").unwrap());
    let mut of = reader.observations_of(("p", "uses", "d"), vintage::NOW, |_| true)?;
    of.truncate(20);
    writeln!(text, "{of:?}").unwrap();
    for day in 1..=20 {
        writeln!(text, "{:?}", reader.poll("p", &format!("v-2020-06-{day:02}"))?).unwrap();
    }
    writeln!(text, "{:?} {:?}", reader.last_polls("p")?, reader.collectors("p")?).unwrap();
    vintage::each_quarantined(reader, |one| writeln!(text, "{:?} {:?}", one.reason, one.body).unwrap())?;
    writeln!(text, "{:?} {:?}", reader.position(PARTITION)?, reader.tally()?).unwrap();
    writeln!(text, "{:?}", reader.catalogues_between("p", Micros(0), vintage::NOW)?).unwrap();
    Ok(text)
}

/// The rows of sinks and alerts.
fn sink_rows(reader: &StoreReader) -> Result<String, StoreError> {
    let events = reader.alert_events(0, 100)?;
    Ok(format!("{:?} {:?} {events:?} {}", reader.changes(0, 1000)?, reader.alerts()?, reader.last_change()?))
}

fn add_sink_rows(world: &World) {
    let mut writer = store::open_writer(&world.data(), PARTITION).unwrap();
    let since = micros("2020-05-02");
    let alert =
        StoredAlert { state: AlertState::Firing { since }, was: Some("on_track".into()), status: "off_track".into() };
    writer
        .change(|change| {
            change.put_sinks(Some(&["influxdb"]), false)?;
            change.put_alert_followers(&["webhook"])?;
            change.note_catalogue("p")?;
            change.put_alert(&("p".into(), "uses".into(), AlertRule::ALL[0]), Some(&alert))?;
            change.add_alert_event("p/uses/x", AlertTransition::Fired { since }, since, "{}")
        })
        .unwrap();
    let mut desk = writer.desk().unwrap();
    desk.put_cursor("influxdb", 0).unwrap();
    desk.put_dead_letter("influxdb", "body", "reason", since).unwrap();
}

fn open_verified(world: &World) -> Result<StoreReader, StoreError> {
    let reader = store::open_reader(&world.data(), PARTITION)?;
    reader.verify()?;
    Ok(reader)
}

/// What a command asks that reads one plan alone.
fn read_plan(world: &World) -> Result<String, StoreError> {
    let reader = store::open_reader(&world.data(), PARTITION)?;
    reader.verify_plan("p")?;
    facts(&reader)
}

fn read(world: &World) -> Result<String, StoreError> {
    let reader = open_verified(world)?;
    Ok(facts(&reader)? + &sink_rows(&reader)?)
}

/// Runs the pipeline until everything on the bus is stored.
fn run(world: &World) -> Result<(), PipelineError> {
    let (setup, stop) = (world.setup(), AtomicBool::new(false));
    let log = Box::new(SqliteConsumer::open(world.bus()).unwrap());
    std::thread::scope(|scope| {
        let running = scope.spawn(|| pipeline::run(&setup, log, &stop));
        let started = Instant::now();
        while !running.is_finished() && started.elapsed() < Duration::from_secs(30) {
            if setup.progress.counts().received >= TOTAL {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        stop.store(true, Ordering::Relaxed);
        running.join().unwrap()
    })
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

/// Which bytes to turn over: all, or those that pages begin with and `some` others.
fn places(length: usize, some: usize, random: &mut Random) -> Vec<usize> {
    let asked = std::env::var("SHIHYO_FLIPS").ok();
    if asked.as_deref() == Some("all") {
        return (0..length).collect();
    }
    let count = asked.and_then(|count| count.parse().ok()).unwrap_or(some);
    let begins = (0..length).filter(|at| *at < 100 || (at % PAGE < 16 && some == READ));
    let mut places: Vec<usize> = begins.collect();
    places.extend((0..count).map(|_| random.below(length)));
    places
}

/// The one file of the store, whole.
fn store_file(world: &World) -> (PathBuf, Vec<u8>) {
    let path = store::path(&world.data(), PARTITION);
    // Who only reads folds no WAL into the file.
    rusqlite::Connection::open(&path).unwrap().execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    assert!(!beside(&path, "-wal").exists());
    let bytes = std::fs::read(&path).unwrap();
    (path, bytes)
}

fn beside(path: &Path, what: &str) -> PathBuf {
    PathBuf::from(format!("{}{what}", path.display()))
}

/// Puts a store there as it was, with other bytes.
fn put(path: &Path, bytes: &[u8], wal: Option<&[u8]>) {
    for what in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(path, what));
    }
    std::fs::write(path, bytes).unwrap();
    if let Some(wal) = wal {
        std::fs::write(beside(path, "-wal"), wal).unwrap();
    }
}

/// A damage that is named says which file, and what to do.
fn assert_named(error: &dyn std::error::Error, path: &Path) {
    let text = error.to_string();
    assert!(text.contains(path.to_str().unwrap()), "{text}");
}

#[test]
fn a_flipped_byte_changes_no_answer() {
    let world = world();
    world.keep(TOTAL);
    add_sink_rows(&world);
    let right = read(&world).unwrap();
    let (path, mut bytes) = store_file(&world);
    let mut random = Random(5);
    let right_alone = read_plan(&world).unwrap();
    let (mut named, mut harmless, mut alone) = (0, 0, 0);
    for at in places(bytes.len(), READ, &mut random) {
        let bit = 1 << random.below(8);
        bytes[at] ^= bit;
        put(&path, &bytes, None);
        if let Ok(answers) = read_plan(&world) {
            alone += 1;
            let right = right_alone == answers;
            assert!(right, "byte {at}, bit {bit}: others alone\n{}", difference(&answers, &right_alone));
        }
        match read(&world) {
            Ok(answers) => {
                harmless += 1;
                assert!(
                    answers == right,
                    "byte {at}, bit {bit}: other answers, and no word\n{}",
                    difference(&answers, &right)
                );
            }
            Err(error) => {
                named += 1;
                assert_named(&error, &path);
            }
        }
        bytes[at] ^= bit;
    }
    assert!(named > 100 && harmless > 100, "{named} {harmless}");
    assert!(alone > harmless, "derived rows are not looked at: {alone} {harmless}");
}

/// The first lines that differ.
fn difference(one: &str, other: &str) -> String {
    let lines = one.lines().zip(other.lines()).find(|(a, b)| a != b);
    lines.map_or_else(|| "one is longer".to_owned(), |(a, b)| format!("{a}\n{b}"))
}

#[test]
fn opening_repairs_or_refuses_a_store_with_a_flipped_byte() {
    let world = world();
    world.keep(TOTAL);
    let (right, derived) = (facts(&open_verified(&world).unwrap()).unwrap(), world.derived());
    let (path, mut bytes) = store_file(&world);
    let mut random = Random(6);
    let (mut named, mut right_again) = (0, 0);
    for at in places(bytes.len(), REBUILT, &mut random) {
        let bit = 1 << random.below(8);
        bytes[at] ^= bit;
        put(&path, &bytes, None);
        match pipeline::rebuild(&world.setup()) {
            Ok(_) => {
                right_again += 1;
                let reader = open_verified(&world).unwrap_or_else(|error| panic!("byte {at}, bit {bit}: {error}"));
                let answers = facts(&reader).unwrap();
                assert!(answers == right, "byte {at}, bit {bit}: other answers\n{}", difference(&answers, &right));
                assert!(world.derived() == derived, "byte {at}, bit {bit}: other derived rows");
            }
            Err(error) => {
                named += 1;
                assert_named(&error, &path);
            }
        }
        bytes[at] ^= bit;
    }
    assert!(named > 20 && right_again > 20, "{named} {right_again}");
}

/// The bytes of the pages of a table, by the numbers of its pages.
fn pages_of(path: &Path, table: &str) -> Vec<usize> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection.prepare("SELECT pageno FROM dbstat WHERE name = ?1").unwrap();
    let pages = statement.query_map((table,), |row| row.get::<_, u32>(0)).unwrap();
    pages.map(|page| (page.unwrap() as usize - 1) * PAGE).collect()
}

#[test]
fn damaged_derived_rows_are_always_computed_again() {
    let world = world();
    world.keep(TOTAL);
    let (right, derived) = (facts(&open_verified(&world).unwrap()).unwrap(), world.derived());
    let path = store::path(&world.data(), PARTITION);
    let pages: Vec<usize> = ["rollups", "judgements"].iter().flat_map(|table| pages_of(&path, table)).collect();
    let (path, bytes) = store_file(&world);
    let mut random = Random(7);
    for _ in 0..60 {
        let mut hurt = bytes.clone();
        let page = pages[random.below(pages.len())];
        // A whole page may be gone, or the beginning of it, or a byte.
        let length = [1, 16, PAGE][random.below(3)];
        let from = if length == 1 { random.below(PAGE) } else { 0 };
        for byte in &mut hurt[page + from..][..length] {
            *byte ^= u8::try_from(1 + random.below(255)).unwrap();
        }
        put(&path, &hurt, None);
        pipeline::rebuild(&world.setup()).unwrap_or_else(|error| panic!("{length} bytes at {page} + {from}: {error}"));
        assert_eq!(facts(&open_verified(&world).unwrap()).unwrap(), right, "{length} bytes at {page} + {from}");
        assert_eq!(world.derived(), derived, "{length} bytes at {page} + {from}");
    }
}

#[test]
fn a_truncated_store_is_refused_or_reads_the_bus_again() {
    let world = world();
    world.keep(TOTAL);
    let right = facts(&open_verified(&world).unwrap()).unwrap();
    let (path, bytes) = store_file(&world);
    let pages = (0..bytes.len()).step_by(PAGE);
    for length in pages.flat_map(|page| [page, page + 1, page + 777]).chain([bytes.len() - 1]) {
        put(&path, &bytes[..length], None);
        if let Ok(answers) = open_verified(&world).and_then(|reader| facts(&reader)) {
            assert_eq!(answers, right, "cut to {length}");
        }
        match run(&world) {
            Ok(()) => assert_eq!(facts(&open_verified(&world).unwrap()).unwrap(), right, "cut to {length}"),
            Err(error) => assert_named(&error, &path),
        }
    }
    // What an error says helps: it is moved away, and made again from the bus.
    put(&path, &bytes[..bytes.len() / 2], None);
    run(&world).unwrap_err();
    std::fs::rename(&path, beside(&path, ".away")).unwrap();
    run(&world).unwrap();
    assert_eq!(facts(&open_verified(&world).unwrap()).unwrap(), right);
}

#[test]
fn a_damaged_wal_loses_no_record_that_the_bus_has() {
    let world = World::new_with_store();
    let other = self::world();
    std::fs::copy(other.bus(), world.bus()).unwrap();
    // The last connection to close a store folds the WAL into it.
    let open = world.reader();
    run(&world).unwrap();
    let right = facts(&open_verified(&world).unwrap()).unwrap();
    let path = store::path(&world.data(), PARTITION);
    let (bytes, wal) = (std::fs::read(&path).unwrap(), std::fs::read(beside(&path, "-wal")).unwrap());
    drop(open);
    assert!(wal.len() > 20 * PAGE, "{}", wal.len());
    let mut random = Random(8);
    for n in 0..150 {
        let mut hurt = wal.clone();
        let at = random.below(wal.len());
        match n % 3 {
            0 => hurt.truncate(at),
            // A frame's header is 24 bytes.
            1 => hurt.truncate(32 + at / (PAGE + 24) * (PAGE + 24)),
            _ => hurt[at] ^= 1 << random.below(8),
        }
        put(&path, &bytes, Some(&hurt));
        run(&world).unwrap_or_else(|error| panic!("{n} at {at}: {error}"));
        assert_eq!(facts(&open_verified(&world).unwrap()).unwrap(), right, "{n} at {at}");
    }
}
