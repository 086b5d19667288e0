//! `shihyo kpi`: tries a catalogue before it is used.

mod test;

use crate::failure::Failure;
use clap::Subcommand;
use std::path::Path;

#[derive(Subcommand)]
pub(crate) enum KpiCommand {
    /// Run scenario files: figures of a KPI, and the status that is expected of them.
    Test(test::TestOptions),
}

pub(crate) fn run(folder: &Path, command: &KpiCommand) -> Result<(), Failure> {
    match command {
        KpiCommand::Test(options) => test::run(folder, options),
    }
}
