//! Files of a server: bounded in time and size, on allowed hosts only, one request at a time a host.

use super::guard::{self, Guard};
use super::{Document, FetchError, FetchOutcome, Validators};
use crate::config::SourceConfig;
use contract::time::Clock;
use reqwest::header::{ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, Url, redirect};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::Mutex as HostLock;

/// How we introduce ourselves.
const USER_AGENT: &str = concat!("shihyo/", env!("CARGO_PKG_VERSION"));
/// How long a connection may take: a host that is up answers within a second or two.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Redirects followed: http to https, to a path with its slash, to the file, and room.
const MAX_REDIRECTS: usize = 5;
/// Characters of a validator that is kept; real ones have under a hundred.
const MAX_VALIDATOR_CHARS: usize = 256;

/// Asks servers and disks. One for all sources, as it sees to one request at a time a host.
pub struct Fetcher {
    /// For hosts of the world: their names may not lead into a private network.
    guarded: OnceLock<Client>,
    /// For hosts that the configuration names as private, and for addresses written as numbers.
    free: OnceLock<Client>,
    hosts: Mutex<HashMap<String, Arc<HostLock<()>>>>,
    clock: Arc<dyn Clock>,
}

impl Fetcher {
    /// `clock` tells what a date in `Retry-After` is from now. Its clients are made when a server is asked first: reading the
    /// machine's authorities takes a while, and a start should not wait for it.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { guarded: OnceLock::new(), free: OnceLock::new(), hosts: Mutex::default(), clock }
    }

    /// The client for a host; `named` as private, or by its number.
    fn client(&self, named: bool) -> Result<&Client, FetchError> {
        let kept = if named { &self.free } else { &self.guarded };
        if let Some(client) = kept.get() {
            return Ok(client);
        }
        // Redirects are followed by hand, as each source allows other hosts.
        let client = Client::builder().user_agent(USER_AGENT).connect_timeout(CONNECT_TIMEOUT);
        let client = client.redirect(redirect::Policy::none());
        let client = if named { client } else { client.dns_resolver(Arc::new(Guard::of_environment())) };
        let client = client.build().map_err(FetchError::Unreachable)?;
        Ok(kept.get_or_init(|| client))
    }

    /// Asks for a URL; `text` is what it is called. Gives the address that answered, which redirects may have led to.
    pub(super) async fn ask(
        &self,
        source: &SourceConfig,
        text: &str,
        url: &Url,
        validators: Option<&Validators>,
    ) -> Result<(FetchOutcome, Url), FetchError> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let lock = self.host(&url);
            let _turn = lock.lock().await;
            let asked = self.once(source, text, &url, validators);
            let answer = tokio::time::timeout(source.timeout, asked).await;
            match answer.map_err(|_| FetchError::Timeout(source.timeout))?? {
                Step::Done(answer) => return Ok((answer, url)),
                Step::Redirect(next) => url = allowed(source, &url, &next)?,
            }
        }
        Err(FetchError::RedirectRefused("yet another address".to_owned()))
    }

    fn host(&self, url: &Url) -> Arc<HostLock<()>> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(hosts.entry(host).or_default())
    }

    async fn once(
        &self,
        source: &SourceConfig,
        text: &str,
        url: &Url,
        validators: Option<&Validators>,
    ) -> Result<Step, FetchError> {
        let host = url.host_str().unwrap_or_default();
        // An address in numbers is named by being written down: redirects lead to allowed hosts only.
        let named = guard::is_literal(url) || source.allow_private.iter().any(|name| name.eq_ignore_ascii_case(host));
        let mut request = self.client(named)?.get(url.clone());
        let said = validators.map_or((None, None), |v| (v.etag.as_ref(), v.last_modified.as_ref()));
        for (name, value) in [(IF_NONE_MATCH, said.0), (IF_MODIFIED_SINCE, said.1)] {
            request = if let Some(value) = value { request.header(name, value) } else { request };
        }
        let response = request.send().await.map_err(|error| failed(error, source.timeout))?;
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED && validators.is_some_and(|v| !v.is_empty()) {
            return Ok(Step::Done(FetchOutcome::NotModified));
        }
        if status.is_redirection()
            && let Some(next) = header(&response, LOCATION)
        {
            return Ok(Step::Redirect(next));
        }
        if status != StatusCode::OK {
            let retry_after = header(&response, RETRY_AFTER).and_then(|text| self.retry_after(&text));
            return Err(FetchError::HttpStatus { status: status.as_u16(), retry_after });
        }
        let short = |name| header(&response, name).filter(|value| value.len() <= MAX_VALIDATOR_CHARS);
        let validators = Validators { etag: short(ETAG), last_modified: short(LAST_MODIFIED) };
        let bytes = body(response, source).await?;
        Ok(Step::Done(FetchOutcome::Fetched(Document::new(text, bytes, validators))))
    }

    /// Seconds, or a date.
    fn retry_after(&self, text: &str) -> Option<Duration> {
        if let Ok(seconds) = text.trim().parse() {
            return Some(Duration::from_secs(seconds));
        }
        let then = httpdate::parse_http_date(text.trim()).ok()?.duration_since(UNIX_EPOCH).ok()?;
        let now = Duration::from_micros(u64::try_from(self.clock.now().0).unwrap_or_default());
        Some(then.saturating_sub(now))
    }
}

enum Step {
    Done(FetchOutcome),
    Redirect(String),
}

fn header(response: &Response, name: HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// The address of a redirect, on an allowed host and not out of https.
fn allowed(source: &SourceConfig, from: &Url, next: &str) -> Result<Url, FetchError> {
    let Ok(url) = from.join(next) else { return Err(FetchError::RedirectRefused("no address".to_owned())) };
    let host = url.host_str().unwrap_or_default();
    let secure = url.scheme() == "https" || (url.scheme() == "http" && from.scheme() == "http");
    if !secure || has_user(&url) || !source.allow_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) {
        return Err(FetchError::RedirectRefused(format!("{}://{host}", url.scheme())));
    }
    Ok(url)
}

/// True when a user name or a password stands in it: whoever wrote it there, we log in nowhere.
fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// A link, on an allowed host.
pub(super) fn allowed_link(source: &SourceConfig, url: Url) -> Result<Url, FetchError> {
    let host = url.host_str().unwrap_or_default();
    let known = source.allow_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host));
    if known && !has_user(&url) && matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err(FetchError::HostRefused(format!("{}://{host}", url.scheme())))
    }
}

/// The body, unpacked, no further than the cap.
async fn body(mut response: Response, source: &SourceConfig) -> Result<Vec<u8>, FetchError> {
    let cap = usize::try_from(source.max_bytes).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(error, source.timeout))? {
        if bytes.len() + chunk.len() > cap {
            return Err(FetchError::TooLarge(source.max_bytes));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The library's errors show the URL, which may hold a key; ours do not.
fn failed(error: reqwest::Error, timeout: Duration) -> FetchError {
    let error = error.without_url();
    if let Some(host) = guard::refused(&error) {
        return FetchError::PrivateAddress(host);
    }
    if error.is_timeout() {
        FetchError::Timeout(timeout)
    } else if error.is_decode() {
        FetchError::BadBody(error)
    } else {
        FetchError::Unreachable(error)
    }
}
