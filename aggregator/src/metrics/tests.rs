use super::*;
use crate::render::fixture::{CATALOGUE, period, plan_state, plan_states};
use aggregator_core::plan_state::PlanState;
use contract::catalogue;
use contract::time::Micros;
use std::collections::BTreeSet;
use std::sync::Arc;

fn filled() -> Metrics {
    let metrics = Metrics::new("1.2.3").unwrap();
    metrics.set_record_counts(PublishedCounts {
        received: 15,
        stored: 7,
        duplicate: 2,
        quarantined: 1,
        folded: 5,
        superseded: 3,
    });
    metrics.observe_poll("small", "portal", "changed", Duration::from_millis(200), Micros(1_600_000_000_000_000));
    metrics.observe_poll("small", "portal", "not_found", Duration::from_secs(20), Micros(1_700_000_000_000_000));
    metrics.observe_batch_commit(Duration::from_millis(4));
    metrics
}

fn scraped(metrics: &Metrics) -> String {
    metrics.exposition(&plan_states(plan_state(false)), period("2023-05-01"), true, |_| true).unwrap()
}

/// `name{label,label}` of every sample, without values.
fn shapes(text: &str) -> Vec<String> {
    let mut shapes = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let series = line.rsplit_once(' ').unwrap().0;
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels: Vec<&str> =
            labels.trim_end_matches('}').split(',').filter_map(|l| Some(l.split_once('=')?.0)).collect();
        shapes.insert(format!("{name}{{{}}}", labels.join(",")));
    }
    shapes.into_iter().collect()
}

#[test]
fn names_and_labels_are_those_that_dashboards_use() {
    let expected = [
        "shihyo_batch_commit_duration_seconds_bucket{le}",
        "shihyo_batch_commit_duration_seconds_count{}",
        "shihyo_batch_commit_duration_seconds_sum{}",
        "shihyo_build_info{version}",
        "shihyo_kpi_path{kpi,plan}",
        "shihyo_kpi_status{kpi,plan,status}",
        "shihyo_kpi_target{kpi,plan}",
        "shihyo_kpi_value{kpi,plan}",
        "shihyo_kpis_left_out{}",
        "shihyo_kpis{status}",
        "shihyo_last_record_handled_timestamp_seconds{}",
        "shihyo_outbox_bytes{}",
        "shihyo_outbox_limit_bytes{}",
        "shihyo_outbox_oldest_age_seconds{}",
        "shihyo_outbox_records{}",
        "shihyo_plan_kpis{plan,status}",
        "shihyo_plan_sources_overdue{plan}",
        "shihyo_plans_uncounted{}",
        "shihyo_poll_duration_seconds_bucket{plan,source,le}",
        "shihyo_poll_duration_seconds_count{plan,source}",
        "shihyo_poll_duration_seconds_sum{plan,source}",
        "shihyo_polls_total{outcome,plan,reason,source}",
        "shihyo_ready{}",
        "shihyo_records_received_total{}",
        "shihyo_records_superseded{}",
        "shihyo_records_total{disposition}",
        "shihyo_ship_failures_total{}",
        "shihyo_shipped_records_total{}",
        "shihyo_source_due_timestamp_seconds{plan,series,source}",
        "shihyo_source_last_success_timestamp_seconds{plan,source}",
        "shihyo_source_latest_figure_timestamp_seconds{plan,series,source}",
    ];
    assert_eq!(shapes(&scraped(&filled())), expected);
}

#[test]
fn a_scrape_shows_events_counts_and_figures() {
    let text = scraped(&filled());
    for line in [
        "# TYPE shihyo_records_total counter",
        "# TYPE shihyo_kpi_value gauge",
        "# TYPE shihyo_poll_duration_seconds histogram",
        "shihyo_build_info{version=\"1.2.3\"} 1",
        "shihyo_ready 1",
        "shihyo_records_received_total 15",
        "shihyo_records_superseded 3",
        "shihyo_records_total{disposition=\"duplicate\"} 2",
        "shihyo_records_total{disposition=\"folded\"} 5",
        "shihyo_records_total{disposition=\"quarantined\"} 1",
        "shihyo_records_total{disposition=\"stored\"} 7",
        "shihyo_polls_total{outcome=\"changed\",plan=\"small\",reason=\"\",source=\"portal\"} 1",
        "shihyo_polls_total{outcome=\"failed\",plan=\"small\",reason=\"not_found\",source=\"portal\"} 1",
        "shihyo_source_last_success_timestamp_seconds{plan=\"small\",source=\"portal\"} 1600000000",
        "shihyo_batch_commit_duration_seconds_bucket{le=\"0.005\"} 1",
        "shihyo_kpi_value{kpi=\"datasets\",plan=\"small\"} 215",
        "shihyo_kpi_target{kpi=\"cost\",plan=\"small\"} 1000",
        "shihyo_kpi_path{kpi=\"datasets\",plan=\"small\"} 212.021918",
        "shihyo_kpi_status{kpi=\"datasets\",plan=\"small\",status=\"on_track\"} 1",
        "shihyo_kpi_status{kpi=\"datasets\",plan=\"small\",status=\"off_track\"} 0",
        "shihyo_kpi_status{kpi=\"cost\",plan=\"small\",status=\"no_data\"} 1",
    ] {
        assert!(text.lines().any(|got| got == line), "{line}\n{text}");
    }
    assert!(!text.contains("shihyo_kpi_value{kpi=\"cost\""), "no value is no sample");
}

#[test]
fn counts_are_absolute_and_may_fall() {
    let metrics = filled();
    let line = |metrics: &Metrics| {
        let text = scraped(metrics);
        text.lines()
            .find(|line| line.starts_with("shihyo_records_total{disposition=\"quarantined\"}"))
            .unwrap()
            .to_owned()
    };
    for quarantined in [5, 5, 2, 0] {
        metrics.set_record_counts(PublishedCounts { received: 20, quarantined, ..PublishedCounts::default() });
        assert_eq!(line(&metrics), format!("shihyo_records_total{{disposition=\"quarantined\"}} {quarantined}"));
    }
}

#[test]
fn a_kpi_that_left_the_plan_states_leaves_the_scrape() {
    let metrics = filled();
    assert!(scraped(&metrics).contains("shihyo_kpi_target{"));
    let none = metrics.exposition(&SharedPlanStates::default(), period("2023-05-01"), true, |_| true).unwrap();
    assert!(!none.contains("shihyo_kpi_"), "{none}");
}

#[test]
fn a_plan_without_a_default_moment_is_scraped_as_of_today() {
    let mut state = plan_state(false);
    Arc::make_mut(&mut state.catalogue).plan.default_on = None;
    let text = filled().exposition(&plan_states(state), period("2023-05-01"), false, |_| true).unwrap();
    assert!(text.contains("shihyo_kpi_value{kpi=\"datasets\",plan=\"small\"} 310\n"), "{text}");
    assert!(text.contains("shihyo_ready 0\n"));
}

#[test]
fn a_source_has_its_latest_figure_and_when_the_next_is_overdue() {
    // By hand: the state of 1 June closes May, so that of June is due 10 days after its end and overdue 14 days later; the flow of
    // June is complete, so July is next. `cost` has no rhythm and no figure.
    let text = scraped(&filled());
    for (series, latest, due) in
        [("datasets", 1_590_937_200, 1_595_689_200), ("downloads", 1_593_529_200, 1_598_367_600)]
    {
        for (name, value) in [("latest_figure", latest), ("due", due)] {
            let line = format!(
                "shihyo_source_{name}_timestamp_seconds{{plan=\"small\",series=\"{series}\",source=\"portal\"}} {value}"
            );
            assert!(text.lines().any(|got| got == line), "{line}\n{text}");
        }
    }
    assert!(!text.contains("series=\"cost\""), "{text}");
}

#[test]
fn a_source_that_is_overdue_shows_since_when() {
    // On 1 May 2021 the last figure of July 2020 is long due: of the latest period whose grace is over, March 2021.
    let mut state = plan_state(false);
    Arc::make_mut(&mut state.catalogue).plan.default_on = Some(period("2021-05-01"));
    let text = filled().exposition(&plan_states(state), period("2023-05-01"), true, |_| true).unwrap();
    let line = "shihyo_source_due_timestamp_seconds{plan=\"small\",series=\"downloads\",source=\"portal\"} 1619362800";
    assert!(text.lines().any(|got| got == line), "{text}");
}

/// Plans without figures, of three KPIs each, and the small one.
fn many(plans: usize) -> SharedPlanStates {
    let states = plan_states(plan_state(false));
    for number in 0..plans {
        let id = format!("plan-{number:04}");
        let text = CATALOGUE.replacen("id = \"small\"", &format!("id = \"{id}\""), 1);
        states.write().unwrap().insert(id, PlanState::new(catalogue::parse("fixture.toml", &text).unwrap()));
    }
    states
}

#[test]
fn plans_beyond_the_limit_are_counted_and_have_no_series_of_their_own() {
    let (metrics, plans) = (Metrics::new("1.2.3").unwrap(), many(300));
    let ids: Vec<String> = plans.read().unwrap().keys().cloned().collect();
    metrics.limit_plans(2, ids.iter().map(String::as_str));
    for (plan, source, outcome, at) in [
        ("plan-0000", "portal", "changed", 1_600_000_000),
        ("small", "portal", "changed", 1_600_000_000),
        ("small", "portal", "unchanged", 1_700_000_000),
        ("small", "register", "not_found", 1_650_000_000),
        ("small", "register", "not_found", 1_700_000_000),
    ] {
        metrics.observe_poll(plan, source, outcome, Duration::from_secs(1), Micros(at * 1_000_000));
    }
    let scrape = || metrics.exposition(&plans, period("2023-05-01"), true, |_| true).unwrap();
    let first = scrape();
    assert!(first.contains("\nshihyo_plans_uncounted 101\n"), "a scrape computes 200 summaries at most");
    let text = scrape();
    for line in [
        "shihyo_kpis{status=\"no_data\"} 901",
        "shihyo_kpis{status=\"on_track\"} 1",
        "shihyo_kpis{status=\"missed\"} 0",
        "shihyo_kpis_left_out 897",
        "shihyo_plans_uncounted 0",
        "shihyo_plan_kpis{plan=\"small\",status=\"on_track\"} 1",
        "shihyo_plan_kpis{plan=\"plan-0299\",status=\"no_data\"} 3",
        "shihyo_polls_total{outcome=\"changed\",plan=\"plan-0000\",reason=\"\",source=\"portal\"} 1",
        "shihyo_polls_total{outcome=\"failed\",plan=\"small\",reason=\"not_found\",source=\"\"} 2",
        "shihyo_plan_source_silent_since_timestamp_seconds{plan=\"small\"} 1650000000",
    ] {
        assert!(text.lines().any(|got| got == line), "{line}\n{text}");
    }
    let own = |name: &str| text.lines().filter(|line| line.starts_with(name)).count();
    assert_eq!((own("shihyo_kpi_target{"), own("shihyo_source_due_")), (6, 4), "{text}");
    assert!(!text.contains("shihyo_source_last_success_timestamp_seconds{plan=\"small\""));
}

#[test]
fn a_public_scrape_under_an_embargo_counts_nothing() {
    let text = filled().exposition(&many(3), period("2023-05-01"), true, |_| false).unwrap();
    assert!(!text.contains("shihyo_kpis{") && !text.contains("shihyo_plan_kpis"), "{text}");
}
