//! The servers outside this process: Kafka, InfluxDB, and those who are alerted.

use super::Settings;
use super::secret::{self, Secret};
use contract::reader::Mistake;
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The setting that is a list, also in the environment.
pub(super) const URLS: &str = "alerts.alertmanager.urls";

/// Kafka. The last three are for `shihyo topics ensure`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KafkaSection {
    /// Addresses with ports, separated by commas.
    pub(crate) brokers: String,
    /// The topic.
    #[serde(default = "topic")]
    pub(crate) topic: String,
    /// The consumer group of the aggregators.
    #[serde(default = "group")]
    pub(crate) group: String,
    /// How connections are secured.
    #[serde(default)]
    pub(crate) security: KafkaSecurity,
    /// How we prove who we are.
    #[serde(default = "mechanism")]
    pub(crate) mechanism: String,
    /// Who we are.
    #[serde(default)]
    pub(crate) username: Option<String>,
    /// File of the password.
    #[serde(default)]
    pub(crate) password_file: Option<PathBuf>,
    /// Certificates that are trusted, as PEM; the system's when it is not named.
    #[serde(default)]
    pub(crate) ca_file: Option<PathBuf>,
    /// After this many seconds without a sign of life an aggregator's partitions go to others.
    #[serde(default = "session_s")]
    pub(crate) session_s: u32,
    /// How much may wait on this machine for Kafka, in MiB; beyond it polling stops.
    #[serde(default = "outbox_limit_mb")]
    pub(crate) outbox_limit_mb: u64,
    /// Partitions of the topic: never more aggregators at work than that.
    #[serde(default = "partitions")]
    pub(crate) partitions: i32,
    /// Copies of the topic.
    #[serde(default = "replication")]
    pub(crate) replication: i32,
    /// Copies that must have taken a record before it is acknowledged.
    #[serde(default = "min_insync")]
    pub(crate) min_insync: i32,
}

/// How connections are secured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KafkaSecurity {
    /// Not at all: loopback only.
    #[default]
    Plaintext,
    /// TLS.
    Ssl,
    /// A password, in the clear unless the mechanism hides it.
    SaslPlaintext,
    /// A password over TLS.
    SaslSsl,
}

/// InfluxDB 2.x.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InfluxdbSection {
    /// Its address.
    pub(crate) url: String,
    /// Organisation.
    pub(crate) org: String,
    /// Bucket.
    pub(crate) bucket: String,
    /// File of the token.
    #[serde(default)]
    pub(crate) token_file: Option<PathBuf>,
}

/// Who is alerted.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AlertsSection {
    /// How long a status must last before anybody is told, in seconds.
    pub(crate) hold_s: u32,
    /// Address of the scoreboard as readers of an alert reach it.
    pub(crate) link: Option<String>,
    /// Alertmanager.
    pub(crate) alertmanager: Option<AlertmanagerSection>,
    /// A webhook.
    pub(crate) webhook: Option<WebhookSection>,
}

impl Default for AlertsSection {
    fn default() -> Self {
        Self { hold_s: 300, link: None, alertmanager: None, webhook: None }
    }
}

/// Alertmanager.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertmanagerSection {
    /// Addresses of all members of the cluster.
    pub(crate) urls: Vec<String>,
}

/// A webhook.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WebhookSection {
    /// Its address.
    pub(crate) url: String,
    /// File of the secret that signs.
    #[serde(default)]
    pub(crate) secret_file: Option<PathBuf>,
}

/// Characters of the API's token: what can be guessed is no token.
const LEAST_TOKEN: usize = 16;

/// What is wrong with a setting.
pub(super) struct SettingProblem {
    pub(super) key: &'static str,
    pub(super) message: String,
}

impl Settings {
    /// Looks at what must stand together.
    pub(super) fn consider(&self) -> Result<(), SettingProblem> {
        let Some(kafka) = &self.kafka else { return Ok(()) };
        if kafka.brokers.trim().is_empty() {
            return Err(wrong("kafka.brokers", "is empty; name a broker such as `kafka:9092`, or remove the section"));
        }
        if kafka.security.is_sasl() && kafka.username.as_deref().is_none_or(str::is_empty) {
            return Err(wrong("kafka.username", "is needed with this `security`"));
        }
        Ok(())
    }

    /// Kafka's password. Secrets are read by whoever uses them: a report needs none.
    pub(crate) fn kafka_password(&self, folder: &Path) -> Result<Option<Secret>, Mistake> {
        let Some(kafka) = self.kafka.as_ref().filter(|kafka| kafka.security.is_sasl()) else { return Ok(None) };
        let (key, variable) = ("kafka.password_file", "SHIHYO__KAFKA__PASSWORD");
        needed(key, variable, kafka.password_file.as_deref(), folder).map(Some)
    }

    /// InfluxDB's token.
    pub(crate) fn influxdb_token(&self, folder: &Path) -> Result<Option<Secret>, Mistake> {
        let Some(influxdb) = &self.influxdb else { return Ok(None) };
        let (key, variable) = ("influxdb.token_file", "SHIHYO__INFLUXDB__TOKEN");
        needed(key, variable, influxdb.token_file.as_deref(), folder).map(Some)
    }

    /// The token of the API; none unless it is configured.
    pub(crate) fn http_token(&self, folder: &Path) -> Result<Option<Secret>, Mistake> {
        let key = "http.token_file";
        let token = secret::read("SHIHYO__HTTP__TOKEN", self.http.token_file.as_deref(), folder)
            .map_err(|message| super::mistake(folder, key, format!("`{key}`: {message}")))?;
        match token {
            Some(token) if token.len() < LEAST_TOKEN => {
                let message = format!("`{key}`: the token must have {LEAST_TOKEN} characters or more");
                Err(super::mistake(folder, key, message))
            }
            token => Ok(token),
        }
    }

    /// What signs the webhook.
    pub(crate) fn webhook_secret(&self, folder: &Path) -> Result<Option<Secret>, Mistake> {
        let Some(webhook) = &self.alerts.webhook else { return Ok(None) };
        let (key, variable) = ("alerts.webhook.secret_file", "SHIHYO__ALERTS__WEBHOOK__SECRET");
        needed(key, variable, webhook.secret_file.as_deref(), folder).map(Some)
    }
}

impl KafkaSecurity {
    fn is_sasl(self) -> bool {
        matches!(self, Self::SaslPlaintext | Self::SaslSsl)
    }
}

fn needed(key: &'static str, variable: &str, file: Option<&Path>, folder: &Path) -> Result<Secret, Mistake> {
    let message = match secret::read(variable, file, folder) {
        Ok(Some(secret)) => return Ok(secret),
        Ok(None) => format!("`{key}` is needed, or {variable} in the environment"),
        Err(message) => format!("`{key}`: {message}"),
    };
    Err(super::mistake(folder, key, message))
}

fn wrong(key: &'static str, message: &str) -> SettingProblem {
    SettingProblem { key, message: format!("`{key}` {message}") }
}

fn topic() -> String {
    "shihyo.records.v1".into()
}

fn group() -> String {
    "shihyo-aggregator".into()
}

fn mechanism() -> String {
    "SCRAM-SHA-512".into()
}

fn outbox_limit_mb() -> u64 {
    1024
}

fn session_s() -> u32 {
    15
}

fn partitions() -> i32 {
    6
}

fn replication() -> i32 {
    3
}

fn min_insync() -> i32 {
    2
}
