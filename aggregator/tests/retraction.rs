//! What was retracted counts no more, in whatever order the records come.

use crate::support::{World, configured, micros, uses, visit, year};
use aggregator::vintage;
use contract::record::{Record, Retraction};
use contract::time::Micros;

fn retraction(from: &str, to: &str, stated: &str) -> Record {
    Record::Retraction(Retraction {
        plan: "p".into(),
        source: "register".into(),
        from: micros(from),
        to: micros(to),
        revision: micros(stated),
        by: "staff".into(),
        reason: "the clock was ahead".into(),
    })
}

/// The year, and a mistyped month that was seen a month ahead of the clock.
fn records() -> Vec<Record> {
    let mut records = year();
    records.push(Record::Observation(uses("2019-05", 1005, "2022-07-01")));
    records.push(Record::Poll(visit("c1", "2022-07-01")));
    records
}

fn right() -> (String, String) {
    let world = World::new();
    world.publish(&year());
    world.keep(year().len() as u64);
    (world.export("FY2019"), world.derived())
}

#[test]
fn a_retraction_takes_back_what_came_before_it_and_what_comes_after_it() {
    let (right, derived) = right();
    let all: Vec<Record> =
        records().into_iter().chain([retraction("2022-07-01", "2022-07-01", "2022-06-01")]).collect();
    for first in 0..all.len() {
        let mut turned = all.clone();
        turned.rotate_left(first);
        let world = World::new();
        let split = turned.len() / 2;
        world.publish(&turned[..split]);
        world.publish(&turned[split..]);
        let counts = world.keep(turned.len() as u64);
        assert_eq!(counts.quarantined, 1, "{first}");
        assert_eq!(world.export("FY2019"), right, "{first}");
        assert_eq!(world.derived(), derived, "{first}");
        // And after a restart, and computed anew.
        world.keep(turned.len() as u64);
        assert_eq!(aggregator::pipeline::rebuild(&world.setup()).unwrap(), 0, "{first}");
        assert_eq!(world.export("FY2019"), right, "{first}");
    }
}

#[test]
fn a_figure_that_is_reported_again_at_another_revision_counts() {
    let world = World::new();
    let again = Record::Observation(uses("2019-05", 12, "2022-06-01"));
    let mut all = records();
    all.extend([retraction("2022-07-01", "2022-07-01", "2022-06-01"), again]);
    world.publish(&all);
    world.keep(all.len() as u64);
    let export = world.export("FY2019");
    assert!(export.contains("\"122\"") || export.contains(":122"), "{export}");
}

#[test]
fn what_was_known_before_a_retraction_stays_what_it_was() {
    let world = World::new();
    let mut all = year();
    all.push(Record::Observation(uses("2019-05", 1005, "2020-06-01")));
    all.push(Record::Poll(visit("c1", "2020-06-02")));
    world.publish(&all);
    world.keep(all.len() as u64);
    let configured = configured(&world.text);
    let catalogue = configured.catalogue("p").unwrap();
    let at = |time: Micros| {
        let vintage = vintage::known_at(&[world.reader()], catalogue, time).unwrap();
        let period = aggregator_core::report_period::ReportPeriod(contract::period::Period::parse("FY2019").unwrap());
        (format!("{:?}", vintage.state.report(period, true)), vintage.is_settled())
    };
    let before = at(micros("2020-06-01"));
    assert!(before.0.contains("1115") && before.1, "{before:?}");
    world.publish(&[retraction("2020-06-01", "2020-06-01", "2020-07-01")]);
    world.keep(all.len() as u64 + 1);
    assert_eq!(at(micros("2020-06-01")), before);
    assert!(at(micros("2020-07-01")).0.contains("120"), "the retraction is known");
    assert!(!at(micros("2020-07-01")).0.contains("1115"));
}

#[test]
fn a_poll_that_was_retracted_is_no_longer_the_last_one() {
    let world = World::new();
    let mut all = records();
    world.publish(&all);
    world.keep(all.len() as u64);
    let last = |world: &World| world.reader().last_read("p").unwrap()["register"];
    assert_eq!(last(&world), micros("2022-07-01"));
    assert_eq!(world.reader().polls_after("p", "register", micros("2022-06-01")).unwrap(), [micros("2022-07-01")]);
    all.push(retraction("2022-07-01", "2022-07-01", "2022-06-01"));
    world.publish(&all[all.len() - 1..]);
    world.keep(all.len() as u64);
    assert!(last(&world) < micros("2022-06-01"));
    assert_eq!(world.reader().polls_after("p", "register", micros("2022-06-01")).unwrap(), []);
}
