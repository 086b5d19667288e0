//! `shihyo diff`: what changed between two times, when it was published, and from which file.

use super::plan_options::{self, PlanOptions};
use crate::clock::SystemClock;
use crate::failure::Failure;
use crate::output;
use aggregator::diff::diff_in;
use aggregator::vintage::SharedFacts;
use anyhow::Context;
use clap::Args;
use contract::time::{Clock, Micros};
use std::path::Path;

#[derive(Args)]
pub(crate) struct DiffOptions {
    /// The earlier vintage: records published by then.
    #[arg(long, value_name = "TIME", value_parser = plan_options::time)]
    from: Micros,
    /// The later vintage: records published by then; all when missing.
    #[arg(long, value_name = "TIME", value_parser = plan_options::time)]
    to: Option<Micros>,
    #[command(flatten)]
    plans: PlanOptions,
    /// Only this series.
    #[arg(long, value_name = "ID")]
    series: Option<String>,
    /// Print JSON instead of text, an object a plan.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(folder: &Path, options: &DiffOptions) -> Result<(), Failure> {
    let configuration = options.plans.configuration(folder)?;
    let to = options.to.unwrap_or_else(|| SystemClock.now());
    if options.from >= to {
        return Err(anyhow::anyhow!("`--from` must be before `--to`").into());
    }
    let plans = options.plans.chosen(&configuration)?;
    let readers = options.plans.readers(&configuration)?;
    let shared = match &plans[..] {
        [only] => SharedFacts::of_plan(&readers, &only.catalogue.plan.id),
        _ => SharedFacts::read(&readers),
    };
    let shared = shared.context("the store cannot be read")?;
    for plan in plans {
        let catalogue = &plan.catalogue;
        let period = options.plans.period(&catalogue.plan);
        let mut diff = diff_in(&shared, catalogue, (options.from, to), period).context("the store cannot be read")?;
        if let Some(series) = &options.series {
            diff.figures.retain(|change| change.series == *series);
        }
        if options.json {
            output::line(format_args!("{}", serde_json::to_string(&diff).context("the diff cannot be written")?))?;
        } else {
            output::line(format_args!("{}", diff.text()))?;
        }
    }
    Ok(())
}
