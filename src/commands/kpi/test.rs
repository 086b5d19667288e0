//! `shihyo kpi test FILES`: runs scenario files.

use crate::configuration;
use crate::failure::Failure;
use crate::output;
use aggregator_core::scenario::Scenario;
use anyhow::{Context, anyhow};
use clap::Args;
use contract::catalogue::Catalogue;
use contract::reader::Mistake;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Args)]
pub(crate) struct TestOptions {
    /// Scenario files, or folders of them (`*.txt`).
    #[arg(required = true, value_name = "FILES")]
    files: Vec<PathBuf>,
}

pub(crate) fn run(folder: &Path, options: &TestOptions) -> Result<(), Failure> {
    let configured: Vec<Catalogue> = configuration::catalogues(folder)?.into_iter().map(Arc::unwrap_or_clone).collect();
    let mut wrong = 0;
    let files = files(&options.files)?;
    for file in &files {
        match expectations(file, &configured)? {
            Ok(count) => output::line(format_args!("{}: {count} expectation(s) hold", file.display()))?,
            Err(mistakes) => {
                wrong += 1;
                mistakes.iter().try_for_each(|mistake| output::line(format_args!("{mistake}")))?;
            }
        }
    }
    match wrong {
        0 => Ok(()),
        wrong => Err(anyhow!("{wrong} of {} scenario(s) do not hold", files.len()).into()),
    }
}

/// How many expectations a file has, or what is wrong with it.
fn expectations(file: &Path, configured: &[Catalogue]) -> anyhow::Result<Result<usize, Vec<Mistake>>> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(|| format!("{name} cannot be read as UTF-8"))?;
    let scenario = match Scenario::parse(&name, text.trim_start_matches('\u{feff}'), configured) {
        Ok(scenario) => scenario,
        Err(mistakes) => return Ok(Err(mistakes)),
    };
    let wrong = scenario.run();
    Ok(if wrong.is_empty() { Ok(scenario.periods().len()) } else { Err(wrong) })
}

/// The named files, and the `*.txt` of named folders, in order.
fn files(named: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let entries = path.read_dir().with_context(|| format!("{} cannot be read", path.display()))?;
        let mut inside: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        inside.retain(|path| path.extension().is_some_and(|extension| extension == "txt"));
        inside.sort();
        if inside.is_empty() {
            return Err(anyhow!("{} has no scenario (*.txt)", path.display()));
        }
        files.extend(inside);
    }
    Ok(files)
}
