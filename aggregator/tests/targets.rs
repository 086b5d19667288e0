//! Changed targets from the bus to the pages: recorded catalogues in any order, copies, a store opened again, vintages and diffs.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use crate::support::{World, catalogue_record, configured, micros, visit, with_target, year};
use aggregator::diff::diff;
use aggregator::plan_states::PlanStates;
use aggregator::vintage::{NOW, known_at, plan_states};
use aggregator_core::report::KpiReport;
use aggregator_core::report_period::ReportPeriod;
use contract::period::Period;
use contract::record::Record;

fn fy2019() -> ReportPeriod {
    ReportPeriod(Period::fiscal_year(2019))
}

fn uses(states: &PlanStates) -> KpiReport {
    states["p"].report(fy2019(), false).kpis.into_iter().find(|kpi| kpi.id == "uses").unwrap()
}

/// `field: before -> after` with its day.
fn changes(kpi: &KpiReport) -> Vec<String> {
    let line = |change: &aggregator_core::target_change::TargetChangeReport| {
        let text =
            |side: &Option<contract::catalogue::Bilingual>| side.as_ref().map_or("–".into(), |text| text.en.clone());
        let day = change.known_at.as_deref().map_or("not recorded", |known| &known[..10]);
        format!("{day} {}: {} -> {}", change.field, text(&change.before), text(&change.after))
    };
    kpi.target_changes.iter().map(line).collect()
}

/// 120 uses in the year; the target of 200 was eased to 100 in May 2020. `order` is that of the three catalogues on the bus.
fn eased(order: [usize; 3]) -> (World, u64) {
    let mut world = World::new();
    let texts = [
        catalogue_record(&with_target(200), "2019-04-01"),
        catalogue_record(&with_target(150), "2020-01-10"),
        catalogue_record(&with_target(100), "2020-05-20"),
    ];
    world.text = with_target(100);
    for number in order {
        world.publish(&[texts[number].clone()]);
    }
    world.publish(&year());
    world.publish(&[texts[order[0]].clone(), Record::Poll(visit("c1", "2022-01-01"))]);
    world.keep(18);
    (world, 18)
}

#[test]
fn recorded_catalogues_in_any_order_give_the_same_changes_on_the_running_and_the_opened_store() {
    let expected = ["2020-01-10 target: 200 -> 150", "2020-05-20 target: 150 -> 100"];
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
        let (world, total) = eased(order);
        let setup = world.setup();
        world.keep_with(&setup, total, || {
            let kpi = uses(&setup.states.read().unwrap());
            assert_eq!(changes(&kpi), expected, "opened again, {order:?}");
        });
        let from_store = plan_states(&[world.reader()], configured(&world.text).empty_states()).unwrap();
        let kpi = uses(&from_store);
        let first = kpi.first_target.clone().unwrap();
        assert_eq!(changes(&kpi), expected, "{order:?}");
        assert_eq!((kpi.status, first.status), (Some("on_track"), Some("off_track")));
        assert_eq!((first.kpi.as_str(), first.year.as_str()), ("uses", "FY2021"));
    }
}

#[test]
fn a_catalogue_that_comes_while_the_pipeline_runs_is_shown_at_once() {
    let mut world = World::new();
    world.text = with_target(100);
    world.publish(&[catalogue_record(&with_target(200), "2019-04-01")]);
    world.publish(&year());
    let setup = world.setup();
    world.keep_with(&setup, 14, || {
        let kpi = uses(&setup.states.read().unwrap());
        assert_eq!(changes(&kpi), ["not recorded target: 200 -> 100"], "configured, and published by nobody yet");
    });
}

#[test]
fn each_vintage_knows_the_changes_of_its_time_and_a_diff_lists_those_between() {
    let (world, _) = eased([0, 1, 2]);
    let configured = configured(&world.text);
    let catalogue = configured.catalogue("p").unwrap();
    let at = |date: &str| {
        let known = known_at(&[world.reader()], catalogue, micros(date)).unwrap();
        known.state.report(fy2019(), false).kpis.into_iter().find(|kpi| kpi.id == "uses").unwrap()
    };
    assert_eq!(changes(&at("2020-01-09")), [""; 0]);
    assert_eq!(changes(&at("2020-05-10")), ["2020-01-10 target: 200 -> 150"]);
    assert_eq!(changes(&at("2020-05-20")).len(), 2);
    let between = |from, to| diff(&[world.reader()], catalogue, (micros(from), to), fy2019()).unwrap();
    let listed = between("2020-01-10", NOW);
    assert_eq!(listed.targets.len(), 1, "{listed:#?}");
    assert!(
        listed.text().contains("1 change(s) of targets\n  2020-05-20T00:00:00.000000+09:00 uses target: 150 -> 100\n")
    );
    assert_eq!(between("2019-04-02", NOW).targets.len(), 2);
    assert_eq!(between("2020-06-01", NOW).targets, []);
}
