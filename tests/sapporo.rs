//! The shipped plan of 札幌市 against the city's own reports of 2024 and 2025 (`fixtures/sapporo/ap2023.csv`).
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::City;
use contract::exact::{Exact, parse};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// A row of the fixture, by column.
type Row = HashMap<String, String>;

fn rows() -> Vec<Row> {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sapporo/ap2023.csv")).unwrap();
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let row = |line: &str| {
        let cells = line.split(',').map(str::to_owned);
        head.iter().map(|name| (*name).to_owned()).zip(cells).collect()
    };
    lines.map(row).collect()
}

fn number(value: &Value) -> Exact {
    parse(&value.to_string()).unwrap_or_else(|| panic!("{value}"))
}

/// The city's word for a figure: better or worse than the baseline in the direction of the target.
fn word(kpi: &Value) -> &'static str {
    if kpi["value"].is_null() {
        return "unaggregated";
    }
    let (value, baseline, target) = (number(&kpi["value"]), number(&kpi["baseline"]), number(&kpi["target"]));
    match (value.cmp(&baseline), target > baseline) {
        (std::cmp::Ordering::Equal, _) => "as the baseline",
        (order, up) if order.is_gt() == up => "up",
        _ => "down",
    }
}

#[test]
fn better_than_the_baseline_is_the_citys_own_up_or_down_in_both_reports_but_for_one_row() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let mut reports: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let (mut compared, mut indicators) = (0, [BTreeMap::new(), BTreeMap::new()]);
    for row in rows() {
        let id = row["id"].replace(['_', ':'], "-");
        for (k, indicator) in indicators.iter_mut().enumerate() {
            let (year, actual) = (&row[&format!("fy_{}", k + 1)], &row[&format!("actual_{}", k + 1)]);
            let on = if year.is_empty() { "FY2024".to_owned() } else { format!("FY{year}") };
            let kpis = reports.entry(on.clone()).or_insert_with(|| {
                let words = ["report", "--format", "json", "--plan", "sapporo", "--on", &on];
                let report: Value = serde_json::from_str(&city.ok(&words)).unwrap();
                report["plans"][0]["kpis"].as_array().unwrap().clone()
            });
            let kpi = kpis.iter().find(|kpi| kpi["id"] == id.as_str()).unwrap_or_else(|| panic!("no KPI {id}"));
            assert_eq!(number(&kpi["baseline"]), parse(&row["baseline"]).unwrap(), "{id}");
            assert_eq!(number(&kpi["target"]), parse(&row["target"]).unwrap(), "{id}");
            assert_eq!(parse(actual), (!kpi["value"].is_null()).then(|| number(&kpi["value"])), "{id} {on}");
            let said = row[&format!("source_trend_{}report", 2024 + k)].as_str();
            if (id.as_str(), said) == ("children-with-personal-goals", "not_evaluated") {
                assert_eq!((word(kpi), &row["fy_1"]), ("as the baseline", &row["baseline_fy"]));
            } else {
                assert_eq!(word(kpi), said, "{id} {on}");
                compared += 1;
            }
            indicator.insert(row["seq"].clone(), said.to_owned());
        }
    }
    assert_eq!(compared, 55);
    let count = |k: usize, word: &str| indicators[k].values().filter(|said| *said == word).count();
    assert_eq!(["up", "down", "not_evaluated", "unaggregated"].map(|word| count(0, word)), [13, 11, 1, 1]);
    assert_eq!(["up", "down", "not_evaluated", "unaggregated"].map(|word| count(1, word)), [17, 8, 0, 1]);
}

#[test]
fn it_is_judged_while_it_runs_and_shown_in_the_units_of_the_city() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let on = Some("2026-06-30");
    let of = |id: &str| city.kpi("sapporo", on, id);
    let text = |id: &str| of(id)["value_text"].as_str().unwrap_or("-").to_owned();
    assert_eq!([text("winter-tourist-count"), text("citywide-ghg-emissions")], ["374 万人", "1,022 万t-CO2"]);
    assert_eq!([text("total-fertility-rate"), text("perceived-barrier-free-progress")], ["0.96 人", "55.6 %"]);
    let status = |id: &str| of(id)["status"].as_str().unwrap().to_owned();
    // Higher and lower is better, met, missed by more than the tolerance, and without a figure.
    assert_eq!(status("daily-walking-minutes"), "achieved");
    assert_eq!(status("waste-resource-collection-satisfaction"), "achieved");
    assert_eq!(status("young-adult-outmigration-excess"), "off_track");
    assert_eq!(status("municipal-facility-ghg-emissions"), "off_track");
    assert_eq!(status("childcare-service-access"), "on_track");
    assert_eq!((status("employment-rate"), text("employment-rate")), ("no_data".into(), "-".into()));
    // No default moment: without one it is judged as of today.
    assert!(!city.read("plans/sapporo.toml").contains("default_on"));
    let statuses: Vec<String> = rows().iter().map(|row| status(&row["id"].replace(['_', ':'], "-"))).collect();
    assert!(!statuses.contains(&"stale".to_owned()), "{statuses:?}");
}
