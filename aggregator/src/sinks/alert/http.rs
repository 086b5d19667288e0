//! One request at a time, on a runtime of the sink's own thread.

use crate::sinks::SinkError;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use std::error::Error;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most characters of a server's answer that we repeat.
const SAID: usize = 300;

/// Posts JSON.
pub(super) struct HttpPoster {
    client: Client,
    runtime: tokio::runtime::Runtime,
}

/// What a server answered that did not take it.
#[derive(Debug)]
pub(super) struct HttpRejection {
    /// Its status.
    pub(super) status: u16,
    /// How long it asked us to wait.
    pub(super) after: Option<Duration>,
    /// The beginning of what it said.
    pub(super) text: String,
}

impl HttpPoster {
    pub(super) fn new() -> Result<Self, SinkError> {
        let unusable = |source| failed("no HTTP client can be made".to_owned(), None, Some(source));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // A redirected POST would arrive as something else; whoever moved the server is told so.
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(PATIENCE)
            .user_agent(concat!("shihyo/", env!("CARGO_PKG_VERSION")))
            .build();
        Ok(Self {
            client: client.map_err(|error| unusable(error.into()))?,
            runtime: runtime.map_err(|error| unusable(error.into()))?,
        })
    }

    /// Posts a body; `Ok(Err(_))` is an answer other than 2xx.
    pub(super) fn post(
        &self,
        to: &str,
        headers: HeaderMap,
        body: String,
        stop: &CancellationToken,
    ) -> Result<Result<(), HttpRejection>, SinkError> {
        let request = self.client.post(to).headers(headers).header(CONTENT_TYPE, "application/json").body(body);
        let unreached = |error: reqwest::Error| {
            let what = if error.is_timeout() {
                format!("{} has not answered within {PATIENCE:?}", shown(to))
            } else {
                format!("{} cannot be reached; is it running, and is its address right?", shown(to))
            };
            // The library would repeat the address, whose path may be a secret.
            failed(what, None, Some(Box::new(error.without_url())))
        };
        let answer = async {
            let mut answer = request.send().await.map_err(unreached)?;
            let status = answer.status();
            if status.is_success() {
                return Ok(Ok(()));
            }
            let after = answer.headers().get(RETRY_AFTER).and_then(|after| after.to_str().ok()?.parse().ok());
            let said = answer.chunk().await.ok().flatten().unwrap_or_default();
            let text = short(String::from_utf8_lossy(&said).trim());
            Ok(Err(HttpRejection { status: status.as_u16(), after: after.map(Duration::from_secs), text }))
        };
        self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = stop.cancelled() => Err(SinkError::Stopped),
                answer = answer => answer,
            }
        })
    }
}

impl HttpRejection {
    /// As an error of a server.
    pub(super) fn error(&self, to: &str, remedy: &str) -> SinkError {
        failed(format!("{} answered {}: {}{remedy}", shown(to), self.status, self.text), self.after, None)
    }
}

pub(super) fn failed(what: String, after: Option<Duration>, source: Option<Box<dyn Error + Send + Sync>>) -> SinkError {
    SinkError::Refused { what, after, source }
}

/// A server as errors name it: a webhook's path may be a secret.
pub(super) fn shown(url: &str) -> String {
    Url::parse(url).map_or_else(|_| "the server".to_owned(), |url| url.origin().ascii_serialization())
}

fn short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(SAID).collect()
}
