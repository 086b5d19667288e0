//! Observations through the store: what was put is what is read, whichever runs it has moved to.

use super::ObservationRow;
use crate::keys::RecordSignature;
use crate::store::{PlanNames, StoreWriter, open_reader, open_writer};
use aggregator_core::ledger::FigureKey;
use bus::Partition;
use contract::record::{Finality, Observation, Place, Span, Value};
use contract::time::{DAY, Micros, Moment};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

const SERIES: u16 = 6;

/// A store with the numbers of a plan.
fn store(folder: &Path) -> (StoreWriter, PlanNames) {
    let series = |n| testkit::series(&format!("s{n}"), "shape = \"level\"\ngrain = \"day\"", "d", "register");
    let catalogue = testkit::catalogue(&(0..SERIES).map(series).collect::<String>());
    let mut writer = open_writer(folder, Partition(0)).unwrap();
    let names = writer.change(|change| change.plan_names(&catalogue)).unwrap();
    (writer, names)
}

fn observation(series: u16, n: i64) -> Observation {
    Observation {
        plan: "p".into(),
        series: format!("s{series}"),
        definition: "d".into(),
        source: "register".into(),
        period: if n % 2 == 0 { Span::AsOf(Moment(n * DAY)) } else { Span::During(Moment(n * DAY), Moment(i64::MAX)) },
        value: if n % 5 == 0 { Value::Unknown(format!("reason {}", n % 3)) } else { Value::Known(n - 1000) },
        breakdown: (n % 7 == 0).then(|| [("北".to_owned(), n), ("南".to_owned(), i64::MIN)].into()),
        finality: if n % 3 == 0 { Finality::Final } else { Finality::Provisional },
        revision: Micros(1_600_000_000_000_000 + n),
        visit: format!("poll {}", n / 40),
        place: match n % 4 {
            0 => None,
            1 => Some(Place { sheet: None, row: Some(u32::MAX) }),
            2 => Some(Place { sheet: Some("表".into()), row: None }),
            _ => Some(Place { sheet: Some("表".into()), row: Some(1) }),
        },
    }
}

fn signature(n: i64) -> Option<RecordSignature> {
    (n % 11 == 0).then(|| RecordSignature { key: "key".into(), mac: [9; 16] })
}

fn put(writer: &mut StoreWriter, names: &PlanNames, batch: &[(u16, i64)]) {
    let batch: Vec<_> = batch.iter().map(|(series, n)| (*series, observation(*series, *n), signature(*n))).collect();
    let rows: Vec<ObservationRow<'_>> = batch
        .iter()
        .map(|(series, observation, signature)| ObservationRow {
            names,
            key: FigureKey { series: *series, definition: 0, source: 0, index: 0 },
            observation: observation.borrowed(),
            signature: signature.as_ref(),
        })
        .collect();
    writer.change(|change| change.put_observations(&rows)).unwrap();
}

/// All of them whole, by their ids.
fn all(writer: &StoreWriter) -> Vec<(i64, Observation, Option<RecordSignature>)> {
    let mut found = Vec::new();
    writer
        .read()
        .each_whole_observation(|one| found.push((one.id.id, one.observation.clone(), one.signature)))
        .unwrap();
    found.sort_by_key(|(id, ..)| *id);
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn batches_of_any_size_are_the_same_observations(
        sizes in prop::collection::vec(prop_oneof![4 => 1..6_i64, 1 => 50..400_i64], 1..120), spread in 1..SERIES,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut writer, names) = store(folder.path());
        let (mut right, mut next) = (Vec::new(), 0);
        for size in sizes {
            let batch: Vec<(u16, i64)> = (next..next + size).map(|n| (u16::try_from(n).unwrap() % spread, n)).collect();
            put(&mut writer, &names, &batch);
            right.extend(batch.iter().map(|(series, n)| (observation(*series, *n), signature(*n))));
            next += size;
        }
        let found: Vec<_> = all(&writer).into_iter().map(|(_, observation, signature)| (observation, signature)).collect();
        prop_assert!(found == right);
        let tally = writer.read().tally().unwrap();
        prop_assert_eq!(tally.stored, right.len() as u64);
    }
}

#[test]
fn pages_go_on_where_they_ended_while_runs_move() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, names) = store(folder.path());
    let mut right = Vec::new();
    let (mut found, mut of_series, mut ends) = (Vec::new(), Vec::new(), (0, 0));
    let mut page = |writer: &StoreWriter, limit: usize| {
        let reader = writer.read();
        let page = reader.observations_after("p", (None, None), ends.0, limit).unwrap();
        ends.0 = page.last().map_or(ends.0, |(id, _)| *id);
        found.extend(page);
        let page = reader.observations_after("p", (Some("s2"), Some("register")), ends.1, limit).unwrap();
        ends.1 = page.last().map_or(ends.1, |(id, _)| *id);
        of_series.extend(page);
    };
    for n in 0..240 {
        let batch: Vec<(u16, i64)> = (0..7).map(|k| (u16::try_from(k * k + n).unwrap() % SERIES, n * 7 + k)).collect();
        put(&mut writer, &names, &batch);
        right.extend(batch.iter().map(|(series, n)| observation(*series, *n)));
        page(&writer, 5);
    }
    for _ in 0..240 {
        page(&writer, 5);
    }
    let ids: Vec<i64> = found.iter().map(|(id, _)| *id).collect();
    assert!(ids.is_sorted_by(|one, other| one < other));
    assert!(found.iter().map(|(_, one)| one).eq(&right));
    assert!(of_series.iter().map(|(_, one)| one).eq(right.iter().filter(|one| one.series == "s2")));
    for (series, source) in [(Some("s9"), None), (None, Some("nobody")), (Some("d"), None)] {
        assert_eq!(writer.read().observations_after("p", (series, source), 0, 9).unwrap(), []);
    }
    let of = writer.read().observations_of(("p", "s2", "d"), Micros(i64::MAX), |_| true).unwrap();
    assert!(of.iter().eq(right.iter().filter(|one| one.series == "s2")));
}

#[test]
fn a_reader_beside_the_writer_sees_whole_batches() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, names) = store(folder.path());
    let is_done = AtomicBool::new(false);
    let reads = std::thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let reader = open_reader(folder.path(), Partition(0)).unwrap();
            let (mut reads, mut last) = (0, 0);
            while !is_done.load(Ordering::Relaxed) {
                let mut count = 0;
                reader.each_observation_of("p", |_| count += 1).unwrap();
                assert!(count % 7 == 0 && count >= last, "{count} after {last}");
                last = count;
                let of = reader.observations_of(("p", "s0", "d"), Micros(i64::MAX), |_| true).unwrap();
                let page = reader.observations_after("p", (Some("s0"), None), 0, usize::MAX).unwrap();
                assert!(of.len() <= page.len());
                reads += 1;
            }
            reads
        });
        for n in 0..400 {
            let batch: Vec<(u16, i64)> = (0..7).map(|k| (u16::try_from(k).unwrap() % SERIES, n * 7 + k)).collect();
            put(&mut writer, &names, &batch);
        }
        is_done.store(true, Ordering::Relaxed);
        reading.join().unwrap()
    });
    assert!(reads > 5, "{reads}");
}

#[test]
fn what_is_taken_out_is_gone_and_all_else_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (mut writer, names) = store(folder.path());
    for n in 0..150 {
        let batch: Vec<(u16, i64)> = (0..7).map(|k| (u16::try_from(k).unwrap() % SERIES, n * 7 + k)).collect();
        put(&mut writer, &names, &batch);
    }
    let mut right = all(&writer);
    let mut ids = BTreeSet::new();
    writer.read().each_observation(|one| ids.extend([one.id])).unwrap();
    let gone: Vec<_> = ids.iter().copied().filter(|id| id.id % 13 == 1).collect();
    let read = writer.read().observations(&gone.iter().copied().collect()).unwrap();
    for (id, observation) in &read {
        assert!(right.iter().any(|(other, is, _)| *other == id.id && is == observation));
    }
    assert_eq!(read.len(), gone.len());
    writer.change(|change| change.remove_observations(&gone)).unwrap();
    right.retain(|(id, ..)| gone.iter().all(|gone| gone.id != *id));
    assert!(all(&writer) == right);
    assert_eq!(writer.read().observations(&gone.iter().copied().collect()).unwrap().len(), 0);
    assert_eq!(writer.read().tally().unwrap().stored, right.len() as u64);
}
