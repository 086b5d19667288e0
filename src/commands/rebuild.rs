//! `shihyo rebuild`: all derived rows again from the facts, writing only rows that differ.

use crate::clock::SystemClock;
use crate::{Failure, city, log};
use aggregator::pipeline::{self, Setup};
use anyhow::Context;
use std::path::Path;
use std::sync::Arc;

pub(crate) fn run(folder: &Path) -> Result<(), Failure> {
    let city = city::load(folder)?;
    log::start(&city.settings.log.level)?;
    let setup = Setup::new(city.settings.data_dir.clone(), city.configured(), Arc::new(SystemClock));
    let changed = pipeline::rebuild(&setup).context("the store cannot be rebuilt")?;
    println!("{changed} derived row(s) differed");
    Ok(())
}
