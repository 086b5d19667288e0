//! `shihyo collect`: polls the sources and publishes their records; `--once` a single time, `--dry-run` prints only.

use super::late_sources;
use super::poll_results::finish;
use super::reload::{self, Reload};
use super::republish;
use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::service::{self, AggregatorService};
use crate::transport::Publisher;
use crate::{configuration, log, notify, output, topic};
use aggregator::web;
use anyhow::Context;
use bus::Outbox;
use bus::kafka::KafkaConfig;
use clap::Args;
use collectors::config::SourceConfig;
use collectors::runner::Runner;
use collectors::runner::once::{CollectedSource, collect_once};
use contract::wire;
use std::path::Path;
use std::sync::Arc;
use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

#[derive(Args)]
pub(crate) struct CollectOptions {
    /// Poll each source once, then end.
    #[arg(long)]
    once: bool,
    /// Print every record as a line of JSON, and publish nothing.
    #[arg(long, requires = "once")]
    dry_run: bool,
    /// Publish again what was published last of each figure, then end: for a topic that was made anew. Each record is the
    /// very same, so that it changes nothing where it is known.
    #[arg(long, conflicts_with_all = ["once", "dry_run"])]
    republish: bool,
    /// Only this source.
    #[arg(long, value_name = "ID")]
    source: Option<String>,
    /// Only the sources of this plan.
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
}

pub(crate) fn run(folder: &Path, options: &CollectOptions) -> Result<(), Failure> {
    let runtime = service::runtime()?;
    let hangup = if options.once || options.republish { None } else { Some(reload::catch_hangup(&runtime)?) };
    let configuration = configuration::load(folder)?;
    log::start(&configuration)?;
    let sources = chosen(&configuration, options)?;
    let kafka = if options.dry_run { None } else { topic::usable(&configuration)? };
    Ok(runtime.block_on(collect(&configuration, kafka.as_ref(), sources, options, hangup))?)
}

fn chosen(configuration: &Configuration, options: &CollectOptions) -> anyhow::Result<Vec<Arc<SourceConfig>>> {
    let wanted = |s: &&Arc<SourceConfig>| is_chosen(s, options.source.as_deref(), options.plan.as_deref());
    let sources: Vec<Arc<SourceConfig>> = configuration.sources.iter().filter(wanted).cloned().collect();
    if sources.is_empty() {
        let names: Vec<String> = configuration.sources.iter().map(|s| format!("{} ({})", s.id, s.plan)).collect();
        anyhow::bail!("no such source; there are: {}", names.join(", "));
    }
    Ok(sources)
}

/// True for what was published of a chosen source, also of one that is not configured any more.
fn is_of(plan: &str, source: &str, options: &CollectOptions) -> bool {
    let is = |wanted: &Option<String>, found: &str| wanted.as_ref().is_none_or(|wanted| wanted == found);
    is(&options.plan, plan) && (source.is_empty() || is(&options.source, source))
}

fn is_chosen(one: &SourceConfig, source: Option<&str>, plan: Option<&str>) -> bool {
    source.is_none_or(|id| one.id == id) && plan.is_none_or(|id| one.plan == id)
}

async fn collect(
    configuration: &Configuration,
    kafka: Option<&KafkaConfig>,
    sources: Vec<Arc<SourceConfig>>,
    options: &CollectOptions,
    hangup: Option<Signal>,
) -> anyhow::Result<()> {
    let collector = service::collector(configuration);
    if options.dry_run {
        let collected = collect_once(&collector, &sources, None).await;
        print(&collected)?;
        late_sources::of_polls(configuration, &collected);
        return finish(&collected);
    }
    service::make_data_dir(configuration)?;
    let publisher = Publisher::open(configuration, kafka)?;
    let outbox: Arc<dyn Outbox> = Arc::clone(&publisher.outbox) as _;
    if options.republish {
        // A catalogue belongs to a plan, whatever source is chosen.
        let chosen = |plan: &str, source: &str| is_of(plan, source, options);
        return republish::run(configuration, &publisher, &sources, chosen).await;
    }
    let Some(hangup) = hangup else {
        service::publish_plans(configuration, &service::plan_texts(configuration), outbox.as_ref()).await?;
        let collected = collect_once(&collector, &sources, Some(&outbox)).await;
        publisher.shipped().await?;
        return finish(&collected);
    };
    let stop = CancellationToken::new();
    let aggregator = AggregatorService::new(configuration)?;
    aggregator.set_ready();
    publisher.watch((Arc::clone(&aggregator.metrics), aggregator.health()), stop.clone());
    let ending = service::end_signal();
    let serving = probes(configuration, &aggregator, stop.clone()).await?;
    let observer = aggregator.poll_reporter();
    let runner = Arc::new(Runner { collector, outbox, observer, random: rand::random });
    let (change, wanted) = reload::sources(&sources);
    let (catalogues, plans) = watch::channel(service::plan_texts(configuration));
    let (source, plan) = (options.source.clone(), options.plan.clone());
    let reload = Reload {
        outbox: Some(Arc::clone(&publisher.outbox) as _),
        sources: Some(change),
        catalogues: Some(catalogues),
        chosen: Box::new(move |s| is_chosen(s, source.as_deref(), plan.as_deref())),
        ..Reload::of(configuration)
    };
    tokio::spawn(reload.run(hangup, stop.clone()));
    let (health, ending_with) = (aggregator.health(), stop.clone());
    let mut running =
        tokio::spawn(async move { service::collect_until(plans, runner, wanted, &health, ending_with).await });
    notify::ready();
    let ended = tokio::select! {
        () = ending => None,
        ended = &mut running => Some(ended),
    };
    stop.cancel();
    let ended = match ended {
        Some(ended) => ended,
        None => running.await,
    };
    serving.await.context("the metrics stopped with a fault")?;
    ended.context("the collectors stopped with a fault")?
}

/// Serves the metrics of a collector where an address is named for them.
async fn probes(
    configuration: &Configuration,
    aggregator: &AggregatorService,
    stop: CancellationToken,
) -> anyhow::Result<JoinHandle<()>> {
    let Some(address) = configuration.settings.collector.listen else { return Ok(tokio::spawn(async {})) };
    let listener = service::listen(address, "collector.listen").await?;
    // A collector has no figures, so no plan is shown.
    let routes = web::probes(aggregator.site().of_many(true));
    Ok(tokio::spawn(async move {
        if let Err(error) = web::serve(listener, routes, stop.cancelled_owned()).await {
            tracing::error!(%error, "the metrics cannot be served any more");
        }
    }))
}

fn print(collected: &[CollectedSource]) -> anyhow::Result<()> {
    for record in collected.iter().filter_map(|c| c.result.as_ref().ok()).flat_map(|(records, _)| records) {
        let mut line = wire::encode(record);
        line.push(b'\n');
        output::print(&line)?;
    }
    Ok(())
}
