//! `shihyo rebuild`: computes all derived rows again from the stored records and writes those that differ; `--sink`
//! has one sink written again from the beginning.

use crate::failure::Failure;
use crate::output;
use crate::{configuration, log};
use aggregator::pipeline;
use anyhow::Context;
use clap::Args;
use std::path::Path;

#[derive(Args)]
pub(crate) struct RebuildOptions {
    /// Leave the store as it is, and have everything written to this sink (`influxdb`) again at the next start.
    #[arg(long, value_name = "NAME")]
    sink: Option<String>,
}

pub(crate) fn run(folder: &Path, options: &RebuildOptions) -> Result<(), Failure> {
    let configuration = configuration::load(folder)?;
    log::start(&configuration)?;
    if let Some(sink) = &options.sink {
        let stores = pipeline::resend(&configuration.settings.data_dir, sink).context("the sink cannot be reset")?;
        output::line(format_args!(
            "{sink} is written anew from {stores} store(s) when `shihyo aggregate` or `shihyo run` starts"
        ))?;
        return Ok(());
    }
    let changed = pipeline::rebuild(&configuration.pipeline_setup()).context("the store cannot be rebuilt")?;
    output::line(format_args!("{changed} derived row(s) differed"))?;
    Ok(())
}
