//! The command line of Shihyo: one binary, one file a subcommand.

mod clock;
mod commands;
mod configuration;
mod failure;
mod log;
mod notify;
mod output;
mod published_decimals;
mod service;
mod settings;
mod sinks;
mod topic;
mod transport;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Returns a poll's memory to the system within seconds; the system's own allocator keeps most of it for ever.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

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
    /// Collect, aggregate and serve the scoreboard in one process.
    Run(commands::run::RunOptions),
    /// Poll the sources and publish their figures.
    Collect(commands::collect::CollectOptions),
    /// Store and judge published records, and serve the scoreboard.
    Aggregate(commands::aggregate::AggregateOptions),
    /// Serve the scoreboard of all plans beside aggregators that share them on Kafka; sends nothing.
    View,
    /// Find every mistake in the configuration.
    Check(commands::check::CheckOptions),
    /// Print the scoreboard as Markdown, HTML, CSV or canonical JSON.
    Report(commands::report::ReportOptions),
    /// Freeze a report byte by byte, list what was published, or print it as it was.
    Publish(commands::publish::PublishOptions),
    /// Show the figures of a KPI, and the files they come from.
    Explain(commands::explain::ExplainOptions),
    /// List what changed between two times, when it was published, and from which file.
    Diff(commands::diff::DiffOptions),
    /// List quarantined records, show one, or judge all of them again.
    #[command(subcommand)]
    Quarantine(commands::quarantine::QuarantineCommand),
    /// Print records as they pass on the bus.
    Tap(commands::tap::TapOptions),
    /// Compute all derived rows again from the stored records, or write a sink again.
    Rebuild(commands::rebuild::RebuildOptions),
    /// Create or verify the topic on Kafka.
    #[command(subcommand)]
    Topics(commands::topics::TopicsCommand),
    /// Move records between networks as text files.
    Bundle(commands::bundle::BundleOptions),
    /// Take back what a source reported at some polls, and publish the source once more.
    Retract(commands::retract::RetractOptions),
    /// Try a catalogue before it is used.
    #[command(subcommand)]
    Kpi(commands::kpi::KpiCommand),
    /// Make a key that signs the records of a collector.
    Key(commands::key::KeyOptions),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let folder = arguments.config.as_path();
    let outcome = match arguments.command {
        Command::Run(options) => commands::run::run(folder, &options),
        Command::Collect(options) => commands::collect::run(folder, &options),
        Command::Aggregate(options) => commands::aggregate::run(folder, &options),
        Command::View => commands::view::run(folder),
        Command::Check(options) => commands::check::run(folder, &options),
        Command::Report(options) => commands::report::run(folder, &options),
        Command::Publish(options) => commands::publish::run(folder, &options),
        Command::Explain(options) => commands::explain::run(folder, &options),
        Command::Diff(options) => commands::diff::run(folder, &options),
        Command::Tap(options) => commands::tap::run(folder, &options),
        Command::Quarantine(command) => commands::quarantine::run(folder, &command),
        Command::Rebuild(options) => commands::rebuild::run(folder, &options),
        Command::Topics(topics) => commands::topics::run(folder, &topics),
        Command::Bundle(options) => commands::bundle::run(folder, &options),
        Command::Retract(options) => commands::retract::run(folder, &options),
        Command::Kpi(command) => commands::kpi::run(folder, &command),
        Command::Key(options) => commands::key::run(&options),
    };
    outcome.map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS)
}
