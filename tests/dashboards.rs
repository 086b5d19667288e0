//! Every panel's query of the shipped dashboards, on the real servers with the shipped configuration at work,
//! returns data.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

#[path = "../aggregator/tests/support/influx_read.rs"]
mod influx_read;
mod support;

use serde_json::Value;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};
use support::{City, free_address, get, server};

/// The invented plan has figures of all fourteen KPIs.
const PLAN: &str = "mihon";
/// How long all of it may take to show.
const PATIENCE: Duration = Duration::from_secs(90);

/// A process of the system, ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// One query of a panel.
struct Query {
    panel: String,
    text: String,
    prometheus: bool,
}

fn queries(dashboard: &Value) -> Vec<Query> {
    let mut found = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let prometheus = target["expr"].is_string();
            let text = if prometheus { &target["expr"] } else { &target["query"] };
            let panel = panel["title"].as_str().unwrap().to_owned();
            found.push(Query { panel, text: text.as_str().unwrap().to_owned(), prometheus });
        }
        found.extend(panel["panels"].is_array().then(|| queries(panel)).into_iter().flatten());
    }
    found
}

fn dashboard(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/grafana/dashboards").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The ids that a variable offers as `name : id, ..`.
fn offered(dashboard: &Value, variable: &str) -> Vec<String> {
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    let one = variables.iter().find(|one| one["name"] == variable).unwrap();
    let options = one["query"].as_str().unwrap().split(", ");
    options.map(|option| option.rsplit(" : ").next().unwrap().trim().to_owned()).collect()
}

#[test]
fn every_panel_shows_data() {
    let bucket = influx_read::fresh(0);
    let (aggregator, collector) = (free_address(), free_address());
    let topic = format!("dashboards.{}", std::process::id());
    let city = City::shipped();
    let start = |words: &[&str], data: &str| {
        let mut command = city.command(words);
        command.env("SHIHYO__DATA_DIR", city.data().join(data)).env("SHIHYO__KAFKA__BROKERS", server("KAFKA_BROKERS"));
        command.env("SHIHYO__KAFKA__TOPIC", &topic).env("SHIHYO__KAFKA__GROUP", &topic);
        command.env("SHIHYO__KAFKA__REPLICATION", "1").env("SHIHYO__KAFKA__MIN_INSYNC", "1");
        command.env("SHIHYO__INFLUXDB__URL", &bucket.url).env("SHIHYO__INFLUXDB__ORG", &bucket.org);
        command.env("SHIHYO__INFLUXDB__BUCKET", &bucket.name).env("SHIHYO__INFLUXDB__TOKEN", &bucket.token);
        command.env("SHIHYO__ALERTS__LINK", format!("http://{aggregator}"));
        command.env("SHIHYO__ALERTS__ALERTMANAGER__URLS", server("ALERTMANAGER_URL"));
        command.env("SHIHYO__HTTP__LISTEN", aggregator.to_string());
        command.env("SHIHYO__COLLECTOR__LISTEN", collector.to_string());
        Running(command.stdout(Stdio::null()).spawn().unwrap())
    };
    assert!(start(&["topics", "ensure"], "a").0.wait().unwrap().success());
    let _running = [start(&["collect"], "c"), start(&["aggregate"], "a")];
    let targets = Path::new(&server("PROMETHEUS_TARGETS")).join("dashboards.json");
    let scraped = serde_json::json!([
        { "targets": [aggregator.to_string()], "labels": { "job": "shihyo-aggregator" } },
        { "targets": [collector.to_string()], "labels": { "job": "shihyo-collector" } },
    ]);
    std::fs::write(&targets, scraped.to_string()).unwrap();

    let started = Instant::now();
    let (kpis, pipeline) = (dashboard("kpi.json"), dashboard("pipeline.json"));
    loop {
        let mut empty = influxdb(&bucket, &kpis);
        empty.extend(queries(&pipeline).into_iter().filter(|query| !prometheus(query)).map(|query| query.text));
        if empty.is_empty() {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "no data for:\n{}", empty.join("\n"));
        std::thread::sleep(Duration::from_secs(1));
    }
    std::fs::remove_file(targets).unwrap();
}

/// The queries of the KPI dashboard that return nothing.
fn influxdb(bucket: &influx_read::Bucket, dashboard: &Value) -> Vec<String> {
    let kpis = offered(dashboard, "kpi");
    assert_eq!(kpis.len(), 14);
    let (from, to) = (&dashboard["time"]["from"], &dashboard["time"]["to"]);
    let time = format!("time >= '{}' AND time <= '{}'", from.as_str().unwrap(), to.as_str().unwrap());
    let filled = |text: &str, kpi: &str| {
        let text = text.replace("$plan", PLAN).replace("$timeFilter", &time).replace("$kpi", kpi);
        // Beside variables only the end of a pattern is written so.
        assert!(!text.replace("$/", "/").contains('$'), "a variable is not known: {text}");
        text
    };
    let mut empty = Vec::new();
    for Query { panel, text, prometheus } in queries(dashboard) {
        assert!(!prometheus, "{panel}");
        let without_data = |kpi: &&String| bucket.query(&filled(&text, kpi)).is_empty();
        // Not every KPI has a provisional value; some has.
        let some = text.contains("provisional\" = true");
        let lacking = kpis.iter().filter(without_data).count();
        if lacking > 0 && !(some && lacking < kpis.len()) {
            empty.push(format!("{panel}: {text} ({lacking} KPIs)"));
        }
    }
    empty
}

/// Whether a query on Prometheus returns data.
fn prometheus(query: &Query) -> bool {
    assert!(query.prometheus, "{}", query.panel);
    let address = server("PROMETHEUS_URL");
    let address = address.trim_start_matches("http://").trim_end_matches('/').parse().unwrap();
    let text = query.text.replace("$__rate_interval", "10s");
    assert!(!text.contains('$'), "a variable is not known: {text}");
    let path = format!("/api/v1/query?query={}", influx_read::encoded(&text));
    let answer: Value =
        serde_json::from_str(&get(address, &path).unwrap_or_else(|| panic!("refused: {text}"))).unwrap();
    assert_eq!(answer["status"], "success", "{text}: {answer}");
    !answer["data"]["result"].as_array().unwrap().is_empty()
}
