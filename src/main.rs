//! The command line of Shihyo: one binary, one file a subcommand, wiring only.

mod clock;
mod commands;
mod configuration;
mod failure;
mod log;
mod notify;
mod service;
mod settings;
mod sinks;
mod transport;

use clap::{Parser, Subcommand};
use failure::Failure;
use std::path::PathBuf;
use std::process::ExitCode;

/// What a poll needed is given back to the system within seconds; the system's own allocator keeps most of it for ever.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Exit code of a configuration that has mistakes (`EX_CONFIG`).
const CONFIGURATION: u8 = 78;

/// The figures of a city's data plan, collected, rolled up and judged against their targets.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    /// Folder of the configuration.
    #[arg(long, global = true, default_value = "config", value_name = "DIR")]
    config: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything in one process: collect, store, judge, and serve the scoreboard.
    Run(commands::run::RunOptions),
    /// Poll the sources and publish their figures.
    Collect(commands::collect::CollectOptions),
    /// Store and judge what was published.
    Aggregate(commands::aggregate::AggregateOptions),
    /// Find every mistake in the configuration.
    Check(commands::check::CheckOptions),
    /// Print the scoreboard as Markdown, HTML, CSV or canonical JSON.
    Report(commands::report::ReportOptions),
    /// Walk from a KPI through its figures to the files they were read from.
    Explain(commands::explain::ExplainOptions),
    /// List what changed between two times, when it became known, and from which file.
    Diff(commands::diff::DiffOptions),
    /// Records that do not count: list them, show one, or judge them again.
    #[command(subcommand)]
    Quarantine(commands::quarantine::QuarantineCommand),
    /// Print records as they travel.
    Tap(commands::tap::TapOptions),
    /// Compute all derived rows again from the facts.
    Rebuild(commands::rebuild::RebuildOptions),
    /// The topic on Kafka.
    #[command(subcommand)]
    Topics(commands::topics::TopicsCommand),
    /// Carry records across a border that no network crosses, as text files.
    Bundle(commands::bundle::BundleOptions),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let folder = arguments.config.as_path();
    let done = match arguments.command {
        Command::Run(options) => commands::run::run(folder, &options),
        Command::Collect(options) => commands::collect::run(folder, &options),
        Command::Aggregate(options) => commands::aggregate::run(folder, &options),
        Command::Check(options) => commands::check::run(folder, &options),
        Command::Report(options) => commands::report::run(folder, &options),
        Command::Explain(options) => commands::explain::run(folder, &options),
        Command::Diff(options) => commands::diff::run(folder, &options),
        Command::Tap(options) => commands::tap::run(folder, &options),
        Command::Quarantine(command) => commands::quarantine::run(folder, &command),
        Command::Rebuild(options) => commands::rebuild::run(folder, &options),
        Command::Topics(topics) => commands::topics::run(folder, &topics),
        Command::Bundle(options) => commands::bundle::run(folder, &options),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Configuration(mistakes)) => {
            for mistake in &mistakes {
                eprintln!("{mistake}");
            }
            eprintln!("{} mistake(s) in the configuration", mistakes.len());
            ExitCode::from(CONFIGURATION)
        }
        Err(Failure::Other(error)) => {
            eprintln!("shihyo: {error:#}");
            ExitCode::FAILURE
        }
    }
}
