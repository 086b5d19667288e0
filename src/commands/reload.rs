//! SIGHUP: reads the configuration again, and applies changed plans and sources.
//!
//! A configuration with mistakes changes nothing; each is logged. The settings of the machine stay those of the start.

use crate::configuration::{self, Configuration};
use crate::notify;
use crate::service::{plan_texts, publish_plans};
use aggregator::pipeline::ControlRequests;
use anyhow::Context;
use bus::Outbox;
use collectors::config::SourceConfig;
use collectors::runner::SourceSet;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The parts of a process that a reload may change.
pub(crate) struct Reload {
    /// The configuration's folder.
    pub(crate) folder: PathBuf,
    /// Where changed catalogues are published, by a process that collects.
    pub(crate) outbox: Option<Arc<dyn Outbox>>,
    /// Requests to the pipeline, of a process with one.
    pub(crate) control: Option<Arc<ControlRequests>>,
    /// The sources, of a process that collects.
    pub(crate) sources: Option<watch::Sender<SourceSet>>,
    /// Changes the catalogues that are published.
    pub(crate) catalogues: Option<watch::Sender<Vec<(String, String)>>>,
    /// Chooses the sources of this process.
    pub(crate) chosen: Box<dyn Fn(&SourceConfig) -> bool + Send + Sync>,
    /// Texts of the plans in force.
    pub(crate) texts: Vec<(String, String)>,
    /// The settings of the start, to notice others.
    pub(crate) settings: String,
}

impl Reload {
    /// For a process that runs what a city configured.
    pub(crate) fn of(city: &Configuration) -> Self {
        Self {
            folder: city.folder.clone(),
            outbox: None,
            control: None,
            sources: None,
            catalogues: None,
            chosen: Box::new(|_| true),
            texts: plan_texts(city),
            settings: format!("{:?}", city.settings),
        }
    }

    /// Reads it again at every SIGHUP since [`catch_hangup`], until `stop`.
    pub(crate) async fn run(mut self, mut hangup: Signal, stop: CancellationToken) {
        while stop.run_until_cancelled(hangup.recv()).await.flatten().is_some() {
            notify::reloading();
            self.reload().await;
            notify::ready();
        }
    }

    async fn reload(&mut self) {
        match configuration::load(&self.folder) {
            Ok(city) => self.apply(&city).await,
            Err(mistakes) => {
                for mistake in &mistakes {
                    tracing::error!(%mistake, "the configuration was not read again");
                }
                tracing::error!(mistakes = mistakes.len(), "everything goes on as before; see `shihyo check`");
            }
        }
    }

    async fn apply(&mut self, city: &Configuration) {
        if format!("{:?}", city.settings) != self.settings {
            tracing::warn!("shihyo.toml has changed: its settings are in force after a restart");
        }
        let texts = plan_texts(city);
        let plans: BTreeSet<String> =
            texts.iter().filter(|plan| !self.texts.contains(plan)).map(|(id, _)| id.clone()).collect();
        let changed = texts != self.texts;
        if let (true, Some(outbox)) = (changed, &self.outbox)
            && let Err(error) = publish_plans(city, outbox.as_ref()).await
        {
            tracing::error!(error = format!("{error:#}"), "everything goes on as before; reload again");
            return;
        }
        if let Some(catalogues) = &self.catalogues {
            catalogues.send_replace(texts.clone());
        }
        if let (true, Some(control)) = (changed, &self.control) {
            control.reconfigure(city.configured());
        }
        if let Some(sender) = &self.sources {
            let sources = city.sources.iter().filter(|source| (self.chosen)(source)).cloned().map(Arc::new).collect();
            sender.send_replace(SourceSet { sources, plans: plans.clone() });
        }
        self.texts = texts;
        tracing::info!(plans = plans.len(), sources = city.sources.len(), "the configuration was read again");
    }
}

/// Catches SIGHUP from this call on. A service calls it before it reads its configuration: a signal during the start would
/// end the process.
pub(crate) fn catch_hangup(runtime: &Runtime) -> anyhow::Result<Signal> {
    let _context = runtime.enter();
    signal(SignalKind::hangup()).context("SIGHUP cannot be caught")
}

/// A channel of source sets that holds the sources of the start.
pub(crate) fn sources(sources: &[SourceConfig]) -> (watch::Sender<SourceSet>, watch::Receiver<SourceSet>) {
    let sources = sources.iter().cloned().map(Arc::new).collect();
    watch::channel(SourceSet { sources, plans: BTreeSet::new() })
}
