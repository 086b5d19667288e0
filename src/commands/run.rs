//! `shihyo run`: everything in one process; on the embedded bus, or on Kafka where one is configured.

use super::collect;
use super::reload::{self, Reload};
use super::service::{self, AggregatorService, DrainingConsumer, Pipeline};
use crate::configuration::Configuration;
use crate::transport::{self, Publisher, RecordReader};
use crate::{Failure, configuration, log, sinks};
use aggregator::sinks::ConfiguredSink;
use anyhow::Context;
use bus::Outbox;
use bus::kafka::KafkaConfig;
use clap::Args;
use collectors::once::collect_once;
use collectors::runner::Runner;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio_util::sync::CancellationToken;

#[derive(Args)]
pub(crate) struct RunOptions {
    /// Poll each source once, keep and judge what they say, then end.
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(folder: &Path, options: &RunOptions) -> Result<(), Failure> {
    let city = configuration::load(folder)?;
    log::start(&city.settings.log.level)?;
    service::make_data_dir(&city)?;
    let kafka = transport::kafka(&city)?;
    let sinks = sinks::configured(&city)?;
    let work = async {
        if options.once { once(&city, kafka.as_ref(), sinks).await } else { serve(&city, kafka.as_ref(), sinks).await }
    };
    Ok(service::runtime()?.block_on(work)?)
}

/// Collects, then keeps: by then all there is lies on the bus.
async fn once(city: &Configuration, kafka: Option<&KafkaConfig>, sinks: Arc<[ConfiguredSink]>) -> anyhow::Result<()> {
    let publishing = Publisher::open(city, kafka)?;
    service::publish_plans(city, publishing.outbox.as_ref()).await?;
    let taking: Arc<dyn Outbox> = Arc::clone(&publishing.outbox) as _;
    let collected = collect_once(&service::collector(city), &city.sources, Some(&taking)).await;
    publishing.shipped().await?;
    let stop = Arc::new(AtomicBool::new(false));
    let reading = RecordReader::open(city, kafka, Some(&publishing.outbox))?;
    let mut board = AggregatorService::with_sinks(city, sinks)?;
    reading.join(&mut board.setup);
    board.setup.drain = Some(service::DRAIN);
    let consumer = Box::new(DrainingConsumer::over(reading, &stop));
    service::pipeline_outcome(Pipeline::start(board.setup.clone(), consumer, stop)?.ended.await)?;
    collect::finish(&collected)
}

async fn serve(city: &Configuration, kafka: Option<&KafkaConfig>, sinks: Arc<[ConfiguredSink]>) -> anyhow::Result<()> {
    let listener = AggregatorService::listen(city).await?;
    let publishing = Publisher::open(city, kafka)?;
    let mut board = AggregatorService::with_sinks(city, sinks)?;
    let reading = RecordReader::open(city, kafka, Some(&publishing.outbox))?;
    reading.join(&mut board.setup);
    let stop = CancellationToken::new();
    publishing.watch((Arc::clone(&board.metrics), board.health()), stop.clone());
    reading.watch(Arc::clone(&board.metrics), stop.clone());
    let pipeline = Pipeline::start(board.setup.clone(), reading.consumer, Arc::new(AtomicBool::new(false)))?;
    let runner = Arc::new(Runner {
        collector: service::collector(city),
        outbox: Arc::clone(&publishing.outbox) as _,
        watch: board.poll_reporter(),
        random: rand::random,
    });
    let ((change, wanted), plans, ending) = (reload::sources(&city.sources), service::plans(city), stop.clone());
    let reload = Reload {
        outbox: Some(Arc::clone(&publishing.outbox) as _),
        control: Some(Arc::clone(&board.setup.control)),
        sources: Some(change),
        ..Reload::of(city)
    };
    tokio::spawn(reload.run(stop.clone()));
    let collecting = tokio::spawn(async move {
        let ended = service::collect_until(plans, runner, wanted, ending.clone()).await;
        // Without collectors a scoreboard would only grow old: end, loudly.
        ending.cancel();
        ended
    });
    let served = service::serve_until_end(&board, listener, pipeline, stop).await;
    collecting.await.context("the collectors stopped with a fault")??;
    served
}
