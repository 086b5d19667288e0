//! An aggregator with a scoreboard: its setup, metrics and pages, and how it ends.

use super::pipeline_thread::{PipelineEnd, PipelineThread, pipeline_outcome, remedy};
use super::poll_reporter::PollReporter;
use super::process::{end_signal, listen};
use crate::configuration::Configuration;
use crate::notify;
use crate::settings::Secret;
use aggregator::health::{Component, DegradedReason, Health, Readiness};
use aggregator::metrics::Metrics;
use aggregator::pipeline::{PipelineError, PipelineSetup, Progress};
use aggregator::sinks::ConfiguredSink;
use aggregator::web::{self, Site};
use anyhow::Context;
use contract::error::chain;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The parts of an aggregator with a scoreboard.
pub(crate) struct AggregatorService {
    /// The pipeline's setup, which reports to health and metrics.
    pub(crate) setup: PipelineSetup,
    /// The metrics.
    pub(crate) metrics: Arc<Metrics>,
    /// Whether it reads the records of all plans, although others share them.
    pub(crate) has_all_plans: bool,
    /// Whether its pages say that it is a replay.
    pub(crate) replays: bool,
    health: Arc<Health>,
    token: Option<Secret>,
    embargo: bool,
}

impl AggregatorService {
    /// The parts of a process that runs a pipeline with sinks.
    pub(crate) fn with_sinks(city: &Configuration, sinks: Arc<[ConfiguredSink]>) -> anyhow::Result<Self> {
        let mut service = Self::new(city)?;
        service.setup.sinks = sinks;
        service.setup.hold = city.settings.alerts.hold;
        let policy = city.settings.alerts.policy().map_err(|(key, message)| anyhow::anyhow!("`{key}`: {message}"))?;
        service.setup.alerts = Arc::new(policy);
        Ok(service)
    }

    /// The parts of a process without a pipeline, or with one without sinks.
    pub(crate) fn new(city: &Configuration) -> anyhow::Result<Self> {
        let metrics = Arc::new(Metrics::new(env!("CARGO_PKG_VERSION")).context("the metrics cannot be made")?);
        metrics.limit_plans(city.settings.metrics.plans, city.plans.iter().map(|plan| plan.catalogue.plan.id.as_str()));
        let health = Arc::new(Health::default());
        let mut setup = city.pipeline_setup();
        setup.progress = Arc::new(Progress::new(Arc::clone(&health), Some(Arc::clone(&metrics))));
        let token = city.settings.http_token(&city.folder).map_err(|m| anyhow::anyhow!("{m}"))?;
        let embargo = city.settings.http.embargo;
        Ok(Self { setup, metrics, has_all_plans: false, replays: false, health, token, embargo })
    }

    /// Binds the address of the scoreboard; called before any work begins, so that a taken address is reported first.
    pub(crate) async fn listen(city: &Configuration) -> anyhow::Result<TcpListener> {
        listen(city.settings.http.listen, "http.listen").await
    }

    /// For a process that has nothing to catch up with.
    pub(crate) fn set_ready(&self) {
        self.health.set_readiness(Readiness::Ready);
    }

    /// Reports the polls of collectors to the metrics, and an outbox that takes nothing to the health.
    pub(crate) fn poll_reporter(&self) -> Arc<PollReporter> {
        Arc::new(PollReporter { metrics: Arc::clone(&self.metrics), health: Arc::clone(&self.health) })
    }

    /// The health of the process.
    pub(crate) fn health(&self) -> Arc<Health> {
        Arc::clone(&self.health)
    }

    /// What its pages and probes are made from.
    pub(crate) fn site(&self) -> Site {
        let (states, metrics) = (Arc::clone(&self.setup.states), Arc::clone(&self.metrics));
        let site = Site::new(states, Arc::clone(&self.setup.clock), metrics, Arc::clone(&self.health));
        let site = site
            .of_replay(self.replays)
            .of_many(self.setup.shared && !self.has_all_plans)
            .with_keys(&self.setup.keys)
            .with_store(self.setup.data.clone())
            .with_embargo(self.embargo);
        match &self.token {
            Some(token) => site.with_token(token, Arc::clone(&self.setup.control)),
            None => site,
        }
    }

    /// True when a pipeline ended because the topic must not be read on. Reports it; the other instances of the group find
    /// out by themselves, each from its own stores.
    fn holds(&self, ended: &PipelineEnd) -> bool {
        let Ok(Err(PipelineError::Bus(error))) = ended else { return false };
        if !self.setup.shared || !DegradedReason::from(error).stops_reading() {
            return false;
        }
        let (error, text) = (error, format!("{}{}", chain(error), remedy(error)));
        tracing::error!(error = text, "nothing is read any more; the figures of before are served");
        self.health.degrade(Component::Bus, error, text, None, self.setup.clock.now());
        true
    }

    /// Serves the scoreboard until `stop`.
    pub(crate) async fn serve(&self, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "the scoreboard is at http://{address}/");
        }
        notify::ready();
        let site = self.site();
        tokio::spawn(web::keep_summaries(site.clone(), stop.clone()));
        web::serve(listener, web::router(site), stop.cancelled_owned()).await.context("the scoreboard stopped")
    }
}

/// Serves the scoreboard beside a pipeline until a signal to end or until the pipeline fails; then cancels `stop`, and
/// ends both.
pub(crate) async fn serve_until_end(
    service: &AggregatorService,
    listener: TcpListener,
    mut pipeline: PipelineThread,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let signal = end_signal();
    let serving = service.serve(listener, stop.clone());
    tokio::pin!(signal, serving);
    tokio::select! {
        () = &mut signal => tracing::info!("ending at a signal"),
        () = stop.cancelled() => {}
        ended = &mut pipeline.ended => {
            if service.holds(&ended) {
                // The figures of before are served until an operator has read why no others come.
                tokio::select! {
                    () = &mut signal => tracing::info!("ending at a signal"),
                    () = stop.cancelled() => {}
                    served = &mut serving => return served.and(pipeline_outcome(ended)),
                }
            }
            stop.cancel();
            serving.await?;
            return pipeline_outcome(ended);
        }
        served = &mut serving => {
            stop.cancel();
            served?;
            return pipeline.end().await;
        }
    }
    stop.cancel();
    let (served, ended) = tokio::join!(serving, pipeline.end());
    served.and(ended)
}
