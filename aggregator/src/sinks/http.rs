//! One request at a time, on a runtime of the sink's own thread.

use super::excerpt::excerpt;
use super::sink::SinkError;
use contract::tls::tls_failure;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use std::error::Error;
use std::net::TcpStream;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long one request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a connection may take that only shows that a host is there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Posts JSON.
pub(super) struct HttpPoster {
    client: Client,
    runtime: tokio::runtime::Runtime,
}

/// An answer other than 2xx.
#[derive(Debug)]
pub(super) struct HttpRejection {
    /// Its status.
    pub(super) status: u16,
    /// How long it asks us to wait.
    pub(super) after: Option<Duration>,
    /// The beginning of its body.
    pub(super) text: String,
}

impl HttpPoster {
    pub(super) fn new() -> Result<Self, SinkError> {
        let unusable = |source| failed("no HTTP client can be made".to_owned(), None, Some(source));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // A redirected POST would arrive as another method.
        let client = Client::builder()
            .redirect(Policy::none())
            .timeout(REQUEST_TIMEOUT)
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
                format!("{} has not answered within {REQUEST_TIMEOUT:?}", origin(to))
            } else {
                let remedy = tls_failure(&error);
                let remedy = remedy.unwrap_or_else(|| "is it running, and is its address right?".to_owned());
                format!("{} cannot be reached; {remedy}", origin(to))
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
            let body = answer.chunk().await.ok().flatten().unwrap_or_default();
            let text = excerpt(String::from_utf8_lossy(&body).trim());
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
    /// The error of a sink.
    pub(super) fn error(&self, to: &str, remedy: &str) -> SinkError {
        failed(format!("{} answered {}: {}{remedy}", origin(to), self.status, self.text), self.after, None)
    }
}

pub(super) fn failed(what: String, after: Option<Duration>, source: Option<Box<dyn Error + Send + Sync>>) -> SinkError {
    SinkError::Refused { what, after, source }
}

/// A server as errors name it: a webhook's path may be a secret.
pub(super) fn origin(url: &str) -> String {
    Url::parse(url).map_or_else(|_| "the server".to_owned(), |url| url.origin().ascii_serialization())
}

/// Whether the host of an address answers; nothing is sent.
pub(super) fn connect(url: &str) -> Result<(), SinkError> {
    let unreached = |what: String| failed(what, None, None);
    let url = Url::parse(url).map_err(|_| unreached("its address is none".to_owned()))?;
    let addresses = url.socket_addrs(|| None);
    let mut last = "its name leads nowhere".to_owned();
    for address in addresses.map_err(|error| unreached(format!("its name cannot be resolved: {error}")))? {
        match TcpStream::connect_timeout(&address, CONNECT_TIMEOUT) {
            Ok(_) => return Ok(()),
            Err(error) => last = format!("no answer: {error}"),
        }
    }
    Err(unreached(last))
}
