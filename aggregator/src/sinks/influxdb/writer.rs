//! What the sink needs of a library that speaks to InfluxDB, and what is the same whichever it is: waiting for an
//! answer, and what answers mean.

use super::InfluxSettings;
use contract::time::{DAY, Moment};
use serde::Deserialize;
use std::error::Error;
use std::future::Future;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Most characters of a server's answer that we repeat.
const SAID: usize = 300;

/// Why a request did not do what it should.
#[derive(Debug)]
pub enum WriteError {
    /// These points will never be taken as they are; the server's reason.
    Never(String),
    /// Too many points at once.
    TooLarge,
    /// Not for now.
    ForNow {
        /// Which server, what it said, and what to do about it.
        what: String,
        /// How long it asked us to wait.
        after: Option<Duration>,
        /// What the library said.
        source: Option<Box<dyn Error + Send + Sync>>,
    },
    /// We were told to stop.
    Stopped,
}

/// Writes to one bucket, one request at a time. Every method ends soon after `stop` is cancelled.
pub trait PointWriter: Send {
    /// Writes lines whose times are in seconds.
    fn write(&mut self, lines: String, stop: &CancellationToken) -> Result<(), WriteError>;
    /// Removes the points that a predicate names, from a moment to another, both included.
    fn delete(&mut self, from: Moment, to: Moment, predicate: &str, stop: &CancellationToken)
    -> Result<(), WriteError>;
    /// Days for which the bucket keeps points; `None` when it keeps them for ever or does not let us see.
    fn retention(&mut self, stop: &CancellationToken) -> Result<Option<i64>, WriteError>;
}

/// A thread's own runtime: the sink has one, and one request on it.
#[derive(Debug)]
pub struct SinkRuntime(tokio::runtime::Runtime);

impl SinkRuntime {
    /// A runtime on this thread.
    pub fn new() -> Result<Self, std::io::Error> {
        tokio::runtime::Builder::new_current_thread().enable_all().build().map(Self)
    }

    /// Waits for an answer, but no longer than one may take, and not when told to stop.
    pub fn wait<T>(
        &self,
        to: &InfluxSettings,
        stop: &CancellationToken,
        request: impl Future<Output = Result<T, WriteError>>,
    ) -> Result<T, WriteError> {
        self.0.block_on(async {
            tokio::select! {
                biased;
                () = stop.cancelled() => Err(WriteError::Stopped),
                answer = tokio::time::timeout(to.patience, request) => answer.unwrap_or_else(|_| {
                    Err(for_now(format!("{to} has not answered within {:?}", to.patience), None))
                }),
            }
        })
    }
}

/// Something that may pass: which server, what happened, what to do about it.
pub fn for_now(what: String, source: Option<Box<dyn Error + Send + Sync>>) -> WriteError {
    WriteError::ForNow { what, after: None, source }
}

/// A request that was not answered.
pub fn unanswered(to: &InfluxSettings, source: impl Error + Send + Sync + 'static) -> WriteError {
    for_now(format!("{to} cannot be reached; is it running, and is its address right?"), Some(Box::new(source)))
}

/// How InfluxDB itself says no.
#[derive(Deserialize)]
struct InfluxErrorBody {
    code: String,
    #[serde(default)]
    message: String,
}

/// What a status and its text mean. Only InfluxDB's own word makes a point bad for ever: a proxy, or a server that
/// expects TLS, says 400 too, and would turn every point into a dead letter.
pub fn refusal(to: &InfluxSettings, status: u16, after: Option<Duration>, text: &str) -> WriteError {
    let said = serde_json::from_str::<InfluxErrorBody>(text).ok();
    let code = said.as_ref().map_or("", |said| said.code.as_str());
    if matches!((status, code), (400, "invalid") | (422, "unprocessable entity")) {
        return WriteError::Never(said.map_or_else(String::new, |said| short(&said.message)));
    }
    let remedy = match status {
        401 => "; its token is wrong or was revoked: set influxdb.token",
        403 => "; its token may not write this bucket: give it write permission, or set influxdb.token",
        404 => "; make the bucket, or set influxdb.org and influxdb.bucket",
        413 => return WriteError::TooLarge,
        _ => "",
    };
    let text = said.map_or_else(|| short(text.trim()), |said| short(&said.message));
    WriteError::ForNow { what: format!("{to} answered {status}: {text}{remedy}"), after, source: None }
}

fn short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SAID).collect()
}

/// Whole days of a retention in seconds, rounded up; 0 is for ever.
pub fn days(seconds: i64) -> Option<i64> {
    (seconds > 0).then(|| seconds.div_euclid(DAY) + i64::from(seconds % DAY > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_influxdbs_own_word_makes_a_point_bad_for_ever() {
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
