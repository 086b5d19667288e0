//! A collector whose clock was nine hours ahead once: it is named, everything goes on, and a plan may be edited meanwhile.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::{City, free_address, get};
use bus::kafka::{KafkaConfig, Shipper};
use bus::{Checkpoint, Outbox, Outgoing, SqliteOutbox};
use collectors::catalogues::publish_catalogues;
use contract::record::{PollOutcome, PollRecord, Record};
use contract::time::{Clock, Micros};
use contract::wire;
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// This machine's clock, nine hours ahead.
struct Ahead;

impl Clock for Ahead {
    fn now(&self) -> Micros {
        let now = i64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap();
        Micros(now + 9 * 3600 * 1_000_000)
    }
}

/// Ended with the test, however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_mins(1), "waited for a minute: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Publishes the plan and a poll of it, as a collector does whose clock is ahead.
fn publish_ahead(city: &City) {
    std::fs::create_dir_all(city.data()).unwrap();
    let outbox = SqliteOutbox::open(city.data().join("bus.db"), Arc::new(Ahead)).unwrap();
    let plans = [("mihon".to_owned(), city.read("plans/mihon.toml"))];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(publish_catalogues(&outbox, &Ahead, None, &plans)).unwrap(), 1);
    let poll = Record::Poll(PollRecord {
        plan: "mihon".into(),
        source: "wifi".into(),
        id: "ahead".into(),
        collector: "c".into(),
        time: Ahead.now(),
        outcome: PollOutcome::Unchanged,
        address: "mihon/wifi".into(),
        sha256: None,
        bytes: None,
        size: None,
    });
    let out = Outgoing { key: "mihon".into(), revision: poll.revision(), body: wire::encode(&poll) };
    outbox.publish(vec![out], Checkpoint::new()).wait().unwrap();
}

#[test]
fn polls_from_the_future_are_named_and_an_edited_plan_ends_nothing() {
    let (city, address) = (City::shipped(), free_address());
    publish_ahead(&city);
    let edit = |line: &str| city.write("plans/mihon.toml", &format!("{}{line}\n", city.read("plans/mihon.toml")));
    edit("# edited");
    let mut run = city.command(&["run"]);
    let mut run = Running(run.env("SHIHYO__HTTP__LISTEN", address.to_string()).spawn().unwrap());
    let mut ready = String::new();
    until("a warning", || {
        ready = get(address, "/readyz").unwrap_or_default();
        ready.contains("mihon wifi up to ")
    });
    assert!(ready.starts_with("ready\nrecords are dated later than this machine's clock: mihon up to "), "{ready}");
    let metrics = get(address, "/metrics").unwrap();
    assert!(metrics.contains("shihyo_component_degraded{component=\"clock\",reason=\"ahead\"} 1"), "{metrics}");
    let page = get(address, "/plans/mihon?lang=en").unwrap();
    assert!(page.contains("The clock of a collector is wrong (records are dated in the future"), "{page}");

    // Sources are polled, at the start and after a reload with a plan that was edited once more.
    let has_figures = || {
        let body = get(address, "/api/v1/plans/mihon/observations?source=eapply&limit=1").unwrap_or_default();
        body.contains("\"eapply\"")
    };
    until("figures", has_figures);
    edit("# edited again");
    assert!(Command::new("kill").args(["-s", "HUP", &run.0.id().to_string()]).status().unwrap().success());
    std::thread::sleep(Duration::from_secs(2));
    assert!(run.0.try_wait().unwrap().is_none(), "it has ended");
    until("the service is ready", || get(address, "/readyz").is_some());
}

#[test]
fn commands_that_end_by_themselves_go_on_too() {
    let city = City::shipped();
    publish_ahead(&city);
    city.write("plans/mihon.toml", &format!("{}# edited\n", city.read("plans/mihon.toml")));
    city.ok(&["run", "--once"]);
}

/// The first figure of the plan, with another value, as a collector publishes it whose clock is ahead.
fn publish_figure_ahead(city: &City) {
    let printed = city.ok(&["collect", "--once", "--dry-run", "--plan", "mihon"]);
    let mut figures = printed.lines().rev().filter_map(|line| match wire::decode(line.as_bytes()).unwrap() {
        Record::Observation(observation) => Some(observation),
        _ => None,
    });
    let mut figure = figures.next().unwrap();
    (figure.revision, figure.value) = (Ahead.now(), contract::record::Value::Known(1));
    let record = Record::Observation(figure);
    let outbox = SqliteOutbox::open(city.data().join("bus.db"), Arc::new(Ahead)).unwrap();
    let out = Outgoing { key: "mihon".into(), revision: record.revision(), body: wire::encode(&record) };
    outbox.publish(vec![out], Checkpoint::new()).wait().unwrap();
}

#[test]
fn a_figure_nine_hours_ahead_is_stopped_by_kafka_and_at_a_border() {
    let (city, beyond, reader) = (City::shipped(), City::shipped(), City::shipped());
    city.ok(&["run", "--once"]);
    let export = city.export("mihon", "2022-03-31");
    publish_figure_ahead(&city);

    // Across a border: the clock there decides, and nothing of the bundle is taken before that clock has come near.
    let carried = city.data().with_extension("carried");
    std::fs::create_dir(&carried).unwrap();
    city.ok(&["bundle", "write", "--to", carried.to_str().unwrap()]);
    let refused = beyond.run(&["bundle", "read", carried.to_str().unwrap()]);
    let text = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{text}");
    assert!(text.contains("the clock of its collector is ahead"), "{text}");

    // On Kafka: the time of its arrival decides.
    let cluster: MockCluster<'_, DefaultProducerContext> = MockCluster::new(1).unwrap();
    let brokers = cluster.bootstrap_servers();
    cluster.create_topic("records", 1, 1).unwrap();
    let kafka = KafkaConfig { topic: "records".into(), ..KafkaConfig::new(&brokers, "readers") };
    let shipper = Shipper::start(city.data().join("bus.db"), &kafka, Arc::new(Ahead)).unwrap();
    until("all is shipped", || shipper.state().unwrap().records_waiting == 0);
    let environment = [("SHIHYO__KAFKA__BROKERS", brokers.as_str()), ("SHIHYO__KAFKA__TOPIC", "records")];
    let output = reader.command(&["aggregate", "--once"]).envs(environment).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(reader.export("mihon", "2022-03-31"), export);
    assert_eq!(reader.ok(&["quarantine", "list"]).matches("future").count(), 1);
}
