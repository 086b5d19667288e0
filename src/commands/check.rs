//! `shihyo check`: finds every mistake in the configuration; `--fix` rewrites old keys, `--sample KIND` prints a sample.

use super::late_sources;
use crate::failure::Failure;
use crate::output;
use crate::{configuration, settings, sinks, transport};
use anyhow::Context;
use clap::Args;
use collectors::sources::KINDS;
use contract::reader::Mistake;
use std::path::Path;

#[derive(Args)]
pub(crate) struct CheckOptions {
    /// Print the sample configuration of a kind of source, and check nothing.
    #[arg(long, value_name = "KIND")]
    sample: Option<String>,
    /// Also ask every source and server once, and change nothing.
    #[arg(long, conflicts_with = "sample")]
    connect: bool,
    /// Rewrite keys that have new names, in place, before the check; comments and layout stay.
    #[arg(long, conflicts_with = "sample")]
    fix: bool,
}

pub(crate) fn run(folder: &Path, options: &CheckOptions) -> Result<(), Failure> {
    if let Some(kind) = &options.sample {
        let found = KINDS.iter().find(|known| known.name == kind);
        let names: Vec<&str> = KINDS.iter().map(|known| known.name).collect();
        let found =
            found.ok_or_else(|| anyhow::anyhow!("no kind of source `{kind}`; there are: {}", names.join(", ")))?;
        output::print(found.sample.as_bytes())?;
        return Ok(());
    }
    if options.fix {
        fix(folder)?;
    }
    let configuration = configuration::load(folder)?;
    for warning in &configuration.warnings {
        eprintln!("warning: {warning}");
    }
    let mut mistakes: Vec<Mistake> = transport::kafka(&configuration).err().into_iter().collect();
    mistakes.extend(sinks::configured(&configuration).err());
    if !mistakes.is_empty() {
        return Err(mistakes.into());
    }
    for plan in &configuration.plans {
        let c = &plan.catalogue;
        output::line(format_args!("{}: {} KPIs, {} series", c.plan.id, c.kpis.len(), c.series.len()))?;
    }
    output::line(format_args!("{} source(s); no mistake", configuration.sources.len()))?;
    if let Err(error) = late_sources::of_stores(&configuration) {
        eprintln!("warning: what is stored cannot be read, so nothing is suggested by it: {error:#}");
    }
    if options.connect {
        super::connect::all(&configuration)?;
    }
    Ok(())
}

/// Renames old keys in `shihyo.toml` and `sources.d`, and prints each change.
fn fix(folder: &Path) -> Result<(), Failure> {
    let mut changes = settings::fix(folder)?;
    for path in collectors::config::files(folder)? {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(&path).with_context(|| format!("{name} cannot be read"))?;
        let Some(renamed) = collectors::config::rename_old_keys(&text) else { continue };
        std::fs::write(&path, &renamed).with_context(|| format!("{name} cannot be written"))?;
        let lines = (1..).zip(text.lines().zip(renamed.lines())).filter(|(_, (old, new))| old != new);
        changes.extend(lines.map(|(line, _)| format!("{name}:{line}: `every` is now `interval`")));
    }
    for change in changes {
        output::line(format_args!("{change}"))?;
    }
    Ok(())
}
