//! Logging to stderr: plain on a terminal, JSON lines elsewhere. Never a figure's text, a name or an address of a person.

use crate::configuration::Configuration;
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;

/// Starts logging as configured, and logs the warnings of the configuration.
pub(crate) fn start(configuration: &Configuration) -> anyhow::Result<()> {
    start_at(&configuration.settings.log.level)?;
    for warning in &configuration.warnings {
        tracing::warn!("{warning}");
    }
    Ok(())
}

/// Starts logging at a level, or with a filter such as `info,collectors=debug`.
pub(crate) fn start_at(level: &str) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(level).map_err(|e| anyhow::anyhow!("`log.level` is no filter: {e}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = if std::io::stderr().is_terminal() { builder.try_init() } else { builder.json().try_init() };
    started.map_err(|e| anyhow::anyhow!("logging cannot start: {e}"))
}
