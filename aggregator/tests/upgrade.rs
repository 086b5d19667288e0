//! Collectors and aggregators of two versions of the wire schema.

use crate::support::{World, visit, year};
use bus::{PARTITION, Partition};
use contract::record::{PollSize, Record};
use contract::wire;
use std::collections::BTreeMap;

#[test]
fn what_an_aggregator_of_before_could_not_read_counts_after_its_upgrade() {
    let world = World::new();
    world.publish(&year());
    world.keep(year().len() as u64);
    // As that version left it: a poll of version 2 in quarantine, under the digest of its own program.
    let mut poll = visit("c1", "2020-06-02");
    poll.size = Some(PollSize { records: 3, digest: 7 });
    let body = wire::encode(&Record::Poll(poll.clone()));
    let mut writer = aggregator::store::open_writer(&world.data(), PARTITION).unwrap();
    let at = aggregator::store::BusCoordinates { partition: Partition(0), offset: Some(99), time: poll.time };
    let row = aggregator::store::QuarantineRow { at, plan: Some("p".into()), reason: "unknown_schema", body: &body };
    let digests: BTreeMap<String, u64> =
        writer.read().configuration().unwrap().into_iter().map(|(name, digest)| (name, digest ^ 1)).collect();
    writer
        .change(|change| {
            change.put_quarantine(&row)?;
            change.add_counts(1, 0, 0)?;
            change.put_configuration(&digests)
        })
        .unwrap();
    drop(writer);
    let counts = world.keep(year().len() as u64 + 1);
    assert_eq!((counts.stored, counts.quarantined), (year().len() as u64 + 1, 0));
    assert_eq!(world.reader().last_read("p").unwrap()["register"], poll.time);
}

#[test]
fn records_of_a_collector_of_before_are_read_as_ever() {
    let lines: Vec<Vec<u8>> = year().iter().map(wire::encode).collect();
    assert!(lines.iter().all(|line| line.windows(10).any(|bytes| bytes == b"\"schema\":1")));
    let world = World::new();
    world.publish_bodies(&lines, 5);
    let counts = world.keep(lines.len() as u64);
    assert_eq!((counts.stored, counts.quarantined), (lines.len() as u64, 0));
    assert_eq!(world.reader().open_polls().unwrap(), []);
}

#[test]
fn figures_of_a_newer_collector_are_written_so_that_an_aggregator_of_before_reads_them() {
    for record in year() {
        assert_eq!(record.schema(), 1, "{record:?}");
    }
}
