//! SIGHUP: reads the configuration again, and applies changed plans and sources.
//!
//! A configuration with mistakes changes nothing; each is logged. The settings of the machine stay those of the start.

use crate::configuration::{self, Configuration, ReadFiles};
use crate::notify;
use crate::service::{PlanTexts, plan_texts, publish_plans};
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
    pub(crate) catalogues: Option<watch::Sender<PlanTexts>>,
    /// Chooses the sources of this process.
    pub(crate) chosen: Box<dyn Fn(&SourceConfig) -> bool + Send + Sync>,
    /// The files in force.
    pub(crate) read: ReadFiles,
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
            read: city.read.clone(),
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
        let (folder, before) = (self.folder.clone(), self.read.clone());
        // Reading files blocks.
        let read = tokio::task::spawn_blocking(move || configuration::load_again(&folder, &before)).await;
        match read {
            Ok(Ok(city)) => self.apply(city).await,
            Ok(Err(mistakes)) => {
                for mistake in &mistakes {
                    tracing::error!(%mistake, "the configuration was not read again");
                }
                tracing::error!(mistakes = mistakes.len(), "everything goes on as before; see `shihyo check`");
            }
            Err(error) => tracing::error!(%error, "everything goes on as before; please report this fault"),
        }
    }

    async fn apply(&mut self, city: Configuration) {
        if format!("{:?}", city.settings) != self.settings {
            tracing::warn!("shihyo.toml has changed: its settings are in force after a restart");
        }
        let texts = plan_texts(&city);
        let before = self.read.plan_texts();
        let changed: PlanTexts =
            texts.iter().filter(|(plan, text)| before.get(plan.as_str()) != Some(&&**text)).cloned().collect();
        let is_other = !changed.is_empty() || texts.len() != before.len();
        if let (true, Some(outbox)) = (is_other, &self.outbox)
            && let Err(error) = publish_plans(&city, &changed, outbox.as_ref()).await
        {
            tracing::error!(error = format!("{error:#}"), "everything goes on as before; reload again");
            return;
        }
        if let Some(catalogues) = &self.catalogues {
            catalogues.send_replace(texts);
        }
        if let (true, Some(control)) = (is_other, &self.control) {
            control.reconfigure(city.configured());
        }
        let plans: BTreeSet<String> = changed.into_iter().map(|(plan, _)| plan).collect();
        let (changed, count) = (plans.len(), city.sources.len());
        if let Some(sender) = &self.sources {
            let sources = city.sources.iter().filter(|source| (self.chosen)(source)).cloned().collect();
            sender.send_replace(SourceSet { sources, plans });
        }
        self.read = city.read;
        tracing::info!(plans = changed, sources = count, "the configuration was read again");
    }
}

/// Catches SIGHUP from this call on. A service calls it before it reads its configuration: a signal during the start would
/// end the process.
pub(crate) fn catch_hangup(runtime: &Runtime) -> anyhow::Result<Signal> {
    let _context = runtime.enter();
    signal(SignalKind::hangup()).context("SIGHUP cannot be caught")
}

/// A channel of source sets that holds the sources of the start.
pub(crate) fn sources(sources: &[Arc<SourceConfig>]) -> (watch::Sender<SourceSet>, watch::Receiver<SourceSet>) {
    let sources = sources.to_vec();
    watch::channel(SourceSet { sources, plans: BTreeSet::new() })
}
