//! `shihyo run`: everything in one process; on the embedded bus, or on Kafka where one is configured.

use super::collect;
use super::reload::{self, Reload};
use super::service::{self, Board, Pipeline, UntilRead};
use crate::city::City;
use crate::transport::{self, Publishing, Reading};
use crate::{Failure, city, log, sinks};
use aggregator::sinks::SinkMaker;
use anyhow::Context;
use bus::Outbox;
use bus::kafka::Kafka;
use clap::Args;
use collectors::once::collect_once;
use collectors::runner::Runner;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio_util::sync::CancellationToken;

#[derive(Args)]
pub(crate) struct Options {
    /// Poll each source once, keep and judge what they say, then end.
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(folder: &Path, options: &Options) -> Result<(), Failure> {
    let city = city::load(folder)?;
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
async fn once(city: &City, kafka: Option<&Kafka>, sinks: Arc<[SinkMaker]>) -> anyhow::Result<()> {
    let publishing = Publishing::open(city, kafka)?;
    service::publish_plans(city, publishing.outbox.as_ref()).await?;
    let taking: Arc<dyn Outbox> = Arc::clone(&publishing.outbox) as _;
    let collected = collect_once(&service::collector(city), &city.sources, Some(&taking)).await;
    publishing.shipped().await?;
    let stop = Arc::new(AtomicBool::new(false));
    let reading = Reading::open(city, kafka, Some(&publishing.outbox))?;
    let mut board = Board::keeping(city, sinks)?;
    reading.join(&mut board.setup);
    board.setup.drain = Some(service::DRAIN);
    let consumer = Box::new(UntilRead::over(reading, &stop));
    service::told(Pipeline::start(board.setup.clone(), consumer, stop)?.ended.await)?;
    collect::finish(&collected)
}

async fn serve(city: &City, kafka: Option<&Kafka>, sinks: Arc<[SinkMaker]>) -> anyhow::Result<()> {
    let listener = Board::listen(city).await?;
    let publishing = Publishing::open(city, kafka)?;
    let mut board = Board::keeping(city, sinks)?;
    let reading = Reading::open(city, kafka, Some(&publishing.outbox))?;
    reading.join(&mut board.setup);
    let stop = CancellationToken::new();
    publishing.watch((Arc::clone(&board.metrics), board.readiness()), stop.clone());
    reading.watch(Arc::clone(&board.metrics), stop.clone());
    let pipeline = Pipeline::start(board.setup.clone(), reading.consumer, Arc::new(AtomicBool::new(false)))?;
    let runner = Arc::new(Runner {
        collector: service::collector(city),
        outbox: Arc::clone(&publishing.outbox) as _,
        watch: board.watch(),
        random: rand::random,
    });
    let ((change, wanted), plans, ending) = (reload::sources(&city.sources), service::plans(city), stop.clone());
    let reload = Reload {
        outbox: Some(Arc::clone(&publishing.outbox) as _),
        wishes: Some(Arc::clone(&board.setup.wishes)),
        wanted: Some(change),
        ..Reload::of(city)
    };
    tokio::spawn(reload.run(stop.clone()));
    let collecting = tokio::spawn(async move {
        let ended = service::collecting(plans, runner, wanted, ending.clone()).await;
        // Without collectors a scoreboard would only grow old: end, loudly.
        ending.cancel();
        ended
    });
    let served = service::until_told(&board, listener, pipeline, stop).await;
    collecting.await.context("the collectors stopped with a fault")??;
    served
}
