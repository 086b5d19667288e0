//! Where the webhook is, and the secret that signs.

use crate::sinks::http::origin;
use crate::sinks::kind::{SinkSettingError, UrlShape, check_external_url, check_url};
use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;

/// `[alerts.webhook]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookSection {
    pub(super) url: String,
    #[serde(default)]
    pub(super) secret_file: Option<PathBuf>,
}

/// Where the webhook is.
#[derive(Clone)]
pub struct WebhookSettings {
    /// Its address; its path and query may be secret and are never shown.
    pub url: String,
    /// What signs; never shown.
    pub secret: String,
    /// Address of the scoreboard as readers of an alert reach it.
    pub external_url: String,
}

impl fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, secret: _, external_url } = self;
        let mut text = f.debug_struct("WebhookSettings");
        text.field("url", &origin(url)).field("external_url", external_url).finish_non_exhaustive()
    }
}

impl WebhookSettings {
    /// Finds what cannot be right, without asking the server.
    pub(super) fn check(&self) -> Result<(), SinkSettingError> {
        check_url("alerts.webhook.url", "\"https://hooks.example/shihyo\"", &self.url, UrlShape::Query)?;
        if self.secret.is_empty() {
            return Err(SinkSettingError::Empty("alerts.webhook.secret"));
        }
        check_external_url(&self.external_url)
    }
}
