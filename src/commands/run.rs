//! `shihyo run`: everything in one process, on the embedded bus and store.

use super::collect;
use super::service::{self, Board, Pipeline, Told, UntilIdle};
use crate::city::City;
use crate::clock::SystemClock;
use crate::{Failure, city, log};
use anyhow::Context;
use bus::{Outbox, SqliteOutbox};
use clap::Args;
use collectors::once::collect_once;
use collectors::runner::{self, Runner};
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
    let work = async { if options.once { once(&city).await } else { serve(&city).await } };
    Ok(service::runtime()?.block_on(work)?)
}

/// Collects, then keeps: by then all there is lies on the bus.
async fn once(city: &City) -> anyhow::Result<()> {
    let outbox = Arc::new(SqliteOutbox::open(city.bus_file(), Arc::new(SystemClock))?);
    service::publish_plans(city, outbox.as_ref()).await?;
    let taking: Arc<dyn Outbox> = Arc::clone(&outbox) as _;
    let collected = collect_once(&service::collector(city)?, &city.sources, Some(&taking)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let consumer = Box::new(UntilIdle { inner: outbox.consumer()?, stop: Arc::clone(&stop) });
    let board = Board::new(city)?;
    service::told(Pipeline::start(board.setup.clone(), consumer, stop)?.ended.await)?;
    collect::finish(&collected)
}

async fn serve(city: &City) -> anyhow::Result<()> {
    let listener = Board::listen(city).await?;
    let outbox = Arc::new(SqliteOutbox::open(city.bus_file(), Arc::new(SystemClock))?);
    let board = Board::new(city)?;
    let consumer = Box::new(outbox.consumer()?);
    let pipeline = Pipeline::start(board.setup.clone(), consumer, Arc::new(AtomicBool::new(false)))?;
    service::publish_plans(city, outbox.as_ref()).await?;
    let stop = CancellationToken::new();
    let runner = Arc::new(Runner {
        collector: service::collector(city)?,
        outbox,
        watch: Arc::new(Told(Arc::clone(&board.metrics))),
        random: rand::random,
    });
    let (sources, ending) = (city.sources.clone(), stop.clone());
    let collecting = tokio::spawn(async move {
        let ended = runner::run(runner, sources, ending.clone()).await;
        // Without collectors a scoreboard would only grow old: end, loudly.
        ending.cancel();
        ended
    });
    let served = service::until_told(&board, listener, pipeline, stop).await;
    collecting.await.context("the collectors stopped with a fault")?.context("the collectors cannot go on")?;
    served
}
