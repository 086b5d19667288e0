//! Signed records: who may speak for which source, and that a topic of unsigned, old-key and new-key records replays alike.

#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support;
use crate::support::{World, micros, uses};
use aggregator::keys::{KeyList, ListedKey, SourcePattern};
use aggregator::pipeline::PipelineSetup;
use contract::record::Record;
use contract::signing::SigningKey;
use contract::time::Micros;
use contract::wire;
use std::sync::Arc;

fn key(id: &str) -> SigningKey {
    SigningKey::new(id, [id.as_bytes()[0]; 32]).unwrap()
}

fn listed(id: &str, sources: &str, until: Option<&str>) -> ListedKey {
    let sources = vec![SourcePattern::parse(sources).unwrap()];
    ListedKey { key: key(id), sources, until: until.map(micros) }
}

/// `old` until May 2021, `newer` since then; the register signs since July 2020.
fn list() -> KeyList {
    KeyList {
        keys: vec![
            listed("old", "p/*", Some("2021-05-01")),
            listed("newer", "p/register", None),
            listed("foreign", "q/*", None),
        ],
        signed_since: vec![(SourcePattern::parse("p/register").unwrap(), micros("2020-07-01"))],
    }
}

/// Month, value, when it was seen, and the key that signs it.
type Row = (&'static str, i64, &'static str, Option<&'static str>);

/// The last two months of the year never count: nobody, or another, signed them.
const ROWS: [Row; 8] = [
    ("2019-04", 1, "2020-05-01", None),
    ("2019-05", 2, "2020-05-01", Some("old")),
    ("2019-06", 4, "2020-08-01", Some("old")),
    ("2019-07", 8, "2021-06-01", Some("newer")),
    ("2019-08", 16, "2021-06-01", Some("old")),
    ("2019-09", 32, "2021-06-01", None),
    ("2019-10", 64, "2021-06-01", Some("foreign")),
    ("2019-11", 128, "2021-06-01", Some("lost")),
];

fn lines() -> Vec<Vec<u8>> {
    let line = |(month, value, seen, signer): &Row| {
        let record = Record::Observation(uses(month, *value, seen));
        signer.map_or_else(|| wire::encode(&record), |signer| wire::encode_signed(&record, &key(signer)))
    };
    ROWS.iter().map(line).collect()
}

fn with(world: &World, keys: KeyList) -> PipelineSetup {
    PipelineSetup { keys: Arc::new(keys), ..world.setup() }
}

fn reasons(world: &World) -> Vec<String> {
    let mut reasons: Vec<String> =
        world.reader().quarantined(0, 100).unwrap().into_iter().map(|one| one.reason).collect();
    reasons.sort();
    reasons
}

#[test]
fn a_record_counts_when_its_key_may_speak_for_its_source() {
    let world = World::new();
    let mut lines = lines();
    let at = lines[3].windows(10).position(|bytes| bytes == b"\"value\":8,").unwrap();
    let mut forged = lines[3].clone();
    forged[at + 8] = b'9';
    lines.push(forged);
    world.publish_bodies(&lines, 3);
    let counts = world.keep_with(&with(&world, list()), 9, || ());
    assert_eq!((counts.stored, counts.quarantined), (4, 5));
    assert_eq!(reasons(&world), ["bad_signature", "foreign_key", "retired_key", "unknown_key", "unsigned"]);
}

#[test]
fn without_a_key_list_signatures_are_not_looked_at_and_a_signed_duplicate_is_one() {
    let world = World::new();
    let mut lines = lines();
    let record = Record::Observation(uses(ROWS[0].0, ROWS[0].1, ROWS[0].2));
    lines.push(wire::encode_signed(&record, &key("old")));
    world.publish_bodies(&lines, 100);
    let counts = world.keep(9);
    assert_eq!((counts.stored, counts.duplicate, counts.quarantined), (8, 1, 0));
}

#[test]
fn a_changed_key_list_judges_old_and_new_records_as_a_replay_would() {
    let lists = [
        ("none", KeyList::default()),
        ("all", list()),
        ("without the old key", KeyList { keys: list().keys.split_off(1), ..list() }),
        (
            "unsigned before later",
            KeyList { signed_since: vec![(SourcePattern::parse("*").unwrap(), Micros(0))], ..list() },
        ),
        ("a key more", KeyList { keys: [list().keys, vec![listed("lost", "*", None)]].concat(), ..list() }),
    ];
    for (before, first) in &lists {
        for (after, second) in &lists {
            let fresh = World::new();
            fresh.publish_bodies(&lines(), 3);
            fresh.keep_with(&with(&fresh, second.clone()), 8, || ());

            let staged = World::new();
            staged.publish_bodies(&lines(), 3);
            staged.keep_with(&with(&staged, first.clone()), 8, || ());
            staged.keep_with(&with(&staged, second.clone()), 8, || ());
            assert_eq!(staged.derived(), fresh.derived(), "{before} -> {after}");
            assert_eq!(staged.export("FY2019"), fresh.export("FY2019"), "{before} -> {after}");
            assert_eq!(reasons(&staged), reasons(&fresh), "{before} -> {after}");
        }
    }
}

#[test]
fn a_record_that_leaves_and_comes_back_keeps_its_signature() {
    let world = World::new();
    world.publish_bodies(&lines(), 100);
    world.keep_with(&with(&world, list()), 8, || ());
    let stored = world.export("FY2019");
    let text =
        world.text.replace("id = \"uses\"", "id = \"others\"").replace("series = \"uses\"", "series = \"others\"");
    let other = World { text, ..world };
    let counts = other.keep_with(&with(&other, list()), 8, || ());
    assert_eq!(counts.quarantined, 8, "no series of that name");
    let world = World { text: support::PLAN.to_owned(), ..other };
    let counts = world.keep_with(&with(&world, list()), 8, || ());
    assert_eq!((counts.stored, counts.quarantined), (4, 4));
    assert_eq!(world.export("FY2019"), stored);
}
