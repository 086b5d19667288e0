//! `shihyo diff`: what changed between two times, when it became known, and from which file.

use super::answer;
use crate::configuration;
use crate::failure::Failure;
use aggregator::diff::diff;
use anyhow::Context;
use clap::Args;
use contract::period::Period;
use contract::time::Micros;
use std::path::Path;

#[derive(Args)]
pub(crate) struct DiffOptions {
    /// What was known by then.
    #[arg(long, value_name = "TIME", value_parser = answer::time)]
    from: Micros,
    /// What was known by then; all there is when missing.
    #[arg(long, value_name = "TIME", value_parser = answer::time)]
    to: Option<Micros>,
    /// Only this plan.
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Only this series.
    #[arg(long, value_name = "ID")]
    series: Option<String>,
    /// Judge as at the end of a day, or the closings of a month or fiscal year (2020-03-31, 2020-03, FY2019).
    #[arg(long, value_name = "MOMENT", value_parser = answer::on)]
    on: Option<Period>,
    /// Print JSON instead of text, an object a plan.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(folder: &Path, options: &DiffOptions) -> Result<(), Failure> {
    let city = configuration::load(folder)?;
    let to = options.to.unwrap_or_else(answer::now);
    if options.from >= to {
        return Err(anyhow::anyhow!("`--from` must be before `--to`").into());
    }
    let ids: Vec<&str> = city.plans.iter().map(|p| p.catalogue.plan.id.as_str()).collect();
    if let Some(plan) = options.plan.as_deref().filter(|plan| !ids.contains(plan)) {
        return Err(anyhow::anyhow!("unknown plan `{plan}`{}", contract::reader::nearest(plan, ids)).into());
    }
    let readers = answer::readers(&city)?;
    for plan in &city.plans {
        let catalogue = &plan.catalogue;
        if options.plan.as_ref().is_some_and(|wanted| *wanted != catalogue.plan.id) {
            continue;
        }
        let ask = answer::ask(&catalogue.plan, options.on);
        let mut diff = diff(&readers, catalogue, (options.from, to), ask).context("the store cannot be read")?;
        if let Some(series) = &options.series {
            diff.figures.retain(|change| change.series == *series);
        }
        if options.json {
            println!("{}", serde_json::to_string(&diff).context("the diff cannot be written")?);
        } else {
            println!("{}", diff.text());
        }
    }
    Ok(())
}
