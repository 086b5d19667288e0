//! `shihyo explain KPI`: the rollups and observations behind a KPI, down to each file that was read.

use super::plan_options::VintageOptions;
use crate::failure::Failure;
use crate::output;
use aggregator::explain::ExplanationDraft;
use anyhow::Context;
use clap::Args;
use std::path::Path;

#[derive(Args)]
pub(crate) struct ExplainOptions {
    /// Id of the KPI.
    kpi: String,
    #[command(flatten)]
    vintage: VintageOptions,
    /// Print JSON instead of text.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(folder: &Path, options: &ExplainOptions) -> Result<(), Failure> {
    let plans = &options.vintage.plans;
    let configuration = plans.configuration(folder)?;
    let all = || configuration.plans.iter().flat_map(|p| p.catalogue.kpis.iter()).map(|kpi| kpi.id.as_str());
    if !all().any(|id| id == options.kpi) {
        let hint = contract::reader::nearest(&options.kpi, all());
        return Err(anyhow::anyhow!("unknown KPI `{}`{hint}", options.kpi).into());
    }
    let readers = plans.readers(&configuration)?;
    let states = options.vintage.states_of(&configuration, &readers, |catalogue| catalogue.has_kpi(&options.kpi))?;
    for (state, vintage) in &states {
        let period = options.vintage.plans.period(&state.catalogue.plan);
        let known = vintage.as_ref().map(|vintage| (vintage.at, vintage.doubts.as_slice()));
        let draft = ExplanationDraft::new(state, &options.kpi, period, known).context("the KPI cannot be explained")?;
        let explanation = draft.read(&readers).context("the store cannot be read")?;
        if options.json {
            output::line(format_args!(
                "{}",
                serde_json::to_string(&explanation).context("the explanation cannot be written")?
            ))?;
        } else {
            output::line(format_args!("{}", explanation.text()))?;
        }
    }
    Ok(())
}
