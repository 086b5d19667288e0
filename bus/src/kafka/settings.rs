//! How to reach a Kafka cluster, as it is configured.

use crate::error::BusError;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The topic unless another is named.
pub const TOPIC: &str = "shihyo.records.v1";
/// Characters that a topic's name may have, by Kafka's rule.
const TOPIC_CHARS: usize = 249;

/// Settings of a connection. Made with [`KafkaConfig::new`], changed field by field, checked when it is used.
#[derive(Clone)]
pub struct KafkaConfig {
    /// `kafka.brokers`: `host:port`, several parted by commas. Any one that answers is enough to start.
    pub brokers: String,
    /// `kafka.topic`.
    pub topic: String,
    /// `kafka.group`: consumers of one group share the partitions.
    pub group: String,
    /// `kafka.security`.
    pub security: Security,
    /// `kafka.mechanism`: how the password is proved.
    pub mechanism: Mechanism,
    /// `kafka.username`: needed with SASL.
    pub username: Option<String>,
    /// `kafka.password`: needed with SASL. Never shown.
    pub password: Option<String>,
    /// `kafka.ca_file`: certificates (PEM) that the brokers' certificates must come from; without it, those
    /// of the system.
    pub ca_file: Option<PathBuf>,
    /// `kafka.partitions`, where it is configured: a topic with another number is refused.
    pub partitions: Option<i32>,
    /// How long is waited for what.
    pub timing: KafkaTimeouts,
}

/// How the way to the brokers is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// Not at all.
    Plaintext,
    /// TLS.
    Ssl,
    /// Login without TLS.
    SaslPlaintext,
    /// Login inside TLS.
    SaslSsl,
}

/// How a password is proved to the brokers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// The password itself is sent.
    Plain,
    /// SCRAM with SHA-256.
    ScramSha256,
    /// SCRAM with SHA-512.
    ScramSha512,
}

/// Times that a cluster's own limits, or a test, may ask to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KafkaTimeouts {
    /// After this time without a sign of life the group gives a member's partitions to others. A broker
    /// takes 6 s to 30 min.
    pub session: Duration,
    /// How long handing back partitions may take, the caller's commit included.
    pub release: Duration,
    /// How long one answer of a broker is waited for when a partition is started or a topic looked at.
    pub answer: Duration,
    /// How often it is proved, while a partition is read, that it is still the one that was started (the library notices
    /// a re-created topic only when that is shorter than what was read), and, while anything is read or shipped, that
    /// the topic is as it must be.
    pub proof: Duration,
}

impl Default for KafkaTimeouts {
    /// 15 s: another instance takes over soon, and five lost heartbeats are no accident. 5 min: Kafka's own
    /// default. 10 s: longer than any leader election. 30 s: one record and the topic's settings to read, twice a minute.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { session: seconds(15), release: Duration::from_mins(5), answer: seconds(10), proof: seconds(30) }
    }
}

impl KafkaConfig {
    /// Settings for brokers without protection, the usual topic, and a group.
    pub fn new(brokers: impl Into<String>, group: impl Into<String>) -> Self {
        Self {
            brokers: brokers.into(),
            topic: TOPIC.to_owned(),
            group: group.into(),
            security: Security::Plaintext,
            mechanism: Mechanism::ScramSha512,
            username: None,
            password: None,
            ca_file: None,
            partitions: None,
            timing: KafkaTimeouts::default(),
        }
    }

    /// All that is wrong with the settings, each a [`BusError::Setting`] that names its key.
    pub fn mistakes(&self) -> Vec<BusError> {
        let mut mistakes = Vec::new();
        let mut wrong = |key, reason: Option<String>| {
            mistakes.extend(reason.map(|reason| BusError::Setting { key, reason }));
        };
        wrong("kafka.brokers", brokers_mistake(&self.brokers));
        wrong("kafka.topic", topic_mistake(&self.topic));
        wrong("kafka.group", self.group.trim().is_empty().then(|| "is empty; give the group a name".to_owned()));
        let sasl = self.security.is_sasl();
        let missing = |value: &Option<String>| sasl && value.as_ref().is_none_or(String::is_empty);
        let needed = || format!("is missing; `kafka.security = \"{}\"` needs it", self.security);
        wrong("kafka.username", missing(&self.username).then(needed));
        wrong("kafka.password", missing(&self.password).then(needed));
        let unread = self.ca_file.as_ref().and_then(|path| {
            let error = std::fs::File::open(path).err()?;
            Some(format!("names {}, which cannot be read: {error}", path.display()))
        });
        wrong("kafka.ca_file", unread);
        mistakes
    }

    /// The first of the [`Kafka::mistakes`].
    pub(super) fn check(&self) -> Result<(), BusError> {
        self.mistakes().into_iter().next().map_or(Ok(()), Err)
    }

    /// Who the brokers take us for.
    pub(super) fn user(&self) -> &str {
        match &self.username {
            Some(name) if self.security.is_sasl() => name,
            _ => "ANONYMOUS",
        }
    }
}

fn brokers_mistake(brokers: &str) -> Option<String> {
    let named = |broker: &str| {
        let (host, port) = broker.trim().rsplit_once(':')?;
        (!host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)).then_some(())
    };
    if brokers.trim().is_empty() {
        return Some("is empty; name at least one broker as \"host:port\"".to_owned());
    }
    let wrong = brokers.split(',').find(|broker| named(broker).is_none())?;
    Some(format!("holds \"{}\", which is not \"host:port\"", wrong.trim()))
}

fn topic_mistake(topic: &str) -> Option<String> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if topic.is_empty() || topic.len() > TOPIC_CHARS || topic == "." || topic == ".." || !topic.chars().all(legal) {
        return Some(format!(
            "is \"{topic}\"; a topic's name has 1 to {TOPIC_CHARS} of a-z, A-Z, 0-9, '.', '_' and '-'"
        ));
    }
    None
}

impl Security {
    /// The name in the configuration, lower case; Kafka's own is the same in upper case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Ssl => "ssl",
            Self::SaslPlaintext => "sasl_plaintext",
            Self::SaslSsl => "sasl_ssl",
        }
    }

    /// The protection of that name.
    pub fn named(name: &str) -> Result<Self, BusError> {
        [Self::Plaintext, Self::Ssl, Self::SaslPlaintext, Self::SaslSsl]
            .into_iter()
            .find(|security| security.name() == name)
            .ok_or_else(|| BusError::Setting {
                key: "kafka.security",
                reason: format!("is \"{name}\"; it is one of plaintext, ssl, sasl_plaintext, sasl_ssl"),
            })
    }

    pub(super) fn is_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }
}

impl Mechanism {
    /// Kafka's name of it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::ScramSha256 => "SCRAM-SHA-256",
            Self::ScramSha512 => "SCRAM-SHA-512",
        }
    }

    /// The mechanism of that name, in upper or lower case.
    pub fn named(name: &str) -> Result<Self, BusError> {
        [Self::Plain, Self::ScramSha256, Self::ScramSha512]
            .into_iter()
            .find(|mechanism| mechanism.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| BusError::Setting {
                key: "kafka.mechanism",
                reason: format!("is \"{name}\"; it is one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
            })
    }
}

impl fmt::Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for KafkaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Kafka")
            .field("brokers", &self.brokers)
            .field("topic", &self.topic)
            .field("group", &self.group)
            .field("security", &self.security)
            .field("mechanism", &self.mechanism)
            .field("username", &self.username)
            .field("password", &self.password.as_ref().map(|_| "(hidden)"))
            .field("ca_file", &self.ca_file)
            .field("partitions", &self.partitions)
            .field("timing", &self.timing)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(kafka: &KafkaConfig) -> Vec<String> {
        kafka.mistakes().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_mistake_is_reported_at_once_and_names_its_key() {
        assert_eq!(problems(&KafkaConfig::new("a:9092, [::1]:9093", "g")), Vec::<String>::new());
        let wrong = KafkaConfig {
            topic: "a b".into(),
            security: Security::SaslSsl,
            ca_file: Some("absent.pem".into()),
            ..KafkaConfig::new("a:9092,b", " ")
        };
        let problems = problems(&wrong);
        assert_eq!(
            problems[..5],
            [
                "`kafka.brokers` holds \"b\", which is not \"host:port\"",
                "`kafka.topic` is \"a b\"; a topic's name has 1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-'",
                "`kafka.group` is empty; give the group a name",
                "`kafka.username` is missing; `kafka.security = \"sasl_ssl\"` needs it",
                "`kafka.password` is missing; `kafka.security = \"sasl_ssl\"` needs it",
            ]
        );
        assert!(problems[5].starts_with("`kafka.ca_file` names absent.pem, which cannot be read: "), "{problems:?}");
        assert_eq!(problems.len(), 6);
    }

    #[test]
    fn a_password_is_never_shown() {
        let kafka = KafkaConfig { password: Some("open sesame".into()), ..KafkaConfig::new("a:1", "g") };
        assert!(!format!("{kafka:?}").contains("sesame"));
    }

    #[test]
    fn names_are_read_and_unknown_ones_reported_with_the_right_ones() {
        assert_eq!(Security::named("sasl_ssl").unwrap(), Security::SaslSsl);
        assert_eq!(Mechanism::named("scram-sha-256").unwrap(), Mechanism::ScramSha256);
        assert_eq!(
            Security::named("tls").unwrap_err().to_string(),
            "`kafka.security` is \"tls\"; it is one of plaintext, ssl, sasl_plaintext, sasl_ssl"
        );
        assert!(Mechanism::named("GSSAPI").unwrap_err().to_string().starts_with("`kafka.mechanism` is \"GSSAPI\";"));
    }
}
