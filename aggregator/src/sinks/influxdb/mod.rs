//! InfluxDB 2.x: a projection of the figures for dashboards.
//!
//! Points hold the figures as they are now, never a history of changes: a rewrite is an overwrite, so that a batch
//! may be written twice, or half, and again. Field sets are whole in every point, since an omitted field would keep
//! its old value. The schema, which dashboards rely on, is in `README.md` beside this file; only `schema.rs`
//! implements it.
//!
//! ```text
//! store: cursor, changes --plan.rs--> steps --plan states--> points --schema.rs, line.rs--> lines
//!                                                                                       |
//!                              dead letters <--bad points-- send.rs: batches, bisected -+-> writer: InfluxDB
//! ```
//!
//! - **first fill**: everything that was there before the sink was; a piece of it after each piece of the changes.
//! - **write step**: a piece of what is to be written or removed; some thousand points at most, made under the lock of
//!   the plan states, which is never held while the network is waited for.
//! - **obsolete**: what was written once and exists no more; it is removed by its tags and time.
//! - **batch**: lines of one request; one is under way at a time, so that no older one can overtake a newer.
//! - **bad point**: one that InfluxDB will never accept; found by halving the batch, kept once as a dead letter, recognised
//!   the next time, while the others are written.

mod client;
mod fill;
mod landed;
mod line;
mod pending_lines;
mod plan;
mod schema;
mod send;
mod settings;
mod sink;
pub mod writer;
mod written;

pub use client::Influxdb2Client;
pub use line::{FieldValue, LineBuffer, LineError};
pub use settings::{BATCH, InfluxSettings, NAME};
pub use writer::{PointWriter, WriteError};

use super::kind::{self, SecretKey, SinkKind, SinkSection, SinkSettingError};
use super::sink::{ConfiguredSink, SinkInput};
use settings::InfluxdbSection;
use std::path::Path;
use std::sync::Arc;

/// InfluxDB as a kind of sink.
pub(super) const KIND: SinkKind = SinkKind {
    name: NAME,
    title: ("InfluxDB（グラフ用）", "InfluxDB (for dashboards)"),
    section: "influxdb",
    lists: &[],
    secret: Some(SecretKey { file: "influxdb.token_file", variable: "SHIHYO__INFLUXDB__TOKEN" }),
    read: kind::read::<InfluxdbSection>,
};

impl SinkSection for InfluxdbSection {
    fn secret_file(&self) -> Option<&Path> {
        self.token_file.as_deref()
    }

    fn sink(&self, secret: &str, _: Option<&str>) -> Result<ConfiguredSink, SinkSettingError> {
        InfluxSettings::new(&self.url, &self.org, &self.bucket, secret).sink()
    }
}

impl InfluxSettings {
    /// The sink that writes there, through the crate `influxdb2`.
    pub fn sink(self) -> Result<ConfiguredSink, SinkSettingError> {
        self.check()?;
        Ok(self.sink_through(|settings| Ok(Box::new(Influxdb2Client::new(settings)?))))
    }

    /// The same through another library.
    pub fn sink_through(self, writer: fn(&Self) -> Result<Box<dyn PointWriter>, WriteError>) -> ConfiguredSink {
        let make = Arc::new(move |_| Box::new(sink::InfluxSink::new(self.clone(), writer)) as _);
        ConfiguredSink { name: NAME, input: SinkInput::Changes, make }
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
            assert!(matches!(to(url).check(), Err(SinkSettingError::Url { found, .. }) if found == url), "{url}");
        }
        for url in ["http://a/influx", "http://a/?org=x", "http://a/#x", "http://user@a"] {
            assert!(matches!(to(url).check(), Err(SinkSettingError::Url { .. })), "{url}");
        }
        let error = to("http://me:pass@a").check().unwrap_err().to_string();
        assert_eq!(error, "influxdb.url must be like \"http://localhost:8086\", not `a`");
    }

    #[test]
    fn a_token_is_never_shown() {
        assert_eq!(
            InfluxSettings { token: String::new(), ..to("http://a") }.check(),
            Err(SinkSettingError::Empty("influxdb.token"))
        );
        assert_eq!(
            InfluxSettings { token: "a\nb".into(), ..to("http://a") }.check(),
            Err(SinkSettingError::NotAscii("influxdb.token"))
        );
        let shown = format!("{:?} {} {:?}", to("http://a"), to("http://a"), to("http://a").sink());
        assert!(!shown.contains("secret"), "{shown}");
    }
}
