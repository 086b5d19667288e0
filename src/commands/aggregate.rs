//! `shihyo aggregate`: stores and judges what collectors published, and serves the scoreboard.

use super::reload::{self, Reload};
use crate::failure::Failure;
use crate::service::{self, AggregatorService, DrainingConsumer, PipelineThread};
use crate::transport::RecordReader;
use crate::{configuration, log, sinks, topic};
use clap::Args;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio_util::sync::CancellationToken;

#[derive(Args)]
pub(crate) struct AggregateOptions {
    /// Store all that is published by now, then end.
    #[arg(long)]
    once: bool,
}

pub(crate) fn run(folder: &Path, options: &AggregateOptions) -> Result<(), Failure> {
    let runtime = service::runtime()?;
    let hangup = if options.once { None } else { Some(reload::catch_hangup(&runtime)?) };
    let city = configuration::load(folder)?;
    log::start(&city)?;
    service::make_data_dir(&city)?;
    let (kafka, sinks) = (topic::usable(&city)?, sinks::configured(&city)?);
    Ok(runtime.block_on(async {
        let stop = Arc::new(AtomicBool::new(false));
        let reader = RecordReader::open(&city, kafka.as_ref(), None)?;
        let mut aggregator = AggregatorService::with_sinks(&city, sinks)?;
        reader.join(&mut aggregator.setup);
        let Some(hangup) = hangup else {
            aggregator.setup.drain = Some(service::DRAIN_TIMEOUT);
            let consumer = Box::new(DrainingConsumer::new(reader, &stop));
            return service::pipeline_outcome(
                PipelineThread::start(aggregator.setup.clone(), consumer, stop)?.ended.await,
            );
        };
        let listener = AggregatorService::listen(&city).await?;
        let ending = CancellationToken::new();
        reader.watch(Arc::clone(&aggregator.metrics), ending.clone());
        let pipeline = PipelineThread::start(aggregator.setup.clone(), reader.consumer, stop)?;
        let reload = Reload { control: Some(Arc::clone(&aggregator.setup.control)), ..Reload::of(&city) };
        tokio::spawn(reload.run(hangup, ending.clone()));
        service::serve_until_end(&aggregator, listener, pipeline, ending).await
    })?)
}
