//! Where Alertmanager is.

use crate::sinks::kind::{SinkSettingError, UrlShape, check_external_url, check_url};
use serde::Deserialize;

/// The key of the addresses.
pub(super) const URLS: &str = "alerts.alertmanager.urls";

/// `[alerts.alertmanager]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AlertmanagerSection {
    pub(super) urls: Vec<String>,
}

/// Where Alertmanager is.
#[derive(Clone, Debug)]
pub struct AlertmanagerSettings {
    /// Addresses of all members of the cluster; each gets every alert, as Alertmanager asks for.
    pub urls: Vec<String>,
    /// Address of the scoreboard as readers of an alert reach it.
    pub external_url: String,
}

impl AlertmanagerSettings {
    /// Finds what cannot be right, without asking a server.
    pub(super) fn check(&self) -> Result<(), SinkSettingError> {
        if self.urls.is_empty() {
            return Err(SinkSettingError::Empty(URLS));
        }
        for url in &self.urls {
            check_url(URLS, "[\"http://localhost:9093\"]", url, UrlShape::Path)?;
        }
        check_external_url(&self.external_url)
    }
}
