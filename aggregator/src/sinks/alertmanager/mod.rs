//! Alertmanager: what fires is sent every minute, and ends by itself when we are silent for long.

mod settings;
mod sink;

pub use settings::AlertmanagerSettings;

use super::kind::{self, SinkKind, SinkSection, SinkSettingError, external_url};
use super::sink::{ConfiguredSink, SinkInput};
use settings::AlertmanagerSection;
use std::sync::Arc;

/// Alertmanager as a kind of sink.
pub(super) const KIND: SinkKind = SinkKind {
    name: sink::NAME,
    title: ("Alertmanager（通知）", "Alertmanager (alerts)"),
    section: "alerts.alertmanager",
    lists: &[settings::URLS],
    secret: None,
    read: kind::read::<AlertmanagerSection>,
};

impl SinkSection for AlertmanagerSection {
    fn sink(&self, _: &str, url: Option<&str>) -> Result<ConfiguredSink, SinkSettingError> {
        AlertmanagerSettings { urls: self.urls.clone(), external_url: external_url(url)? }.sink()
    }
}

impl AlertmanagerSettings {
    /// The sink, unless a setting cannot be right; no server is asked.
    pub fn sink(self) -> Result<ConfiguredSink, SinkSettingError> {
        self.check()?;
        let make = Arc::new(move |_| Box::new(sink::AlertmanagerSink::new(self.clone())) as _);
        Ok(ConfiguredSink { name: sink::NAME, input: SinkInput::Alerts, make })
    }
}
