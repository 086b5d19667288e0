//! The sections of `shihyo.toml`. Those of the sinks stand with the sinks.

use super::alerts::AlertsSection;
use super::file;
use super::kafka::KafkaSection;
use super::secret::{self, Secret};
use aggregator::sinks::kind::{SinkKind, SinkSection};
use contract::reader::Mistake;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Fewest characters of the API's token: a shorter one can be guessed.
const LEAST_TOKEN: usize = 16;

/// The settings of this machine.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// Where the bus and the store lie; relative to the configuration folder.
    pub(crate) data_dir: PathBuf,
    /// The scoreboard.
    pub(crate) http: HttpSection,
    /// This collector.
    pub(crate) collector: CollectorSection,
    /// Kafka; when it is named, records travel through it.
    pub(crate) kafka: Option<KafkaSection>,
    /// Alerts, beside their sinks.
    pub(crate) alerts: AlertsSection,
    /// The metrics.
    pub(crate) metrics: MetricsSection,
    /// Logging.
    pub(crate) log: LogSection,
    /// The keys that sign records.
    pub(crate) keys: Vec<KeySection>,
    /// From when on the records of a source must be signed, by `plan/source`.
    pub(crate) signed_since: BTreeMap<String, String>,
    /// The sections of the configured sinks.
    #[serde(skip)]
    pub(crate) sinks: Vec<(SinkKind, Box<dyn SinkSection>)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("../data"),
            http: HttpSection::default(),
            collector: CollectorSection::default(),
            kafka: None,
            alerts: AlertsSection::default(),
            metrics: MetricsSection::default(),
            log: LogSection::default(),
            keys: Vec::new(),
            signed_since: BTreeMap::new(),
            sinks: Vec::new(),
        }
    }
}

/// The scoreboard.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct HttpSection {
    /// Address and port it listens on.
    pub(crate) listen: SocketAddr,
    /// File of the token that is needed to see and replay quarantined records over the API.
    token_file: Option<PathBuf>,
    /// Readers without the token see only what was published.
    pub(crate) embargo: bool,
}

impl Default for HttpSection {
    fn default() -> Self {
        Self { listen: ([127, 0, 0, 1], 8470).into(), token_file: None, embargo: false }
    }
}

/// This collector.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct CollectorSection {
    /// Its name in poll records; unique among the machines that publish.
    pub(crate) id: String,
    /// Address and port on which `shihyo collect` serves its metrics; none unless it is named.
    pub(crate) listen: Option<SocketAddr>,
    /// File of the key that signs what it publishes.
    pub(super) key_file: Option<PathBuf>,
}

impl Default for CollectorSection {
    fn default() -> Self {
        Self { id: "local".into(), listen: None, key_file: None }
    }
}

/// A key that signs records.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct KeySection {
    /// Its file, as `shihyo key` wrote it.
    pub(super) file: PathBuf,
    /// What it may speak for: `plan/source`, `plan/*` or `*`.
    pub(super) sources: Vec<String>,
    /// When it was retired: it verifies older records only.
    pub(super) until: Option<String>,
}

/// The metrics.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MetricsSection {
    /// Plans whose KPIs and sources have series of their own, the first by id; the others are counted by plan and status.
    pub(crate) plans: usize,
}

impl Default for MetricsSection {
    fn default() -> Self {
        Self { plans: 100 }
    }
}

/// Logging.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogSection {
    /// `error`, `warn`, `info`, `debug` or `trace`, or a filter such as `info,collectors=debug`.
    pub(crate) level: String,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { level: "info".into() }
    }
}

impl Settings {
    /// The token of the API; none unless it is configured.
    pub(crate) fn http_token(&self, folder: &Path) -> Result<Option<Secret>, Mistake> {
        let wrong = |message: String| file::mistake(folder, "http.token_file", format!("`http.token_file`: {message}"));
        let token = secret::read(secret::HTTP_TOKEN, self.http.token_file.as_deref(), folder).map_err(wrong)?;
        if token.as_ref().is_some_and(|token| token.len() < LEAST_TOKEN) {
            return Err(wrong(format!("the token must have {LEAST_TOKEN} characters or more")));
        }
        if self.http.embargo && token.is_none() {
            return Err(wrong("`http.embargo = true` needs a token: without one nobody could see the figures".into()));
        }
        Ok(token)
    }
}
