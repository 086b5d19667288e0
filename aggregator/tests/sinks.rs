//! Sinks follow the store: everything first, then what changed, at least once, and none holds up another.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support::{World, catalogue_record, extended, sets, uses, year};
use aggregator::health::{Component, Health};
use aggregator::metrics::Metrics;
use aggregator::pipeline::{PipelineSetup, Progress};
use aggregator::sinks::{ConfiguredSink, Sink, SinkError, SinkInput, Step, StepOutcome};
use aggregator::store::ChangeRow;
use contract::record::Record;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// What a sink was told: everything, or the changes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Everything,
    Changes(BTreeSet<String>),
}

type Heard = Arc<Mutex<Vec<Told>>>;

/// Hears what it is told, in steps of three changes.
struct Listener {
    name: &'static str,
    heard: Heard,
}

impl Sink for Listener {
    fn step(&mut self, step: &mut Step<'_>) -> Result<StepOutcome, SinkError> {
        let desk = &mut *step.store;
        let Some(cursor) = desk.cursor(self.name)? else {
            let last = desk.read().last_change()?;
            self.heard.lock().unwrap().push(Told::Everything);
            desk.put_cursor(self.name, last)?;
            return Ok(StepOutcome::Some { written: 1, dead: 0 });
        };
        let changes = desk.read().changes(cursor, 3)?;
        let Some(last) = changes.last().map(|change| change.seq) else { return Ok(StepOutcome::Nothing) };
        self.heard.lock().unwrap().push(Told::Changes(changes.iter().map(text).collect()));
        desk.put_cursor(self.name, last)?;
        Ok(StepOutcome::Some { written: changes.len() as u64, dead: 0 })
    }

    fn probe(&mut self, _: &CancellationToken) -> Result<&'static str, SinkError> {
        Ok("not asked")
    }
}

/// Never takes anything.
struct Dead;

impl Sink for Dead {
    fn step(&mut self, _: &mut Step<'_>) -> Result<StepOutcome, SinkError> {
        Err(SinkError::Refused { what: "dead".into(), after: None, source: None })
    }

    fn probe(&mut self, _: &CancellationToken) -> Result<&'static str, SinkError> {
        Ok("not asked")
    }
}

fn text(change: &ChangeRow) -> String {
    change.figure.as_ref().map_or_else(
        || format!("{} judged", change.plan),
        |figure| format!("{} {} {} {}", change.plan, figure.series, figure.definition, figure.period),
    )
}

fn listener(name: &'static str, heard: &Heard) -> ConfiguredSink {
    let heard = Arc::clone(heard);
    let make = Arc::new(move |_| Box::new(Listener { name, heard: Arc::clone(&heard) }) as Box<dyn Sink>);
    ConfiguredSink { name, input: SinkInput::Changes, make }
}

fn dead() -> ConfiguredSink {
    ConfiguredSink { name: "dead", input: SinkInput::Changes, make: Arc::new(|_| Box::new(Dead)) }
}

/// Keeps what lies on the bus until `heard` satisfies.
fn keep_until(world: &World, setup: &PipelineSetup, total: u64, satisfied: impl Fn() -> bool + Sync) {
    world.keep_with(setup, total, || {
        let started = Instant::now();
        while !satisfied() {
            assert!(started.elapsed() < Duration::from_secs(20), "the sink was not told");
            std::thread::sleep(Duration::from_millis(5));
        }
    });
}

/// Waits until a sink was told that there is nothing yet: what comes then it is told as changes.
fn received_everything(world: &World, setup: &PipelineSetup, heard: &Heard) {
    world.publish(&[]);
    keep_until(world, setup, 0, || heard.lock().unwrap().contains(&Told::Everything));
}

fn all(heard: &Heard) -> BTreeSet<String> {
    let changes = |told: &Told| match told {
        Told::Everything => BTreeSet::new(),
        Told::Changes(some) => some.clone(),
    };
    heard.lock().unwrap().iter().flat_map(changes).collect()
}

#[test]
fn a_sink_receives_everything_first_and_then_what_changed_also_after_a_restart_and_beside_a_dead_one() {
    let world = World::new();
    let heard = Heard::default();
    let setup = || PipelineSetup { sinks: Arc::new([listener("ear", &heard), dead()]), ..world.setup() };
    received_everything(&world, &setup(), &heard);
    world.publish(&year());
    keep_until(&world, &setup(), 13, || all(&heard).contains("p judged"));
    assert_eq!(heard.lock().unwrap()[0], Told::Everything);
    heard.lock().unwrap().clear();
    world.publish(&[Record::Observation(uses("2019-05", 11, "2020-05-03"))]);
    keep_until(&world, &setup(), 14, || all(&heard).contains("p judged"));
    let expected = ["p judged", "p uses d 2019-05", "p uses d FY2019", "p uses d FY2019Q1"];
    assert_eq!(all(&heard), expected.map(str::to_owned).into());
    assert!(!heard.lock().unwrap().contains(&Told::Everything), "a restart goes on at the cursor");
    // The dead one has everything before it still, so nothing was removed.
    assert!(!world.reader().changes(0, 100).unwrap().is_empty());
}

#[test]
fn a_dead_sink_is_reported_with_its_error_and_what_waits_for_it_while_the_pipeline_stays_ready() {
    let world = World::new();
    let heard = Heard::default();
    let health = Arc::new(Health::default());
    let metrics = Arc::new(Metrics::new("0").unwrap());
    let progress = Arc::new(Progress::new(Arc::clone(&health), Some(Arc::clone(&metrics))));
    let setup = PipelineSetup { progress, sinks: Arc::new([listener("ear", &heard), dead()]), ..world.setup() };
    world.publish(&year());
    let waiting = || health.snapshot().degraded.get(&Component::Sink("dead", 0)).and_then(|state| state.pending);
    let told = || waiting().is_some_and(|waiting| waiting > 0) && health.snapshot().unready().is_none();
    keep_until(&world, &setup, 13, told);
    assert!(health.snapshot().degraded.is_empty(), "it is over with the pipeline: {health:?}");
    let today = contract::period::Period::day(contract::time::parse_date("2022-06-01").unwrap());
    let text = metrics.exposition(&setup.states, today, true, |_| true).unwrap();
    let pending = "shihyo_sink_pending_changes{partition=\"0\",sink=\"dead\"} ";
    let line = text.lines().find(|line| line.starts_with(pending)).unwrap_or_else(|| panic!("{text}"));
    assert!(line[pending.len()..].parse::<f64>().unwrap() > 0.0, "{line}");
}

#[test]
fn a_new_catalogue_and_a_new_sink_start_with_everything_and_seen_changes_are_removed() {
    let mut world = World::new();
    let (first, second) = (Heard::default(), Heard::default());
    let setup = || PipelineSetup { sinks: Arc::new([listener("first", &first)]), ..world.setup() };
    received_everything(&world, &setup(), &first);
    world.publish(&[Record::Observation(sets("2020-04-01", 20, "2020-05-02"))]);
    let setup = setup();
    keep_until(&world, &setup, 1, || all(&first).contains("p judged"));
    assert!(all(&first).contains("p sets d 2020-04-01"), "a state is told at its own grain too: {:?}", all(&first));
    assert_eq!(world.reader().changes(0, 100).unwrap(), []);
    first.lock().unwrap().clear();
    let both = |world: &World| PipelineSetup {
        sinks: Arc::new([listener("first", &first), listener("second", &second)]),
        ..world.setup()
    };
    keep_until(&world, &both(&world), 1, || second.lock().unwrap().contains(&Told::Everything));
    assert!(!first.lock().unwrap().contains(&Told::Everything));
    world.text = extended();
    world.publish(&[catalogue_record(&world.text, "2020-05-04")]);
    keep_until(&world, &both(&world), 2, || first.lock().unwrap().contains(&Told::Everything));
}

#[test]
fn without_a_sink_no_change_is_noted() {
    let world = World::new();
    world.publish(&year());
    world.keep(13);
    assert_eq!(world.reader().last_change().unwrap(), 0);
}
