//! Partitions that come and go, troubles that are waited out, and those that end the pipeline.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support::{World, micros, uses, year};
use aggregator::health::{Component, DegradedReason, Health};
use aggregator::pipeline::{self, PipelineError};
use aggregator::store::{self, StoreError};
use bus::{Batch, BatchBuilder, BusError, Consumer, Delivery, Partition, Position, SqliteConsumer};
use contract::record::Record;
use contract::time::Micros;
use contract::wire;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a scripted consumer was told.
type Told = Arc<Mutex<Vec<(i32, Option<Position>)>>>;

/// Delivers what a test wrote down, then stops the pipeline.
struct Script {
    deliveries: VecDeque<Delivery>,
    told: Told,
    data: PathBuf,
    stop: Arc<AtomicBool>,
}

impl Consumer for Script {
    fn next(&mut self, _: usize, _: Duration) -> Result<Delivery, BusError> {
        Ok(self.deliveries.pop_front().unwrap_or_else(|| {
            self.stop.store(true, Ordering::Relaxed);
            Delivery::Idle
        }))
    }

    fn start(&mut self, partition: Partition, from: Option<Position>) -> Result<(), BusError> {
        self.told.lock().unwrap().push((partition.0, from));
        Ok(())
    }

    /// Somebody else may write the store from here on.
    fn release(&mut self, partition: Partition) -> Result<(), BusError> {
        drop(store::open_writer(&self.data, partition).unwrap());
        Ok(())
    }
}

fn batch(partition: i32, first: i64, records: &[Record]) -> Batch {
    let mut builder = BatchBuilder::with_capacity(0, 0);
    for (offset, record) in (first..).zip(records) {
        builder.push(offset, Micros(offset), &wire::encode(record));
    }
    builder.finish(Partition(partition)).unwrap()
}

#[test]
fn a_revoked_partition_is_stored_closed_and_forgotten_and_resumes_where_it_was() {
    let world = World::new();
    let setup = world.setup();
    let (told, stop) = (Told::default(), Arc::new(AtomicBool::new(false)));
    let records = year();
    let (first, second) = (batch(3, 40, &records[..6]), batch(3, 46, &records[6..]));
    let (p, q) = (Partition(3), Partition(4));
    let deliveries = [
        Delivery::Assigned(p),
        Delivery::Batch(first.clone()),
        Delivery::Assigned(q),
        Delivery::Revoked(p),
        Delivery::Assigned(p),
        Delivery::Batch(second),
        Delivery::Revoked(p),
    ];
    let script = Script { deliveries: deliveries.into(), told: told.clone(), data: world.data(), stop: stop.clone() };
    pipeline::run(&setup, Box::new(script), &stop).unwrap();
    assert_eq!(*told.lock().unwrap(), [(3, None), (4, None), (3, Some(first.next))]);
    // Partition 4 stays and holds nothing; the figures went with partition 3.
    assert_eq!(setup.states.read().unwrap()["p"].ledger().stored(), 0);
    let reader = store::open_reader(&world.data(), p).unwrap();
    assert_eq!(pipeline::check(&reader).unwrap().stored, 13);
    assert!(reader.dump_derived().unwrap().contains("p uses d FY2019 120 complete\n"));
    let beside = store::open_reader(&world.data(), q).unwrap();
    assert_eq!((pipeline::check(&beside).unwrap().received, beside.dump_derived().unwrap().as_str()), (0, ""));
}

#[test]
fn a_store_that_is_locked_is_waited_out_and_loses_nothing() {
    let world = World::new();
    world.publish(&year());
    world.keep(13);
    let setup = world.setup();
    let stop = AtomicBool::new(false);
    world.publish(&[Record::Observation(uses("2019-05", 13, "2020-07-01"))]);
    let other = rusqlite::Connection::open(store::path(&world.data(), Partition(0))).unwrap();
    std::thread::scope(|scope| {
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let bus = world.folder.path().join("bus.db");
        let running = scope.spawn(|| pipeline::run(&setup, Box::new(SqliteConsumer::open(bus).unwrap()), &stop));
        let until = |done: &dyn Fn(&pipeline::PipelineState) -> bool| {
            for _ in 0..20_000 {
                if done(&setup.progress.state()) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            panic!("{:?}", setup.progress.state());
        };
        until(&|state| state.store_error.as_ref().is_some_and(|t| t.contains("is locked by another process")));
        assert!(!setup.progress.state().ready);
        other.execute_batch("ROLLBACK").unwrap();
        until(&|state| state.counts.received == 14 && state.store_error.is_none());
        stop.store(true, Ordering::Relaxed);
        running.join().unwrap().unwrap();
    });
    assert!(world.derived().contains("p uses d FY2019 123 complete restated\n"));
    assert_eq!(pipeline::rebuild(&world.setup()).unwrap(), 0);
}

#[test]
fn while_a_store_is_waited_for_at_midnight_readers_see_why_and_do_not_wait_for_the_plan_states() {
    let world = World::new();
    world.publish(&year());
    world.keep(13);
    let health = Arc::new(Health::default());
    let progress = Arc::new(pipeline::Progress::new(Arc::clone(&health), None));
    let setup = pipeline::PipelineSetup { progress, ..world.setup() };
    let stop = AtomicBool::new(false);
    let other = rusqlite::Connection::open(store::path(&world.data(), Partition(0))).unwrap();
    std::thread::scope(|scope| {
        let bus = world.bus();
        let running = scope.spawn(|| pipeline::run(&setup, Box::new(SqliteConsumer::open(bus).unwrap()), &stop));
        let until = |done: &dyn Fn() -> bool| {
            let begun = std::time::Instant::now();
            while !done() {
                assert!(begun.elapsed() < Duration::from_mins(1), "{health:?}");
                std::thread::sleep(Duration::from_millis(1));
            }
        };
        until(&|| health.snapshot().unready().is_none());
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        world.set_clock(micros("2022-06-02"));
        until(&|| health.snapshot().degraded.contains_key(&Component::Store));
        assert_eq!(health.snapshot().degraded[&Component::Store].reason, DegradedReason::Locked);
        assert!(health.snapshot().unready().unwrap().contains("is locked by another process"));
        assert!(setup.states.try_read().is_ok(), "the plan states are locked while the store is waited for");
        other.execute_batch("ROLLBACK").unwrap();
        until(&|| health.snapshot().unready().is_none() && health.snapshot().degraded.is_empty());
        stop.store(true, Ordering::Relaxed);
        running.join().unwrap().unwrap();
    });
}

#[test]
fn a_log_that_was_made_again_ends_the_pipeline_with_its_name() {
    let (world, other) = (World::new(), World::new());
    world.publish(&year());
    world.keep(13);
    other.publish(&year()[1..]);
    let bus = other.folder.path().join("bus.db");
    let error = pipeline::run(&world.setup(), Box::new(SqliteConsumer::open(bus).unwrap()), &AtomicBool::new(false))
        .unwrap_err();
    assert!(matches!(error, PipelineError::Bus(BusError::Recreated { .. })), "{error}");
}

#[test]
fn a_store_of_another_writer_ends_the_pipeline_and_not_the_process() {
    let world = World::new();
    world.publish(&year());
    let _held = store::open_writer(&world.data(), Partition(0)).unwrap();
    let bus = world.folder.path().join("bus.db");
    let error = pipeline::run(&world.setup(), Box::new(SqliteConsumer::open(bus).unwrap()), &AtomicBool::new(false))
        .unwrap_err();
    assert!(matches!(error, PipelineError::Store(StoreError::Held { .. })), "{error}");
}
