//! `report --vintages`: every value that was ever known of a KPI is what `--on` and `--known-at` answer one by one.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

mod support;

use serde_json::Value;
use support::City;

/// The KPI of a report that was asked for one period and one time.
fn asked(city: &City, plan: &str, kpi: &str, (period, time): (&str, &str)) -> Value {
    let words = ["report", "--format", "json", "--plan", plan, "--on", period, "--known-at", time];
    let report: Value = serde_json::from_str(&city.ok(&words)).unwrap();
    let kpis = report["plans"][0]["kpis"].as_array().unwrap().clone();
    kpis.into_iter().find(|one| one["id"] == kpi).unwrap()
}

fn compare(city: &City, plan: &str, kpi: &str) -> usize {
    let text = city.ok(&["report", "--vintages", kpi, "--plan", plan, "--format", "json"]);
    let table: Value = serde_json::from_str(&text).unwrap();
    let mut compared = 0;
    for period in table["periods"].as_array().unwrap() {
        let name = period["period"].as_str().unwrap();
        for release in period["releases"].as_array().unwrap() {
            let time = release["known_at"].as_str().unwrap();
            let one = asked(city, plan, kpi, (name, time));
            for key in ["value", "value_text", "status", "provisional"] {
                assert_eq!(one[key], release[key], "{kpi} {name} {time} {key}");
            }
            compared += 1;
        }
        let last = period["releases"].as_array().unwrap().last().unwrap();
        let now = asked(city, plan, kpi, (name, "2100-01-01T00:00:00+09:00"));
        assert_eq!(now["value"], last["value"], "{kpi} {name}: the last release stands");
    }
    compared
}

#[test]
fn every_release_is_what_was_known_then() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let register = city.read("mihon/registers.csv");
    let compared = compare(&city, "kawasaki", "mynumber-rate");
    assert!(compared >= 12, "{compared}");
    let first = compare(&city, "mihon", "opendata-datasets");

    // A correction of one figure is a second release of its periods.
    let line = register.lines().filter(|line| line.starts_with("オープンデータのデータセット数,")).nth(2).unwrap();
    let cells: Vec<&str> = line.split(',').collect();
    let corrected = line.replace(&format!(",{},", cells[2]), ",7,");
    assert_ne!(line, corrected);
    city.write("mihon/registers.csv", &register.replace(line, &corrected));
    city.ok(&["run", "--once"]);
    assert!(compare(&city, "mihon", "opendata-datasets") > first);
    let csv = city.ok(&["report", "--vintages", "opendata-datasets", "--plan", "mihon", "--format", "csv"]);
    let rows: Vec<Vec<&str>> = csv.lines().map(|row| row.split(',').collect()).collect();
    assert_eq!(rows[0].join(","), "plan,kpi,period,release,known_at,value,status,provisional,latest");
    assert!(rows.iter().any(|row| row[3] == "2" && row[5] == "7" && row[8] == "true"), "{csv}");
    assert!(rows.iter().any(|row| row[3] == "1" && row[8] == "false"), "{csv}");
}

#[test]
fn a_kpi_that_does_not_exist_is_named_with_the_nearest() {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let output = city.run(&["report", "--vintages", "mynumber-rat"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && error.contains("mynumber-rate"), "{error}");
    let page = city.run(&["report", "--vintages", "mynumber-rate", "--format", "html"]);
    assert!(!page.status.success());
}
