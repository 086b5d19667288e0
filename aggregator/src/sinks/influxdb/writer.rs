//! The interface to a library that writes to InfluxDB, and what is the same for each library: waiting for an answer,
//! and the meaning of answers.

use super::settings::InfluxSettings;
use crate::sinks::excerpt::excerpt;
use crate::sinks::sink::SinkError;
use contract::time::{DAY, Moment};
use contract::tls::tls_failure;
use serde::Deserialize;
use std::error::Error;
use std::future::Future;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Why a request failed.
#[derive(Debug)]
pub enum WriteError {
    /// InfluxDB will never accept these points; the server's reason.
    Never(String),
    /// Too many points at once.
    TooLarge,
    /// Not for now.
    ForNow {
        /// Which server, its answer, and what to do about it.
        what: String,
        /// How long the server asks us to wait.
        after: Option<Duration>,
        /// The library's error.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// Stopped before the answer.
    Stopped,
}

/// Writes to one bucket, one request at a time. Every method ends soon after `stop` is cancelled.
pub trait PointWriter: Send {
    /// Writes lines whose times are in seconds.
    fn write(&mut self, lines: String, stop: &CancellationToken) -> Result<(), WriteError>;
    /// Removes the points that a predicate names, from a moment to another, both included.
    fn delete(&mut self, from: Moment, to: Moment, predicate: &str, stop: &CancellationToken)
    -> Result<(), WriteError>;
    /// Days for which the bucket keeps points; `None` when it keeps them for ever, or the token may not read that.
    fn retention(&mut self, stop: &CancellationToken) -> Result<Option<i64>, WriteError>;
}

/// The runtime of a sink's thread, with one request at a time.
#[derive(Debug)]
pub struct SinkRuntime(tokio::runtime::Runtime);

impl SinkRuntime {
    /// A runtime on this thread.
    pub fn new() -> Result<Self, std::io::Error> {
        tokio::runtime::Builder::new_current_thread().enable_all().build().map(Self)
    }

    /// Waits for an answer until the time-out, or until `stop` is cancelled.
    pub fn wait<T>(
        &self,
        settings: &InfluxSettings,
        stop: &CancellationToken,
        request: impl Future<Output = Result<T, WriteError>>,
    ) -> Result<T, WriteError> {
        self.0.block_on(async {
            tokio::select! {
                biased;
                () = stop.cancelled() => Err(WriteError::Stopped),
                answer = tokio::time::timeout(settings.timeout, request) => answer.unwrap_or_else(|_| {
                    Err(for_now(format!("{settings} has not answered within {:?}", settings.timeout), None))
                }),
            }
        })
    }
}

/// A failure that may pass: which server, what happened, what to do about it.
pub fn for_now(what: String, source: Option<Box<dyn Error + Send + Sync>>) -> WriteError {
    WriteError::ForNow { what, after: None, source }
}

/// The error of a request without an answer.
pub fn unanswered(settings: &InfluxSettings, source: impl Error + Send + Sync + 'static) -> WriteError {
    let what = tls_failure(&source).unwrap_or_else(|| "is it running, and is its address right?".to_owned());
    for_now(format!("{settings} cannot be reached; {what}"), Some(Box::new(source)))
}

/// The body of InfluxDB's own errors.
#[derive(Deserialize)]
struct InfluxErrorBody {
    code: String,
    #[serde(default)]
    message: String,
}

/// The error of a status and its body. Only InfluxDB's own error makes a point bad for ever: a proxy, or a server that
/// expects TLS, answers 400 too, and would turn every point into a dead letter.
pub fn refusal(settings: &InfluxSettings, status: u16, after: Option<Duration>, text: &str) -> WriteError {
    let error = serde_json::from_str::<InfluxErrorBody>(text).ok();
    let code = error.as_ref().map_or("", |error| error.code.as_str());
    if matches!((status, code), (400, "invalid") | (422, "unprocessable entity")) {
        return WriteError::Never(error.map_or_else(String::new, |error| excerpt(&error.message)));
    }
    let remedy = match status {
        401 => "; its token is wrong or was revoked: set influxdb.token",
        403 => "; its token may not write this bucket: give it write permission, or set influxdb.token",
        404 => "; make the bucket, or set influxdb.org and influxdb.bucket",
        413 => return WriteError::TooLarge,
        _ => "",
    };
    let text = error.map_or_else(|| excerpt(text.trim()), |error| excerpt(&error.message));
    WriteError::ForNow { what: format!("{settings} answered {status}: {text}{remedy}"), after, source: None }
}

/// Whole days of a retention in seconds, rounded up; 0 is for ever.
pub fn days(seconds: i64) -> Option<i64> {
    (seconds > 0).then(|| seconds.div_euclid(DAY) + i64::from(seconds % DAY > 0))
}

impl From<WriteError> for SinkError {
    fn from(refusal: WriteError) -> Self {
        let refused = |what, after, source| Self::Refused { what, after, source };
        match refusal {
            WriteError::ForNow { what, after, source } => refused(what, after, source),
            WriteError::Never(reason) => {
                refused(format!("InfluxDB refused the request as a whole: {reason}"), None, None)
            }
            WriteError::TooLarge => refused("InfluxDB found a small request too large".to_owned(), None, None),
            WriteError::Stopped => Self::Stopped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_influxdbs_own_error_makes_a_point_bad_for_ever() {
        let to = InfluxSettings::new("http://db:8086", "o", "b", "t");
        let wait = Some(Duration::from_secs(7));
        let own = r#"{"code":"invalid","message":"unable to parse"}"#;
        let partial = r#"{"code":"unprocessable entity","message":"partial write"}"#;
        assert!(matches!(refusal(&to, 400, None, own), WriteError::Never(text) if text == "unable to parse"));
        assert!(matches!(refusal(&to, 422, None, partial), WriteError::Never(_)));
        assert!(matches!(refusal(&to, 413, None, ""), WriteError::TooLarge));
        for (status, text) in [
            (400, "Client sent an HTTP request to an HTTPS server."),
            (422, "{}"),
            (401, own),
            (403, own),
            (404, own),
            (429, own),
            (500, own),
            (302, ""),
        ] {
            let WriteError::ForNow { what, after, .. } = refusal(&to, status, wait, text) else {
                panic!("{status} {text}")
            };
            assert!(what.starts_with("InfluxDB at http://db:8086 (bucket b of o) answered"), "{what}");
            assert_eq!(after, wait);
        }
    }

    #[test]
    fn retentions_are_whole_days() {
        assert_eq!([0, 1, 86_400, 86_401].map(days), [None, Some(1), Some(1), Some(2)]);
    }
}
