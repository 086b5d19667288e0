//! The first page with many plans.

use super::plan_list::{MAX_SUMMARIES, default_period};
use super::site::Site;
use super::tests::{answer, site_of};
use crate::render::fixture::{CATALOGUE, observation, period};
use aggregator_core::judge::Status;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue;
use contract::record::{Finality, Observation, Span};
use contract::time::{Moment, parse_date};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

/// A plan with one figure of its level, on the day that is shown by default.
fn plan(id: &str, city: &str, value: Option<i64>) -> PlanState {
    let text = CATALOGUE.replacen("id = \"small\"", &format!("id = \"{id}\"\nkana = \"よみ{city}\""), 1);
    let text = text.replacen("試験市", city, 1);
    let mut state = PlanState::new(catalogue::parse("fixture.toml", &text).unwrap());
    if let Some(value) = value {
        level(&mut state, "2020-06-01", value);
    }
    state
}

fn level(state: &mut PlanState, date: &str, value: i64) {
    let at = Span::AsOf(Moment::midnight(parse_date(date).unwrap()));
    let plan = state.catalogue.plan.id.clone();
    let observed = Observation { plan, ..observation("datasets", "listed", at, value, Finality::Final) };
    state.insert(&observed).unwrap();
}

fn site(plans: Vec<PlanState>) -> Site {
    let plans: BTreeMap<String, PlanState> =
        plans.into_iter().map(|plan| (plan.catalogue.plan.id.clone(), plan)).collect();
    site_of(Arc::new(RwLock::new(plans)))
}

/// Ids of the plans on a page, in its order.
fn listed(page: &str) -> Vec<&str> {
    page.split("<h2 id=\"plan-").skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// Off track, at risk, achieved, without figures, and off track in a plan that has ended.
fn five() -> Vec<PlanState> {
    let mut ended = plan("a-ended", "乙市", None);
    level(&mut ended, "2022-04-01", 120);
    std::sync::Arc::make_mut(&mut ended.catalogue).plan.default_on = Some(period("FY2021"));
    vec![
        ended,
        plan("b-empty", "丙市", None),
        plan("c-achieved", "丁市", Some(310)),
        plan("d-off", "カ市", Some(120)),
        plan("e-on", "津市", Some(250)),
    ]
}

#[tokio::test]
async fn what_needs_attention_comes_first_and_plans_without_figures_last() {
    let (_, _, page) = answer(&site(five()), "/").await;
    assert_eq!(listed(&page), ["d-off", "e-on", "c-achieved", "a-ended", "b-empty"], "{page}");
    assert!(page.contains("3の指標のいずれにも、まだ数字がありません。"));
    assert_eq!(page.matches("<caption").count(), 4, "no wall of dashes");
}

#[tokio::test]
async fn plans_are_found_by_name_and_by_status() {
    let site = site(five());
    for (address, found) in [
        ("/?q=%E3%81%8B%E5%B8%82", vec!["d-off"]),
        ("/?q=%E3%83%A8%E3%83%9F%E6%B4%A5", vec!["e-on"]),
        ("/?q=EMPTY", vec!["b-empty"]),
        ("/?q=nowhere", vec![]),
        ("/?q=&status=", vec!["d-off", "e-on", "c-achieved", "a-ended", "b-empty"]),
        ("/?status=achieved", vec!["c-achieved"]),
        ("/?status=off_track", vec!["d-off"]),
        ("/?status=achieved&q=d-off", vec![]),
        ("/?page=7", vec!["d-off", "e-on", "c-achieved", "a-ended", "b-empty"]),
    ] {
        let (status, _, page) = answer(&site, address).await;
        assert_eq!((status.as_u16(), listed(&page)), (200, found), "{address}");
    }
    for address in ["/?status=bad", "/?page=0", "/?page=x", "/?q=a&q=b", &format!("/?q={}", "a".repeat(101))] {
        assert_eq!(answer(&site, address).await.0, 400, "{address}");
    }
}

#[tokio::test]
async fn links_keep_what_was_searched() {
    let (_, _, page) = answer(&site(five()), "/?q=%E5%B8%82&status=off_track&on=2020-05-31&lang=ja").await;
    for address in [
        "/?on=2020-05-31&#38;lang=en&#38;q=%E5%B8%82&#38;status=off_track",
        "/?on=2020-05-31&#38;lang=ja&#38;q=%E5%B8%82&#38;status=achieved",
        "/?on=2020-05-31&#38;lang=ja&#38;q=%E5%B8%82\"",
    ] {
        assert!(page.contains(address), "{address}\n{page}");
    }
}

#[tokio::test]
async fn a_page_has_twenty_plans_and_computes_no_report_of_the_others() {
    let many = (0..200).map(|n| plan(&format!("p-{n:03}"), "市", Some(if n == 199 { 120 } else { 310 })));
    let site = site(many.collect());
    let (_, _, page) = answer(&site, "/").await;
    assert_eq!(listed(&page).len(), 20);
    assert!(page.contains("200計画のうち200計画（1/10ページ）") && page.contains("ほかに136計画は集計中"), "{page}");
    let known = || {
        let plans = site.plans.read().unwrap();
        plans.values().filter(|plan| plan.known_summary(default_period(plan, site.today())).is_some()).count()
    };
    assert_eq!(known(), MAX_SUMMARIES);
    while site.refresh_summaries(50).unwrap() > 0 {}
    assert_eq!(known(), 200);
    let (_, _, page) = answer(&site, "/").await;
    assert_eq!(listed(&page)[..2], ["p-199", "p-000"], "the one that is off track");
    assert!(page.contains("href=\"/?page=2\"") && !page.contains("集計中"));
    let (_, _, last) = answer(&site, "/?page=10").await;
    assert_eq!(listed(&last).last(), Some(&"p-198"));
    assert!(last.contains("rel=\"prev\" href=\"/?page=9\"") && !last.contains("rel=\"next\""));
}

#[test]
fn a_summary_follows_every_figure_and_moment() {
    let mut state = plan("p", "市", None);
    let counted = |state: &PlanState, on: &str| {
        let on = ReportPeriod(period(on));
        let (summary, report) = (state.summary(on), state.report(on, false));
        for status in Status::ALL {
            let kpis = report.kpis.iter().filter(|kpi| kpi.status == Some(status.name())).count();
            assert_eq!(summary.count(status), kpis, "{status:?} on {on:?}");
        }
        assert_eq!(summary.phase.name(), report.phase);
        assert_eq!(state.known_summary(on), Some(summary));
        summary
    };
    assert!(counted(&state, "2020-06-30").is_without_data());
    level(&mut state, "2020-06-01", 120);
    assert_eq!(state.known_summary(ReportPeriod(period("2020-06-30"))), None, "a figure came");
    assert_eq!(counted(&state, "2020-06-30").count(Status::OffTrack), 1);
    assert_eq!(counted(&state, "2019-03-31").count(Status::NoData), 0, "the plan has not begun");
    level(&mut state, "2020-06-02", 310);
    assert_eq!(counted(&state, "2020-06-30").count(Status::Achieved), 1);
    // Two of its sources have a rhythm, and one of them never gave a figure.
    assert_eq!(counted(&state, "2021-06-30").overdue_sources, 2);
}
