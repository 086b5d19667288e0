//! Logins, TLS and rights: with the least rights of `deploy/kafka/acls.txt` everything works, without any one of
//! them it fails with an error that names the right.

#![expect(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

mod support;

use bus::kafka::topics::{self, TopicError, TopicOutcome, TopicShape};
use bus::kafka::{KafkaConfig, KafkaConsumer, KafkaTimeouts, Mechanism, Security};
use bus::{BusError, Consumer};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use support::{DEADLINE, Reader, SHORT, Shipped, ensure, numbered, server, unique, until_shipped, until_state};

const TOPIC: TopicShape = TopicShape { partitions: 1, replication: 1, min_insync: 1 };

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Settings of a user on the listener with a login and without TLS.
fn user(name: &str, topic: &str, group: &str) -> KafkaConfig {
    let kafka = KafkaConfig::new(server("KAFKA_SASL_BROKERS"), group);
    KafkaConfig {
        topic: topic.to_owned(),
        security: Security::SaslPlaintext,
        mechanism: Mechanism::ScramSha512,
        username: Some(name.to_owned()),
        password: Some(server("KAFKA_TEST_PASSWORD")),
        // A right that was given a moment ago may take one more look.
        timing: KafkaTimeouts { answer: Duration::from_secs(5), ..kafka.timing },
        ..kafka
    }
}

/// The same through TLS.
fn tls(kafka: KafkaConfig, ca_file: impl Into<PathBuf>) -> KafkaConfig {
    KafkaConfig {
        brokers: server("KAFKA_TLS_BROKERS"),
        security: Security::SaslSsl,
        ca_file: Some(ca_file.into()),
        ..kafka
    }
}

/// One topic, one group, and the rights to them.
struct Rights {
    topic: String,
    group: String,
    rules: Vec<String>,
}

impl Rights {
    /// Grants what the file says, for a topic and a group of this test's own.
    fn granted() -> Self {
        let (topic, group) = (unique("rights"), unique("group"));
        let text = std::fs::read_to_string(root().join("deploy/kafka/acls.txt")).unwrap();
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let rules: Vec<String> = lines
            .map(|line| {
                line.replace("shihyo.records.v1", &topic)
                    .replace("--group shihyo-aggregator", &format!("--group {group}"))
            })
            .collect();
        assert!(
            rules.len() >= 6 && rules.iter().all(|rule| rule.contains(&topic) || rule.contains(&group)),
            "{rules:?}"
        );
        let rights = Self { topic, group, rules };
        std::thread::scope(|scope| {
            for rule in &rights.rules {
                scope.spawn(|| change("--add", rule));
            }
        });
        rights
    }

    fn user(&self, name: &str) -> KafkaConfig {
        user(name, &self.topic, &self.group)
    }

    /// The rule that lets `who` do `operation` on a `kind` of resource.
    fn rule(&self, who: &str, operation: &str, kind: &str) -> &str {
        let wanted = |rule: &&String| {
            rule.contains(&format!("User:{who} "))
                && rule.contains(&format!("--operation {operation} "))
                && rule.contains(&format!("--{kind} "))
        };
        self.rules.iter().find(wanted).unwrap_or_else(|| panic!("no rule lets {who} {operation} a {kind}"))
    }

    /// Does something without one of the rights.
    fn without<T>(&self, (who, operation, kind): (&str, &str, &str), work: impl FnOnce() -> T) -> T {
        let rule = self.rule(who, operation, kind);
        change("--remove", rule);
        let outcome = work();
        change("--add", rule);
        outcome
    }
}

/// `--add` or `--remove` a rule, by Kafka's own tool.
fn change(how: &str, rule: &str) {
    let mut tool = Command::new(root().join("tests/servers/kafka-tool"));
    tool.args(["org.apache.kafka.tools.AclCommand", "--bootstrap-server", &server("KAFKA_BROKERS"), how]);
    if how == "--remove" {
        tool.arg("--force");
    }
    let output = tool.args(rule.split_whitespace()).output().unwrap();
    assert!(output.status.success(), "{how} {rule}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Publishes as `kafka`'s user until it arrives, or until there is trouble that somebody must see to.
fn publish(kafka: &KafkaConfig, number: u32) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let shipped = Shipped::open(&folder.path().join("bus.db"), kafka);
    shipped.publish(numbered("plan", number..number + 1));
    let state = until_state(&shipped.shipper, |state| state.records_waiting == 0 || state.error.is_some());
    state.error.map_or(Ok(()), Err)
}

/// Reads so many records as `kafka`'s user.
fn read(kafka: &KafkaConfig, records: usize) -> Result<Reader, BusError> {
    let (mut consumer, mut reader, started) = (KafkaConsumer::open(kafka)?, Reader::default(), Instant::now());
    while reader.bodies.len() < records {
        assert!(started.elapsed() < DEADLINE, "nothing came");
        match consumer.next(1000, SHORT)? {
            bus::Delivery::Assigned(partition) => consumer.start(partition, None)?,
            bus::Delivery::Batch(batch) => reader.keep(&batch),
            _ => {}
        }
    }
    Ok(reader)
}

fn refused(error: &BusError, user: &str, right: &str) {
    let BusError::Refused { user: who, right: lacks, .. } = error else { panic!("{error:?}") };
    assert_eq!((who.as_str(), lacks.as_str()), (user, right));
    assert!(!error.is_retriable());
    assert!(error.to_string().ends_with("grant it as in deploy/kafka/acls.txt"), "{error}");
}

fn ensured(kafka: &KafkaConfig) -> Result<TopicOutcome, BusError> {
    topics::ensure(kafka, &TOPIC).map_err(|error| match error {
        TopicError::Bus(error) => error,
        TopicError::Differs { .. } => panic!("{error}"),
    })
}

#[test]
fn the_least_rights_are_enough_and_each_one_is_needed() {
    let rights = Rights::granted();
    let (admin, collector) = (rights.user("shihyo-admin"), rights.user("shihyo-collector"));
    let aggregator = rights.user("shihyo-aggregator");
    let on = |what: &str| format!("{what} on the topic {}", rights.topic);

    let error = rights.without(("shihyo-admin", "Create", "topic"), || ensured(&admin).unwrap_err());
    refused(&error, "shihyo-admin", &on("Create"));
    assert_eq!(ensured(&admin).unwrap(), TopicOutcome::Created);
    assert_eq!(ensured(&admin).unwrap(), TopicOutcome::Verified);
    for right in ["Describe", "DescribeConfigs"] {
        let error = rights.without(("shihyo-admin", right, "topic"), || ensured(&admin).unwrap_err());
        refused(&error, "shihyo-admin", &on(right));
    }

    publish(&collector, 0).unwrap();
    let error = rights.without(("shihyo-collector", "Write", "topic"), || publish(&collector, 9).unwrap_err());
    assert!(error.contains(&format!("the user shihyo-collector needs the right {};", on("Write"))), "{error}");
    publish(&collector, 1).unwrap();

    assert_eq!(read(&aggregator, 2).unwrap().numbers("plan"), [0, 1]);
    let error = rights.without(("shihyo-aggregator", "Read", "topic"), || read(&aggregator, 2).map(drop).unwrap_err());
    refused(&error, "shihyo-aggregator", &on("Read"));
    let error = rights.without(("shihyo-aggregator", "Read", "group"), || read(&aggregator, 2).map(drop).unwrap_err());
    refused(&error, "shihyo-aggregator", &format!("Read on the group {}", rights.group));
    assert_eq!(read(&aggregator, 2).unwrap().numbers("plan"), [0, 1]);
}

#[test]
fn a_user_without_any_right_is_told_which_one_it_needs() {
    let rights = Rights::granted();
    ensure(&KafkaConfig { topic: rights.topic.clone(), ..KafkaConfig::new(server("KAFKA_BROKERS"), "any") }, 1);
    let nobody = rights.user("shihyo-nobody");
    let error = publish(&nobody, 0).unwrap_err();
    // The broker may refuse the topic or the id of the producer first; the remedy for both names the topic.
    let needs = format!("the user shihyo-nobody needs the right Write on the topic {}", rights.topic);
    let ends = ["; grant it as in", ", or IdempotentWrite on the cluster; grant it as in"];
    assert!(ends.iter().any(|end| error.contains(&format!("{needs}{end}"))), "{error}");
    // Whichever is asked for first.
    let error = read(&nobody, 1).map(drop).unwrap_err();
    let BusError::Refused { user, right, .. } = &error else { panic!("{error:?}") };
    assert!(user == "shihyo-nobody" && right.starts_with("Read on the "), "{error}");
    let describe = format!("Describe on the topic {}", rights.topic);
    refused(&ensured(&nobody).unwrap_err(), "shihyo-nobody", &describe);
    // A collector cannot read, an aggregator cannot publish.
    refused(
        &read(&rights.user("shihyo-collector"), 1).map(drop).unwrap_err(),
        "shihyo-collector",
        &format!("Read on the group {}", rights.group),
    );
    let error = publish(&rights.user("shihyo-aggregator"), 0).unwrap_err();
    assert!(error.contains("needs the right Write on the topic"), "{error}");
}

#[test]
fn a_shipper_goes_on_once_it_has_the_right() {
    let rights = Rights::granted();
    ensure(&KafkaConfig { topic: rights.topic.clone(), ..KafkaConfig::new(server("KAFKA_BROKERS"), "any") }, 1);
    let folder = tempfile::tempdir().unwrap();
    let shipped = rights.without(("shihyo-collector", "Write", "topic"), || {
        let shipped = Shipped::open(&folder.path().join("bus.db"), &rights.user("shihyo-collector"));
        shipped.publish(numbered("plan", 0..10));
        let state = until_state(&shipped.shipper, |state| state.error.is_some());
        assert_eq!(state.records_waiting, 10);
        shipped
    });
    until_shipped(&shipped.shipper);
    assert_eq!(shipped.shipper.state().unwrap().error, None);
    let reader = read(&rights.user("shihyo-aggregator"), 10).unwrap();
    assert_eq!(reader.numbers("plan"), (0..10).collect::<Vec<_>>());
}

#[test]
fn tls_works_with_the_right_authority_only() {
    let rights = Rights::granted();
    let ca = PathBuf::from(server("KAFKA_CA"));
    let through = |name: &str| tls(rights.user(name), &ca);
    assert_eq!(ensured(&through("shihyo-admin")).unwrap(), TopicOutcome::Created);
    publish(&through("shihyo-collector"), 0).unwrap();
    assert_eq!(read(&through("shihyo-aggregator"), 1).unwrap().numbers("plan"), [0]);

    let other = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/other-authority.pem");
    let wrong = |name: &str| tls(rights.user(name), &other);
    let distrusts = |text: &str| {
        assert!(
            text.contains("cannot log in to the brokers of the bus") && text.contains("check `kafka.ca_file`"),
            "{text}"
        );
        assert!(text.contains("certificate verify failed"), "{text}");
    };
    distrusts(&publish(&wrong("shihyo-collector"), 0).unwrap_err());
    for error in
        [ensured(&wrong("shihyo-admin")).unwrap_err(), read(&wrong("shihyo-aggregator"), 1).map(drop).unwrap_err()]
    {
        assert!(matches!(error, BusError::Login { .. }) && !error.is_retriable(), "{error:?}");
        distrusts(&format!("{error}: {}", std::error::Error::source(&error).unwrap()));
    }
}

#[test]
fn a_wrong_password_is_told_soon() {
    let (topic, group) = (unique("rights"), unique("group"));
    let wrong = |name: &str| KafkaConfig { password: Some("guessed".into()), ..user(name, &topic, &group) };
    let started = Instant::now();
    for error in
        [ensured(&wrong("shihyo-admin")).unwrap_err(), read(&wrong("shihyo-aggregator"), 1).map(drop).unwrap_err()]
    {
        let BusError::Login { check, .. } = &error else { panic!("{error:?}") };
        assert!(check.contains("`kafka.password`") && !error.is_retriable());
        assert!(!format!("{error:?}").contains("guessed"), "a password is never shown");
    }
    let error = publish(&wrong("shihyo-collector"), 0).unwrap_err();
    assert!(error.contains("check `kafka.username`, `kafka.password` and `kafka.mechanism`"), "{error}");
    assert!(started.elapsed() < DEADLINE, "{:?}", started.elapsed());
}

#[test]
fn the_wrong_protection_is_told() {
    let (topic, group) = (unique("rights"), unique("group"));
    // No TLS where TLS is spoken, and the other way round.
    let plain = KafkaConfig { brokers: server("KAFKA_TLS_BROKERS"), ..user("shihyo-aggregator", &topic, &group) };
    let error = ensured(&plain).unwrap_err();
    assert!(matches!(error, BusError::Unreachable { .. } | BusError::Login { .. }), "{error:?}");
    let mixed = KafkaConfig { brokers: server("KAFKA_SASL_BROKERS"), ..tls(plain, server("KAFKA_CA")) };
    let error = ensured(&mixed).unwrap_err();
    assert!(matches!(error, BusError::Unreachable { .. } | BusError::Login { .. }), "{error:?}");
}
