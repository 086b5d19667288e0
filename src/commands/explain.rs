//! `shihyo explain KPI`: from the KPI through rollups and observations to each file read.

use super::answer;
use crate::configuration;
use crate::failure::Failure;
use aggregator::explain::explain;
use anyhow::Context;
use clap::Args;
use contract::period::Period;
use contract::time::Micros;
use std::path::Path;

#[derive(Args)]
pub(crate) struct ExplainOptions {
    /// Id of the KPI.
    kpi: String,
    /// Only in this plan.
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Judge as at the end of a day, or the closings of a month or fiscal year (2020-03-31, 2020-03, FY2019).
    #[arg(long, value_name = "MOMENT", value_parser = answer::on)]
    on: Option<Period>,
    /// Use only what was known by then.
    #[arg(long, value_name = "TIME", value_parser = answer::time)]
    known_at: Option<Micros>,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(folder: &Path, options: &ExplainOptions) -> Result<(), Failure> {
    let city = configuration::load(folder)?;
    let all = || city.plans.iter().flat_map(|p| p.catalogue.kpis.iter()).map(|kpi| kpi.id.as_str());
    if !all().any(|id| id == options.kpi) {
        let hint = contract::reader::nearest(&options.kpi, all());
        return Err(anyhow::anyhow!("unknown KPI `{}`{hint}", options.kpi).into());
    }
    let readers = answer::readers(&city)?;
    let states = answer::states(&city, &readers, options.plan.as_deref(), options.known_at)?;
    for (state, known) in &states {
        if !state.catalogue.kpis.iter().any(|kpi| kpi.id == options.kpi) {
            continue;
        }
        let ask = answer::ask(&state.catalogue.plan, options.on);
        let known = known.as_ref().map(|known| (known.at, known.doubts.as_slice()));
        let explanation = explain(&readers, state, &options.kpi, ask, known).context("the store cannot be read")?;
        if options.json {
            println!("{}", serde_json::to_string(&explanation).context("the explanation cannot be written")?);
        } else {
            println!("{}", explanation.text());
        }
    }
    Ok(())
}
