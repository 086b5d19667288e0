//! How sinks are configured: a section of `shihyo.toml` each, and what can be wrong with it.

use super::sink::ConfiguredSink;
use reqwest::Url;
use serde::de::DeserializeOwned;
use std::fmt;
use std::path::Path;

/// The key that alerts need beside the section of their sink.
pub const EXTERNAL_URL: &str = "alerts.external_url";

/// A kind of sink.
#[derive(Clone, Copy, Debug)]
pub struct SinkKind {
    /// Its name in stores, metrics and logs.
    pub name: &'static str,
    /// Its title on pages, in Japanese and English.
    pub title: (&'static str, &'static str),
    /// Its section of `shihyo.toml`, such as `alerts.webhook`.
    pub section: &'static str,
    /// Its keys that hold a list.
    pub lists: &'static [&'static str],
    /// Its secret.
    pub secret: Option<SecretKey>,
    /// Reads its section.
    pub read: fn(config::Value) -> Result<Box<dyn SinkSection>, SectionError>,
}

/// Where a secret comes from.
#[derive(Clone, Copy, Debug)]
pub struct SecretKey {
    /// The key that names its file.
    pub file: &'static str,
    /// The environment variable that holds it instead.
    pub variable: &'static str,
}

/// A section that cannot be read, with the path of the key inside it.
pub type SectionError = Box<serde_path_to_error::Error<config::ConfigError>>;

/// A section of `shihyo.toml` that configures a sink.
pub trait SinkSection: fmt::Debug + Send + Sync {
    /// File of the secret.
    fn secret_file(&self) -> Option<&Path> {
        None
    }

    /// The sink with its secret, and the address of the scoreboard as readers of an alert reach it.
    fn sink(&self, secret: &str, external_url: Option<&str>) -> Result<ConfiguredSink, SinkSettingError>;
}

/// [`SinkKind::read`] of a section.
pub(super) fn read<S: SinkSection + DeserializeOwned + 'static>(
    section: config::Value,
) -> Result<Box<dyn SinkSection>, SectionError> {
    serde_path_to_error::deserialize::<_, S>(section).map(|section| Box::new(section) as _).map_err(Box::new)
}

/// A setting that cannot be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SinkSettingError {
    /// Not the address of a server.
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
    /// Characters that no token has.
    #[error("{0} holds something that is no visible ASCII character; was the file read whole?")]
    NotAscii(&'static str),
    /// Alerts without the address of the scoreboard.
    #[error("`{EXTERNAL_URL}` is needed: the address of the scoreboard as readers of an alert reach it")]
    NoExternalUrl,
}

impl SinkSettingError {
    /// The key to change.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Url { key, .. } | Self::Empty(key) | Self::NotAscii(key) => key,
            Self::NoExternalUrl => EXTERNAL_URL,
        }
    }
}

/// What an address may have beside scheme, host and port.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum UrlShape {
    /// Nothing.
    Origin,
    /// A path.
    Path,
    /// A path and a query.
    Query,
}

/// Checks the address of a server: a host by HTTP, without name and password, which errors would show.
pub(super) fn check_url(
    key: &'static str,
    like: &'static str,
    url: &str,
    shape: UrlShape,
) -> Result<(), SinkSettingError> {
    let is_right = Url::parse(url).is_ok_and(|url| {
        let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        let query = url.query().is_none() || shape == UrlShape::Query;
        let path = url.path() == "/" || shape != UrlShape::Origin;
        matches!(url.scheme(), "http" | "https") && url.has_host() && bare && query && path
    });
    if is_right {
        return Ok(());
    }
    // What stands before an @ may be a password, what stands after a ? a token.
    let found = url.rsplit('@').next().unwrap_or_default().split('?').next().unwrap_or_default();
    Err(SinkSettingError::Url { key, like, found: found.to_owned() })
}

/// The address of the scoreboard, which texts of alerts link to.
pub(super) fn external_url(configured: Option<&str>) -> Result<String, SinkSettingError> {
    configured.map(str::to_owned).ok_or(SinkSettingError::NoExternalUrl)
}

/// Checks the address of the scoreboard.
pub(super) fn check_external_url(url: &str) -> Result<(), SinkSettingError> {
    check_url(EXTERNAL_URL, "\"https://shihyo.example\"", url, UrlShape::Path)
}
