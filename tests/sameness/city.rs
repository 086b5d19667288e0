//! The city of the workload, on the embedded bus and on Kafka.

use crate::support::City;
use crate::workload::{self, Published};
use bus::kafka::{KafkaConfig, Shipper, topics};
use bus::{Checkpoint, Outbox, Outgoing, SqliteOutbox};
use contract::time::{Clock, Micros};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The moment that every export is asked for.
pub(crate) const ON: &str = "2022-06-30";
/// Last days of months on which each KPI is compared, before, within and at the end of the plan.
const JUDGED: [&str; 3] = ["2019-03-31", "2020-09-30", "2022-03-31"];
/// Records of one publish.
const BATCH: usize = 200;

pub(crate) struct Wall;

impl Clock for Wall {
    fn now(&self) -> Micros {
        Micros(i64::try_from(std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_micros()).unwrap())
    }
}

/// A topic of this run, and its environment for the binary.
pub(crate) struct Topic {
    pub(crate) name: String,
    brokers: String,
}

/// A new topic with that many partitions.
pub(crate) fn topic(name: &str, partitions: i32) -> Topic {
    let brokers = crate::support::server("KAFKA_BROKERS");
    let topic = Topic { name: format!("sameness.{name}.{}", Wall.now().0), brokers };
    let shape = topics::TopicShape { partitions, replication: 1, min_insync: 1 };
    topics::ensure(&kafka(&topic).settings(), &shape).unwrap();
    topic
}

impl Topic {
    /// What the binary must be told.
    pub(crate) fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("SHIHYO__KAFKA__BROKERS", self.brokers.clone()),
            ("SHIHYO__KAFKA__TOPIC", self.name.clone()),
            ("SHIHYO__KAFKA__GROUP", self.name.clone()),
            // Short, so that a member that was killed is replaced within the test.
            ("SHIHYO__KAFKA__SESSION_S", "6".to_owned()),
        ]
    }
}

/// An empty city that knows the workload's plans.
pub(crate) fn cities() -> City {
    let city = City::empty();
    for plan in 0..workload::PLANS {
        city.write(&format!("plans/{}.toml", workload::id(plan)), &workload::catalogue(plan));
        city.write(&format!("sources.d/{}.toml", workload::id(plan)), &workload::sources(plan));
    }
    std::fs::create_dir_all(city.data()).unwrap();
    city
}

impl City {
    /// The canonical export of all plans.
    pub(crate) fn report(&self) -> String {
        self.ok(&["report", "--format", "json", "--rollups", "--on", ON])
    }

    /// The last poll and the last reading of every source, whatever partition has it.
    pub(crate) fn polls(&self) -> String {
        let mut found = Vec::new();
        for reader in aggregator::store::open_readers(&self.data()).unwrap() {
            for plan in (0..workload::PLANS).map(workload::id) {
                found.extend(reader.last_polls(&plan).unwrap().iter().map(|poll| format!("{poll:?}")));
                found.extend(reader.last_read(&plan).unwrap().iter().map(|read| format!("{plan} {read:?}")));
            }
        }
        found.sort();
        found.join("\n")
    }

    /// Runs a command on a topic that must succeed.
    pub(crate) fn ok_with(&self, topic: &Topic, words: &[&str]) {
        let output = self.command(words).envs(topic.environment()).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What the embedded default says.
pub(crate) struct Expected {
    /// The canonical export.
    pub(crate) export: String,
    /// What is known of the polls.
    pub(crate) polls: String,
    /// Reports on some days.
    pub(crate) judged: Vec<String>,
}

/// The same workload on the embedded default.
pub(crate) fn embedded(seed: u64) -> Expected {
    let city = cities();
    let outbox = SqliteOutbox::open(city.data().join("bus.db"), Arc::new(Wall)).unwrap();
    publish(&outbox, &workload::published(seed, 0), Duration::ZERO);
    drop(outbox);
    city.ok(&["aggregate", "--once"]);
    let judged = JUDGED.iter().map(|on| city.ok(&["report", "--format", "json", "--on", on])).collect();
    Expected { export: city.report(), polls: city.polls(), judged }
}

fn publish(outbox: &SqliteOutbox, records: &[Published], pause: Duration) {
    for batch in records.chunks(BATCH) {
        let out = |(plan, body): &Published| Outgoing { key: plan.clone(), revision: Micros(0), body: body.clone() };
        outbox.publish(batch.iter().map(out).collect(), Checkpoint::new()).wait().unwrap();
        std::thread::sleep(pause);
    }
}

/// Collectors on a topic.
pub(crate) struct OnKafka<'a>(&'a Topic);

/// Collectors on a topic.
pub(crate) fn kafka(topic: &Topic) -> OnKafka<'_> {
    OnKafka(topic)
}

impl OnKafka<'_> {
    fn settings(&self) -> KafkaConfig {
        let mut kafka = KafkaConfig::new(&self.0.brokers, "unused");
        kafka.topic.clone_from(&self.0.name);
        kafka
    }

    /// Lets some collectors publish the whole workload side by side, each in an order of its own; returns when
    /// all is on Kafka. Several take their time, so that something happens meanwhile.
    pub(crate) fn publish(&self, seed: u64, collectors: &[u64]) {
        let pause = if collectors.len() > 1 { Duration::from_millis(500) } else { Duration::ZERO };
        std::thread::scope(|scope| {
            for collector in collectors {
                scope.spawn(move || self.collector(seed, *collector, pause));
            }
        });
    }

    fn collector(&self, seed: u64, collector: u64, pause: Duration) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bus.db");
        let outbox = SqliteOutbox::open(&path, Arc::new(Wall)).unwrap();
        let shipper = Shipper::start(&path, &self.settings(), Arc::new(Wall)).unwrap();
        publish(&outbox, &workload::published(seed, collector), pause);
        let started = Instant::now();
        while shipper.state().unwrap().records_waiting > 0 {
            assert!(started.elapsed() < Duration::from_mins(1), "{:?}", shipper.state());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
