//! The sinks that `shihyo.toml` configures.

use crate::configuration::Configuration;
use crate::settings;
use aggregator::sinks::ConfiguredSink;
use contract::reader::Mistake;
use std::sync::Arc;

/// The configured sinks, with their secrets.
pub(crate) fn configured(configuration: &Configuration) -> Result<Arc<[ConfiguredSink]>, Mistake> {
    let folder = &configuration.folder;
    let external_url = configuration.settings.alerts.external_url.as_deref();
    let sinks = configuration.settings.sinks.iter().map(|(kind, section)| {
        let secret = kind.secret.map(|key| settings::required(key, section.secret_file(), folder)).transpose()?;
        let sink = section.sink(secret.as_deref().unwrap_or_default(), external_url);
        sink.map_err(|error| settings::mistake(folder, error.key(), error.to_string()))
    });
    sinks.collect()
}
