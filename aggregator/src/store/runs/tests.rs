//! Runs as a store has them: every observation comes back, wherever it moved to, and what is missing is named.

use super::codec::{RunDecoder, RunEncoder};
use super::write::MAX_OBSERVATIONS;
use super::{EntrySignature, EntryValue, RunEntry, RunWriter, each_of_all, each_of_plan, give_out_ids};
use crate::store::file;
use proptest::prelude::*;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

fn any_integer() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -300..300_i64, 2 => (-30..30_i64).prop_map(|n| n * 86_400), 1 => any::<i64>(), 1 => Just(i64::MIN), 1 => Just(i64::MAX)]
}

fn any_entry() -> impl Strategy<Value = RunEntry> {
    let ids = prop::array::uniform5(any_integer());
    let times = (any_integer(), prop::option::of(any_integer()), any_integer());
    let value = prop_oneof![any_integer().prop_map(EntryValue::Known), any_integer().prop_map(EntryValue::Unknown)];
    let place = (prop::option::of(any_integer()), prop::option::of(any_integer()));
    let breakdown = prop::option::weighted(0.3, "[^x]{0,20}");
    let signature = prop::option::weighted(0.3, (any_integer(), any::<[u8; 16]>()));
    (ids, times, value, any::<bool>(), any_integer(), place, breakdown, signature).prop_map(
        |(
            [id, plan, series, definition, source],
            (since, until, revision),
            value,
            is_final,
            poll,
            place,
            labels,
            by,
        )| {
            RunEntry {
                id,
                plan,
                series,
                definition,
                source,
                since,
                until,
                value,
                is_final,
                revision,
                poll,
                sheet: place.0,
                line: place.1,
                breakdown: labels.map(Into::into),
                signature: by.map(|(signer, mac)| EntrySignature { signer, mac }),
            }
        },
    )
}

fn decoded(body: &[u8]) -> Option<Vec<RunEntry>> {
    let mut decoder = RunDecoder::new(body)?;
    let (mut entry, mut all) = (RunEntry::default(), Vec::new());
    while decoder.left() > 0 {
        decoder.read(&mut entry)?;
        all.push(entry.clone());
    }
    Some(all)
}

proptest! {
    #[test]
    fn a_body_gives_back_what_it_was_made_of(entries in prop::collection::vec(any_entry(), 1..60), times in 1..4_usize) {
        // Neighbours that are equal, as most are in a store.
        let entries: Vec<RunEntry> = entries.iter().flat_map(|one| std::iter::repeat_n(one.clone(), times)).collect();
        let mut encoder = RunEncoder::default();
        let all: Vec<&RunEntry> = entries.iter().collect();
        encoder.encode(&all[..1]);
        let body = encoder.encode(&all);
        prop_assert_eq!(decoded(&body), Some(entries));
        for length in 0..body.len() {
            prop_assert_eq!(decoded(&body[..length]), None, "cut to {}", length);
        }
    }

    #[test]
    fn bytes_that_are_no_body_are_refused_or_read_but_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut body = vec![1];
        body.extend(bytes);
        if let Some(mut decoder) = RunDecoder::new(&body) {
            let mut entry = RunEntry::default();
            for _ in 0..1000 {
                if decoder.read(&mut entry).is_none() { break; }
            }
        }
    }
}

/// A store in memory.
fn store() -> Connection {
    file::STORE_FILE.model().unwrap()
}

fn entry(plan: i64, series: i64, n: i64) -> RunEntry {
    RunEntry {
        plan,
        series,
        definition: 7,
        source: 8,
        since: n * 86_400,
        value: EntryValue::Known(n),
        ..RunEntry::default()
    }
}

/// Adds a batch as the pipeline does; gives it with its ids.
fn add(connection: &Connection, batch: Vec<RunEntry>) -> Vec<RunEntry> {
    let first = give_out_ids(connection, batch.len()).unwrap();
    let batch: Vec<RunEntry> = (first..).zip(batch).map(|(id, entry)| RunEntry { id, ..entry }).collect();
    let mut runs = RunWriter::new(connection);
    runs.add(&batch).unwrap();
    runs.finish().unwrap();
    batch
}

fn remove(connection: &Connection, of: (i64, i64), ids: &[i64]) {
    let mut runs = RunWriter::new(connection);
    runs.remove(of, &ids.iter().copied().collect()).unwrap();
    runs.finish().unwrap();
}

fn all(connection: &Connection) -> rusqlite::Result<BTreeMap<i64, RunEntry>> {
    let mut found = BTreeMap::new();
    each_of_all(connection, |entry| {
        assert!(found.insert(entry.id, entry.clone()).is_none(), "{} is there twice", entry.id);
        Ok(())
    })?;
    Ok(found)
}

fn of_plan(connection: &Connection, of: (i64, Option<i64>)) -> rusqlite::Result<BTreeSet<i64>> {
    let mut found = BTreeSet::new();
    each_of_plan(connection, of, |entry| {
        found.insert(entry.id);
        Ok(())
    })?;
    Ok(found)
}

fn count(connection: &Connection, condition: &str) -> i64 {
    connection.query_row(&format!("SELECT count(*) FROM runs WHERE {condition}"), (), |row| row.get(0)).unwrap()
}

fn by_id(entries: &[RunEntry]) -> BTreeMap<i64, RunEntry> {
    entries.iter().map(|entry| (entry.id, entry.clone())).collect()
}

/// Few observations of each of many series: two plans of 24, every other one in turn.
fn batch(n: i64) -> Vec<RunEntry> {
    (0..24).map(|k| entry(100 + k % 2, 200 + k / 2 + n % 2 * 12, n)).collect()
}

/// So many batches that every sort of run is there.
fn scattered(connection: &Connection) -> Vec<RunEntry> {
    let added = (0..740).flat_map(|n| add(connection, batch(n))).collect();
    for sort in SORTS {
        assert!(count(connection, sort) > 0, "{sort}");
    }
    added
}

/// The sorts of runs that observations of plan 100 are in.
const SORTS: [&str; 3] = ["plan = 0", "plan = 100 AND series = 0", "plan = 100 AND series > 0"];

#[test]
fn every_observation_is_there_once_at_every_step_of_its_way() {
    let connection = store();
    let mut right = BTreeMap::new();
    for n in 0..300 {
        right.extend(by_id(&add(&connection, batch(n))));
        if n % 50 == 3 || [62, 63, 64, 126, 127, 128].contains(&n) {
            assert!(all(&connection).unwrap() == right, "after {n}");
        }
    }
    assert!(all(&connection).unwrap() == right);
    for plan in [100, 101, 102] {
        let ids = |series: Option<i64>| -> BTreeSet<i64> {
            let ours = |one: &&RunEntry| one.plan == plan && series.is_none_or(|series| one.series == series);
            right.values().filter(ours).map(|one| one.id).collect()
        };
        for series in [None, Some(200), Some(201), Some(223), Some(224)] {
            assert_eq!(of_plan(&connection, (plan, series)).unwrap(), ids(series), "{plan} {series:?}");
        }
    }
}

#[test]
fn runs_are_few_and_none_is_longer_than_its_limit() {
    let connection = store();
    let right = scattered(&connection);
    assert_eq!(all(&connection).unwrap().len(), right.len());
    let total = count(&connection, "1");
    assert!(total < 64 + 2 * 16 + 48 * 3, "{total} runs of {} observations", right.len());
    // One series alone, at once and far beyond the limit.
    let large = (0..10_000).map(|n| entry(900, 901, n)).collect();
    let large = add(&connection, large);
    assert_eq!(count(&connection, "plan = 900"), 3);
    assert_eq!(count(&connection, &format!("observations > {MAX_OBSERVATIONS}")), 0);
    assert_eq!(of_plan(&connection, (900, None)).unwrap().len(), large.len());
    // Labels count too.
    let wordy = |n| RunEntry { breakdown: Some("x".repeat(400 << 10).into()), ..entry(910, 911, n) };
    let wordy = add(&connection, (0..64).map(wordy).collect());
    assert_eq!(count(&connection, "plan = 910"), 32, "two in a run");
    assert_eq!(of_plan(&connection, (910, Some(911))).unwrap().len(), wordy.len());
    let huge = |n| RunEntry { breakdown: Some("x".repeat(3 << 20).into()), ..entry(920, 921, n) };
    add(&connection, (0..64).map(huge).collect());
    assert_eq!(count(&connection, "plan = 920"), 64, "one in a run");
}

#[test]
fn first_middle_and_last_can_be_taken_out_of_every_sort_of_run() {
    let connection = store();
    let mut right = by_id(&scattered(&connection));
    right.extend(by_id(&add(&connection, (0..200).map(|n| entry(100, 200, n)).collect())));
    for level in SORTS {
        let sql = format!("SELECT first, last FROM runs WHERE {level} ORDER BY first LIMIT 1");
        let (first, last): (i64, i64) = connection.query_row(&sql, (), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        let middle = *right.range(first + 1..last).nth(3).unwrap().0;
        for id in [first, middle, last] {
            let gone = right.remove(&id).unwrap();
            remove(&connection, (gone.plan, gone.series), &[id]);
            assert!(all(&connection).unwrap() == right, "{id} of {level}");
        }
    }
    // A whole series, and then what nobody has.
    let ids: Vec<i64> = right.values().filter(|one| (one.plan, one.series) == (100, 200)).map(|one| one.id).collect();
    remove(&connection, (100, 200), &ids);
    remove(&connection, (100, 200), &ids);
    right.retain(|id, _| !ids.contains(id));
    assert!(all(&connection).unwrap() == right);
    assert_eq!(of_plan(&connection, (100, Some(200))).unwrap(), BTreeSet::new());
}

#[test]
fn an_id_is_never_given_twice() {
    let connection = store();
    let last = add(&connection, vec![entry(1, 2, 0), entry(1, 2, 1)])[1].id;
    remove(&connection, (1, 2), &[last]);
    assert_eq!(add(&connection, vec![entry(1, 2, 2)])[0].id, last + 1);
    connection.execute_batch("UPDATE observation_ids SET next = 1").unwrap();
    assert!(give_out_ids(&connection, 1).is_err());
    connection.execute_batch("DELETE FROM observation_ids").unwrap();
    assert!(give_out_ids(&connection, 1).unwrap_err().to_string().contains("missing"));
}

#[test]
fn a_run_that_is_lost_swapped_moved_or_changed_is_named() {
    let one = "(plan, series, first) IN (SELECT plan, series, first FROM runs WHERE SORT LIMIT 1)";
    let hurts = [
        "DELETE FROM runs WHERE RUN",
        "UPDATE runs SET body = (SELECT body FROM runs AS other WHERE other.first <> runs.first) WHERE RUN",
        "UPDATE runs SET first = first + 1, last = last + 1 WHERE RUN",
        "UPDATE runs SET plan = 100, series = 999 WHERE RUN",
        "UPDATE runs SET last = first WHERE RUN",
        "UPDATE runs SET body = zeroblob(40) WHERE RUN",
        "UPDATE runs SET digest = 1 WHERE RUN",
        "UPDATE runs SET digest = 1, sum = row_sum(plan, series, first, last, observations, 1) WHERE RUN",
        "DELETE FROM run_totals",
        "UPDATE run_totals SET runs = 0",
    ];
    let connection = store();
    scattered(&connection);
    for hurt in hurts {
        for sort in SORTS {
            connection.execute_batch("SAVEPOINT whole").unwrap();
            connection.execute_batch(&hurt.replace("RUN", one).replace("SORT", sort)).unwrap();
            // Each reading that needs what is hurt refuses it.
            for outcome in [all(&connection).map(drop), of_plan(&connection, (100, None)).map(drop)] {
                let text = outcome.map_err(|error| error.to_string()).expect_err(&format!("{hurt} of {sort}"));
                assert!(text.contains("checksum") || text.contains("there are"), "{hurt} of {sort}: {text}");
            }
            connection.execute_batch("ROLLBACK TO whole; RELEASE whole").unwrap();
        }
    }
    assert!(all(&connection).is_ok());
    connection.execute_batch("UPDATE runs SET body = zeroblob(40) WHERE plan = 100 AND series = 200").unwrap();
    let text = of_plan(&connection, (100, Some(200))).unwrap_err().to_string();
    assert!(text.contains("the run of plan 100, series 200, from observation "), "{text}");
}
