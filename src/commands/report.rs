//! `shihyo report`: the scoreboard on paper, and the canonical export.

use super::answer;
use crate::configuration;
use crate::failure::Failure;
use aggregator::render::{PlanSheet, csv, html, md};
use aggregator_core::report::Report;
use anyhow::Context;
use clap::{Args, ValueEnum};
use contract::period::Period;
use contract::time::Micros;
use std::io::Write;
use std::path::Path;

#[derive(Args)]
pub(crate) struct ReportOptions {
    /// Form of the report.
    #[arg(long, value_enum, default_value = "md")]
    format: Format,
    /// Only this plan.
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Judge as at the end of a day, or the closings of a month or fiscal year (2020-03-31, 2020-03, FY2019).
    #[arg(long, value_name = "MOMENT", value_parser = answer::on)]
    on: Option<Period>,
    /// Use only what was known by then.
    #[arg(long, value_name = "TIME", value_parser = answer::time)]
    known_at: Option<Micros>,
    /// Add every rollup to the JSON: the canonical export.
    #[arg(long)]
    rollups: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Md,
    Html,
    Csv,
    Json,
}

pub(crate) fn run(folder: &Path, options: &ReportOptions) -> Result<(), Failure> {
    let city = configuration::load(folder)?;
    let readers = answer::readers(&city)?;
    let states = answer::states(&city, &readers, options.plan.as_deref(), options.known_at)?;
    let rollups = options.rollups && options.format == Format::Json;
    let plans: Vec<_> =
        states.iter().map(|(state, _)| state.report(answer::ask(&state.catalogue.plan, options.on), rollups)).collect();
    for known in states.iter().filter_map(|(_, known)| known.as_ref()) {
        let settled = if known.is_settled() { "settled" } else { "not settled" };
        eprintln!("known at {}: {settled}", known.at);
        for doubt in &known.doubts {
            eprintln!("  {doubt}");
        }
        match known.catalogue {
            Some(revision) => eprintln!("  judged by the catalogue of {revision}"),
            None => eprintln!("  no catalogue was recorded by then: the configured one stands in"),
        }
    }
    let sheets = || -> Vec<PlanSheet<'_>> {
        states.iter().zip(&plans).map(|((state, _), plan)| PlanSheet::new(&state.catalogue, plan)).collect()
    };
    let text = match options.format {
        Format::Md => md::write(&sheets()),
        Format::Html => html::write(&sheets()).context("the page cannot be made")?,
        Format::Csv => csv::write(&sheets()),
        Format::Json => Report { plans: plans.clone() }.canonical_json() + "\n",
    };
    std::io::stdout().lock().write_all(text.as_bytes()).context("the report cannot be written")?;
    Ok(())
}
