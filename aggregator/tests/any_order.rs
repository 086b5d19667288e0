//! The same records in any order, batching and number of copies give the same bytes.
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support;
use crate::support::{World, observation, uses, visit};
use contract::record::{Finality, PollOutcome, PollRecord, Record, Span, Value};
use contract::time::Micros;
use proptest::prelude::*;

/// One observation out of few keys, so that revisions of one key meet.
fn record() -> impl Strategy<Value = Record> {
    let figure = prop_oneof![4 => (0_i64..5).prop_map(Value::Known), 1 => Just(Value::Unknown("gone".into()))];
    (0_usize..4, 1_u32..6, figure, 0_u32..3, any::<bool>(), any::<bool>()).prop_map(
        |(series, month, value, seen, is_final, breakdown)| {
            let seen = format!("2020-0{}-02", 6 + seen);
            let date = format!("2020-0{month}-01");
            let mut o = match series {
                0 => uses(&date[..7], 0, &seen),
                1 => observation("sets", Span::AsOf(support::at(&date)), Value::Known(0), &seen),
                2 => observation("hits", Span::AsOf(support::at(&date)), Value::Known(0), &seen),
                // Quarantined, wherever it comes.
                _ => observation("unknown", Span::AsOf(support::at(&date)), Value::Known(0), &seen),
            };
            o.value = value;
            o.finality = if is_final { Finality::Final } else { Finality::Provisional };
            o.breakdown = breakdown.then(|| [("a".to_owned(), 1), ("b".to_owned(), i64::from(month))].into());
            Record::Observation(o)
        },
    )
}

/// What a world says of records that came in some order and batches.
fn outcome(records: &[Record], batch: usize) -> (String, String, u64) {
    let world = World::new();
    let bodies: Vec<_> = records.iter().map(contract::wire::encode).collect();
    world.publish_bodies(&bodies, batch);
    let counts = world.keep(records.len() as u64);
    (world.export("2020-06-30"), world.derived(), counts.superseded)
}

/// A poll of two sources by two collectors, at few times.
fn poll() -> impl Strategy<Value = Record> {
    let outcome = prop_oneof![
        1 => Just(PollOutcome::Changed),
        4 => Just(PollOutcome::Unchanged),
        2 => Just(PollOutcome::Failed("timeout".into())),
    ];
    (0_i64..20, outcome, any::<bool>(), 1..=2).prop_map(|(hour, outcome, is_other, collector)| {
        let time = Micros(support::micros("2020-06-01").0 + hour * 3_600_000_000);
        let source = if is_other { "other" } else { "register" }.to_owned();
        let id = format!("c{collector}-{source}-{hour}-{outcome:?}");
        Record::Poll(PollRecord { source, id, time, outcome, ..visit(&format!("c{collector}"), "2020-06-01") })
    })
}

/// What a store says of polls that came in some order and batches, with a restart after `first` of them.
fn polled(records: &[Record], batch: usize, first: usize) -> (String, u64) {
    let world = World::new();
    let bodies: Vec<_> = records.iter().map(contract::wire::encode).collect();
    world.publish_bodies(&bodies[..first], batch);
    world.keep(first as u64);
    world.publish_bodies(&bodies[first..], batch);
    let counts = world.keep(records.len() as u64);
    let reader = world.reader();
    reader.verify().unwrap();
    let (mut last, read) = (reader.last_polls("p").unwrap(), reader.last_read("p").unwrap());
    last.sort_by(|a, b| a.source.cmp(&b.source));
    (format!("{last:?} {read:?} {:?}", reader.collectors("p").unwrap()), counts.stored)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn any_order_copies_and_batches_give_the_same_bytes(
        (records, shuffled) in prop::collection::vec((record(), 1_usize..=5), 1..40).prop_flat_map(|records| {
            let copies: Vec<Record> = records.iter().flat_map(|(r, n)| vec![r.clone(); *n]).collect();
            let once: Vec<Record> = records.into_iter().map(|(r, _)| r).collect();
            (Just(once), Just(copies).prop_shuffle())
        }),
        batch in 1_usize..30,
    ) {
        let visited = Record::Poll(visit("c1", "2020-05-02"));
        let (mut records, mut shuffled) = (records, shuffled);
        records.push(visited.clone());
        shuffled.insert(shuffled.len() / 2, visited);
        prop_assert_eq!(outcome(&records, 1000), outcome(&shuffled, batch));
    }

    #[test]
    fn any_order_copies_batches_and_a_restart_leave_the_same_polls(
        (once, shuffled) in prop::collection::vec((poll(), 1_usize..=3), 2..40).prop_flat_map(|polls| {
            let copies: Vec<Record> = polls.iter().flat_map(|(poll, n)| vec![poll.clone(); *n]).collect();
            let once: Vec<Record> = polls.into_iter().map(|(poll, _)| poll).collect();
            (Just(once), Just(copies).prop_shuffle())
        }),
        batch in 1_usize..30,
    ) {
        prop_assert_eq!(polled(&once, 1000, once.len()), polled(&shuffled, batch, shuffled.len() / 2));
    }
}
