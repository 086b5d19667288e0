//! `shihyo collect --republish`: publishes again what this machine published last, for a topic that was made anew.

use super::poll_results;
use crate::clock::SystemClock;
use crate::configuration::Configuration;
use crate::output;
use crate::service;
use crate::transport::Publisher;
use anyhow::Context;
use bus::{Checkpoint, Outbox, Outgoing, PublishError};
use collectors::catalogues;
use collectors::config::SourceConfig;
use collectors::republish::{self, UnknownFigures};
use collectors::runner::once::collect_once;
use contract::time::Clock;
use std::sync::Arc;
use std::time::Duration;

/// Pause before a batch is published again that the outbox did not take: it is full until the shipper has moved some on.
const PAUSE: Duration = Duration::from_millis(200);

/// Publishes again all that is remembered of the chosen sources; then polls those once of which not all is.
pub(super) async fn run(
    configuration: &Configuration,
    publisher: &Publisher,
    sources: &[Arc<SourceConfig>],
    is_chosen: impl Fn(&str, &str) -> bool,
) -> anyhow::Result<()> {
    let outbox: Arc<dyn Outbox> = Arc::clone(&publisher.outbox) as _;
    let publish = async |batch| publish(outbox.as_ref(), batch).await;
    let done =
        republish::republish(outbox.as_ref(), configuration.signer.as_ref(), SystemClock.now(), is_chosen, publish)
            .await?;
    output::line(format_args!("{} record(s) published again, as they were", done.records))?;
    let plans = configuration.plans.iter().map(|plan| plan.catalogue.plan.id.clone());
    outbox.publish(Vec::new(), catalogues::forget(outbox.as_ref(), plans)?).await?;
    service::publish_plans(configuration, &service::plan_texts(configuration), outbox.as_ref()).await?;
    let unknown = poll_unknown(configuration, &outbox, sources).await?;
    publisher.shipped().await?;
    for UnknownFigures { plan, source, figures, .. } in &unknown {
        eprintln!(
            "{plan} {source}: {figures} figure(s) were published before this version, and the source does not give them now"
        );
    }
    if done.ahead > 0 {
        anyhow::bail!(
            "{} record(s) are dated later than this machine's clock and were left out; set the clock, or run this again \
             once it has passed them",
            done.ahead
        );
    }
    anyhow::ensure!(unknown.is_empty(), "not every figure is published again: see above");
    Ok(())
}

/// Publishes a batch as soon as the outbox takes it.
async fn publish(outbox: &dyn Outbox, batch: Vec<Outgoing>) -> Result<(), PublishError> {
    let mut is_waiting = false;
    loop {
        match outbox.publish(batch.clone(), Checkpoint::new()).await {
            Err(error) if error.is_retriable() => {
                if !std::mem::replace(&mut is_waiting, true) {
                    tracing::warn!(%error, "waiting for the outbox");
                }
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}

/// Polls the sources once of which a figure is not remembered, so that they give it once more. Gives what they do not.
async fn poll_unknown(
    configuration: &Configuration,
    outbox: &Arc<dyn Outbox>,
    sources: &[Arc<SourceConfig>],
) -> anyhow::Result<Vec<UnknownFigures>> {
    let mut polled = Vec::new();
    for source in sources {
        let unknown = republish::forget(outbox.as_ref(), source).context("a state cannot be read")?;
        if let Some(UnknownFigures { checkpoint, .. }) = unknown {
            outbox.publish(Vec::new(), checkpoint).await?;
            polled.push(source.clone());
        }
    }
    if polled.is_empty() {
        return Ok(Vec::new());
    }
    let collected = collect_once(&service::collector(configuration), &polled, Some(outbox)).await;
    poll_results::finish(&collected)?;
    let left = polled.iter().map(|source| republish::forget(outbox.as_ref(), source));
    Ok(left.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}
