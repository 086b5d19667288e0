//! `shihyo report`: the scoreboard as a document, and the canonical export.

use super::plan_options::VintageOptions;
use super::vintages::{self, TableForm};
use crate::failure::Failure;
use crate::output;
use aggregator::render::{PlanSheet, csv, html, md};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::Report;
use anyhow::Context;
use clap::{Args, ValueEnum};
use std::path::Path;

#[derive(Args)]
pub(crate) struct ReportOptions {
    /// Form of the report.
    #[arg(long, value_enum, default_value = "md")]
    format: Format,
    #[command(flatten)]
    vintage: VintageOptions,
    /// Add every rollup to the JSON: the canonical export.
    #[arg(long)]
    rollups: bool,
    /// Instead of the report: every value that was ever known of this KPI, by period, with its first release and revisions.
    #[arg(long, value_name = "KPI", conflicts_with_all = ["rollups", "known_at", "on"])]
    vintages: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Md,
    Html,
    Csv,
    Json,
}

pub(crate) fn run(folder: &Path, options: &ReportOptions) -> Result<(), Failure> {
    let configuration = options.vintage.plans.configuration(folder)?;
    let readers = options.vintage.plans.readers(&configuration)?;
    if let Some(kpi) = &options.vintages {
        let form = match options.format {
            Format::Csv => TableForm::Csv,
            Format::Json => TableForm::Json,
            Format::Md => TableForm::Markdown,
            Format::Html => Err(anyhow::anyhow!("--vintages has no HTML; use --format csv, json or md"))?,
        };
        return Ok(vintages::print(&configuration, &readers, &options.vintage.plans, (kpi, form))?);
    }
    let states = options.vintage.states(&configuration, &readers)?;
    let rollups = options.rollups && options.format == Format::Json;
    let report =
        |state: &PlanState| state.report_with_landings(options.vintage.plans.period(&state.catalogue.plan), rollups);
    let plans: Vec<_> = states.iter().map(|(state, _)| report(state)).collect();
    for vintage in states.iter().filter_map(|(_, vintage)| vintage.as_ref()) {
        let settled = if vintage.is_settled() { "settled" } else { "not settled" };
        eprintln!("known at {}: {settled}", vintage.at);
        for reason in &vintage.doubts {
            eprintln!("  {reason}");
        }
        match vintage.catalogue {
            Some(revision) => eprintln!("  judged by the catalogue of {revision}"),
            None => eprintln!("  no catalogue was recorded by then: the configured one is used"),
        }
    }
    let sheets = || -> Vec<PlanSheet<'_>> {
        states.iter().zip(&plans).map(|((state, _), plan)| PlanSheet::new(&state.catalogue, plan)).collect()
    };
    let text = match options.format {
        Format::Md => md::write(&sheets()),
        Format::Html => html::write(&sheets()).context("the page cannot be made")?,
        Format::Csv => csv::write(&sheets()),
        Format::Json => Report::from(plans.clone()).canonical_json() + "\n",
    };
    Ok(output::print(text.as_bytes())?)
}
