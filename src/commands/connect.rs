//! `shihyo check --connect`: is everything there that the configuration names? Asks each once, and changes nothing.

use crate::configuration::Configuration;
use crate::service;
use crate::{sinks, transport};
use bus::Partition;
use bus::kafka::topics;
use collectors::runner::once::collect_once;
use std::net::ToSocketAddrs;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a connection may take: what is up answers within a second or two.
const CONNECT: Duration = Duration::from_secs(5);

/// Says on stdout what each source and server answers; fails when one does not.
pub(crate) fn all(city: &Configuration) -> anyhow::Result<()> {
    let mut silent = 0;
    for (name, answer) in servers(city)? {
        silent += usize::from(answer.is_err());
        println!("{name}: {}", answer.unwrap_or_else(|why| why));
    }
    let collector = service::collector(city);
    let collected = service::runtime()?.block_on(collect_once(&collector, &city.sources, None));
    for one in &collected {
        let (plan, source) = (&one.plan, &one.source);
        match &one.result {
            Ok((_, summary)) => {
                silent += usize::from(summary.failure.is_some());
                let why = summary.failure.as_deref().map_or_else(String::new, |why| format!(": {why}"));
                println!(
                    "source {plan} {source}: {}, {} figure(s), {} reject(s){why}",
                    if why.is_empty() { "read" } else { summary.outcome },
                    summary.observations,
                    summary.rejects
                );
            }
            Err(error) => {
                silent += 1;
                println!("source {plan} {source}: {error}");
            }
        }
    }
    if silent > 0 {
        anyhow::bail!("{silent} of them cannot be reached or read");
    }
    Ok(())
}

/// What each configured server answers to a question that changes nothing: login, rights and the place written to are part of it.
fn servers(city: &Configuration) -> anyhow::Result<Vec<(&'static str, Result<String, String>)>> {
    let mut all = Vec::new();
    if let Ok(Some((kafka, topic))) = transport::topic(city) {
        let name = &kafka.topic;
        all.push((
            "kafka",
            match topics::verify(&kafka, &topic) {
                Ok(true) => Ok(format!("topic {name} is as it must be")),
                Ok(false) => Err(format!("there is no topic {name}; `shihyo topics ensure` makes it")),
                Err(error) => Err(format!("{:#}", anyhow::Error::from(error))),
            },
        ));
    }
    let stop = CancellationToken::new();
    for sink in sinks::configured(city).map_err(|mistake| anyhow::anyhow!("{mistake}"))?.iter() {
        let asked = (sink.make)(Partition(0)).ask(&stop);
        all.push((
            sink.name,
            match asked {
                Ok(true) => Ok("would take what is written".to_owned()),
                // A webhook takes messages, and a message that is none would be one.
                Ok(false) => reached(city),
                Err(error) => Err(format!("{:#}", anyhow::Error::from(error))),
            },
        ));
    }
    Ok(all)
}

/// Whether the webhook's host answers.
fn reached(city: &Configuration) -> Result<String, String> {
    let url = city.settings.alerts.webhook.as_ref().map(|to| to.url.as_str()).unwrap_or_default();
    reach(&place(url).ok_or("its address is none")?).map(|()| "its host answers; nothing was sent".to_owned())
}

/// Host and port of an address that was checked before.
fn place(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let host = rest.split(['/', '?', '#']).next()?.rsplit('@').next()?;
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let port = if scheme == "https" { 443 } else { 80 };
    Some(if has_port { host.to_owned() } else { format!("{host}:{port}") })
}

fn reach(place: &str) -> Result<(), String> {
    let found = place.to_socket_addrs().map_err(|error| format!("its name cannot be resolved: {error}"))?;
    let mut last = "its name leads nowhere".to_owned();
    for address in found {
        match std::net::TcpStream::connect_timeout(&address, CONNECT) {
            Ok(_) => return Ok(()),
            Err(error) => last = format!("no answer: {error}"),
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::place;

    #[test]
    fn the_place_of_an_address_has_a_port() {
        for (url, right) in [
            ("https://a.jp/x?y", "a.jp:443"),
            ("http://a.jp:8086", "a.jp:8086"),
            ("http://[::1]:9093/", "[::1]:9093"),
            ("http://[::1]/", "[::1]:80"),
        ] {
            assert_eq!(place(url).as_deref(), Some(right));
        }
    }
}
