//! Landings beside the pipeline: stored, computed on new evidence only, and right whatever was lost.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support;
use crate::support::{World, micros, sets, uses};
use aggregator::store::{self, StoredLandings};
use aggregator_core::landing::{KpiLandings, LandingSilence};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use bus::PARTITION;
use contract::period::{Grain, Period};
use contract::record::Record;
use std::time::{Duration, Instant};

/// A register of eight months and a year of counts, seen on 1 December 2019.
fn published(world: &World) -> u64 {
    let register = (0..8).map(|k| {
        let month = Period::month(2019, 3).plus(k);
        Record::Observation(sets(&month.end().date().to_string(), 20 + 2 * i64::from(k), "2019-12-01"))
    });
    let counts = (0..20).map(|k| {
        let month = Period::month(2018, 4).plus(k);
        Record::Observation(uses(&month.to_string(), 10 + i64::from(k % 3), "2019-12-01"))
    });
    let records: Vec<Record> = register.chain(counts).collect();
    world.publish(&records);
    records.len() as u64
}

/// Runs until the landings of both KPIs are known; gives them.
fn run(world: &World, total: u64, is_done: impl Fn(&PlanState) -> bool) -> Vec<KpiLandings> {
    let setup = world.setup();
    let mut found = Vec::new();
    world.keep_with(&setup, total, || {
        let started = Instant::now();
        loop {
            let states = setup.states.read().unwrap();
            let state = &states["p"];
            let known: Vec<KpiLandings> = (0..2).filter_map(|kpi| state.landings.of(kpi).cloned()).collect();
            if known.len() == 2 && is_done(state) {
                found = known;
                return;
            }
            drop(states);
            assert!(started.elapsed() < Duration::from_secs(30), "landings do not come");
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    found
}

fn stored(world: &World) -> Vec<StoredLandings> {
    let writer = store::open_writer(&world.data(), PARTITION).unwrap();
    let found = writer.desk().unwrap().landings().unwrap();
    ["uses", "sets"].map(|kpi| found.get(&("p".to_owned(), kpi.to_owned())).cloned().unwrap_or_default()).to_vec()
}

fn day(date: &str) -> ReportPeriod {
    ReportPeriod(Period::parse(date).unwrap())
}

#[test]
fn landings_are_known_and_stored_after_the_figures_and_equal_what_is_computed_directly() {
    let world = World::new();
    world.set_clock(micros("2019-12-05"));
    let total = published(&world);
    let known = run(&world, total, |_| true);
    assert_eq!(stored(&world), known.iter().map(|kpi| kpi.answers.clone()).collect::<Vec<_>>());
    assert!(known.iter().all(|kpi| !kpi.chances.is_empty()));
    assert!(known[1].chances.windows(2).all(|pair| pair[0].at < pair[1].at));
    // What a reader computes without the worker is the same.
    let states = aggregator::vintage::plan_states(&[world.reader()], support::configured(&world.text).empty_states());
    let computing = states.unwrap().remove("p").unwrap();
    let mut waiting = computing.report_with_landings(day("2019-12-05"), false).kpis;
    for kpi in &mut waiting {
        let landing = kpi.landing.take().unwrap();
        assert_eq!((landing.silence, landing.figures), (None, Some(if kpi.id == "uses" { 20 } else { 8 })));
    }
    // The judgement beside it is the one without.
    assert_eq!(waiting, computing.report(day("2019-12-05"), false).kpis);
}

#[test]
fn a_correction_asks_anew_only_where_it_counts_and_what_nobody_asks_is_removed() {
    let world = World::new();
    world.set_clock(micros("2019-12-05"));
    let total = published(&world);
    let before = run(&world, total, |_| true);
    world.publish(&[Record::Observation(sets("2019-09-01", 33, "2019-12-03"))]);
    let after = run(&world, total + 1, |state| state.landings.of(1) != Some(&before[1]));
    assert_eq!(after[0], before[0], "no figure of it changed");
    let kept = after[1].answers.keys().filter(|key| before[1].answers.contains_key(key)).count();
    assert!(kept > 0 && kept < after[1].answers.len(), "{kept} of {}", after[1].answers.len());
    assert_eq!(stored(&world)[1], after[1].answers);
}

#[test]
fn rows_that_were_lost_or_damaged_are_computed_again_and_no_status_waits_for_them() {
    let world = World::new();
    world.set_clock(micros("2019-12-05"));
    let total = published(&world);
    let before = run(&world, total, |_| true);
    // A kill between the judgement and its landing leaves rows out.
    let mut desk = store::open_writer(&world.data(), PARTITION).map(|writer| (writer.desk().unwrap(), writer)).unwrap();
    let (answers, half) =
        (before[1].answers.clone(), before[1].answers.clone().split_off(before[1].answers.keys().nth(2).unwrap()));
    desk.0.put_landings(("p", "sets"), &answers, &half).unwrap();
    drop(desk);
    assert_eq!(stored(&world)[1], half);
    assert_eq!(run(&world, total, |_| true), before);
    assert_eq!(stored(&world)[1], before[1].answers);
    let mut desk = store::open_writer(&world.data(), PARTITION).map(|writer| (writer.desk().unwrap(), writer)).unwrap();
    desk.0.remove_landings().unwrap();
    drop(desk);
    // Not known yet, but judged.
    let mut state =
        aggregator::vintage::plan_states(&[world.reader()], support::configured(&world.text).empty_states())
            .unwrap()
            .remove("p")
            .unwrap();
    state.landings = aggregator_core::landing::KnownLandings::default();
    let report = state.report_with_landings(day("2019-12-05"), false).kpis;
    assert!(report.iter().all(|kpi| kpi.status.is_some()));
    assert!(report.iter().all(|kpi| kpi.landing.as_ref().unwrap().silence == Some(LandingSilence::Pending.name())));
    assert_eq!(run(&world, total, |_| true), before);
}

#[test]
fn every_day_of_the_plan_is_answered_beforehand() {
    let world = World::new();
    let total = published(&world);
    let setup = world.setup();
    world.keep_with(&setup, total, || {
        let started = Instant::now();
        while (0..2).any(|kpi| setup.states.read().unwrap()["p"].landings.of(kpi).is_none()) {
            assert!(started.elapsed() < Duration::from_secs(30), "landings do not come");
            std::thread::sleep(Duration::from_millis(20));
        }
        let states = setup.states.read().unwrap();
        let days = Period::parse("2018-04-01").unwrap().index..Period::parse("2022-06-01").unwrap().index;
        let days = days.map(|index| Period { grain: Grain::Day, index });
        let months = Period::fiscal_year(2018).parts(Grain::Month).chain(Period::fiscal_year(2020).parts(Grain::Month));
        for period in days.chain(months).chain((2018..2022).map(Period::fiscal_year)) {
            for kpi in states["p"].report_with_landings(ReportPeriod(period), false).kpis {
                assert_ne!(kpi.landing.unwrap().silence, Some("pending"), "{} on {period}", kpi.id);
            }
        }
    });
}
