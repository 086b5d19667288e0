//! A poll that arrived in part is named, whatever lost the rest.

use crate::support::{World, micros, visit, year};
use aggregator::health::Component;
use aggregator::pipeline::{PipelineSetup, Progress};
use contract::record::{PollSize, Record};
use contract::time::Micros;
use contract::wire;
use std::sync::Arc;
use std::time::{Duration, Instant};

const MINUTE: i64 = 60 * 1_000_000;

/// The year's figures as lines, and the record of their poll with its size.
fn poll() -> (Vec<Vec<u8>>, Vec<u8>) {
    let figures: Vec<Record> = year().into_iter().filter(|record| matches!(record, Record::Observation(_))).collect();
    let lines: Vec<Vec<u8>> = figures.iter().map(wire::encode).collect();
    let mut size = PollSize::default();
    for line in &lines {
        size.add(wire::content(line));
    }
    let Record::Observation(first) = &figures[0] else { panic!() };
    let mut poll = visit("c1", "2020-05-02");
    assert_eq!(poll.id, first.visit);
    poll.size = Some(size);
    (lines, wire::encode(&Record::Poll(poll)))
}

/// Which polls are incomplete, after the pipeline has received `total` records and some minutes have passed.
fn incomplete(world: &World, total: u64, minutes: i64) -> Vec<(u64, u64)> {
    let setup = PipelineSetup { progress: Arc::new(Progress::default()), ..world.setup() };
    let mut found = Vec::new();
    world.keep_with(&setup, total, || {
        world.set_clock(Micros(micros("2022-06-01").0 + minutes * MINUTE));
        // The pipeline looks at least ten times a second.
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(700) {
            std::thread::sleep(Duration::from_millis(20));
        }
        found = setup.progress.state().incomplete_polls;
    });
    found.iter().map(|poll| (poll.arrived.unwrap_or_default(), poll.size.records)).collect()
}

#[test]
fn a_whole_poll_is_never_called_incomplete() {
    let (lines, record) = poll();
    for (name, sent) in [
        ("in order", [lines.clone(), vec![record.clone()]].concat()),
        ("the poll record first", [vec![record.clone()], lines.clone()].concat()),
        ("twice", [lines.clone(), vec![record.clone()], lines.clone(), vec![record.clone()]].concat()),
        ("a record twice before its poll record", [lines.clone(), lines[..3].to_vec(), vec![record.clone()]].concat()),
    ] {
        for batch in [1, 5, 100] {
            let world = World::new();
            world.publish_bodies(&sent, batch);
            assert_eq!(incomplete(&world, sent.len() as u64, 30), [], "{name} {batch}");
        }
    }
}

#[test]
fn a_restart_between_two_records_loses_no_count() {
    let (lines, record) = poll();
    let world = World::new();
    world.publish_bodies(&lines[..5], 5);
    world.keep(5);
    world.publish_bodies(&lines[5..], 5);
    world.publish_bodies(&[record], 1);
    assert_eq!(incomplete(&world, 13, 30), []);
    assert_eq!(world.reader().open_polls().unwrap(), []);
}

#[test]
fn a_lost_record_is_named_after_the_delay_and_no_longer_once_it_has_come() {
    let (mut lines, record) = poll();
    let lost = lines.remove(4);
    let world = World::new();
    world.publish_bodies(&[lines, vec![record]].concat(), 100);
    assert_eq!(incomplete(&world, 12, 9), [], "it may still come");
    assert_eq!(incomplete(&world, 12, 11), [(11, 12)]);
    // A restart does not forget it.
    assert_eq!(incomplete(&world, 12, 12), [(11, 12)]);
    world.set_clock(Micros(micros("2022-06-01").0 + 20 * MINUTE));
    world.publish_bodies(&[lost], 1);
    assert_eq!(incomplete(&world, 13, 30), []);
}

#[test]
fn an_incomplete_poll_degrades_the_health_with_the_remedy_and_leaves_the_process_ready() {
    let (mut lines, record) = poll();
    lines.pop();
    let world = World::new();
    world.publish_bodies(&[lines, vec![record]].concat(), 100);
    let mut health = None;
    let health_of = Arc::new(aggregator::health::Health::default());
    let setup = PipelineSetup { progress: Arc::new(Progress::new(Arc::clone(&health_of), None)), ..world.setup() };
    world.keep_with(&setup, 12, || {
        world.set_clock(Micros(micros("2022-06-01").0 + 11 * MINUTE));
        let started = Instant::now();
        while health.is_none() && started.elapsed() < Duration::from_secs(10) {
            health = health_of.snapshot().degraded.get(&Component::Polls).cloned();
            std::thread::sleep(Duration::from_millis(10));
        }
        assert_eq!(health_of.snapshot().unready(), None);
    });
    let error = health.unwrap().error;
    assert!(error.contains("only 11 of 12 records") && error.contains("shihyo retract"), "{error}");
}

#[test]
fn a_poll_without_a_size_is_never_open() {
    let (mut lines, _) = poll();
    lines.pop();
    let record = wire::encode(&Record::Poll(visit("c1", "2020-05-02")));
    let world = World::new();
    world.publish_bodies(&[lines, vec![record]].concat(), 100);
    assert_eq!(incomplete(&world, 12, 30), []);
}
