//! Alerts: who is told when a KPI falls behind, misses its target, or gets no figures any more.
//!
//! ```text
//! keeper: judgements --step--> alerts, alert events --cursor--> alertmanager.rs: what stands, every minute
//!                                                         \---> webhook.rs: each event once, signed
//! ```
//!
//! - **event**: an alert fired or was resolved; it holds all that a text needs, so that a text is a function of
//!   event and link, the same after a restart and to everybody who is told.
//! - **told**: what an event says of its KPI ([`Told`]); `told.rs` makes words of it.
//! - **link**: the scoreboard's address as readers of an alert reach it.

mod alertmanager;
mod http;
mod text;
mod webhook;

pub use alertmanager::AlertmanagerSettings;
pub use webhook::WebhookSettings;

use super::{ConfiguredSink, Sink, SinkInput};
use std::sync::Arc;

/// A setting that cannot be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AlertSettingError {
    /// No address of a server.
    #[error("{key} must be like {like}, not `{found}`")]
    Url {
        /// The key.
        key: &'static str,
        /// What is right.
        like: &'static str,
        /// What was found, without what may be secret.
        found: String,
    },
    /// Nothing where something is needed.
    #[error("{0} is empty")]
    Empty(&'static str),
}

/// The sink that keeps Alertmanagers told.
pub fn alertmanager(to: AlertmanagerSettings) -> Result<ConfiguredSink, AlertSettingError> {
    to.check()?;
    Ok(maker(alertmanager::NAME, move || Box::new(alertmanager::AlertmanagerSink::new(to.clone()))))
}

/// The sink that posts each event to a webhook.
pub fn webhook(to: WebhookSettings) -> Result<ConfiguredSink, AlertSettingError> {
    to.check()?;
    Ok(maker(webhook::NAME, move || Box::new(webhook::WebhookSink::new(to.clone()))))
}

fn maker(name: &'static str, make: impl Fn() -> Box<dyn Sink> + Send + Sync + 'static) -> ConfiguredSink {
    ConfiguredSink { name, follows: SinkInput::Alerts, make: Arc::new(move |_| make()) }
}

/// Says whether an address can be right: a host by HTTP, without name and password, which errors would show.
fn check_url(key: &'static str, like: &'static str, url: &str, may_ask: bool) -> Result<(), AlertSettingError> {
    let plain = reqwest::Url::parse(url).is_ok_and(|url| {
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        matches!(url.scheme(), "http" | "https") && url.has_host() && bare && (may_ask || url.query().is_none())
    });
    if plain {
        return Ok(());
    }
    // What stands before an @ may be a password, what stands after a ? a token.
    let shown = url.rsplit('@').next().unwrap_or_default().split('?').next().unwrap_or_default();
    Err(AlertSettingError::Url { key, like, found: shown.to_owned() })
}

fn check_link(link: &str) -> Result<(), AlertSettingError> {
    check_url("alerts.link", "\"https://shihyo.example\"", link, false)
}
