//! While more records wait, only facts are stored; what is derived of them follows, also when the process dies in between.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support::script::{Contact, Step, batch, play, shared};
use crate::support::{World, sets, uses, year};
use aggregator::pipeline::PipelineSetup;
use aggregator::sinks::{ConfiguredSink, Sink, SinkError, SinkInput, Step as SinkStep, StepOutcome};
use aggregator::store::{self, StoreReader};
use aggregator_core::report_period::ReportPeriod;
use bus::{Delivery, Partition};
use contract::period::Period;
use contract::record::Record;
use contract::time::Micros;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio_util::sync::CancellationToken;

const P: Partition = Partition(3);

/// Takes nothing, so that what it is to be told stays in the store.
struct Deaf;

impl Sink for Deaf {
    fn step(&mut self, _: &mut SinkStep<'_>) -> Result<StepOutcome, SinkError> {
        Err(SinkError::Refused { what: "deaf".into(), after: None, source: None })
    }

    fn probe(&mut self, _: &CancellationToken) -> Result<&'static str, SinkError> {
        Ok("not asked")
    }
}

/// A pipeline of one of several instances, with a sink.
fn setup(world: &World) -> (PipelineSetup, Arc<Contact>) {
    let contact = Arc::new(Contact::default());
    contact.0.store(true, Ordering::SeqCst);
    let make = Arc::new(|_| Box::new(Deaf) as Box<dyn Sink>);
    let sinks = Arc::new([ConfiguredSink { name: "deaf", input: SinkInput::Changes, make }]);
    (PipelineSetup { sinks, ..shared(world, &contact).0 }, contact)
}

fn records() -> Vec<Record> {
    let mut records = year();
    records.push(Record::Observation(sets("2020-03-31", 30, "2020-05-02")));
    records.push(Record::Observation(uses("2019-05", 40, "2020-06-02")));
    records
}

fn reader(data: &Path) -> StoreReader {
    store::open_reader(data, P).unwrap()
}

/// The figures and judgements that sinks are to be told of.
fn told(data: &Path) -> BTreeSet<String> {
    let changes = reader(data).changes(0, 1000).unwrap();
    let text = |change: &store::ChangeRow| match (&change.figure, &change.kpi) {
        (Some(figure), _) => format!("{} {}", figure.series, figure.period),
        (None, kpi) => format!("{kpi:?}"),
    };
    changes.iter().map(text).collect()
}

/// What is derived and told when every batch is derived at once.
fn at_once() -> (String, BTreeSet<String>) {
    let world = World::new();
    let (setup, contact) = setup(&world);
    let steps = vec![Step::Give(Delivery::Assigned(P)), Step::Give(batch(0, &records()))];
    play(&setup, &contact, Some(0), steps);
    (reader(&setup.data).dump_derived().unwrap(), told(&setup.data))
}

/// Waits until so many records are stored, without a pause of the stream.
fn stored(setup: &PipelineSetup, count: u64) -> Step {
    let progress = Arc::clone(&setup.progress);
    Step::Silent("records are stored", Box::new(move || progress.counts().received == count))
}

fn check(setup: &PipelineSetup, check: impl Fn(&PipelineSetup, &str) + Send + 'static) -> Step {
    let setup = setup.clone();
    Step::Check(Box::new(move || check(&setup, &reader(&setup.data).dump_derived().unwrap())))
}

#[test]
fn derived_rows_follow_facts_within_a_second_or_when_nothing_waits() {
    let world = World::new();
    let (setup, contact) = setup(&world);
    let records = records();
    let clock = Arc::clone(&world.clock);
    let now = contract::time::Clock::now(&*clock);
    let steps = vec![
        Step::Give(Delivery::Assigned(P)),
        Step::Give(batch(0, &records[..3])),
        stored(&setup, 3),
        check(&setup, |setup, derived| {
            assert!(derived.is_empty(), "{derived}");
            assert_eq!(reader(&setup.data).position(P).unwrap().unwrap().next, 3);
            assert!(!told(&setup.data).contains("uses 2019-04"));
            // Who reads memory misses nothing.
            let states = setup.states.read().unwrap();
            let report = states["p"].report(ReportPeriod(Period::parse("FY2019").unwrap()), true);
            assert!(report.rollups.iter().flatten().any(|row| row.period == "FY2019Q1"), "{:?}", report.rollups);
        }),
        Step::Check(Box::new(move || clock.set(Micros(now.0 + 999_999)))),
        Step::Give(batch(3, &records[3..5])),
        stored(&setup, 5),
        check(&setup, |_, derived| assert!(derived.is_empty(), "{derived}")),
        Step::Check({
            let clock = Arc::clone(&world.clock);
            Box::new(move || clock.set(Micros(now.0 + 1_000_000)))
        }),
        Step::Give(batch(5, &records[5..7])),
        stored(&setup, 7),
        // A second is over.
        check(&setup, |_, derived| assert!(derived.contains("p uses d FY2019Q2 30 complete\n"), "{derived}")),
        Step::Give(batch(7, &records[7..14])),
        stored(&setup, 14),
        check(&setup, |_, derived| assert!(!derived.contains("p uses d FY2019Q4 30"), "{derived}")),
        // The last that waited.
        Step::Give(batch(14, &records[14..])),
        stored(&setup, 15),
        check(&setup, |_, derived| assert!(derived.contains("p uses d FY2019 150 complete restated\n"), "{derived}")),
    ];
    play(&setup, &contact, Some(15), steps);
    assert_eq!((reader(&setup.data).dump_derived().unwrap(), told(&setup.data)), at_once());
}

#[test]
fn a_correction_is_derived_at_once_when_nothing_waits() {
    let world = World::new();
    let (setup, contact) = setup(&world);
    let steps = vec![
        Step::Give(Delivery::Assigned(P)),
        Step::Give(batch(0, &records()[..14])),
        stored(&setup, 14),
        check(&setup, |_, derived| assert!(derived.contains("p uses d FY2019 120 complete\n"), "{derived}")),
        Step::Give(batch(14, &records()[14..])),
        stored(&setup, 15),
        check(&setup, |_, derived| assert!(derived.contains("p uses d FY2019 150 complete restated\n"), "{derived}")),
    ];
    play(&setup, &contact, Some(14), steps);
}

#[test]
fn a_pause_of_the_stream_ends_the_waiting() {
    let world = World::new();
    let (setup, contact) = setup(&world);
    let data = setup.data.clone();
    let has_rows = move || reader(&data).dump_derived().unwrap().contains("p uses d FY2019Q1 30 complete\n");
    let steps = vec![
        Step::Give(Delivery::Assigned(P)),
        Step::Give(batch(0, &records()[..3])),
        stored(&setup, 3),
        check(&setup, |_, derived| assert!(derived.is_empty(), "{derived}")),
        Step::Until("rows are derived", Box::new(has_rows)),
    ];
    play(&setup, &contact, Some(15), steps);
}

#[test]
fn what_is_behind_when_a_process_dies_is_derived_and_told_by_the_next() {
    let world = World::new();
    let (dying, contact) = setup(&world);
    let records = records();
    let copy = world.folder.path().join("copy");
    let steps = vec![
        Step::Give(Delivery::Assigned(P)),
        Step::Give(batch(0, &records[..9])),
        stored(&dying, 9),
        check(&dying, {
            let copy = copy.clone();
            move |setup, derived| {
                assert!(derived.is_empty(), "{derived}");
                // By another process: no lock of this one is given up.
                assert!(Command::new("cp").arg("-r").arg(&setup.data).arg(&copy).status().unwrap().success());
            }
        }),
    ];
    play(&dying, &contact, Some(15), steps);
    let (next, contact) = setup(&world);
    let next = PipelineSetup { data: copy, ..next };
    let steps = vec![Step::Give(Delivery::Assigned(P)), Step::Give(batch(9, &records[9..]))];
    play(&next, &contact, Some(6), steps);
    assert_eq!((reader(&next.data).dump_derived().unwrap(), told(&next.data)), at_once());
    // Found once, not at every opening.
    let before = reader(&next.data).last_change().unwrap();
    let (again, contact) = setup(&world);
    let again = PipelineSetup { data: next.data, ..again };
    play(&again, &contact, Some(0), vec![Step::Give(Delivery::Assigned(P))]);
    assert_eq!(reader(&again.data).last_change().unwrap(), before);
}
