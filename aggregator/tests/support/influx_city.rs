//! A city whose figures go to an InfluxDB, turn by turn, with a clock and a writer that the test chooses.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use super::direct::Direct;
use crate::support::{World, sets};
use aggregator::pipeline::PipelineSetup;
use aggregator::plan_states::SharedPlanStates;
use aggregator::sinks::influxdb::{InfluxSettings, Influxdb2Client, NAME, PointWriter, WriteError};
use aggregator::sinks::{ConfiguredSink, Sink, SinkError, SinkInput, Step, StepOutcome};
use aggregator::store::{SinkCursor, open_writer};
use aggregator_core::landing::KnownLandings;
use bus::PARTITION;
use contract::record::Record;
use contract::time::date_of;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

pub type Make = fn(&InfluxSettings) -> Result<Box<dyn PointWriter>, WriteError>;

/// Both writers by name.
pub const WRITERS: [(&str, Make); 2] =
    [("influxdb2", |to| Ok(Box::new(Influxdb2Client::new(to)?))), ("reqwest", |to| Ok(Box::new(Direct::new(to)?)))];

/// Holds the sink's place while the figures are kept, and writes nothing.
struct Idle;

impl Sink for Idle {
    fn step(&mut self, _: &mut Step<'_>) -> Result<StepOutcome, SinkError> {
        Ok(StepOutcome::Nothing)
    }

    fn probe(&mut self, _: &CancellationToken) -> Result<&'static str, SinkError> {
        Ok("not asked")
    }
}

/// A city, its store, and the sink with what it remembers.
pub struct City {
    pub world: World,
    pub received: u64,
    pub sink: Box<dyn Sink>,
    pub books: SharedPlanStates,
    pub stop: CancellationToken,
}

impl City {
    pub fn new(world: World, to: &InfluxSettings, make: Make) -> Self {
        let books = world.setup().states;
        let sink = (to.clone().sink_through(make).make)(PARTITION);
        Self { world, received: 0, sink, books, stop: CancellationToken::new() }
    }

    /// The sink after a restart.
    pub fn restart(&mut self, to: &InfluxSettings, make: Make) {
        self.sink = (to.clone().sink_through(make).make)(PARTITION);
    }

    /// Publishes records and keeps them, with the sink following.
    pub fn keep(&mut self, records: &[Record]) {
        if !records.is_empty() {
            self.world.publish(records);
        }
        self.received += records.len() as u64;
        let idle = ConfiguredSink { name: NAME, input: SinkInput::Changes, make: Arc::new(|_| Box::new(Idle)) };
        let setup = PipelineSetup { sinks: Arc::new([idle]), ..self.world.setup() };
        self.world.keep_with(&setup, self.received, || ());
        // How far the worker came is a matter of time: the books of these tests have no landings.
        setup.states.write().unwrap().values_mut().for_each(|state| state.landings = KnownLandings::default());
        self.books = setup.states;
    }

    /// One turn.
    pub fn turn(&mut self) -> Result<StepOutcome, SinkError> {
        let writer = open_writer(&self.world.data(), PARTITION).unwrap();
        let mut desk = writer.desk().unwrap();
        self.turn_at(&mut desk)
    }

    fn turn_at(&mut self, desk: &mut SinkCursor) -> Result<StepOutcome, SinkError> {
        let now = contract::time::Clock::now(self.world.clock.as_ref());
        self.sink.step(&mut Step { store: desk, plans: &self.books, now, stop: &self.stop })
    }

    /// Takes turns until there is nothing to do, through at most `failures` failed ones; points and dead letters.
    pub fn drain(&mut self, mut failures: usize) -> (u64, u64) {
        let writer = open_writer(&self.world.data(), PARTITION).unwrap();
        let mut desk = writer.desk().unwrap();
        let mut total = (0, 0);
        for _ in 0..1_000 {
            match self.turn_at(&mut desk) {
                Ok(StepOutcome::Nothing) => return total,
                Ok(StepOutcome::Some { written, dead }) => total = (total.0 + written, total.1 + dead),
                Err(error) if failures == 0 => panic!("{error:?}"),
                Err(_) => failures -= 1,
            }
        }
        panic!("no end")
    }

    /// Bodies and reasons of the dead letters.
    pub fn dead_letters(&self) -> Vec<(String, String)> {
        let writer = open_writer(&self.world.data(), PARTITION).unwrap();
        writer.desk().unwrap().dead_letters(NAME).unwrap()
    }

    /// How many changes the sink has not written; `None` when it has to write everything.
    pub fn pending(&self) -> Option<i64> {
        let writer = open_writer(&self.world.data(), PARTITION).unwrap();
        let desk = writer.desk().unwrap();
        Some(desk.read().last_change().unwrap() - desk.cursor(NAME).unwrap()?)
    }
}

/// A state of `sets` on each of so many days from 1 April 2010.
pub fn days(count: i32) -> Vec<Record> {
    let first = contract::period::Period::parse("2010-04-01").unwrap().index;
    let day = |i: i32| Record::Observation(sets(&date_of(first + i).to_string(), i64::from(i), "2024-05-02"));
    (0..count).map(day).collect()
}
