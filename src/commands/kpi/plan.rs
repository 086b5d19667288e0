//! `shihyo kpi plan`: what the catalogues of a configuration would do to every status and alert.

use crate::clock::SystemClock;
use crate::commands::plan_options::{self, PlanOptions};
use crate::configuration::{self, PlanFile};
use crate::failure::Failure;
use crate::output;
use aggregator::preview::{self, CataloguePreview};
use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};
use contract::time::Clock;
use std::path::Path;

#[derive(Args)]
pub(crate) struct PreviewOptions {
    /// Form of the answer.
    #[arg(long, value_enum, default_value = "text")]
    format: PreviewFormat,
    #[command(flatten)]
    plans: PlanOptions,
}

#[derive(Clone, Copy, ValueEnum)]
enum PreviewFormat {
    Text,
    Md,
    Csv,
    Json,
}

pub(crate) fn run(folder: &Path, options: &PreviewOptions) -> Result<(), Failure> {
    let configuration = configuration::load(folder)?;
    let readers = plan_options::readers(&configuration)?;
    let today = SystemClock.now().moment().day();
    let policy = configuration.settings.alerts.policy().map_err(|(key, message)| anyhow!("`{key}`: {message}"))?;
    let preview = |plan: &PlanFile| {
        let on = options.plans.period(&plan.catalogue.plan);
        preview::preview(&readers, &plan.catalogue, (on, today), &policy).context("the store cannot be read")
    };
    let chosen = options.plans.chosen(&configuration)?;
    let previews: Vec<CataloguePreview> = chosen.into_iter().map(preview).collect::<anyhow::Result<_>>()?;
    let text = match options.format {
        PreviewFormat::Text => previews.iter().map(CataloguePreview::text).collect::<Vec<_>>().join("\n"),
        PreviewFormat::Md => preview::md(&previews),
        PreviewFormat::Csv => preview::csv(&previews),
        PreviewFormat::Json => {
            serde_json::to_string(&serde_json::json!({ "plans": previews })).context("the answer cannot be written")?
                + "\n"
        }
    };
    Ok(output::print(text.as_bytes())?)
}
