//! The bus that records travel on: the embedded log, or Kafka where it is configured.
//!
//! Publishing always goes to the log on this machine; with Kafka a shipper moves it on. Reading is from the log,
//! or from Kafka as a member of the aggregators' group.

use crate::clock::SystemClock;
use crate::configuration::Configuration;
use crate::settings::{self, KafkaSecurity};
use aggregator::health::{Component, DegradedReason, Health};
use aggregator::metrics::{Metrics, OutboxBacklog};
use aggregator::pipeline::PipelineSetup;
use aggregator::sinks::Membership;
use anyhow::Context;
use bus::kafka::topics::TopicShape;
use bus::kafka::{GroupHealth, KafkaConfig, KafkaConsumer, Mechanism, Security, Shipper};
use bus::{Consumer, SqliteConsumer, SqliteOutbox};
use contract::reader::Mistake;
use contract::time::Clock;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

/// How often the metrics of the bus are set.
const METRICS_INTERVAL: Duration = Duration::from_secs(1);
/// How often it is logged that records wait.
const LOG_INTERVAL: Duration = Duration::from_mins(1);
/// How long a command that ends by itself waits for Kafka to take more of what it published.
const SHIP_WAIT: Duration = Duration::from_mins(1);

/// Kafka as it is configured, if it is.
pub(crate) fn kafka(configuration: &Configuration) -> Result<Option<KafkaConfig>, Mistake> {
    let Some(section) = &configuration.settings.kafka else { return Ok(None) };
    let mistake = |key: &str, message: String| settings::mistake(&configuration.folder, key, message);
    let mut kafka = KafkaConfig::new(&section.brokers, &section.group);
    kafka.topic.clone_from(&section.topic);
    kafka.security = section.security.into();
    kafka.mechanism = Mechanism::named(&section.mechanism).map_err(|e| mistake("kafka.mechanism", e.to_string()))?;
    kafka.username.clone_from(&section.username);
    kafka.password = section.password(&configuration.folder)?.map(|password| (*password).to_owned());
    kafka.ca_file.clone_from(&section.ca_file);
    kafka.partitions = section.partitions;
    kafka.timing.session = Duration::from_secs(section.session_s.into());
    match kafka.mistakes().into_iter().next() {
        Some(error) => Err(mistake("kafka", error.to_string())),
        None => Ok(Some(kafka)),
    }
}

/// Kafka and its topic as they are configured, if they are.
pub(crate) fn topic(configuration: &Configuration) -> Result<Option<(KafkaConfig, TopicShape)>, Mistake> {
    let found = kafka(configuration)?.zip(configuration.settings.kafka.as_ref());
    Ok(found.map(|(kafka, section)| {
        let topic = TopicShape {
            partitions: section.partitions(),
            replication: section.replication,
            min_insync: section.min_insync,
        };
        (kafka, topic)
    }))
}

impl From<KafkaSecurity> for Security {
    fn from(security: KafkaSecurity) -> Self {
        match security {
            KafkaSecurity::Plaintext => Self::Plaintext,
            KafkaSecurity::Ssl => Self::Ssl,
            KafkaSecurity::SaslPlaintext => Self::SaslPlaintext,
            KafkaSecurity::SaslSsl => Self::SaslSsl,
        }
    }
}

/// Publishes from this machine.
pub(crate) struct Publisher {
    /// The log of this machine.
    pub(crate) outbox: Arc<SqliteOutbox>,
    /// Ships it to Kafka.
    shipper: Option<Arc<Shipper>>,
    limit: u64,
}

impl Publisher {
    /// Opens the log of this machine, and starts to ship it where Kafka is configured.
    pub(crate) fn open(configuration: &Configuration, kafka: Option<&KafkaConfig>) -> anyhow::Result<Self> {
        let (path, clock) = (configuration.bus_file(), Arc::new(SystemClock));
        let Some((kafka, section)) = kafka.zip(configuration.settings.kafka.as_ref()) else {
            return Ok(Self { outbox: Arc::new(SqliteOutbox::open(path, clock)?), shipper: None, limit: 0 });
        };
        let limit = section.outbox_limit_mb.saturating_mul(1 << 20);
        let outbox = Arc::new(SqliteOutbox::open_with_limit(&path, clock.clone(), limit)?);
        Ok(Self { outbox, shipper: Some(Arc::new(Shipper::start(&path, kafka, clock)?)), limit })
    }

    /// Waits until every published record is on the bus, for commands that end by themselves.
    pub(crate) async fn shipped(&self) -> anyhow::Result<()> {
        let Some(shipper) = &self.shipper else { return Ok(()) };
        let (mut started, mut least) = (Instant::now(), u64::MAX);
        loop {
            let state = shipper.state()?;
            if state.records_waiting == 0 {
                return Ok(());
            }
            if state.records_waiting < least {
                (started, least) = (Instant::now(), state.records_waiting);
            }
            if started.elapsed() > SHIP_WAIT {
                let (waiting, reason) = (state.records_waiting, state.error.unwrap_or_else(|| "it is slow".into()));
                anyhow::bail!(
                    "Kafka has not taken {waiting} record(s): {reason}; they wait on this machine, run this again"
                );
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Updates metrics and health with the state of the shipper, until `stop`.
    pub(crate) fn watch(&self, (metrics, health): (Arc<Metrics>, Arc<Health>), stop: CancellationToken) {
        let Some(shipper) = self.shipper.clone() else { return };
        let limit = self.limit;
        tokio::spawn(async move {
            let mut logged: Option<Instant> = None;
            while stop.run_until_cancelled(tokio::time::sleep(METRICS_INTERVAL)).await.is_some() {
                let Ok(state) = shipper.state() else { continue };
                match &state.error {
                    None => {
                        if logged.take().is_some() {
                            tracing::info!("Kafka takes records again");
                        }
                        health.recover(Component::Shipper);
                    }
                    Some(trouble) => {
                        // The library's words change with every try.
                        if logged.is_none_or(|at| at.elapsed() >= LOG_INTERVAL) {
                            tracing::warn!(waiting = state.records_waiting, trouble, "records wait for Kafka");
                            logged = Some(Instant::now());
                        }
                        let waiting = Some(state.records_waiting);
                        health.degrade(
                            Component::Shipper,
                            DegradedReason::Refused,
                            trouble.clone(),
                            waiting,
                            SystemClock.now(),
                        );
                    }
                }
                metrics.set_outbox(OutboxBacklog {
                    records: state.records_waiting,
                    bytes: state.bytes_waiting,
                    limit,
                    oldest: state.oldest_age.unwrap_or_default(),
                    shipped: state.shipped_total,
                    failures: state.failures_total,
                });
            }
        });
    }
}

/// Reads records for an aggregator.
pub(crate) struct RecordReader {
    /// Pulled by the pipeline.
    pub(crate) consumer: Box<dyn Consumer>,
    health: Option<Arc<GroupHealth>>,
}

impl RecordReader {
    /// Reads the log of this machine; `from` wakes it at once where it is published by this process.
    pub(crate) fn embedded(configuration: &Configuration, from: Option<&SqliteOutbox>) -> anyhow::Result<Self> {
        let consumer = match from {
            Some(outbox) => outbox.consumer()?,
            None => SqliteConsumer::open(configuration.bus_file())?,
        };
        Ok(Self { consumer: Box::new(consumer), health: None })
    }

    /// Joins the group on Kafka, else reads the log of this machine.
    pub(crate) fn open(
        configuration: &Configuration,
        kafka: Option<&KafkaConfig>,
        from: Option<&SqliteOutbox>,
    ) -> anyhow::Result<Self> {
        let Some(kafka) = kafka else { return Self::embedded(configuration, from) };
        let consumer = KafkaConsumer::open(kafka).context("Kafka cannot be read")?;
        let health = Some(consumer.health());
        Ok(Self { consumer: Box::new(consumer), health })
    }

    /// Reads all partitions of Kafka outside the group.
    pub(crate) fn of_all(kafka: &KafkaConfig) -> anyhow::Result<Self> {
        let consumer = KafkaConsumer::open_all(kafka).context("Kafka cannot be read")?;
        let health = Some(consumer.health());
        Ok(Self { consumer: Box::new(consumer), health })
    }

    /// True when every record that is on the bus now has been read.
    pub(crate) fn is_read(&self) -> Box<dyn Fn() -> bool + Send> {
        let Some(health) = self.health.clone() else { return Box::new(|| true) };
        Box::new(move || {
            let lag = health.lag();
            !lag.is_empty() && lag.iter().all(|(_, behind)| *behind == Some(0))
        })
    }

    /// Configures a pipeline for partitions that move between instances.
    pub(crate) fn join(&self, setup: &mut PipelineSetup) {
        let Some(health) = self.health.clone() else { return };
        setup.shared = true;
        setup.judges_append_time = true;
        setup.membership = Arc::new(GroupMember(health));
    }

    /// Updates the metrics of the lag, until `stop`.
    pub(crate) fn watch(&self, metrics: Arc<Metrics>, stop: CancellationToken) {
        let Some(health) = self.health.clone() else { return };
        tokio::spawn(async move {
            while stop.run_until_cancelled(tokio::time::sleep(METRICS_INTERVAL)).await.is_some() {
                let lag = health.lag().into_iter();
                metrics.set_lag(lag.filter_map(|(partition, behind)| Some((partition.0, behind?))));
            }
        });
    }
}

/// A member of the aggregators' group.
struct GroupMember(Arc<GroupHealth>);

impl Membership for GroupMember {
    fn is_ours(&self) -> bool {
        self.0.is_member(Instant::now())
    }
}
