//! `report --vintages`: every value that was ever known of a KPI is what `--on` and `--known-at` answer one by one.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::City;
use aggregator::store::{self, ObservationRow, StoreReader};
use aggregator::vintage::known_at;
use aggregator::vintage_table::of_kpi;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::KpiReport;
use aggregator_core::report_period::ReportPeriod;
use bus::Partition;
use contract::catalogue::{self, Catalogue};
use contract::period::Period;
use contract::record::{CatalogueText, Finality, Observation, Span, Value as Figure};
use contract::time::{Micros, Moment};
use serde_json::Value;
use std::path::Path;

const DAY: i64 = 86_400_000_000;

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

/// The whole My Number series of the shipped plan, as if each edition had been published 20 days after its date: every fourth first as a
/// provisional figure that was 5 lower, and another target from June 2020 on.
fn published_edition_by_edition(folder: &Path) -> (StoreReader, Catalogue, Vec<Micros>) {
    let city = City::shipped();
    city.ok(&["run", "--once"]);
    let text = city.read("plans/kawasaki.toml");
    let catalogue = catalogue::parse("kawasaki.toml", &text).unwrap();
    let stored = store::open_reader(&city.data(), Partition(0)).unwrap();
    let stored = stored.observations_after("kawasaki", (None, None), 0, usize::MAX).unwrap();
    let editions = stored.into_iter().map(|(_, observation)| observation);
    let editions: Vec<Observation> = editions.filter(|one| one.series.starts_with("mynumber")).collect();
    assert!(editions.len() > 30, "{}", editions.len());
    let mut all = Vec::new();
    for (number, mut edition) in editions.into_iter().enumerate() {
        let Span::AsOf(at) = edition.period else { panic!("an edition is of an instant") };
        edition.revision = Micros(at.micros().0 + 20 * DAY);
        if let (0, Figure::Known(value)) = (number % 4, &edition.value) {
            let (value, finality) = (Figure::Known(value - 5), Finality::Provisional);
            let revision = Micros(edition.revision.0 - 10 * DAY);
            all.push(Observation { value, finality, revision, breakdown: None, ..edition.clone() });
        }
        all.push(edition);
    }
    let eased = text.replacen("target = { at_least = 20 }", "target = { at_least = 15 }", 1);
    let at = |time: &str| Micros::parse(time).unwrap();
    let catalogues = [(&text, at("2018-04-01T00:00:00+09:00")), (&eased, at("2020-06-01T00:00:00+09:00"))];
    let mut times: Vec<Micros> =
        all.iter().map(|one| one.revision).chain(catalogues.iter().map(|(_, at)| *at)).collect();
    times.sort();
    times.dedup();
    let mut writer = store::open_writer(folder, Partition(0)).unwrap();
    writer
        .change(|change| {
            let names = change.plan_names(&catalogue)?;
            let mut state = PlanState::new(catalogue.clone());
            for one in &all {
                let (key, _) = state.insert(one).unwrap();
                change.put_observations(&[ObservationRow {
                    names: &names,
                    key,
                    observation: one.borrowed(),
                    signature: None,
                }])?;
            }
            for (text, revision) in catalogues {
                let (plan, text) = ("kawasaki".to_owned(), text.clone());
                change.put_catalogue(&CatalogueText { plan, revision, text })?;
            }
            Ok(())
        })
        .unwrap();
    drop(writer);
    (store::open_reader(folder, Partition(0)).unwrap(), catalogue, times)
}

#[test]
fn the_whole_my_number_series_is_what_each_known_at_answers_at_every_time() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, catalogue, mut times) = published_edition_by_edition(folder.path());
    let now = Moment::parse("2026-01-01T00:00:00+09:00").unwrap();
    let readers = [reader];
    let table = of_kpi(&readers, &catalogue, "mynumber-rate", now).unwrap().unwrap();
    assert!(table.iter().any(|period| period.releases.len() > 1), "something was revised");
    // Also between two times, before the first and after the last.
    times.extend(times.clone().iter().step_by(3).map(|time| Micros(time.0 + DAY / 2)));
    times.extend([Micros(times[0].0 - 1), Micros(now.micros().0)]);
    times.sort();
    let mut compared = 0;
    for time in times {
        let known = known_at(&readers, &catalogue, time).unwrap().state;
        let years = (2019..=2021).map(Period::fiscal_year);
        let months = (2019..=2021).flat_map(|year| Period::fiscal_year(year).parts(contract::period::Grain::Month));
        for period in months.chain(years) {
            let report = known.report(ReportPeriod(period), false);
            let asked: KpiReport = report.kpis.into_iter().find(|kpi| kpi.id == "mynumber-rate").unwrap();
            let releases = table.iter().find(|one| one.period == period.to_string()).map(|one| one.releases.as_slice());
            let stands =
                releases.unwrap_or_default().iter().rev().find(|one| Micros::parse(&one.known_at).unwrap() <= time);
            match stands {
                None => assert_eq!(asked.value, None, "{period} {time}: known before its first release"),
                Some(release) => {
                    let listed = (&release.value, &release.value_text, release.status, release.provisional);
                    let asked = (&asked.value, &asked.value_text, asked.status, asked.provisional);
                    assert_eq!(listed, asked, "{period} {time}");
                }
            }
            compared += 1;
        }
    }
    assert!(compared > 2_000, "{compared}");
}
