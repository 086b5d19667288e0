//! A webhook: each alert event is posted once it was accepted, in order, signed.

mod settings;
mod sink;

pub use settings::WebhookSettings;

use super::kind::{self, SecretKey, SinkKind, SinkSection, SinkSettingError, external_url};
use super::sink::{ConfiguredSink, SinkInput};
use settings::WebhookSection;
use std::path::Path;
use std::sync::Arc;

/// The webhook as a kind of sink.
pub(super) const KIND: SinkKind = SinkKind {
    name: sink::NAME,
    title: ("Webhook（通知）", "The webhook (alerts)"),
    section: "alerts.webhook",
    lists: &[],
    secret: Some(SecretKey { file: "alerts.webhook.secret_file", variable: "SHIHYO__ALERTS__WEBHOOK__SECRET" }),
    read: kind::read::<WebhookSection>,
};

impl SinkSection for WebhookSection {
    fn secret_file(&self) -> Option<&Path> {
        self.secret_file.as_deref()
    }

    fn sink(&self, secret: &str, url: Option<&str>) -> Result<ConfiguredSink, SinkSettingError> {
        let secret = secret.to_owned();
        WebhookSettings { url: self.url.clone(), secret, external_url: external_url(url)? }.sink()
    }
}

impl WebhookSettings {
    /// The sink, unless a setting cannot be right; no server is asked.
    pub fn sink(self) -> Result<ConfiguredSink, SinkSettingError> {
        self.check()?;
        let make = Arc::new(move |_| Box::new(sink::WebhookSink::new(self.clone())) as _);
        Ok(ConfiguredSink { name: sink::NAME, input: SinkInput::Alerts, make })
    }
}
