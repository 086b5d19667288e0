//! Other catalogues for some plans of a running pipeline: what is stored and shown is that of a restart, and the other plans
//! are not touched.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::alert_fake::Fake;
use crate::support::{PLAN, World, configured, extended, sets, uses, with_target, year};
use aggregator::pipeline::{ConfiguredPlans, PipelineSetup};
use aggregator::sinks::webhook::WebhookSettings;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue;
use contract::period::Period;
use contract::record::Record;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The text of a plan under another id.
fn named(plan: &str, text: &str) -> String {
    text.replacen("id = \"p\"", &format!("id = \"{plan}\""), 1)
}

fn plans(texts: &[(&str, &str)]) -> ConfiguredPlans {
    let mut all = ConfiguredPlans::default();
    for (plan, text) in texts {
        let text = named(plan, text);
        all.add(catalogue::parse("test", &text).unwrap(), &text);
    }
    all
}

/// A year of one plan, and figures that no plan has a series for yet.
fn records(plan: &str) -> Vec<Record> {
    let mut late = uses("2019-04", 7, "2020-05-02");
    late.series = "late".into();
    let mut all = year();
    all.extend([Record::Observation(sets("2020-03-31", 60, "2020-05-02")), Record::Observation(late)]);
    for record in &mut all {
        match record {
            Record::Observation(one) => one.plan = plan.into(),
            Record::Poll(one) => one.plan = plan.into(),
            _ => {}
        }
    }
    all
}

fn world() -> World {
    let world = World::new();
    for plan in ["p", "q", "r"] {
        world.publish(&records(plan));
    }
    world
}

const RECORDS: u64 = 45;

fn setup(world: &World, plans: ConfiguredPlans, fake: &Fake) -> PipelineSetup {
    let sink =
        WebhookSettings { url: fake.url(), secret: "a secret".into(), external_url: "https://shihyo.example/".into() };
    let setup = PipelineSetup::new(world.data(), plans, world.setup().clock);
    let alerts = world.setup().alerts;
    PipelineSetup { sinks: Arc::new([sink.sink().unwrap()]), hold: Duration::ZERO, alerts, ..setup }
}

/// Everything that a restart must give too.
#[derive(Debug, PartialEq)]
struct Shown {
    derived: String,
    reports: Vec<String>,
    alerts: String,
    quarantined: Vec<(Option<String>, String)>,
    counts: (u64, u64, u64),
}

fn shown(world: &World, setup: &PipelineSetup) -> Shown {
    let period = ReportPeriod(Period::parse("FY2019").unwrap());
    let report = |state: &PlanState| serde_json::to_string(&state.report(period, true)).unwrap();
    let reader = world.reader();
    let (quarantined, counts) = (reader.quarantined(0, 99).unwrap(), setup.progress.counts());
    let mut quarantined: Vec<_> = quarantined.into_iter().map(|one| (one.plan, one.reason)).collect();
    quarantined.sort();
    Shown {
        derived: world.derived(),
        reports: setup.states.read().unwrap().values().map(report).collect(),
        alerts: format!("{:?}", reader.alerts().unwrap()),
        quarantined,
        counts: (counts.stored, counts.duplicate, counts.quarantined),
    }
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn changed_plans_are_as_after_a_restart_and_the_others_are_not_touched() {
    let (extended, target) = (extended(), with_target(100));
    let steps: [&[(&str, &str)]; 6] = [
        &[("p", PLAN), ("q", PLAN)],
        &[("p", &extended), ("q", PLAN)],
        &[("p", &target), ("q", PLAN)],
        &[("p", &target), ("q", PLAN), ("r", &extended)],
        &[("q", PLAN), ("r", &extended)],
        &[("p", PLAN), ("q", PLAN), ("r", PLAN)],
    ];
    let (running, restarted, fake) = (world(), world(), Fake::new());
    let setup_of = |world: &World, step: usize| setup(world, plans(steps[step]), &fake);
    let expected: Vec<Shown> = (0..steps.len())
        .map(|step| {
            let setup = setup_of(&restarted, step);
            let mut found = None;
            restarted.keep_with(&setup, RECORDS, || {
                std::thread::sleep(Duration::from_millis(300));
                found = Some(shown(&restarted, &setup));
            });
            found.unwrap()
        })
        .collect();
    // Its observations are in quarantine without their plan, its poll stays, and its alert is resolved.
    assert_eq!(expected[4].quarantined.iter().filter(|one| one.1 == "unknown_plan").count(), 14);
    let alert = |step: usize| expected[step].alerts.matches("(\"p\", \"uses\", Trend)").count();
    assert_eq!((0..6).map(alert).collect::<Vec<_>>(), [1, 1, 0, 0, 0, 1]);

    let setup = setup_of(&running, 0);
    running.keep_with(&setup, RECORDS, || {
        std::thread::sleep(Duration::from_millis(300));
        let settlings = |plan: &str| setup.states.read().unwrap().get(plan).map(PlanState::settlings);
        let untouched = settlings("q");
        for (step, expected) in expected.iter().enumerate() {
            setup.control.reconfigure(plans(steps[step]));
            let configured = plans(steps[step]).empty_states();
            let shows = |plan: &str| {
                let states = setup.states.read().unwrap();
                let of = |state: &PlanState| (state.catalogue.series.len(), format!("{:?}", state.catalogue.kpis));
                states.get(plan).map(of) == configured.get(plan).map(of)
            };
            until("the plans are on show", || ["p", "q", "r"].into_iter().all(shows));
            let found = shown(&running, &setup);
            assert_eq!(&found, expected, "step {step}");
        }
        assert_eq!(settlings("q"), untouched);
    });
}

#[test]
fn a_catalogue_that_gives_figures_another_meaning_is_refused_and_nothing_changes() {
    let (world, fake) = (world(), Fake::new());
    let setup = setup(&world, plans(&[("p", PLAN), ("q", PLAN)]), &fake);
    let decimals = PLAN.replacen("id = \"d\"\n", "id = \"d\"\ndecimals = 2\n", 1);
    world.keep_with(&setup, RECORDS, || {
        std::thread::sleep(Duration::from_millis(300));
        let before = shown(&world, &setup);
        setup.control.reconfigure(plans(&[("p", &decimals), ("q", &with_target(100))]));
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(shown(&world, &setup), before);
        // It goes on with what it had, and takes the next one.
        setup.control.reconfigure(plans(&[("p", PLAN), ("q", &with_target(100))]));
        let target = |plan: &str| setup.states.read().unwrap()[plan].catalogue.kpis[0].target.clone();
        let wanted = configured(&with_target(100)).empty_states()["p"].catalogue.kpis[0].target.clone();
        until("the next one", || target("q") == wanted);
    });
}
