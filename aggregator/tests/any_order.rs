//! The same records in any order, batching and number of copies give the same bytes.

use crate::support;
use crate::support::{World, observation, uses, visit};
use contract::record::{Finality, Record, Span, Value};
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
}
