//! The real Alertmanager: what fires is there once, with labels and texts, and no longer once it is resolved.

#![allow(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

#[path = "support/alert_fake.rs"]
mod alert_fake;
mod support;

use aggregator::pipeline::PipelineSetup;
use aggregator::sinks::alertmanager::AlertmanagerSettings;
use alert_fake::until;
use contract::record::Record;
use contract::time::{Clock, Micros};
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};
use support::{World, uses, year};

/// Alertmanager ends alerts by its own clock.
struct WallClock;

impl Clock for WallClock {
    #[allow(clippy::disallowed_methods, reason = "the server under test has no other clock")]
    fn now(&self) -> Micros {
        let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        Micros(i64::try_from(since.as_micros()).unwrap())
    }
}

fn url() -> String {
    std::env::var("ALERTMANAGER_URL")
        .unwrap_or_else(|_| panic!("ALERTMANAGER_URL is not set: no Alertmanager; run tests/run --servers"))
}

/// The alerts of a policy that Alertmanager holds as active.
fn active(policy: &str) -> Vec<Value> {
    let url = url();
    let host = url.strip_prefix("http://").unwrap().trim_end_matches('/');
    let mut stream = TcpStream::connect(host).unwrap();
    let path = "/api/v2/alerts?active=true";
    // HTTP/1.0: the answer is not chunked, and ends with the connection.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let all: Vec<Value> = serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap();
    all.into_iter().filter(|alert| alert["labels"]["policy"] == policy).collect()
}

#[test]
fn a_kpi_that_is_late_is_an_alert_until_it_has_recovered() {
    let mut world = World::new();
    // Another policy each time: the server may remember earlier runs.
    let policy = format!("policy-{}", std::process::id());
    world.text = world.text.replace("\"policy\"\n", &format!("\"{policy}\"\n"));
    let to = || AlertmanagerSettings { urls: vec![url()], external_url: "https://shihyo.example".into() };
    let setup = || {
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let sinks = Arc::new([to().sink().unwrap()]);
        PipelineSetup { hold: Duration::from_secs(1), sinks, clock, ..world.setup() }
    };
    world.publish(&year());
    world.keep_with(&setup(), 13, || until("fires", || active(&policy).len() == 1));
    // A restart sends it again, and it stays one.
    world.keep_with(&setup(), 13, || std::thread::sleep(Duration::from_secs(1)));
    let found = active(&policy);
    assert_eq!(found.len(), 1);
    let labels = json!({ "alertname": "ShihyoKpiTrend", "plan": "p", "policy": policy, "kpi": "uses",
                         "rule": "trend", "severity": "warning" });
    assert_eq!(found[0]["labels"], labels);
    let annotations = &found[0]["annotations"];
    assert_eq!(annotations["summary_ja"], "遅れ: 利用件数 120 件（計画）");
    assert_eq!(annotations["summary_en"], "off track: uses 120 uses (plan)");
    assert_eq!(annotations["summary"], "遅れ: 利用件数 120 件（計画） / off track: uses 120 uses (plan)");
    for (text, unit) in [("description_ja", "件"), ("description_en", "uses"), ("description", "uses")] {
        let text = annotations[text].as_str().unwrap();
        let figures = [120, 150, 200].map(|figure| format!("{figure} {unit}"));
        for part in figures.iter().map(String::as_str).chain(["https://shihyo.example/plans/p/kpis/uses"]) {
            assert!(text.contains(part), "{text}");
        }
    }
    assert_eq!(found[0]["generatorURL"], "https://shihyo.example/plans/p/kpis/uses");
    world.publish(&[Record::Observation(uses("2019-05", 110, "2020-05-03"))]);
    world.keep_with(&setup(), 14, || until("resolved", || active(&policy).is_empty()));
}
