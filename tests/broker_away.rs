//! The brokers are killed: an aggregator goes on showing the last figures, says that they are of before, and reads on when
//! the brokers are back; it also starts without them.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support;
use crate::support::{City, free_address};
use rdkafka::mocking::MockCluster;
use std::collections::BTreeSet;
use std::fs::File;
use std::net::SocketAddr;
use std::process::Child;
use std::time::{Duration, Instant};

const TOPIC: &str = "records";
const WAIT: Duration = Duration::from_mins(1);

/// Ended with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}

fn until(what: &str, mut so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < WAIT, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn aggregating(city: &City, address: SocketAddr, log: &str) -> Running {
    let mut command = city.command(&["aggregate"]);
    command.env("SHIHYO__HTTP__LISTEN", address.to_string());
    command.stderr(File::create(city.config().join(log)).unwrap());
    Running(command.spawn().unwrap())
}

/// The samples of KPIs and the latest figures of sources.
fn figures(metrics: &str) -> BTreeSet<&str> {
    let figures = ["shihyo_kpi_", "shihyo_source_latest_figure_timestamp_seconds{"];
    metrics.lines().filter(|line| figures.iter().any(|name| line.starts_with(name))).collect()
}

/// What the service shows of its figures: metrics, the list of plans, and the scoreboard's table.
fn shown(address: SocketAddr) -> (String, String, bool) {
    let metrics = support::get(address, "/metrics").unwrap();
    let figures: Vec<&str> = figures(&metrics).into_iter().collect();
    let plans = support::get(address, "/api/v1/plans").unwrap();
    let page = support::get(address, "/").unwrap();
    (figures.join("\n"), plans, page.contains("/plans/"))
}

fn is_degraded(address: SocketAddr) -> bool {
    let metrics = support::get(address, "/metrics").unwrap();
    metrics.lines().any(|line| line == "shihyo_component_degraded{component=\"bus\",reason=\"refused\"} 1")
}

#[test]
fn a_killed_broker_leaves_the_last_figures_on_show() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 1, 1).unwrap();
    let city = City::shipped();
    let brokers = cluster.bootstrap_servers();
    let kafka =
        format!("\n[kafka]\nbrokers = \"{brokers}\"\ntopic = \"{TOPIC}\"\nsecurity = \"plaintext\"\nsession_s = 6\n");
    city.write("shihyo.toml", &(city.read("shihyo.toml") + &kafka));
    city.ok(&["collect", "--once"]);
    let address = free_address();
    let first = aggregating(&city, address, "first.log");
    until("it is ready", || support::get(address, "/readyz").is_some());
    let before = shown(address);
    assert!(before.0.lines().count() > 20 && before.2, "{before:?}");

    cluster.broker_down(-1).unwrap();
    until("the failure is noticed", || is_degraded(address));
    // The session of the group is long over at the end of it.
    let away = Instant::now();
    while away.elapsed() < Duration::from_secs(30) {
        assert!(is_degraded(address), "it flaps after {:?}", away.elapsed());
        assert_eq!(shown(address), before, "after {:?}", away.elapsed());
        assert!(support::get(address, "/readyz").is_some());
        std::thread::sleep(Duration::from_millis(500));
    }
    let page = support::get(address, "/").unwrap();
    assert!(page.contains("What you see is from before."), "{page}");
    let log = city.read("first.log");
    let said = log.matches("the bus cannot be read for now").count();
    assert_eq!(said, 1, "{log}");

    // An aggregator that starts meanwhile shows what its stores hold.
    drop(first);
    let _second = aggregating(&city, address, "second.log");
    until("the figures are shown without the brokers", || {
        support::get(address, "/metrics").is_some_and(|metrics| !figures(&metrics).is_empty())
    });
    assert_eq!(shown(address), before);
    assert_eq!(support::get(address, "/readyz"), None, "what waits on the bus is not known");

    cluster.broker_up(-1).unwrap();
    until("it is ready again", || {
        let shown = shown(address);
        assert_eq!(shown, before);
        support::get(address, "/readyz").is_some() && !is_degraded(address)
    });
}
