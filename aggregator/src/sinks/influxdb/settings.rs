//! Where InfluxDB is, and the bucket that is ours.

use crate::sinks::kind::{SinkSettingError, UrlShape, check_url};
use serde::Deserialize;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// The sink's name in stores, metrics and logs.
pub const NAME: &str = "influxdb";
/// Points of a request, unless the server finds them too many: InfluxDB's own advice.
pub const BATCH: usize = 5_000;

/// How long one request may take: long enough for a server that compacts, short enough to report it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// `[influxdb]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InfluxdbSection {
    pub(super) url: String,
    pub(super) org: String,
    pub(super) bucket: String,
    #[serde(default)]
    pub(super) token_file: Option<PathBuf>,
}

/// Where InfluxDB is, and the bucket that is ours.
#[derive(Clone)]
pub struct InfluxSettings {
    /// Its address, such as `https://influxdb.example:8086`.
    pub url: String,
    /// Name of the organization.
    pub org: String,
    /// Name of the bucket.
    pub bucket: String,
    /// API token that may write the bucket; never shown.
    pub token: String,
    /// How long one request may take: a batch of 5,000 points takes some 30 ms.
    pub timeout: Duration,
}

impl fmt::Debug for InfluxSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// As errors name it.
impl fmt::Display for InfluxSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InfluxDB at {} (bucket {} of {})", self.url.trim_end_matches('/'), self.bucket, self.org)
    }
}

impl InfluxSettings {
    /// A bucket, with the usual time-out.
    pub fn new(
        url: impl Into<String>,
        org: impl Into<String>,
        bucket: impl Into<String>,
        token: impl Into<String>,
    ) -> Self {
        let (url, org, bucket, token) = (url.into(), org.into(), bucket.into(), token.into());
        Self { url, org, bucket, token, timeout: REQUEST_TIMEOUT }
    }

    /// Finds what cannot be right, without asking the server. An address with a name, a password or a path is
    /// refused: the token authenticates, and the library would drop the path.
    pub(super) fn check(&self) -> Result<(), SinkSettingError> {
        check_url("influxdb.url", "\"http://localhost:8086\"", &self.url, UrlShape::Origin)?;
        let values = [("influxdb.org", &self.org), ("influxdb.bucket", &self.bucket), ("influxdb.token", &self.token)];
        if let Some((key, _)) = values.into_iter().find(|(_, value)| value.is_empty()) {
            return Err(SinkSettingError::Empty(key));
        }
        let visible = self.token.bytes().all(|b| b.is_ascii_graphic());
        if visible { Ok(()) } else { Err(SinkSettingError::NotAscii("influxdb.token")) }
    }
}
