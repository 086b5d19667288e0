//! A log whose bytes were turned over or cut off gives what was published, or says that it is damaged: never less, and
//! never something else.
//!
//! `SHIHYO_FLIPS=all` turns over every byte; a plain run takes those of page headers and some of the others
//! (`SHIHYO_FLIPS=20000`: that many).

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its file has failed")]

use bus::{
    BusError, Consumer, Delivery, Outbox, Outgoing, PARTITION, Position, PublishError, SqliteConsumer, SqliteOutbox,
};
use contract::time::Micros;
use std::path::{Path, PathBuf};
use std::time::Duration;
use testkit::TestClock;

const NOW: Micros = Micros(1_585_666_800_000_000);
const PAGE: usize = 16_384;
const COMMITS: usize = 12;
const RECORDS: usize = 20;
/// Bytes that a plain run turns over beside those of page headers.
const FLIPS: usize = 1_500;

/// What a log gives: its records and its checkpoints.
type Content = (Vec<(i64, Vec<u8>)>, Vec<(String, Vec<u8>)>);

fn record(n: usize) -> Outgoing {
    let body = format!("{{\"record\":{n},\"padding\":\"{}\"}}", "x".repeat(150 + n % 90));
    Outgoing { key: format!("plan-{}", n % 3), revision: NOW, body: body.into_bytes() }
}

fn outbox(path: &Path) -> Result<SqliteOutbox, BusError> {
    SqliteOutbox::open(path, TestClock::at(NOW))
}

/// Publishes in commits, each noting its number; one is larger than a page.
fn fill(path: &Path) {
    let outbox = outbox(path).unwrap();
    for commit in 0..COMMITS {
        let mut records: Vec<_> = (0..RECORDS).map(|n| record(commit * RECORDS + n)).collect();
        if commit == 3 {
            records[5].body = vec![b'y'; 3 * PAGE];
        }
        let notes = ["commit".to_owned(), format!("source/{}", commit % 5)];
        let note = |name| (name, Some(commit.to_string().into_bytes()));
        outbox.publish(records, notes.map(note).into()).wait().unwrap();
    }
}

fn read(path: &Path) -> Result<Content, BusError> {
    let checkpoints = outbox(path)?.checkpoints("")?;
    let mut consumer = SqliteConsumer::open(path)?;
    assert_eq!(consumer.next(1, Duration::ZERO)?, Delivery::Assigned(PARTITION));
    consumer.start(PARTITION, None)?;
    let mut records = Vec::new();
    while let Delivery::Batch(batch) = consumer.next(50, Duration::ZERO)? {
        records.extend(batch.iter().map(|(offset, _, body)| (offset, body.to_vec())));
    }
    Ok((records, checkpoints))
}

/// What comes behind the half of it.
fn read_on(path: &Path, right: &Content) -> Result<Vec<(i64, Vec<u8>)>, BusError> {
    let (offset, body) = &right.0[right.0.len() / 2 - 1];
    let mut consumer = SqliteConsumer::open(path)?;
    consumer.next(1, Duration::ZERO)?;
    consumer.start(PARTITION, Some(Position::behind(*offset, NOW, body)))?;
    let mut records = Vec::new();
    while let Delivery::Batch(batch) = consumer.next(50, Duration::ZERO)? {
        records.extend(batch.iter().map(|(offset, _, body)| (offset, body.to_vec())));
    }
    Ok(records)
}

fn assert_named(error: &BusError, path: &Path) {
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    assert!(!error.is_retriable(), "{error:?} would be waited out for ever");
}

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % n
    }
}

fn places(length: usize, random: &mut Random) -> Vec<usize> {
    let asked = std::env::var("SHIHYO_FLIPS").ok();
    if asked.as_deref() == Some("all") {
        return (0..length).collect();
    }
    let count = asked.and_then(|count| count.parse().ok()).unwrap_or(FLIPS);
    let mut places: Vec<usize> = (0..length).filter(|at| *at < 100 || at % PAGE < 32).collect();
    places.extend((0..count).map(|_| random.below(length)));
    places
}

fn beside(path: &Path, what: &str) -> PathBuf {
    PathBuf::from(format!("{}{what}", path.display()))
}

fn put(path: &Path, bytes: &[u8], wal: Option<&[u8]>) {
    for what in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(path, what));
    }
    std::fs::write(path, bytes).unwrap();
    if let Some(wal) = wal {
        std::fs::write(beside(path, "-wal"), wal).unwrap();
    }
}

#[test]
fn a_byte_that_was_turned_over_changes_no_record_and_hides_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    fill(&path);
    let right = read(&path).unwrap();
    assert_eq!(right.0.len(), COMMITS * RECORDS);
    let mut bytes = std::fs::read(&path).unwrap();
    assert!(!beside(&path, "-wal").exists() && bytes.len() > 6 * PAGE);
    let (mut named, mut harmless) = (0, 0);
    let mut random = Random(3);
    for at in places(bytes.len(), &mut random) {
        let bit = 1 << random.below(8);
        bytes[at] ^= bit;
        put(&path, &bytes, None);
        match read(&path) {
            Ok(found) => {
                harmless += 1;
                assert!(found == right, "byte {at}, bit {bit}: another content, and no word");
            }
            Err(error) => {
                named += 1;
                assert_named(&error, &path);
            }
        }
        match read_on(&path, &right) {
            Ok(found) => assert!(found == right.0[right.0.len() / 2..], "byte {at}, bit {bit}: read on with others"),
            Err(error) => assert_named(&error, &path),
        }
        bytes[at] ^= bit;
    }
    assert!(named > 500 && harmless > 100, "{named} {harmless}");
}

#[test]
fn what_is_published_to_a_damaged_log_is_refused_or_is_behind_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    fill(&path);
    let mut right = read(&path).unwrap();
    right.0.push((i64::try_from(right.0.len()).unwrap() + 1, record(9).body));
    let mut bytes = std::fs::read(&path).unwrap();
    let mut random = Random(4);
    for _ in 0..200 {
        let (at, bit) = (random.below(bytes.len()), 1 << random.below(8));
        bytes[at] ^= bit;
        put(&path, &bytes, None);
        let published = outbox(&path)
            .map_err(PublishError::from)
            .and_then(|outbox| outbox.publish(vec![record(9)], Vec::new()).wait());
        match published.map(|()| read(&path)) {
            Ok(Ok(found)) => assert!(found == right, "byte {at}, bit {bit}: another content, and no word"),
            Ok(Err(error)) => assert_named(&error, &path),
            Err(error) => assert!(!error.is_retriable(), "{error:?}"),
        }
        bytes[at] ^= bit;
    }
}

#[test]
fn a_log_that_was_cut_off_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    fill(&path);
    let bytes = std::fs::read(&path).unwrap();
    for page in (PAGE..bytes.len()).step_by(PAGE) {
        for length in [page, page + 1, page + 777, page - 1, bytes.len() - 1] {
            put(&path, &bytes[..length], None);
            assert_named(&read(&path).unwrap_err(), &path);
        }
    }
}

#[test]
fn a_wal_that_was_cut_off_or_turned_over_ends_behind_a_whole_commit() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bus.db");
    // Whoever is the last to close a log folds its WAL into it.
    let open = SqliteConsumer::open(&path).unwrap();
    fill(&path);
    let (right, bytes) = (read(&path).unwrap(), std::fs::read(&path).unwrap());
    let wal = std::fs::read(beside(&path, "-wal")).unwrap();
    drop(open);
    let mut random = Random(5);
    let mut shorter = 0;
    for n in 0..120 {
        let (mut hurt, at) = (wal.clone(), random.below(wal.len()));
        match n % 3 {
            0 => hurt.truncate(at),
            1 => hurt.truncate(32 + at / (PAGE + 24) * (PAGE + 24)),
            _ => hurt[at] ^= 1 << random.below(8),
        }
        put(&path, &bytes, Some(&hurt));
        let (records, checkpoints) = read(&path).unwrap_or_else(|error| panic!("{n} at {at}: {error}"));
        assert!(records == right.0[..records.len()], "{n} at {at}");
        let commit = checkpoints.iter().find(|(name, _)| name == "commit");
        let commits = commit.map_or(0, |(_, n)| 1 + std::str::from_utf8(n).unwrap().parse::<usize>().unwrap());
        assert_eq!(records.len(), commits * RECORDS, "{n} at {at}: records and checkpoints are of one commit");
        shorter += usize::from(records.len() < right.0.len());
    }
    assert!(shorter > 60, "{shorter}");
}
