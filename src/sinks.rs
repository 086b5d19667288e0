//! Who is told of what changed, as it is configured.

use crate::configuration::Configuration;
use crate::settings;
use aggregator::sinks::ConfiguredSink;
use aggregator::sinks::alert::{self, AlertmanagerSettings, WebhookSettings};
use aggregator::sinks::influxdb::InfluxSettings;
use contract::reader::Mistake;
use std::sync::Arc;

/// The key of Alertmanager's addresses.
const URLS: &str = "alerts.alertmanager.urls";

/// The configured sinks.
pub(crate) fn configured(city: &Configuration) -> Result<Arc<[ConfiguredSink]>, Mistake> {
    let mut sinks = Vec::new();
    sinks.extend(influxdb(city)?);
    sinks.extend(alertmanager(city)?);
    sinks.extend(webhook(city)?);
    Ok(sinks.into())
}

fn alertmanager(city: &Configuration) -> Result<Option<ConfiguredSink>, Mistake> {
    let Some(said) = &city.settings.alerts.alertmanager else { return Ok(None) };
    let to = AlertmanagerSettings { urls: said.urls.clone(), link: link(city)? };
    let sink = alert::alertmanager(to).map_err(|e| settings::mistake(&city.folder, URLS, e.to_string()))?;
    Ok(Some(sink))
}

fn webhook(city: &Configuration) -> Result<Option<ConfiguredSink>, Mistake> {
    let said = city.settings.alerts.webhook.as_ref().zip(city.settings.webhook_secret(&city.folder)?);
    let Some((said, secret)) = said else { return Ok(None) };
    let to = WebhookSettings { url: said.url.clone(), secret: (*secret).to_owned(), link: link(city)? };
    let sink = alert::webhook(to).map_err(|e| settings::mistake(&city.folder, "alerts.webhook.url", e.to_string()))?;
    Ok(Some(sink))
}

/// Where readers of an alert find the scoreboard.
fn link(city: &Configuration) -> Result<String, Mistake> {
    let needed = "`alerts.link` is needed: the address of the scoreboard as readers of an alert reach it";
    city.settings.alerts.link.clone().ok_or_else(|| settings::mistake(&city.folder, "alerts", needed.to_owned()))
}

fn influxdb(city: &Configuration) -> Result<Option<ConfiguredSink>, Mistake> {
    let said = city.settings.influxdb.as_ref().zip(city.settings.influxdb_token(&city.folder)?);
    let Some((said, token)) = said else { return Ok(None) };
    let influx = InfluxSettings::new(&said.url, &said.org, &said.bucket, &*token);
    let sink = influx.sink().map_err(|e| settings::mistake(&city.folder, "influxdb", e.to_string()))?;
    Ok(Some(sink))
}
