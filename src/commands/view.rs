//! `shihyo view`: serves the scoreboard of all plans beside aggregators that share them.
//!
//! It reads every partition outside their group into a store of its own, and sends nothing: no sink, no alert.

use super::reload::{self, Reload};
use crate::failure::Failure;
use crate::service::{self, AggregatorService, PipelineThread};
use crate::transport::RecordReader;
use crate::{configuration, log, topic};
use anyhow::Context;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio_util::sync::CancellationToken;

pub(crate) fn run(folder: &Path) -> Result<(), Failure> {
    let runtime = service::runtime()?;
    let hangup = reload::catch_hangup(&runtime)?;
    let city = configuration::load(folder)?;
    log::start(&city)?;
    let kafka = topic::usable(&city)?;
    let kafka = kafka.context(
        "`shihyo view` needs the section [kafka] in shihyo.toml: without Kafka one process has all plans, so use `shihyo run`",
    )?;
    service::make_data_dir(&city)?;
    Ok(runtime.block_on(async {
        let listener = AggregatorService::listen(&city).await?;
        let reader = RecordReader::of_all(&kafka)?;
        let mut viewer = AggregatorService::new(&city)?;
        reader.join(&mut viewer.setup);
        viewer.has_all_plans = true;
        let ending = CancellationToken::new();
        reader.watch(Arc::clone(&viewer.metrics), ending.clone());
        let pipeline = PipelineThread::start(viewer.setup.clone(), reader.consumer, Arc::new(AtomicBool::new(false)))?;
        let reload = Reload { control: Some(Arc::clone(&viewer.setup.control)), ..Reload::of(&city) };
        tokio::spawn(reload.run(hangup, ending.clone()));
        service::serve_until_end(&viewer, listener, pipeline, ending).await
    })?)
}
