//! `shihyo kpi`: tries a catalogue before it is used.

mod plan;
mod test;

use crate::failure::Failure;
use clap::Subcommand;
use std::path::Path;

#[derive(Subcommand)]
pub(crate) enum KpiCommand {
    /// Run scenario files: figures of a KPI, and the status that is expected of them.
    Test(test::TestOptions),
    /// Show what the catalogues of the configuration would do to every status and alert, instead of the recorded ones.
    Plan(plan::PreviewOptions),
}

pub(crate) fn run(folder: &Path, command: &KpiCommand) -> Result<(), Failure> {
    match command {
        KpiCommand::Test(options) => test::run(folder, options),
        KpiCommand::Plan(options) => plan::run(folder, options),
    }
}
