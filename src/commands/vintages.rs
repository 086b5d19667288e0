//! `shihyo report --vintages KPI`: every value that was ever known of a KPI, by period.

use super::plan_options::PlanOptions;
use crate::clock::SystemClock;
use crate::configuration::Configuration;
use crate::output;
use aggregator::render::vintages;
use aggregator::store::StoreReader;
use aggregator::vintage_table;
use anyhow::{Context, bail};
use contract::reader::nearest;
use contract::time::Clock;

/// The forms of the table.
#[derive(Clone, Copy)]
pub(super) enum TableForm {
    Markdown,
    Csv,
    Json,
}

/// Prints the vintages of a KPI of the chosen plans that have it.
pub(super) fn print(
    configuration: &Configuration,
    readers: &[StoreReader],
    plans: &PlanOptions,
    (kpi, form): (&str, TableForm),
) -> anyhow::Result<()> {
    let chosen = plans.chosen(configuration)?;
    let now = SystemClock.now().moment();
    let mut is_known = false;
    for plan in &chosen {
        let id = plan.catalogue.plan.id.as_str();
        let found = vintage_table::of_kpi(readers, &plan.catalogue, kpi, now).context("the store cannot be read")?;
        let Some(found) = found else { continue };
        is_known = true;
        let text = match form {
            TableForm::Markdown => vintages::md((id, kpi), &found),
            TableForm::Csv => vintages::csv((id, kpi), &found),
            TableForm::Json => vintages::json((id, kpi), &found),
        };
        output::print(text.as_bytes())?;
    }
    if !is_known {
        let known = chosen.iter().flat_map(|plan| &plan.catalogue.kpis).map(|kpi| kpi.id.as_str());
        bail!("no plan has a KPI `{}`{}", kpi.escape_debug(), nearest(kpi, known));
    }
    Ok(())
}
