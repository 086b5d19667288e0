//! What could not be read is known after a restart as before, and ends when its file is read without it.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support::{World, micros, run_until, year};
use aggregator::health::{Health, SourceRejects};
use aggregator::pipeline::{PipelineSetup, Progress};
use contract::record::{PollOutcome, PollRecord, Record, Reject};
use std::sync::Arc;

fn poll(date: &str, outcome: PollOutcome, sha256: Option<&str>) -> Record {
    Record::Poll(PollRecord {
        plan: "p".into(),
        source: "register".into(),
        id: format!("poll-{date}"),
        collector: "c".into(),
        time: micros(date),
        outcome,
        address: "a.csv".into(),
        sha256: sha256.map(str::to_owned),
        bytes: Some(9),
        size: None,
    })
}

fn reject(date: &str, row: u32) -> Record {
    Record::Reject(Reject {
        plan: "p".into(),
        source: "register".into(),
        visit: format!("poll-{date}"),
        time: micros(date),
        reason: "not_a_number".into(),
        file: "a.csv".into(),
        sheet: None,
        row: Some(row),
        column: None,
        hash: "00".into(),
    })
}

/// Runs until so many records are stored; gives the rejects then.
fn rejects(world: &World, total: u64) -> SourceRejects {
    let health = Arc::new(Health::default());
    let progress = Arc::new(Progress::new(Arc::clone(&health), None));
    run_until(&PipelineSetup { progress, ..world.setup() }, &world.bus(), total);
    health.rejects().of("p", "register")
}

#[test]
fn rejects_are_those_of_the_last_reading_after_a_restart_too() {
    let world = World::new();
    let sha = Some("11");
    world.publish(&year());
    let first = [reject("2020-07-01", 3), reject("2020-07-01", 4), poll("2020-07-01", PollOutcome::Changed, sha)];
    world.publish(&first);
    assert_eq!(rejects(&world, 16).count, 2);
    // The same once more, and polls that bring nothing new: restarted, it is as it was.
    world.publish(&first);
    world.publish(&[poll("2020-07-02", PollOutcome::Unchanged, sha), poll("2020-07-03", PollOutcome::Unchanged, None)]);
    let found = rejects(&world, 21);
    assert_eq!((found.count, found.places[0].row, found.places[1].row), (2, Some(3), Some(4)));
    let last_read = world.reader().last_read("p").unwrap();
    assert_eq!(last_read["register"], micros("2020-07-02"), "a mere confirmation is no reading");
    world.publish(&[reject("2020-07-04", 3), poll("2020-07-04", PollOutcome::Changed, sha)]);
    assert_eq!(rejects(&world, 23).count, 1);
    world.publish(&[poll("2020-07-05", PollOutcome::Changed, sha)]);
    assert_eq!(rejects(&world, 24), SourceRejects::default());
    assert_eq!(rejects(&world, 24), SourceRejects::default());
}
