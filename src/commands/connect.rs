//! `shihyo check --connect`: asks every source and server of the configuration once, and changes nothing.

use crate::configuration::Configuration;
use crate::output;
use crate::service;
use crate::{sinks, transport};
use bus::Partition;
use bus::kafka::topics;
use collectors::runner::once::collect_once;
use contract::error::chain;
use tokio_util::sync::CancellationToken;

/// Prints the result of each source and server; fails when one cannot be reached or read.
pub(crate) fn all(configuration: &Configuration) -> anyhow::Result<()> {
    let mut failed = 0;
    for (name, result) in servers(configuration)? {
        failed += usize::from(result.is_err());
        output::line(format_args!("{name}: {}", result.unwrap_or_else(|error| error)))?;
    }
    let collector = service::collector(configuration);
    let collected = service::runtime()?.block_on(collect_once(&collector, &configuration.sources, None));
    for one in &collected {
        let (plan, source) = (&one.plan, &one.source);
        match &one.result {
            Ok((_, summary)) => {
                failed += usize::from(summary.failure.is_some());
                let failure = summary.failure.as_deref().map_or_else(String::new, |failure| format!(": {failure}"));
                output::line(format_args!(
                    "source {plan} {source}: {}, {} figure(s), {} reject(s){failure}",
                    if failure.is_empty() { "read" } else { summary.outcome },
                    summary.observations,
                    summary.rejects
                ))?;
            }
            Err(error) => {
                failed += 1;
                output::line(format_args!("source {plan} {source}: {error}"))?;
            }
        }
    }
    if failed > 0 {
        anyhow::bail!("{failed} of them cannot be reached or read");
    }
    Ok(())
}

/// The result of one request to each configured server. It proves login, rights and the place that is written to.
fn servers(configuration: &Configuration) -> anyhow::Result<Vec<(&'static str, Result<String, String>)>> {
    let mut all = Vec::new();
    if let Ok(Some((kafka, topic))) = transport::topic(configuration) {
        let name = &kafka.topic;
        all.push((
            "kafka",
            match topics::verify(&kafka, &topic) {
                Ok(true) => Ok(format!("topic {name} is as it must be")),
                Ok(false) => Err(format!("there is no topic {name}; `shihyo topics ensure` makes it")),
                Err(error) => Err(chain(&error)),
            },
        ));
    }
    let stop = CancellationToken::new();
    for sink in sinks::configured(configuration).map_err(|mistake| anyhow::anyhow!("{mistake}"))?.iter() {
        let result = (sink.make)(Partition(0)).probe(&stop);
        all.push((sink.name, result.map(str::to_owned).map_err(|error| chain(&error))));
    }
    Ok(all)
}
