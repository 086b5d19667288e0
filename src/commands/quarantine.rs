//! `shihyo quarantine`: records that do not count, each with its reason. They are never deleted.

use super::plan_options;
use crate::failure::Failure;
use crate::output;
use crate::{configuration, log};
use aggregator::pipeline;
use aggregator::store::QuarantinedRecord;
use aggregator::vintage::each_quarantined;
use anyhow::Context;
use clap::{Args, Subcommand};
use std::collections::BTreeMap;
use std::path::Path;

/// Bytes of a record that are shown; the rest is counted.
const SHOWN_BYTES: usize = 4096;

#[derive(Subcommand)]
pub(crate) enum QuarantineCommand {
    /// One line per record: number, time, plan, reason and size.
    List(QuarantineFilter),
    /// One record as it was received, with everything but printable ASCII escaped.
    Show {
        /// Its number, as `list` prints it: PARTITION:ID.
        number: String,
    },
    /// Judge all of them again. A changed catalogue does this by itself; a new version of the program does not.
    Replay,
}

#[derive(Args)]
pub(crate) struct QuarantineFilter {
    /// Only records of this plan.
    #[arg(long, value_name = "ID")]
    plan: Option<String>,
    /// Only records with this reason.
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// Print JSON, an object a line.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(folder: &Path, command: &QuarantineCommand) -> Result<(), Failure> {
    let configuration = configuration::load(folder)?;
    if matches!(command, QuarantineCommand::Replay) {
        log::start(&configuration)?;
        let setup = configuration.pipeline_setup();
        let (before, after) = pipeline::replay(&setup).context("the quarantine cannot be judged again")?;
        output::line(format_args!("{before} record(s) were in quarantine, {after} are"))?;
        return Ok(());
    }
    let mut found: BTreeMap<String, QuarantinedRecord> = BTreeMap::new();
    for reader in plan_options::readers(&configuration)? {
        each_quarantined(&reader, |one| {
            found.insert(format!("{}:{}", one.at.partition.0, one.id), one.clone());
        })
        .context("the store cannot be read")?;
    }
    match command {
        QuarantineCommand::List(filter) => list(found, filter)?,
        QuarantineCommand::Show { number } => {
            let one = found.get(number);
            let one = one.ok_or_else(|| {
                anyhow::anyhow!("nothing in quarantine has the number `{number}`; see `shihyo quarantine list`")
            })?;
            show(number, one)?;
        }
        QuarantineCommand::Replay => {}
    }
    Ok(())
}

fn list(found: BTreeMap<String, QuarantinedRecord>, filter: &QuarantineFilter) -> anyhow::Result<()> {
    let mut reasons: BTreeMap<String, u64> = BTreeMap::new();
    let mut all: Vec<(String, QuarantinedRecord)> = found.into_iter().collect();
    all.sort_by_key(|(_, one)| (one.at.partition.0, one.id));
    for (number, one) in all {
        let is_wanted = filter.plan.as_ref().is_none_or(|plan| one.plan.as_ref() == Some(plan))
            && filter.reason.as_ref().is_none_or(|reason| one.reason == *reason);
        if !is_wanted {
            continue;
        }
        *reasons.entry(one.reason.clone()).or_default() += 1;
        let (time, plan, bytes) = (one.at.time.to_string(), one.plan.as_deref(), one.body.len());
        if filter.json {
            let object = serde_json::json!({
                "number": number, "time": time, "partition": one.at.partition.0, "offset": one.at.offset,
                "plan": plan, "reason": one.reason, "bytes": bytes,
            });
            output::line(format_args!("{object}"))?;
        } else {
            output::line(format_args!("{number}\t{time}\t{}\t{}\t{bytes} B", plan.unwrap_or("-"), one.reason))?;
        }
    }
    if !filter.json {
        let total: u64 = reasons.values().sum();
        let each: Vec<String> = reasons.iter().map(|(reason, count)| format!("{reason} {count}")).collect();
        eprintln!("{total} record(s) in quarantine{}{}", if each.is_empty() { "" } else { ": " }, each.join(", "));
    }
    Ok(())
}

fn show(number: &str, one: &QuarantinedRecord) -> anyhow::Result<()> {
    let offset = one.at.offset.map_or_else(|| "-".to_owned(), |offset| offset.to_string());
    output::line(format_args!(
        "number: {number}\npartition: {}\noffset: {offset}\ntime: {}",
        one.at.partition.0, one.at.time
    ))?;
    output::line(format_args!(
        "plan: {}\nreason: {}\nbytes: {}\n",
        one.plan.as_deref().unwrap_or("-"),
        one.reason,
        one.body.len()
    ))?;
    // It may hold control characters, which a terminal would execute.
    output::line(format_args!("{}", one.body[..one.body.len().min(SHOWN_BYTES)].escape_ascii()))?;
    if one.body.len() > SHOWN_BYTES {
        output::line(format_args!("... and {} bytes more", one.body.len() - SHOWN_BYTES))?;
    }
    Ok(())
}
