//! A bus that does what a script says.

use super::World;
use aggregator::health::Health;
use aggregator::pipeline::{self, PipelineSetup, Progress};
use aggregator::sinks::Membership;
use bus::{Batch, BatchBuilder, BusError, Consumer, Delivery, Partition, Position};
use contract::record::Record;
use contract::time::Micros;
use contract::wire;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What a scripted bus does next.
pub enum Step {
    Give(Delivery),
    Fail,
    /// Whether the group is in contact.
    Contact(bool),
    /// Nothing comes until it is so.
    Until(&'static str, Box<dyn Fn() -> bool + Send>),
    /// The same, and the pipeline does not hear that nothing comes.
    Silent(&'static str, Box<dyn Fn() -> bool + Send>),
    Check(Box<dyn Fn() + Send>),
}

struct Script {
    steps: VecDeque<Step>,
    backlog: Option<u64>,
    contact: Arc<Contact>,
    stop: Arc<AtomicBool>,
    begun: Instant,
}

/// Whether the group is in contact.
#[derive(Default)]
pub struct Contact(pub AtomicBool);

impl Membership for Contact {
    fn is_ours(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl Consumer for Script {
    fn next(&mut self, _: usize, _: Duration) -> Result<Delivery, BusError> {
        loop {
            match self.steps.pop_front() {
                Some(Step::Give(delivery)) => return Ok(delivery),
                Some(Step::Fail) => return Err(BusError::Overloaded { bus: "records".into() }),
                Some(Step::Contact(there)) => self.contact.0.store(there, Ordering::SeqCst),
                Some(Step::Until(what, so)) => {
                    if !so() {
                        assert!(self.begun.elapsed() < Duration::from_secs(30), "not in time: {what}");
                        std::thread::sleep(Duration::from_millis(5));
                        self.steps.push_front(Step::Until(what, so));
                        return Ok(Delivery::Idle);
                    }
                }
                Some(Step::Silent(what, so)) => {
                    while !so() {
                        assert!(self.begun.elapsed() < Duration::from_secs(30), "not in time: {what}");
                        std::thread::sleep(Duration::from_millis(5));
                    }
                }
                Some(Step::Check(check)) => check(),
                None => {
                    self.stop.store(true, Ordering::SeqCst);
                    return Ok(Delivery::Idle);
                }
            }
        }
    }

    fn start(&mut self, _: Partition, _: Option<Position>) -> Result<(), BusError> {
        Ok(())
    }

    fn backlog(&self, _: Partition) -> Option<u64> {
        self.backlog
    }

    fn release(&mut self, _: Partition) -> Result<(), BusError> {
        Ok(())
    }
}

/// Records of partition 3 from an offset on.
pub fn batch(first: i64, records: &[Record]) -> Delivery {
    let mut builder = BatchBuilder::with_capacity(0, 0);
    for (offset, record) in (first..).zip(records) {
        builder.push(offset, Micros(offset), &wire::encode(record));
    }
    let batch: Batch = builder.finish(Partition(3)).unwrap();
    Delivery::Batch(batch)
}

/// A pipeline of one of several instances, and its health.
pub fn shared(world: &World, contact: &Arc<Contact>) -> (PipelineSetup, Arc<Health>) {
    let health = Arc::new(Health::default());
    let progress = Arc::new(Progress::new(Arc::clone(&health), None));
    let membership: Arc<dyn Membership> = Arc::clone(contact) as _;
    (PipelineSetup { progress, membership, shared: true, ..world.setup() }, health)
}

/// Runs a pipeline until the script ends.
pub fn play(setup: &PipelineSetup, contact: &Arc<Contact>, backlog: Option<u64>, steps: Vec<Step>) {
    let stop = Arc::new(AtomicBool::new(false));
    let (contact, begun) = (Arc::clone(contact), Instant::now());
    let script = Script { steps: steps.into(), backlog, contact, stop: Arc::clone(&stop), begun };
    pipeline::run(setup, Box::new(script), &stop).unwrap();
}
