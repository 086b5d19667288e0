//! The writer on the crate `influxdb2`, with its defects kept out.
//!
//! It panics on an address that is none, and drops the path of one ([`InfluxSettings::check`] refuses both); it has no
//! time-out and cannot be stopped (we drop its request); it does not escape newlines (we build the lines); it hides
//! the headers of an answer, so that a Retry-After cannot be honoured; it does not read a retention beyond 68 years.

use super::settings::InfluxSettings;
use super::writer::{PointWriter, SinkRuntime, WriteError, days, for_now, refusal, unanswered};
use contract::time::Moment;
use influxdb2::api::buckets::ListBucketsRequest;
use influxdb2::api::write::TimestampPrecision;
use influxdb2::{Client, ClientBuilder, RequestError};
use std::ops::{Add, Sub};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Writes through `influxdb2`.
pub struct Influxdb2Client {
    settings: InfluxSettings,
    client: Client,
    runtime: SinkRuntime,
}

impl Influxdb2Client {
    /// A writer to a bucket whose settings were checked.
    pub fn new(settings: &InfluxSettings) -> Result<Self, WriteError> {
        let unusable = |source| for_now(format!("no client for {settings} can be made"), Some(source));
        let runtime = SinkRuntime::new().map_err(|error| unusable(error.into()))?;
        let client = ClientBuilder::new(&settings.url, &settings.org, &settings.token)
            .build()
            .map_err(|e| unusable(e.into()))?;
        Ok(Self { settings: settings.clone(), client, runtime })
    }
}

fn refused(settings: &InfluxSettings, error: RequestError) -> WriteError {
    match error {
        RequestError::Http { status, text } => refusal(settings, status.as_u16(), None, &text),
        error => unanswered(settings, error),
    }
}

/// A moment in the type that the crate wants, which is of a library that nothing else here uses.
fn civil<T: Default + Add<Duration, Output = T> + Sub<Duration, Output = T>>(moment: Moment) -> T {
    let since = Duration::from_secs(moment.0.unsigned_abs());
    if moment.0 < 0 { T::default() - since } else { T::default() + since }
}

impl PointWriter for Influxdb2Client {
    fn write(&mut self, lines: String, stop: &CancellationToken) -> Result<(), WriteError> {
        let Self { settings, client, runtime } = self;
        runtime.wait(settings, stop, async {
            let seconds = TimestampPrecision::Seconds;
            let request = client.write_line_protocol_with_precision(&settings.org, &settings.bucket, lines, seconds);
            request.await.map_err(|error| refused(settings, error))
        })
    }

    fn delete(
        &mut self,
        from: Moment,
        until: Moment,
        predicate: &str,
        stop: &CancellationToken,
    ) -> Result<(), WriteError> {
        let Self { settings, client, runtime } = self;
        runtime.wait(settings, stop, async {
            let request = client.delete(&settings.bucket, civil(from), civil(until), Some(predicate.to_owned()));
            request.await.map_err(|error| refused(settings, error))
        })
    }

    fn retention(&mut self, stop: &CancellationToken) -> Result<Option<i64>, WriteError> {
        let Self { settings, client, runtime } = self;
        let (name, org) = (Some(settings.bucket.clone()), Some(settings.org.clone()));
        let request = ListBucketsRequest { name, org, ..ListBucketsRequest::default() };
        let found = runtime.wait(settings, stop, async {
            client.list_buckets(Some(request)).await.map_err(|error| refused(settings, error))
        })?;
        let rules =
            found.buckets.iter().filter(|bucket| bucket.name == settings.bucket).flat_map(|b| &b.retention_rules);
        Ok(rules.filter_map(|rule| days(rule.every_seconds.into())).min())
    }
}
