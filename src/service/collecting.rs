//! Collecting: publishes the catalogues of the plans, then polls the sources until a stop.

use super::progress_log::ProgressLog;
use crate::clock::SystemClock;
use crate::configuration::Configuration;
use anyhow::Context;
use bus::Outbox;
use collectors::catalogues::{CatalogueError, publish_catalogues};
use collectors::fetch::Fetcher;
use collectors::poll::{Collector, RetryPolicy};
use collectors::runner::{self, Runner, SourceSet};
use contract::time::Clock;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Pause before catalogues are published again when the outbox takes none.
const PUBLISH_PAUSE: Duration = Duration::from_secs(1);

/// This machine's collector.
pub(crate) fn collector(city: &Configuration) -> Arc<Collector> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let fetcher = Fetcher::new(Arc::clone(&clock));
    let (name, progress) = (city.settings.collector.id.clone(), Arc::new(ProgressLog::default()));
    Arc::new(Collector { name, signer: city.signer.clone(), clock, fetcher, retry: RetryPolicy::default(), progress })
}

/// The texts of the plans' catalogues, by plan id.
pub(crate) fn plan_texts(city: &Configuration) -> Vec<(String, String)> {
    city.plans.iter().map(|p| (p.catalogue.plan.id.clone(), p.text.clone())).collect()
}

/// Publishes the plans' catalogues where they changed.
pub(crate) async fn publish_plans(city: &Configuration, outbox: &dyn Outbox) -> anyhow::Result<()> {
    publish_catalogues(outbox, &SystemClock, city.signer.as_ref(), &plan_texts(city))
        .await
        .context("the catalogues cannot be published")?;
    Ok(())
}

/// Collects until `stop`: first the plans' catalogues, as soon as the outbox takes them, then the sources.
pub(crate) async fn collect_until(
    plans: Vec<(String, String)>,
    runner: Arc<Runner>,
    sources: watch::Receiver<SourceSet>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let published = publish_with_retry(&plans, &runner);
    match stop.run_until_cancelled(published).await {
        Some(Ok(())) => runner::run(runner, sources, stop.clone()).await.context("the collectors cannot go on"),
        Some(Err(error)) => Err(error),
        None => Ok(()),
    }
}

/// [`publish_plans`] for a service: retries until the outbox takes the catalogues.
async fn publish_with_retry(plans: &[(String, String)], runner: &Runner) -> anyhow::Result<()> {
    let (outbox, observer) = (runner.outbox.as_ref(), runner.observer.as_ref());
    let signer = runner.collector.signer.as_ref();
    let mut is_failing = false;
    loop {
        match publish_catalogues(outbox, &SystemClock, signer, plans).await {
            Ok(_) => break,
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
    }
    if is_failing {
        observer.outbox(None);
    }
    Ok(())
}
