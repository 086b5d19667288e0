//! Collecting: publishes the catalogues of the plans, then polls the sources until a stop.

use super::progress_log::ProgressLog;
use crate::clock::SystemClock;
use crate::configuration::Configuration;
use aggregator::health::{Health, Readiness};
use anyhow::Context;
use bus::Outbox;
use collectors::catalogues::{CatalogueError, publish_catalogues};
use collectors::fetch::Fetcher;
use collectors::poll::{Collector, RetryPolicy};
use collectors::runner::{self, Runner, SourceSet};
use contract::time::Clock;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Pause before catalogues are published again when the outbox takes none.
const PUBLISH_PAUSE: Duration = Duration::from_secs(1);
/// The same while the clock is behind their last revision.
const CLOCK_PAUSE: Duration = Duration::from_mins(1);
/// How long polls wait for an aggregator of the same process that is not ready. It reads all figures at its start, and both
/// share the machine; while the bus is away it is not ready, and polling must go on.
const MAX_HELD_BACK: Duration = Duration::from_secs(30);
/// How often it is asked.
const READY_PAUSE: Duration = Duration::from_millis(20);
/// What is logged meanwhile.
const UNPUBLISHED: &str =
    "a changed catalogue is published once the clock has passed its last revision; polling goes on";

/// This machine's collector.
pub(crate) fn collector(city: &Configuration) -> Arc<Collector> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let fetcher = Fetcher::new(Arc::clone(&clock));
    let (name, progress) = (city.settings.collector.id.clone(), Arc::new(ProgressLog::default()));
    Arc::new(Collector { name, signer: city.signer.clone(), clock, fetcher, retry: RetryPolicy::default(), progress })
}

/// Texts of catalogues, by plan id.
pub(crate) type PlanTexts = Vec<(String, Arc<str>)>;

/// The texts of the plans' catalogues.
pub(crate) fn plan_texts(city: &Configuration) -> PlanTexts {
    city.plans.iter().map(|p| (p.catalogue.plan.id.clone(), Arc::clone(&p.text))).collect()
}

/// Publishes catalogues of plans where they changed. While the clock is behind their last revision none can be: that is
/// logged, and no error, because figures do not wait for it.
pub(crate) async fn publish_plans(
    city: &Configuration,
    plans: &[(String, Arc<str>)],
    outbox: &dyn Outbox,
) -> anyhow::Result<()> {
    match publish_catalogues(outbox, &SystemClock, city.signer.as_ref(), plans).await {
        Ok(_) => Ok(()),
        Err(CatalogueError::Clock(error)) => {
            tracing::warn!(%error, "{UNPUBLISHED}");
            Ok(())
        }
        Err(error) => Err(error).context("the catalogues cannot be published"),
    }
}

/// Collects until `stop`: first the plans' catalogues, as soon as the outbox takes them, then, once the process is ready, the sources. Catalogues that
/// change, or that wait for the clock, are published meanwhile.
pub(crate) async fn collect_until(
    mut plans: watch::Receiver<PlanTexts>,
    runner: Arc<Runner>,
    sources: watch::Receiver<SourceSet>,
    health: &Health,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let mut catalogues = CataloguePublisher { runner: &runner, published: HashMap::new() };
    let Some(first) = stop.run_until_cancelled(catalogues.publish(&mut plans)).await else { return Ok(()) };
    let mut published = first?;
    if stop.run_until_cancelled(hold_back(health)).await.is_none() {
        return Ok(());
    }
    let publishing = async {
        loop {
            catalogues.wait(published, &mut plans).await;
            published = match catalogues.publish(&mut plans).await {
                Ok(published) => published,
                Err(error) => return error,
            };
        }
    };
    tokio::select! {
        ended = runner::run(Arc::clone(&runner), sources, stop.clone()) => ended.context("the collectors cannot go on"),
        error = publishing => Err(error),
    }
}

/// Waits until the process is ready.
async fn hold_back(health: &Health) {
    let ready = async {
        while health.snapshot().readiness != Readiness::Ready {
            tokio::time::sleep(READY_PAUSE).await;
        }
    };
    if tokio::time::timeout(MAX_HELD_BACK, ready).await.is_err() {
        tracing::info!("figures are not ready yet; sources are polled all the same");
    }
}

/// Publishes catalogues for a service: waits as long as the outbox takes none.
struct CataloguePublisher<'a> {
    runner: &'a Runner,
    /// What was published by this process, or found published: it need not be compared with the outbox again.
    published: HashMap<String, Arc<str>>,
}

impl CataloguePublisher<'_> {
    /// Publishes the catalogues that are wanted now; false when the clock is behind their last revision.
    async fn publish(&mut self, plans: &mut watch::Receiver<PlanTexts>) -> anyhow::Result<bool> {
        let Runner { collector, outbox, observer, .. } = self.runner;
        let mut is_failing = false;
        let published = loop {
            let mut texts = plans.borrow_and_update().clone();
            texts.retain(|(plan, text)| self.published.get(plan) != Some(text));
            match publish_catalogues(outbox.as_ref(), &SystemClock, collector.signer.as_ref(), &texts).await {
                Ok(_) => {
                    self.published.extend(texts);
                    break true;
                }
                Err(CatalogueError::Clock(error)) => {
                    tracing::warn!(%error, "{UNPUBLISHED}");
                    break false;
                }
                Err(CatalogueError::Publish(error)) if error.is_retriable() => {
                    if !is_failing {
                        tracing::warn!(%error, "the outbox takes no catalogues, polling waits");
                    }
                    observer.outbox(Some(&error));
                    is_failing = true;
                    tokio::time::sleep(PUBLISH_PAUSE).await;
                }
                Err(error) => return Err(error).context("the catalogues cannot be published"),
            }
        };
        if is_failing {
            observer.outbox(None);
        }
        Ok(published)
    }

    /// Waits until there is something to publish: other catalogues, or another try for those that wait for the clock.
    async fn wait(&self, published: bool, plans: &mut watch::Receiver<PlanTexts>) {
        let pause = if published { Duration::MAX } else { CLOCK_PAUSE };
        // Without a sender no reload will come: only the pause is waited for.
        let changed = async {
            if plans.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(pause, changed).await;
    }
}
