//! `shihyo check --connect`: is everything there that the configuration names? Asks each once, and changes nothing.

use super::service;
use crate::city::City;
use crate::transport;
use anyhow::Context;
use collectors::once::collect_once;
use std::net::ToSocketAddrs;
use std::time::Duration;

/// How long a connection may take: what is up answers within a second or two.
const CONNECT: Duration = Duration::from_secs(5);

/// Says on stdout what each source and server answers; fails when one does not.
pub(crate) fn all(city: &City) -> anyhow::Result<()> {
    let mut silent = 0;
    for (name, address) in servers(city)? {
        let answer = reach(&address);
        silent += usize::from(answer.is_err());
        println!("{name} {address}: {}", answer.map_or_else(|why| why, |()| "answers".to_owned()));
    }
    let collector = service::collector(city)?;
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

/// Every server that the settings name, as host and port.
fn servers(city: &City) -> anyhow::Result<Vec<(&'static str, String)>> {
    let mut all = Vec::new();
    let settings = &city.settings;
    if transport::kafka(city).ok().flatten().is_some() {
        let brokers = settings.kafka.iter().flat_map(|kafka| kafka.brokers.split(','));
        all.extend(brokers.map(|broker| ("kafka", broker.trim().to_owned())));
    }
    let mut urls: Vec<(&'static str, &str)> =
        settings.influxdb.iter().map(|sink| ("influxdb", sink.url.as_str())).collect();
    let alerts = &settings.alerts;
    urls.extend(alerts.alertmanager.iter().flat_map(|to| to.urls.iter().map(|url| ("alertmanager", url.as_str()))));
    urls.extend(alerts.webhook.iter().map(|to| ("webhook", to.url.as_str())));
    for (name, url) in urls {
        let place = place(url).with_context(|| format!("the address of {name} is none"))?;
        all.push((name, place));
    }
    Ok(all)
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
