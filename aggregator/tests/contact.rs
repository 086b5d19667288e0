//! Contact with the bus is lost and comes back: the figures stay on show, and readiness follows what waits on the bus.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support::script::{Contact, Step, batch, play, shared};
use crate::support::{World, uses, year};
use aggregator::health::{Component, Health, Readiness};
use aggregator::pipeline::PipelineSetup;
use aggregator::store;
use bus::{Delivery, Partition};
use contract::record::Record;
use std::sync::Arc;
use std::sync::atomic::Ordering;

fn stored(setup: &PipelineSetup) -> u64 {
    setup.states.read().unwrap()["p"].ledger().stored()
}

#[test]
fn figures_stay_on_show_while_the_bus_is_away_and_the_store_is_closed() {
    let (world, contact) = (World::new(), Arc::new(Contact::default()));
    let (setup, health) = shared(&world, &contact);
    let (records, p) = (year(), Partition(3));
    let until = |what, so: fn(&PipelineSetup) -> bool| {
        let setup = setup.clone();
        Step::Until(what, Box::new(move || so(&setup)))
    };
    let check = |check: fn(&PipelineSetup, &Health)| {
        let (setup, health) = (setup.clone(), Arc::clone(&health));
        Step::Check(Box::new(move || check(&setup, &health)))
    };
    let steps = vec![
        Step::Give(Delivery::Assigned(p)),
        Step::Contact(true),
        Step::Give(batch(0, &records)),
        until("all is read", |setup| setup.progress.state().ready),
        // The broker is killed.
        Step::Contact(false),
        Step::Fail,
        Step::Give(Delivery::Revoked(p)),
        check(|setup, health| {
            assert_eq!(stored(setup), 12);
            assert_eq!(setup.progress.counts().received, 13);
            assert_eq!(health.snapshot().unready(), None, "the figures of before are served");
            assert!(health.snapshot().degraded.contains_key(&Component::Bus));
            drop(store::open_writer(&setup.data, Partition(3)).unwrap());
        }),
        // Idle deliveries of a bus that is away are no recovery.
        Step::Give(Delivery::Idle),
        check(|_, health| assert!(health.snapshot().degraded.contains_key(&Component::Bus))),
        // It is back, with one more record.
        Step::Give(Delivery::Assigned(p)),
        check(|setup, health| {
            assert_eq!(stored(setup), 12, "no reader finds the plan empty");
            assert!(!health.snapshot().degraded.contains_key(&Component::Bus));
        }),
        Step::Contact(true),
        Step::Give(batch(13, &[Record::Observation(uses("2019-05", 13, "2020-07-01"))])),
        until("the new record is stored", |setup| setup.progress.counts().received == 14),
        // Lost once more, and given to another instance meanwhile.
        Step::Contact(false),
        Step::Give(Delivery::Revoked(p)),
        check(|setup, _| assert_eq!(stored(setup), 13)),
        Step::Contact(true),
        until("it is forgotten", |setup| stored(setup) == 0),
        check(|_, health| assert_eq!(health.snapshot().readiness, Readiness::Unassigned)),
    ];
    play(&setup, &contact, Some(13), steps);
}

#[test]
fn an_instance_that_starts_while_the_bus_is_away_shows_what_its_stores_hold() {
    let (world, contact) = (World::new(), Arc::new(Contact::default()));
    let p = Partition(3);
    contact.0.store(true, Ordering::SeqCst);
    let (first, _) = shared(&world, &contact);
    play(&first, &contact, None, vec![Step::Give(Delivery::Assigned(p)), Step::Give(batch(0, &year()))]);
    contact.0.store(false, Ordering::SeqCst);
    let (setup, health) = shared(&world, &contact);
    let on_show = setup.clone();
    let steps = vec![
        Step::Until("the figures are on show", Box::new(move || stored(&on_show) == 12)),
        Step::Check(Box::new(move || {
            assert!(health.snapshot().unready().is_some(), "what waits on the bus is not known");
        })),
        Step::Give(Delivery::Assigned(p)),
        Step::Contact(true),
        Step::Give(batch(13, &[Record::Observation(uses("2019-05", 13, "2020-07-01"))])),
    ];
    play(&setup, &contact, None, steps);
    assert_eq!(stored(&setup), 13);
    assert_eq!(setup.progress.counts().received, 14);
}

#[test]
fn an_instance_is_ready_once_the_records_that_waited_are_read() {
    let (world, contact) = (World::new(), Arc::new(Contact::default()));
    contact.0.store(true, Ordering::SeqCst);
    let (setup, health) = shared(&world, &contact);
    let (records, p) = (year(), Partition(3));
    let unready = |wanted: Option<&'static str>| {
        let health = Arc::clone(&health);
        Step::Check(Box::new(move || assert_eq!(health.snapshot().unready().as_deref(), wanted)))
    };
    let received = |count| {
        let setup = setup.clone();
        Step::Until("records are stored", Box::new(move || setup.progress.counts().received == count))
    };
    let steps = vec![
        unready(Some("starting")),
        Step::Give(Delivery::Assigned(p)),
        Step::Give(batch(0, &records[..5])),
        received(5),
        unready(Some("8 records that waited are not read yet")),
        Step::Give(batch(5, &records[5..12])),
        received(12),
        unready(Some("1 records that waited are not read yet")),
        Step::Give(batch(12, &records[12..])),
        received(13),
        unready(None),
        // A partition that is assigned while the instance works has a backlog of its own.
        Step::Give(Delivery::Revoked(p)),
        unready(Some("no partition is assigned")),
        Step::Give(Delivery::Assigned(p)),
        Step::Give(batch(13, &[Record::Observation(uses("2019-05", 13, "2020-07-01"))])),
        received(14),
        unready(Some("12 records that waited are not read yet")),
    ];
    play(&setup, &contact, Some(13), steps);
}
