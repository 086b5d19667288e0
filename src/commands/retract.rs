//! `shihyo retract`: takes back what a source reported at some polls, and has the source published once more.

use super::plan_options;
use crate::clock::SystemClock;
use crate::configuration::Configuration;
use crate::failure::Failure;
use crate::transport::{self, Publisher};
use crate::{configuration, log, output, service};
use anyhow::Context;
use clap::Args;
use collectors::config::SourceConfig;
use collectors::retract::{Correction, retract};
use contract::time::{Clock, Micros};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Polls that are listed; the rest is counted.
const SHOWN: usize = 20;

#[derive(Args)]
pub(crate) struct RetractOptions {
    /// The source, as PLAN/SOURCE. Run it where the source is collected.
    source: String,
    /// The polls that lie ahead of this machine's clock, as the store on this machine has them.
    #[arg(long, conflicts_with = "at")]
    ahead: bool,
    /// The poll of this time, such as 2026-04-01T09:00:00.123456+09:00; may be repeated. Pages, `explain` and the log name it.
    #[arg(long, value_name = "TIME", required_unless_present = "ahead", value_parser = time)]
    at: Vec<Micros>,
    /// Why; it is stored with the retraction.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Who takes it back.
    #[arg(long, value_name = "NAME", default_value_t = user())]
    by: String,
    /// Publish it; without it the polls are only listed.
    #[arg(long)]
    yes: bool,
}

fn time(text: &str) -> Result<Micros, String> {
    Micros::parse(text).ok_or_else(|| "no time; write it as 2026-04-01T09:00:00.123456+09:00".to_owned())
}

fn user() -> String {
    std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned())
}

pub(crate) fn run(folder: &Path, options: &RetractOptions) -> Result<(), Failure> {
    let runtime = service::runtime()?;
    let configuration = configuration::load(folder)?;
    log::start(&configuration)?;
    let source = chosen(&configuration, &options.source)?;
    let times = if options.ahead { ahead(&configuration, source)? } else { options.at.iter().copied().collect() };
    let SourceConfig { plan, id, .. } = source;
    if times.is_empty() {
        return Err(anyhow::anyhow!(
            "no stored poll of {plan}/{id} is ahead of this machine's clock; on a machine without the store name the polls \
             with --at"
        )
        .into());
    }
    for poll in times.iter().take(SHOWN) {
        output::line(format_args!("{plan}/{id}\t{poll}"))?;
    }
    if times.len() > SHOWN {
        output::line(format_args!("... and {} polls more", times.len() - SHOWN))?;
    }
    if !options.yes {
        output::line(format_args!(
            "nothing is retracted yet: add --yes to take back what these {} poll(s) reported",
            times.len()
        ))?;
        return Ok(());
    }
    let kafka = transport::kafka(&configuration)?;
    service::make_data_dir(&configuration)?;
    let outcome: anyhow::Result<()> = runtime.block_on(async {
        let publisher = Publisher::open(&configuration, kafka.as_ref())?;
        let correction = Correction { polls: &times, by: &options.by, reason: &options.reason };
        let signer = configuration.signer.as_ref();
        let sent = retract(publisher.outbox.as_ref(), signer, &SystemClock, (plan, id), &correction).await;
        sent.context("the retraction cannot be published")?;
        publisher.shipped().await
    });
    outcome?;
    output::line(format_args!("retracted; {plan}/{id} is published once more at its next poll"))?;
    Ok(())
}

fn chosen<'a>(configuration: &'a Configuration, name: &str) -> anyhow::Result<&'a SourceConfig> {
    let is = |source: &&Arc<SourceConfig>| name == format!("{}/{}", source.plan, source.id);
    configuration.sources.iter().find(is).map(AsRef::as_ref).with_context(|| {
        let names: Vec<String> = configuration.sources.iter().map(|s| format!("{}/{}", s.plan, s.id)).collect();
        format!("there is no source `{}`; there are: {}", name.escape_debug(), names.join(", "))
    })
}

/// The stored polls of a source that are ahead of the clock.
fn ahead(configuration: &Configuration, source: &SourceConfig) -> anyhow::Result<BTreeSet<Micros>> {
    let now = SystemClock.now();
    let mut polls = BTreeSet::new();
    for reader in plan_options::readers(configuration)? {
        polls.extend(reader.polls_after(&source.plan, &source.id, now).context("the store cannot be read")?);
    }
    Ok(polls)
}
