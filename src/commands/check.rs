//! `shihyo check`: every mistake in the configuration at once; `--sample KIND` prints a source to start from.

use crate::failure::Failure;
use crate::{configuration, sinks, transport};
use clap::Args;
use collectors::sources::KINDS;
use contract::reader::Mistake;
use std::path::Path;

#[derive(Args)]
pub(crate) struct CheckOptions {
    /// Print the sample configuration of a kind of source, and check nothing.
    #[arg(long, value_name = "KIND")]
    sample: Option<String>,
    /// Ask every source and server once as well, and change nothing.
    #[arg(long, conflicts_with = "sample")]
    connect: bool,
}

pub(crate) fn run(folder: &Path, options: &CheckOptions) -> Result<(), Failure> {
    if let Some(kind) = &options.sample {
        let found = KINDS.iter().find(|known| known.name == kind);
        let names: Vec<&str> = KINDS.iter().map(|known| known.name).collect();
        let found =
            found.ok_or_else(|| anyhow::anyhow!("no kind of source `{kind}`; there are: {}", names.join(", ")))?;
        print!("{}", found.sample);
        return Ok(());
    }
    let city = configuration::load(folder)?;
    for warning in &city.warnings {
        eprintln!("warning: {warning}");
    }
    let mut mistakes: Vec<Mistake> = transport::kafka(&city).err().into_iter().collect();
    mistakes.extend(sinks::configured(&city).err());
    if !mistakes.is_empty() {
        return Err(mistakes.into());
    }
    for plan in &city.plans {
        let c = &plan.catalogue;
        println!("{}: {} KPIs, {} series", c.plan.id, c.kpis.len(), c.series.len());
    }
    println!("{} source(s); no mistake", city.sources.len());
    if options.connect {
        super::connect::all(&city)?;
    }
    Ok(())
}
