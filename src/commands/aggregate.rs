//! `shihyo aggregate`: keep and judge what collectors published, and serve the scoreboard.

use super::service::{self, Board, Pipeline, UntilIdle};
use crate::{Failure, city, log};
use bus::SqliteConsumer;
use clap::Args;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio_util::sync::CancellationToken;

#[derive(Args)]
pub(crate) struct Options {
    /// Keep all that is published by now, then end.
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(folder: &Path, options: &Options) -> Result<(), Failure> {
    let city = city::load(folder)?;
    log::start(&city.settings.log.level)?;
    service::make_data_dir(&city)?;
    Ok(service::runtime()?.block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let consumer = SqliteConsumer::open(city.bus_file())?;
        let board = Board::new(&city)?;
        if options.once {
            let consumer = Box::new(UntilIdle { inner: consumer, stop: Arc::clone(&stop) });
            return service::told(Pipeline::start(board.setup.clone(), consumer, stop)?.ended.await);
        }
        let listener = Board::listen(&city).await?;
        let pipeline = Pipeline::start(board.setup.clone(), Box::new(consumer), stop)?;
        service::until_told(&board, listener, pipeline, CancellationToken::new()).await
    })?)
}
