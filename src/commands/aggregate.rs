//! `shihyo aggregate`: keep and judge what collectors published, and serve the scoreboard.

use super::reload::Reload;
use super::service::{self, AggregatorService, DrainingConsumer, Pipeline};
use crate::transport::{self, RecordReader};
use crate::{Failure, configuration, log, sinks};
use clap::Args;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio_util::sync::CancellationToken;

#[derive(Args)]
pub(crate) struct AggregateOptions {
    /// Keep all that is published by now, then end.
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(folder: &Path, options: &AggregateOptions) -> Result<(), Failure> {
    let city = configuration::load(folder)?;
    log::start(&city.settings.log.level)?;
    service::make_data_dir(&city)?;
    let (kafka, sinks) = (transport::kafka(&city)?, sinks::configured(&city)?);
    Ok(service::runtime()?.block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let reading = RecordReader::open(&city, kafka.as_ref(), None)?;
        let mut board = AggregatorService::with_sinks(&city, sinks)?;
        reading.join(&mut board.setup);
        if options.once {
            board.setup.drain = Some(service::DRAIN);
            let consumer = Box::new(DrainingConsumer::over(reading, &stop));
            return service::pipeline_outcome(Pipeline::start(board.setup.clone(), consumer, stop)?.ended.await);
        }
        let listener = AggregatorService::listen(&city).await?;
        let ending = CancellationToken::new();
        reading.watch(Arc::clone(&board.metrics), ending.clone());
        let pipeline = Pipeline::start(board.setup.clone(), reading.consumer, stop)?;
        let reload = Reload { control: Some(Arc::clone(&board.setup.control)), ..Reload::of(&city) };
        tokio::spawn(reload.run(ending.clone()));
        service::serve_until_end(&board, listener, pipeline, ending).await
    })?)
}
