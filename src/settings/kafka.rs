//! The section `[kafka]`.

use super::secret::{self, Secret};
use aggregator::sinks::kind::SecretKey;
use contract::reader::Mistake;
use serde::Deserialize;
use std::path::{Path, PathBuf};

const PASSWORD: SecretKey = SecretKey { file: "kafka.password_file", variable: secret::KAFKA_PASSWORD };

/// Partitions of a topic that is made, unless another number is configured.
const PARTITIONS: i32 = 6;

/// Kafka. The last three keys are for `shihyo topics ensure`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KafkaSection {
    /// Addresses with ports, separated by commas.
    pub(crate) brokers: String,
    /// The topic.
    pub(crate) topic: String,
    /// The consumer group of the aggregators.
    pub(crate) group: String,
    /// How connections are secured.
    pub(crate) security: KafkaSecurity,
    /// SASL mechanism.
    pub(crate) mechanism: String,
    /// SASL user.
    pub(crate) username: Option<String>,
    /// File of the password.
    pub(crate) password_file: Option<PathBuf>,
    /// Certificates that are trusted, as PEM; the system's when it is not named.
    pub(crate) ca_file: Option<PathBuf>,
    /// After this many seconds of silence an aggregator's partitions go to others.
    pub(crate) session_s: u32,
    /// How much may wait on this machine for Kafka, in MiB; beyond it polling stops.
    pub(crate) outbox_limit_mb: u64,
    /// Partitions of the topic: at most that many aggregators share the work. Where it is named, every command refuses a
    /// topic with another number.
    pub(crate) partitions: Option<i32>,
    /// Copies of the topic.
    pub(crate) replication: i32,
    /// Copies that must have a record before it is acknowledged.
    pub(crate) min_insync: i32,
}

impl Default for KafkaSection {
    fn default() -> Self {
        Self {
            brokers: String::new(),
            topic: "shihyo.records.v1".into(),
            group: "shihyo-aggregator".into(),
            security: KafkaSecurity::Plaintext,
            mechanism: "SCRAM-SHA-512".into(),
            username: None,
            password_file: None,
            ca_file: None,
            session_s: 15,
            outbox_limit_mb: 1024,
            partitions: None,
            replication: 3,
            min_insync: 2,
        }
    }
}

/// How connections are secured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KafkaSecurity {
    /// Not at all: loopback only.
    Plaintext,
    /// TLS.
    Ssl,
    /// A password, in the clear unless the mechanism hides it.
    SaslPlaintext,
    /// A password over TLS.
    SaslSsl,
}

impl KafkaSection {
    /// Checks what must stand together; gives the key and the message.
    pub(super) fn check(&self) -> Result<(), (&'static str, &'static str)> {
        if self.brokers.trim().is_empty() {
            return Err(("kafka.brokers", "is empty; name a broker such as `kafka:9092`, or remove the section"));
        }
        if self.is_sasl() && self.username.as_deref().is_none_or(str::is_empty) {
            return Err(("kafka.username", "is needed with this `security`"));
        }
        Ok(())
    }

    /// Partitions of a topic that is made.
    pub(crate) fn partitions(&self) -> i32 {
        self.partitions.unwrap_or(PARTITIONS)
    }

    /// The password, where one is needed.
    pub(crate) fn password(&self, folder: &Path) -> Result<Option<Secret>, Mistake> {
        let needed = self.is_sasl().then(|| secret::required(PASSWORD, self.password_file.as_deref(), folder));
        needed.transpose()
    }

    fn is_sasl(&self) -> bool {
        matches!(self.security, KafkaSecurity::SaslPlaintext | KafkaSecurity::SaslSsl)
    }
}
