use super::super::{FactOutcome, StoreReader, StoreWriter, file, open_writer, path, schema};
use bus::{PARTITION, Position};
use contract::record::{PollOutcome, PollRecord, PollSize, Record, Reject, Retraction};
use contract::time::Micros;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn poll(source: &str, time: i64, outcome: PollOutcome) -> PollRecord {
    let Record::Poll(poll) = testkit::poll(source, time) else { unreachable!() };
    PollRecord { id: format!("c-{source}-{time}"), outcome, ..poll }
}

fn failed(reason: &str) -> PollOutcome {
    PollOutcome::Failed(reason.into())
}

fn retraction(source: &str, from: i64, to: i64) -> Record {
    let (plan, by, reason) = ("p".into(), "staff".into(), "clock".into());
    let (from, to, revision) = (Micros(from), Micros(to), Micros(1));
    Record::Retraction(Retraction { plan, source: source.into(), from, to, revision, by, reason })
}

/// Any poll of two sources and collectors at few times, so that kinds and times meet.
fn any_poll() -> impl Strategy<Value = PollRecord> {
    let outcome = prop_oneof![
        1 => Just(PollOutcome::Changed),
        5 => Just(PollOutcome::Unchanged),
        1 => Just(failed("not_found")),
        1 => Just(failed("timeout")),
    ];
    let source = prop_oneof![Just("a"), Just("b")];
    (source, 1_i64..40, outcome, 0..2, 0_usize..3, 0..9).prop_map(
        |(source, time, outcome, collector, content, records)| {
            let mut poll = poll(source, time, outcome);
            poll.collector = format!("c{collector}");
            (poll.sha256, poll.bytes) = [(None, None), (Some("ab".into()), Some(7)), (None, Some(7))][content].clone();
            poll.size = (records == 0).then_some(PollSize { records: 1, digest: 7 });
            // One id is one record.
            poll.id = format!("{}-{source}-{time}-{:?}-{content}-{records}", poll.collector, poll.outcome);
            poll
        },
    )
}

/// Stores records, and counts them as the pipeline does.
fn put(writer: &mut StoreWriter, records: &[Record]) {
    writer
        .change(|change| {
            for record in records {
                let outcome = match record {
                    Record::Poll(poll) => change.put_poll(poll)?,
                    other => change.put_statement(other, None)?,
                };
                let counts = [FactOutcome::Duplicate, FactOutcome::Folded].map(|one| u64::from(outcome == one));
                change.add_counts(1, counts[0], counts[1])?;
            }
            change.put_position(PARTITION, Position { next: 1, last: 1 })
        })
        .unwrap();
}

fn polls<'a>(records: impl IntoIterator<Item = &'a PollRecord>) -> Vec<Record> {
    records.into_iter().cloned().map(Record::Poll).collect()
}

/// Every stored poll.
fn kept(reader: &StoreReader) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for table in super::poll_row::TABLES {
        let sql = format!("SELECT {} FROM {table}", super::COLUMNS);
        let mut statement = reader.connection.prepare(&sql).unwrap();
        let mut rows = statement.query(()).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let poll = super::poll_row::read(&reader.connection, table, row).unwrap();
            found.insert(format!("{table} {poll:?}"));
        }
    }
    found
}

type Answers = (BTreeMap<String, PollRecord>, BTreeMap<String, Micros>, BTreeMap<String, Micros>);

fn answers(reader: &StoreReader) -> Answers {
    let last = reader.last_polls("p").unwrap().into_iter().map(|poll| (poll.source.clone(), poll)).collect();
    (last, reader.last_read("p").unwrap(), reader.collectors("p").unwrap())
}

/// The same answers, from all polls, by the words of the rules.
fn answers_of_all(polls: &[PollRecord]) -> Answers {
    let (mut last, mut read, mut collectors) = Answers::default();
    let mut polls = polls.to_vec();
    polls.sort_by_key(|poll| (poll.time, poll.id.len(), poll.id.clone()));
    for poll in polls {
        let is_whole = poll.sha256.is_some() || poll.bytes.is_none();
        if poll.outcome == PollOutcome::Changed || (poll.outcome == PollOutcome::Unchanged && is_whole) {
            read.insert(poll.source.clone(), poll.time);
        }
        collectors.insert(poll.collector.clone(), poll.time);
        last.insert(poll.source.clone(), PollRecord { size: None, ..poll });
    }
    (last, read, collectors)
}

fn store(folder: &Path) -> StoreWriter {
    open_writer(folder, PARTITION).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn any_order_copies_and_a_restart_leave_the_same_polls_and_the_answers_of_all_of_them(
        (all, shuffled) in prop::collection::vec((any_poll(), 1_usize..=3), 1..60).prop_flat_map(|all| {
            let copies: Vec<PollRecord> = all.iter().flat_map(|(poll, n)| vec![poll.clone(); *n]).collect();
            let all: Vec<PollRecord> = all.into_iter().map(|(poll, _)| poll).collect();
            (Just(all), Just(copies).prop_shuffle())
        }),
        split in 0.0..1.0,
    ) {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        put(&mut store(folders[0].path()), &polls(&all));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "few")]
        let split = (shuffled.len() as f64 * split) as usize;
        put(&mut store(folders[1].path()), &polls(&shuffled[..split]));
        put(&mut store(folders[1].path()), &polls(&shuffled[split..]));
        let writers = folders.each_ref().map(|folder| store(folder.path()));
        prop_assert_eq!(kept(writers[0].read()), kept(writers[1].read()));
        for writer in &writers {
            writer.read().verify().unwrap();
            prop_assert_eq!(answers(writer.read()), answers_of_all(&all));
        }
    }

    #[test]
    fn a_retraction_hides_no_honest_poll_that_comes_after_it(
        all in prop::collection::vec(any_poll(), 1..40), from in 1_i64..40, split in 0_usize..40,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = store(folder.path());
        let (before, after) = all.split_at(split.min(all.len()));
        put(&mut writer, &polls(before));
        put(&mut writer, &[retraction("a", from, 40)]);
        put(&mut writer, &polls(after));
        let honest = |poll: &&PollRecord| poll.source != "a" || poll.time.0 < from;
        let (last, ..) = answers(writer.read());
        let of_all = answers_of_all(&all.iter().filter(honest).cloned().collect::<Vec<_>>()).0;
        let of_later = answers_of_all(&after.iter().filter(honest).cloned().collect::<Vec<_>>()).0;
        for (source, poll) in &last {
            prop_assert!(honest(&poll) && poll.time <= of_all[source].time);
        }
        for (source, poll) in &of_later {
            prop_assert!(last[source].time >= poll.time, "{source}");
        }
        prop_assert_eq!(last.get("b"), of_all.get("b"));
        writer.read().verify().unwrap();
    }
}

#[test]
fn a_source_that_says_the_same_all_year_has_two_rows_and_no_name_a_poll() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = store(folder.path());
    let all: Vec<PollRecord> = (1..=400).map(|time| poll("a", time, PollOutcome::Unchanged)).collect();
    put(&mut writer, &polls(&all));
    let tally = writer.read().conserved().unwrap();
    assert_eq!((tally.received, tally.stored, tally.duplicate, tally.folded), (400, 2, 0, 398));
    let names = |writer: &StoreWriter| {
        writer.read().connection.query_row("SELECT count(*) FROM names", (), |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!(names(&writer), 3, "plan, collector, and the `a` of source and address");
    // Sent again: the two are known, the others stand for nothing as before.
    put(&mut writer, &polls(&all));
    let tally = writer.read().conserved().unwrap();
    assert_eq!((tally.received, tally.stored, tally.duplicate, tally.folded), (800, 2, 2, 796));
    assert_eq!(names(&writer), 3);
    // What says something else stays.
    let others = [
        poll("a", 5, failed("timeout")),
        poll("a", 6, failed("not_found")),
        poll("a", 7, PollOutcome::Changed),
        PollRecord { size: Some(PollSize { records: 2, digest: 1 }), ..poll("a", 8, PollOutcome::Unchanged) },
    ];
    put(&mut writer, &polls(&others));
    assert_eq!(writer.read().conserved().unwrap().stored, 6);
    for one in &others {
        assert_eq!(writer.read().poll("p", &one.id).unwrap(), Some(PollRecord { size: None, ..one.clone() }));
    }
    assert_eq!(writer.read().poll("p", "c-a-1").unwrap().unwrap().time, Micros(1));
    assert_eq!(writer.read().poll("p", "c-a-5").unwrap().unwrap().outcome, failed("timeout"));
    assert_eq!(writer.read().poll("p", "c-a-200").unwrap(), None);
}

#[test]
fn a_poll_with_records_that_is_published_again_without_their_number_is_the_same_poll() {
    let sized = PollRecord { size: Some(PollSize { records: 2, digest: 1 }), ..poll("a", 8, PollOutcome::Unchanged) };
    let plain = poll("a", 8, PollOutcome::Unchanged);
    let mut left = Vec::new();
    for records in [[&sized, &plain], [&plain, &sized]] {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = store(folder.path());
        put(&mut writer, &polls(records));
        let tally = writer.read().conserved().unwrap();
        assert_eq!((tally.stored, tally.duplicate, tally.folded), (1, 1, 0));
        left.push(kept(writer.read()));
    }
    assert_eq!(left[0], left[1]);
}

/// A store of before, which has every poll in one table.
fn earlier(folder: &Path, all: &[PollRecord], rejected: &[&str], open: &[&str]) {
    let mut writer = store(folder);
    put(&mut writer, &polls(all));
    writer
        .change(|change| {
            for poll in all {
                for name in [&poll.plan, &poll.id, &poll.source, &poll.collector, &poll.address] {
                    change.name(name)?;
                }
            }
            for visit in rejected {
                let (plan, source, hash) = ("p".into(), "a".into(), "00".into());
                let (reason, file, visit) = ("bad".into(), "a".into(), (*visit).to_owned());
                let (time, sheet, row, column) = (Micros(1), None, None, None);
                change.put_reject(&Reject { plan, source, visit, time, reason, file, sheet, row, column, hash })?;
                change.add_counts(1, 0, 0)?;
            }
            for id in open {
                let size = Some(PollSize { records: 9, digest: 1 });
                let poll = all.iter().find(|poll| poll.id == *id).unwrap();
                let open = super::super::OpenPoll::of(&PollRecord { size, ..poll.clone() }, Micros(1)).unwrap();
                change.put_open_poll(&open)?;
            }
            Ok(())
        })
        .unwrap();
    drop(writer);
    let connection = file::open(&path(folder, PARTITION)).unwrap();
    connection
        .execute_batch(&format!(
            "DELETE FROM visits; DROP TABLE quiet_polls; DROP INDEX visits_by_source; DROP INDEX retractions;
             DROP TABLE runs; DROP TABLE run_totals; DROP TABLE observation_ids;
             CREATE TABLE observations(
                 id INTEGER PRIMARY KEY, plan, series, definition, source, since, until, value, reason, final, revision,
                 visit, sheet, line, breakdown, sum, signer, mac
             );
             DELETE FROM counts WHERE name = 'folded'; UPDATE counts SET value = {} WHERE name = 'received';
             UPDATE counts SET value = 0 WHERE name = 'duplicate'; PRAGMA user_version = {}",
            all.len() + rejected.len(),
            schema::QUIET_POLLS - 1
        ))
        .unwrap();
    let number = |text: &str| super::super::name_cache::number(&connection, text).unwrap().unwrap();
    for poll in all {
        let (outcome, reason) = match &poll.outcome {
            PollOutcome::Changed => ("changed", None),
            PollOutcome::Unchanged => ("unchanged", None),
            PollOutcome::Failed(reason) => ("failed", Some(number(reason))),
        };
        connection
            .execute(
                "INSERT INTO visits(plan, id, source, collector, time, outcome, reason, address, sum)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, row_sum(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, NULL, NULL))",
                (
                    number(&poll.plan),
                    number(&poll.id),
                    number(&poll.source),
                    number(&poll.collector),
                    poll.time.0,
                    outcome,
                    reason,
                    number(&poll.address),
                ),
            )
            .unwrap();
    }
}

#[test]
fn a_store_of_before_folds_its_quiet_polls_and_answers_as_before() {
    let mut all: Vec<PollRecord> = (1..=30).map(|time| poll("a", time, PollOutcome::Unchanged)).collect();
    all[9].outcome = PollOutcome::Changed;
    all[14].outcome = failed("timeout");
    all.extend((31..=33).map(|time| poll("b", time, failed("timeout"))));
    let folder = tempfile::tempdir().unwrap();
    earlier(folder.path(), &all, &["c-a-20"], &["c-a-21"]);
    let writer = store(folder.path());
    writer.read().verify().unwrap();
    let tally = writer.read().tally().unwrap();
    // Changed, failed, with a reject, open; first and last of 26 and of 3; the reject itself.
    assert_eq!((tally.received, tally.stored, tally.folded), (34, 4 + 2 + 2 + 1, 25));
    assert_eq!(answers(writer.read()), answers_of_all(&all));
    assert!(writer.read().poll("p", "c-a-20").unwrap().is_some());
    // The very same again: nothing is counted twice.
    drop(writer);
    let mut writer = store(folder.path());
    put(&mut writer, &polls(&all));
    assert_eq!(writer.read().conserved().unwrap().stored, 9);
}

#[test]
fn a_damaged_poll_of_a_store_of_before_is_not_folded() {
    let folder = tempfile::tempdir().unwrap();
    let all: Vec<PollRecord> = (1..=5).map(|time| poll("a", time, PollOutcome::Unchanged)).collect();
    earlier(folder.path(), &all, &[], &[]);
    let connection = rusqlite::Connection::open(path(folder.path(), PARTITION)).unwrap();
    connection.execute_batch("UPDATE visits SET time = 99 WHERE time = 3").unwrap();
    drop(connection);
    assert!(open_writer(folder.path(), PARTITION).is_err());
}
