//! What is done to the topic by hand is named, by every command: other settings, more partitions, a topic that was made
//! anew, records from the future.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

mod support;

use bus::kafka::topics::{self, TopicShape};
use bus::kafka::{KafkaConfig, KafkaTimeouts};
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewPartitions, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};
use support::{City, free_address};

const ON: &str = "2022-03-31";

/// A topic of this test alone.
struct Topic(KafkaConfig);

impl Topic {
    fn new(name: &str, partitions: i32) -> Self {
        let nanos = SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos();
        let kafka = KafkaConfig::new(support::server("KAFKA_BROKERS"), format!("topic.{name}.{nanos}"));
        let topic = Self(KafkaConfig { topic: kafka.group.clone(), ..kafka });
        topic.make(partitions);
        topic
    }

    fn make(&self, partitions: i32) {
        topics::ensure(&self.0, &TopicShape { partitions, replication: 1, min_insync: 1 }).unwrap();
    }

    fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.0.brokers);
        config
    }

    fn admin<T, F: Future<Output = rdkafka::error::KafkaResult<T>>>(
        &self,
        work: impl FnOnce(AdminClient<DefaultClientContext>) -> F,
    ) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(work(self.client().create().unwrap())).unwrap()
    }

    fn compact(&self) {
        let change = AlterConfig::new(ResourceSpecifier::Topic(&self.0.topic)).set("cleanup.policy", "compact");
        self.admin(async |admin| admin.alter_configs([&change], &AdminOptions::new()).await);
        until("the setting", || topics::check(&self.0, KafkaTimeouts::default().answer).is_err());
    }

    fn raise(&self, partitions: usize) {
        let new = NewPartitions::new(&self.0.topic, partitions);
        let raised = self.admin(async |admin| admin.create_partitions([&new], &AdminOptions::new()).await);
        assert!(raised.iter().all(Result::is_ok), "{raised:?}");
    }

    fn make_anew(&self, partitions: i32) {
        self.admin(async |admin| admin.delete_topics(&[&self.0.topic], &AdminOptions::new()).await);
        std::thread::sleep(Duration::from_secs(1));
        self.make(partitions);
    }

    fn put(&self, plan: &str, body: &str) {
        let producer: BaseProducer = self.client().create().unwrap();
        producer.send(BaseRecord::to(&self.0.topic).key(plan).payload(body)).unwrap();
        producer.flush(Duration::from_secs(20)).unwrap();
    }

    /// Runs a command on this topic.
    fn run(&self, city: &City, words: &[&str]) -> Output {
        city.command(words).envs(self.environment()).output().unwrap()
    }

    fn ok(&self, city: &City, words: &[&str]) {
        let output = self.run(city, words);
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What a command that must fail says.
    fn refused(&self, city: &City, words: &[&str]) -> String {
        let output = self.run(city, words);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{words:?}: {text}");
        text
    }

    fn environment(&self) -> [(&'static str, String); 4] {
        [
            ("SHIHYO__KAFKA__BROKERS", self.0.brokers.clone()),
            ("SHIHYO__KAFKA__TOPIC", self.0.topic.clone()),
            ("SHIHYO__KAFKA__GROUP", self.0.group.clone()),
            ("SHIHYO__KAFKA__SESSION_S", "6".to_owned()),
        ]
    }
}

/// A running aggregator, ended with the test.
struct Aggregator {
    child: Child,
    address: SocketAddr,
}

impl Aggregator {
    fn start(topic: &Topic, city: &City) -> Self {
        let address = free_address();
        let mut command = city.command(&["aggregate"]);
        command.envs(topic.environment()).env("SHIHYO__HTTP__LISTEN", address.to_string());
        Self { child: command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap(), address }
    }

    /// The whole answer to a request, empty while nobody listens.
    fn ask(&self, path: &str) -> String {
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect(self.address)?;
            write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok(answer)
        };
        ask().unwrap_or_default()
    }

    fn is_ready(&self) -> bool {
        self.ask("/readyz").starts_with("HTTP/1.1 200")
    }
}

impl Drop for Aggregator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < Duration::from_mins(2), "waited for two minutes: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn remove_stores(city: &City) {
    for entry in std::fs::read_dir(city.data()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("store-") {
            std::fs::remove_file(path).unwrap();
        }
    }
}

#[test]
fn a_topic_that_is_compacted_is_refused_by_every_command_also_when_it_is_empty() {
    let (topic, city) = (Topic::new("compacted", 1), City::shipped());
    topic.compact();
    for words in [&["aggregate", "--once"][..], &["aggregate"], &["collect", "--once"], &["run", "--once"], &["run"]] {
        let text = topic.refused(&city, words);
        assert!(text.contains("cleanup.policy is compact instead of delete"), "{words:?}: {text}");
    }
}

#[test]
fn partitions_that_are_raised_stop_two_aggregators_and_refuse_their_start() {
    let (topic, first, second) = (Topic::new("raised", 1), City::shipped(), City::shipped());
    topic.ok(&first, &["run", "--once"]);
    let all = [Aggregator::start(&topic, &first), Aggregator::start(&topic, &second)];
    until("one of both", || all.iter().any(Aggregator::is_ready));
    // The other one has seen how many partitions there are, too.
    std::thread::sleep(Duration::from_secs(3));
    topic.raise(2);
    for aggregator in &all {
        let mut answer = String::new();
        until("a refusal", || {
            answer = aggregator.ask("/readyz");
            answer.contains("has 2 partition(s) instead of 1")
        });
        assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("`shihyo collect --republish`"), "{answer}");
        let metrics = aggregator.ask("/metrics");
        assert!(metrics.contains("shihyo_component_degraded{component=\"bus\",reason=\"topic\"} 1"), "{metrics}");
    }
    drop(all);
    let text = topic.refused(&first, &["aggregate", "--once"]);
    assert!(text.contains("has 2 partition(s) instead of 1"), "{text}");
    // A topic that is made with two partitions, and new stores, are as good as any.
    topic.make_anew(2);
    remove_stores(&first);
    topic.ok(&first, &["collect", "--republish"]);
    topic.ok(&first, &["aggregate", "--once"]);
}

#[test]
fn a_record_from_the_future_is_quarantined_and_so_it_is_by_a_new_store() {
    let (topic, city) = (Topic::new("future", 1), City::shipped());
    topic.ok(&city, &["run", "--once"]);
    let export = city.export("mihon", ON);
    let printed = city.ok(&["collect", "--once", "--dry-run", "--plan", "mihon"]);
    let observation = printed.lines().find(|line| line.contains("\"kind\":\"observation\"")).unwrap();
    let at = observation.find("\"revision\":").unwrap() + "\"revision\":".len();
    let end = at + observation[at..].find(|c: char| !c.is_ascii_digit()).unwrap();
    let mut other = observation.to_owned();
    other.replace_range(at..end, &i64::MAX.to_string());
    topic.put("mihon", &other);
    topic.ok(&city, &["aggregate", "--once"]);
    let listed = || city.ok(&["quarantine", "list"]).matches("future").count();
    assert_eq!((listed(), city.export("mihon", ON)), (1, export.clone()));
    remove_stores(&city);
    topic.ok(&city, &["aggregate", "--once"]);
    assert_eq!((listed(), city.export("mihon", ON)), (1, export));
}

#[test]
fn a_topic_that_was_made_anew_gets_every_figure_back_by_the_command_that_is_named() {
    let (topic, city) = (Topic::new("anew", 3), City::shipped());
    topic.ok(&city, &["run", "--once"]);
    let exports = || ["mihon", "kawasaki"].map(|plan| city.export(plan, ON));
    let before = exports();
    topic.make_anew(3);

    // With the stores as they were, a running aggregator serves the figures of before, and says what to do.
    let text = topic.refused(&city, &["aggregate", "--once"]);
    assert!(text.contains("the log was re-created") && text.contains("`shihyo collect --republish`"), "{text}");
    let aggregator = Aggregator::start(&topic, &city);
    until("a refusal", || aggregator.ask("/readyz").contains("the log was re-created"));
    assert!(aggregator.ask("/readyz").contains("`shihyo collect --republish`"));
    assert!(aggregator.ask("/plans/mihon").starts_with("HTTP/1.1 200"));
    assert!(aggregator.ask("/metrics").contains("component=\"bus\",reason=\"recreated\"} 1"));
    drop(aggregator);
    assert_eq!(exports(), before);

    remove_stores(&city);
    topic.ok(&city, &["collect", "--republish"]);
    topic.ok(&city, &["aggregate", "--once"]);
    assert_eq!(exports(), before);
    // Once more: all are known.
    topic.ok(&city, &["collect", "--republish"]);
    topic.ok(&city, &["aggregate", "--once"]);
    assert_eq!(exports(), before);
}
