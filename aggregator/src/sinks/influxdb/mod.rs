//! InfluxDB 2.x: a projection of the books for dashboards.
//!
//! What is written is what the books say now, never a history of changes: a rewrite is an overwrite, so that a
//! batch may be written twice, or half, and again. Field sets are whole in every point, since an omitted field
//! would keep its old value. The schema, which dashboards rely on, is in `README.md` beside this file, and
//! `schema.rs` is the only one that knows it.
//!
//! ```text
//! store: cursor, changes --plan.rs--> steps --books--> points --schema.rs, line.rs--> lines
//!                                                                                       |
//!                              dead letters <--bad points-- send.rs: batches, bisected -+-> writer: InfluxDB
//! ```
//!
//! - **step**: a piece of what is to be written or removed; some thousand points at most, made under the books'
//!   lock, which is never held while the network is waited for.
//! - **gone**: what was written once and is in the books no more; it is removed by its tags and time.
//! - **batch**: lines of one request; one is under way at a time, so that no older one can overtake a newer.
//! - **bad point**: one that InfluxDB will never take; found by halving the batch, kept once as a dead letter,
//!   recognised the next time, while the others go on.

mod client;
mod line;
mod plan;
mod schema;
mod send;
mod sink;
pub mod writer;

pub use client::Influxdb2Client;
pub use line::{FieldValue, LineBuffer, LineError};
pub use writer::{PointWriter, WriteError};

use super::{ConfiguredSink, SinkInput};
use sink::InfluxSink;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The sink's name in stores, metrics and logs.
pub const NAME: &str = "influxdb";
/// Points of a request, unless the server finds them too many: InfluxDB's own advice.
pub const BATCH: usize = 5_000;

/// How long one request may take: long enough for a server that compacts, short enough to say so.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where InfluxDB is, and the bucket that is ours.
#[derive(Clone, PartialEq, Eq)]
pub struct InfluxSettings {
    /// Its address, such as `https://influxdb.example:8086`.
    pub url: String,
    /// Name of the organization.
    pub org: String,
    /// Name of the bucket.
    pub bucket: String,
    /// API token that may write the bucket; never shown.
    pub token: String,
    /// How long one request may take.
    pub patience: Duration,
}

/// A setting that cannot be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InfluxSettingError {
    /// No address of a server.
    #[error("influxdb.url must be like \"http://localhost:8086\", not `{0}`")]
    Url(String),
    /// Nothing where something is needed.
    #[error("influxdb.{0} is empty")]
    Empty(&'static str),
    /// Characters that no token has.
    #[error("influxdb.token holds something that is no visible ASCII character; was the file read whole?")]
    Token,
}

impl fmt::Debug for InfluxSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, org, bucket, token: _, patience: _ } = self;
        f.debug_struct("Influx").field("url", url).field("org", org).field("bucket", bucket).finish_non_exhaustive()
    }
}

/// As errors name it.
impl fmt::Display for InfluxSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InfluxDB at {} (bucket {} of {})", self.url.trim_end_matches('/'), self.bucket, self.org)
    }
}

impl InfluxSettings {
    /// A bucket, with the patience that fits: a batch of 5,000 points is taken in some 30 ms.
    pub fn new(
        url: impl Into<String>,
        org: impl Into<String>,
        bucket: impl Into<String>,
        token: impl Into<String>,
    ) -> Self {
        let (url, org, bucket, token) = (url.into(), org.into(), bucket.into(), token.into());
        Self { url, org, bucket, token, patience: PATIENCE }
    }

    /// Says what cannot be right, without asking the server. An address with a name, a password or a path is
    /// refused: the token says who we are, and the library would drop the path.
    pub fn check(&self) -> Result<(), InfluxSettingError> {
        let plain = reqwest::Url::parse(&self.url).is_ok_and(|url| {
            let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
            let root = url.path() == "/" && url.fragment().is_none();
            matches!(url.scheme(), "http" | "https") && url.has_host() && bare && root
        });
        if !plain {
            // What stands before an @ may be a password.
            let shown = self.url.rsplit('@').next().unwrap_or_default();
            return Err(InfluxSettingError::Url(shown.to_owned()));
        }
        for (key, value) in [("org", &self.org), ("bucket", &self.bucket), ("token", &self.token)] {
            if value.is_empty() {
                return Err(InfluxSettingError::Empty(key));
            }
        }
        if self.token.bytes().all(|b| b.is_ascii_graphic()) { Ok(()) } else { Err(InfluxSettingError::Token) }
    }

    /// The sink that writes there, through the crate `influxdb2`.
    pub fn sink(self) -> Result<ConfiguredSink, InfluxSettingError> {
        self.check()?;
        Ok(self.sink_through(|to| Ok(Box::new(Influxdb2Client::new(to)?))))
    }

    /// The same through another library.
    pub fn sink_through(self, writer: fn(&Self) -> Result<Box<dyn PointWriter>, WriteError>) -> ConfiguredSink {
        ConfiguredSink {
            name: NAME,
            follows: SinkInput::Changes,
            make: Arc::new(move |_| Box::new(InfluxSink::new(self.clone(), writer))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(url: &str) -> InfluxSettings {
        InfluxSettings::new(url, "city", "b", "secret")
    }

    #[test]
    fn addresses_that_the_library_would_panic_on_or_cut_are_refused() {
        for url in ["http://localhost:8086", "https://db.example", "http://[::1]:8086/", "http://10.0.0.1"] {
            assert_eq!(to(url).check(), Ok(()), "{url}");
            assert!(Influxdb2Client::new(&to(url)).is_ok(), "{url}");
        }
        for url in ["", "localhost", "/3242/23", "localhost:8086", "http://", "http://a b", "http://[::zz]", "ftp://a"]
        {
            assert_eq!(to(url).check(), Err(InfluxSettingError::Url(url.into())));
        }
        for url in ["http://a/influx", "http://a/?org=x", "http://a/#x", "http://user@a"] {
            assert!(matches!(to(url).check(), Err(InfluxSettingError::Url(_))), "{url}");
        }
        let error = to("http://me:pass@a").check().unwrap_err().to_string();
        assert_eq!(error, "influxdb.url must be like \"http://localhost:8086\", not `a`");
    }

    #[test]
    fn a_token_is_never_shown() {
        assert_eq!(
            InfluxSettings { token: String::new(), ..to("http://a") }.check(),
            Err(InfluxSettingError::Empty("token"))
        );
        assert_eq!(InfluxSettings { token: "a\nb".into(), ..to("http://a") }.check(), Err(InfluxSettingError::Token));
        let shown = format!("{:?} {} {:?}", to("http://a"), to("http://a"), to("http://a").sink());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
