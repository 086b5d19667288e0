//! `shihyo rebuild`: all derived rows again from the facts, writing only rows that differ; `--sink` has one sink
//! written anew.

use crate::clock::SystemClock;
use crate::failure::Failure;
use crate::{configuration, log};
use aggregator::pipeline::{self, PipelineSetup};
use anyhow::Context;
use clap::Args;
use std::path::Path;
use std::sync::Arc;

#[derive(Args)]
pub(crate) struct RebuildOptions {
    /// Leave the store as it is, and have this sink (`influxdb`) told everything anew at the next start.
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
}

pub(crate) fn run(folder: &Path, options: &RebuildOptions) -> Result<(), Failure> {
    let city = configuration::load(folder)?;
    log::start(&city.settings.log.level)?;
    if let Some(sink) = &options.sink {
        let stores = pipeline::resend(&city.settings.data_dir, sink).context("the sink cannot be told anew")?;
        println!("{sink} is written anew from {stores} store(s) when `shihyo aggregate` or `shihyo run` starts");
        return Ok(());
    }
    let setup = PipelineSetup::new(city.settings.data_dir.clone(), city.configured(), Arc::new(SystemClock));
    let changed = pipeline::rebuild(&setup).context("the store cannot be rebuilt")?;
    println!("{changed} derived row(s) differed");
    Ok(())
}
