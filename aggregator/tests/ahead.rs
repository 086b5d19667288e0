//! Records whose revision is ahead of the time at which the bus took them: quarantined, and the same at every replay.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support;
use crate::support::{World, catalogue_record, uses, visit, year};
use aggregator::pipeline::{self, PipelineSetup, RecordCounts};
use aggregator::{store, vintage};
use aggregator_core::report::Report;
use aggregator_core::report_period::ReportPeriod;
use contract::period::Period;
use contract::record::{Observation, Record};
use contract::time::{MAX_AHEAD, Micros};
use contract::wire;

const HOUR: i64 = 3600 * 1_000_000;

/// The figure of April 2019, seen at a time.
fn april(value: i64, seen: Micros) -> Observation {
    Observation { revision: seen, visit: "v".into(), ..uses("2019-04", value, "2020-05-02") }
}

/// Publishes when the bus' clock shows `now`.
fn publish(world: &World, now: Micros, records: &[Record]) {
    world.set_clock(now);
    world.publish(records);
}

/// Keeps what a bus gives that dates each record itself.
fn keep(world: &World, total: u64) -> RecordCounts {
    let setup = PipelineSetup { judges_append_time: true, ..world.setup() };
    world.keep_with(&setup, total, || ())
}

fn reasons(world: &World) -> Vec<String> {
    world.reader().quarantined(0, 100).unwrap().into_iter().map(|one| one.reason).collect()
}

#[test]
fn a_revision_counts_up_to_five_minutes_ahead_of_the_append_time_and_not_beyond() {
    let now = support::micros("2020-06-01");
    let year_ahead = Micros(now.0 + 365 * 24 * HOUR);
    for (seen, is_ahead) in [
        (now, false),
        (Micros(now.0 + MAX_AHEAD.0), false),
        (Micros(now.0 + MAX_AHEAD.0 + 1), true),
        (Micros(now.0 + 9 * HOUR), true),
        (year_ahead, true),
        (Micros(i64::MAX), true),
    ] {
        let world = World::new();
        publish(&world, now, &[Record::Observation(april(7, seen))]);
        let counts = keep(&world, 1);
        let expected = if is_ahead { (0, 1) } else { (1, 0) };
        assert_eq!((counts.stored, counts.quarantined), expected, "{seen:?}");
        assert_eq!(reasons(&world), vec!["future"; usize::from(is_ahead)], "{seen:?}");
    }
}

#[test]
fn every_kind_of_record_that_is_ahead_is_quarantined() {
    let (world, now) = (World::new(), support::micros("2020-06-01"));
    let mut poll = visit("c1", "2020-05-02");
    poll.time = Micros(now.0 + 9 * HOUR);
    let Record::Catalogue(mut text) = catalogue_record(support::PLAN, "2020-05-02") else { unreachable!() };
    text.revision = Micros(i64::MAX);
    publish(&world, now, &[Record::Poll(poll), Record::Catalogue(text)]);
    assert_eq!(keep(&world, 2).quarantined, 2);
    assert_eq!(reasons(&world), ["future", "future"]);
}

#[test]
fn a_record_nine_hours_ahead_stays_out_at_every_replay_and_counts_once_it_is_published_in_time() {
    let (world, now) = (World::new(), support::micros("2020-06-01"));
    let ahead = Record::Observation(april(1005, Micros(now.0 + 9 * HOUR)));
    publish(&world, now, &year());
    publish(&world, now, std::slice::from_ref(&ahead));
    assert_eq!(keep(&world, 14).quarantined, 1);
    let before = world.export("FY2019");
    assert!(before.contains(r#""status":"off_track","value":120,"#), "{before}");

    // Years later, and judged again: what decides is the time at which the bus took it.
    world.set_clock(support::micros("2022-06-01"));
    assert_eq!(pipeline::replay(&world.setup()).unwrap(), (1, 1));
    assert_eq!(world.export("FY2019"), before);
    // Neither does an answer about the past take it, whose catalogue is another one.
    let configured = support::configured(&world.text);
    let vintage =
        vintage::known_at(&[world.reader()], configured.catalogue("p").unwrap(), support::micros("2020-07-01"))
            .unwrap();
    let plan = vintage.state.report(ReportPeriod(Period::parse("FY2019").unwrap()), false);
    let report = Report::from(vec![plan]).canonical_json();
    assert!(report.contains(r#""value":120,"#), "{report}");

    // The very same record, taken later.
    publish(&world, Micros(now.0 + 9 * HOUR), &[ahead.clone(), ahead]);
    let counts = keep(&world, 16);
    assert_eq!((counts.stored, counts.duplicate, counts.quarantined), (14, 1, 1));
    let after = world.export("FY2019");
    assert!(after.contains(r#""value":1115,"#), "{after}");

    // A new store reads the same log to the same answer.
    std::fs::remove_file(store::path(&world.data(), bus::PARTITION)).unwrap();
    assert_eq!(keep(&world, 16), counts);
    assert_eq!(world.export("FY2019"), after);
}

#[test]
fn a_copy_that_came_too_early_is_decided_the_same_behind_one_that_came_in_time() {
    let (early, late) = (support::micros("2020-06-01"), support::micros("2020-06-02"));
    let record = Record::Observation(april(7, late));
    let (forth, back) = (World::new(), World::new());
    publish(&forth, early, std::slice::from_ref(&record));
    publish(&forth, late, std::slice::from_ref(&record));
    // Two logs, or two partitions, may be read in either order.
    publish(&back, late, std::slice::from_ref(&record));
    publish(&back, early, std::slice::from_ref(&record));
    assert_eq!(keep(&forth, 2), keep(&back, 2));
    assert_eq!(forth.export("FY2019"), back.export("FY2019"));
    assert!(wire::decode(&back.reader().quarantined(0, 9).unwrap()[0].body).is_ok());
}
