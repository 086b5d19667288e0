//! `shihyo run`: everything in one process; on the embedded bus, or on Kafka where one is configured.

use super::poll_results;
use super::reload::{self, Reload};
use super::replay::{self, ReplayOptions};
use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::service::{self, AggregatorService, DrainingConsumer, PipelineThread};
use crate::transport::{Publisher, RecordReader};
use crate::{configuration, log, sinks, topic};
use aggregator::sinks::ConfiguredSink;
use anyhow::Context;
use bus::Outbox;
use bus::kafka::KafkaConfig;
use clap::Args;
use collectors::runner::Runner;
use collectors::runner::once::collect_once;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::signal::unix::Signal;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

#[derive(Args)]
pub(crate) struct RunOptions {
    /// Poll each source once, store and judge the figures, then end.
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    replay: ReplayOptions,
}

pub(crate) fn run(folder: &Path, options: &RunOptions) -> Result<(), Failure> {
    if let Some(range) = options.replay.range() {
        return replay::run(folder, &options.replay, range);
    }
    let runtime = service::runtime()?;
    let hangup = if options.once { None } else { Some(reload::catch_hangup(&runtime)?) };
    let city = configuration::load(folder)?;
    log::start(&city)?;
    service::make_data_dir(&city)?;
    let kafka = topic::usable(&city)?;
    let sinks = sinks::configured(&city)?;
    let work = async {
        match hangup {
            None => once(&city, kafka.as_ref(), sinks).await,
            Some(hangup) => serve(&city, kafka.as_ref(), sinks, hangup).await,
        }
    };
    Ok(runtime.block_on(work)?)
}

/// Collects, then runs the pipeline until it has read everything on the bus.
async fn once(city: &Configuration, kafka: Option<&KafkaConfig>, sinks: Arc<[ConfiguredSink]>) -> anyhow::Result<()> {
    let publisher = Publisher::open(city, kafka)?;
    service::publish_plans(city, &service::plan_texts(city), publisher.outbox.as_ref()).await?;
    let outbox: Arc<dyn Outbox> = Arc::clone(&publisher.outbox) as _;
    let collected = collect_once(&service::collector(city), &city.sources, Some(&outbox)).await;
    publisher.shipped().await?;
    let stop = Arc::new(AtomicBool::new(false));
    let reader = RecordReader::open(city, kafka, Some(&publisher.outbox))?;
    let mut aggregator = AggregatorService::with_sinks(city, sinks)?;
    reader.join(&mut aggregator.setup);
    aggregator.setup.drain = Some(service::DRAIN_TIMEOUT);
    let consumer = Box::new(DrainingConsumer::new(reader, &stop));
    service::pipeline_outcome(PipelineThread::start(aggregator.setup.clone(), consumer, stop)?.ended.await)?;
    poll_results::finish(&collected)
}

async fn serve(
    city: &Configuration,
    kafka: Option<&KafkaConfig>,
    sinks: Arc<[ConfiguredSink]>,
    hangup: Signal,
) -> anyhow::Result<()> {
    let listener = AggregatorService::listen(city).await?;
    let publisher = Publisher::open(city, kafka)?;
    let mut aggregator = AggregatorService::with_sinks(city, sinks)?;
    let reader = RecordReader::open(city, kafka, Some(&publisher.outbox))?;
    reader.join(&mut aggregator.setup);
    let stop = CancellationToken::new();
    publisher.watch((Arc::clone(&aggregator.metrics), aggregator.health()), stop.clone());
    reader.watch(Arc::clone(&aggregator.metrics), stop.clone());
    let pipeline = PipelineThread::start(aggregator.setup.clone(), reader.consumer, Arc::new(AtomicBool::new(false)))?;
    let runner = Arc::new(Runner {
        collector: service::collector(city),
        outbox: Arc::clone(&publisher.outbox) as _,
        observer: aggregator.poll_reporter(),
        random: rand::random,
    });
    let ((change, wanted), ending) = (reload::sources(&city.sources), stop.clone());
    let (catalogues, plans) = watch::channel(service::plan_texts(city));
    let reload = Reload {
        outbox: Some(Arc::clone(&publisher.outbox) as _),
        control: Some(Arc::clone(&aggregator.setup.control)),
        sources: Some(change),
        catalogues: Some(catalogues),
        ..Reload::of(city)
    };
    tokio::spawn(reload.run(hangup, stop.clone()));
    let health = aggregator.health();
    let collecting = tokio::spawn(async move {
        let ended = service::collect_until(plans, runner, wanted, &health, ending.clone()).await;
        // Without collectors the figures would only grow old: end with the error.
        ending.cancel();
        ended
    });
    let served = service::serve_until_end(&aggregator, listener, pipeline, stop).await;
    collecting.await.context("the collectors stopped with a fault")??;
    served
}
