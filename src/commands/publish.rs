//! `shihyo publish`: freezes a report, lists what was published, and prints a published file as it was.

use super::plan_options::{self, VintageOptions};
use crate::clock::SystemClock;
use crate::configuration::{self, Configuration};
use crate::failure::Failure;
use crate::output;
use aggregator::publication::{Publication, PublicationFolder, PublishOutcome, draft};
use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use contract::error::chain;
use contract::time::Clock;
use std::path::Path;

#[derive(Args)]
pub(crate) struct PublishOptions {
    #[command(flatten)]
    vintage: VintageOptions,
    /// Publish nothing; list what was published, with the hash of every file, and prove all of it.
    #[arg(long, conflicts_with_all = ["get", "known_at", "on"])]
    list: bool,
    /// Publish nothing; print a file of the publication with this id as it was published.
    #[arg(long, value_name = "ID", conflicts_with_all = ["known_at", "on"])]
    get: Option<String>,
    /// The file to print.
    #[arg(long, value_enum, default_value = "md", requires = "get")]
    format: Format,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Md,
    Html,
    Csv,
    Json,
}

impl Format {
    fn file(self) -> &'static str {
        match self {
            Self::Md => "report.md",
            Self::Html => "report.html",
            Self::Csv => "report.csv",
            Self::Json => "report.json",
        }
    }
}

pub(crate) fn run(folder: &Path, options: &PublishOptions) -> Result<(), Failure> {
    let configuration = configuration::load(folder)?;
    let publications = PublicationFolder::beside_stores(&configuration.settings.data_dir);
    if let Some(id) = &options.get {
        return Ok(get(&configuration, &publications, options, id)?);
    }
    if options.list {
        return Ok(list(&configuration, &publications, options)?);
    }
    let readers = plan_options::readers(&configuration)?;
    for (state, vintage) in options.vintage.states(&configuration, &readers)? {
        let period = options.vintage.plans.period(&state.catalogue.plan);
        let draft = draft(&state, period, vintage.map(|vintage| vintage.at)).context("the report cannot be made")?;
        let outcome = publications.publish(&draft, SystemClock.now(), env!("CARGO_PKG_VERSION"));
        match outcome.context("the report cannot be published")? {
            PublishOutcome::Published(publication) => output::line(format_args!("published {}", line(&publication)))?,
            PublishOutcome::Same(publication) => {
                output::line(format_args!("already published {}", line(&publication)))?;
            }
        }
    }
    Ok(())
}

fn line(publication: &Publication) -> String {
    let Publication { plan, id, on, published_at, .. } = publication;
    format!("{plan} {id}: on {on}, at {published_at}")
}

fn list(
    configuration: &Configuration,
    publications: &PublicationFolder,
    options: &PublishOptions,
) -> anyhow::Result<()> {
    let mut damaged = 0;
    for plan in options.vintage.plans.chosen(configuration)? {
        for publication in publications.list(&plan.catalogue.plan.id)? {
            let damage = match publication {
                Err(error) => vec![error],
                Ok(publication) => {
                    output::line(format_args!("{}", line(&publication)))?;
                    for file in &publication.files {
                        output::line(format_args!("  {} {} bytes, SHA-256 {}", file.name, file.bytes, file.sha256))?;
                    }
                    publications.damage(&publication)
                }
            };
            for error in &damage {
                output::line(format_args!("  {}", chain(error)))?;
            }
            damaged += damage.len();
        }
    }
    if damaged > 0 {
        bail!("{damaged} published file(s) are not what was published");
    }
    Ok(())
}

fn get(
    configuration: &Configuration,
    publications: &PublicationFolder,
    options: &PublishOptions,
    id: &str,
) -> anyhow::Result<()> {
    for plan in options.vintage.plans.chosen(configuration)? {
        let Some(publication) = publications.find(&plan.catalogue.plan.id, id)? else { continue };
        let name = options.format.file();
        let file = publication.file(name).with_context(|| format!("publication {id} has no {name}"))?;
        output::print(&publications.read(&publication, file)?)?;
        return Ok(());
    }
    bail!("no publication `{}`; `shihyo publish --list` has their ids", id.escape_debug())
}
