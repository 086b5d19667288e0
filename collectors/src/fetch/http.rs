//! Files of a server: bounded in time and size, on allowed hosts only, one request at a time a host.

use super::at_rest::RestPolicy;
use super::config::FetchConfig;
use super::error::FetchError;
use super::guard::{self, PublicResolver};
use crate::document::{Document, Validators};
use contract::time::Clock;
use contract::tls::tls_failure;
use flate2::read::MultiGzDecoder;
use parking_lot::Mutex;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION,
    RETRY_AFTER, TRANSFER_ENCODING,
};
use reqwest::{Client, Response, StatusCode, Version, redirect};
use std::collections::HashMap;
use std::io::Read;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::Mutex as HostLock;
use url::Url;

/// User agent of all requests.
const USER_AGENT: &str = concat!("shihyo/", env!("CARGO_PKG_VERSION"));
/// Time limit of a connection: a host that is up answers within a second or two.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Most redirects of one request: http to https, to a path with its slash, to the file, and two more.
const MAX_REDIRECTS: usize = 5;
/// Longest validator that is stored; real ones have under a hundred characters.
const MAX_VALIDATOR_CHARS: usize = 256;

/// Fetches from servers and disks. All sources share one, as it allows one request at a time for each host.
pub struct Fetcher {
    /// For public hosts: their names must not resolve to a private network.
    guarded: OnceLock<Client>,
    /// For hosts that the configuration names as private, and for IP addresses.
    unguarded: OnceLock<Client>,
    hosts: Mutex<HashMap<String, Arc<HostLock<()>>>>,
    pub(super) clock: Arc<dyn Clock>,
    /// When a local file is at rest.
    pub(super) rest: RestPolicy,
}

impl Fetcher {
    /// `clock` turns a date in `Retry-After` into a pause, and tells the age of a local file. The first request makes the clients: reading the machine's
    /// certificate authorities takes a while, and a start should not wait for it.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            guarded: OnceLock::new(),
            unguarded: OnceLock::new(),
            hosts: Mutex::default(),
            clock,
            rest: RestPolicy::default(),
        }
    }

    /// The fetcher with another policy for local files.
    #[must_use]
    pub fn with_rest(self, rest: RestPolicy) -> Self {
        Self { rest, ..self }
    }

    /// The client for a public or, when `unguarded`, for a private host.
    fn client(&self, unguarded: bool) -> Result<&Client, FetchError> {
        let cell = if unguarded { &self.unguarded } else { &self.guarded };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        // `request` follows redirects, as each source allows other hosts.
        // Bodies are decompressed here, as the client hides whether a compressed answer had a length.
        let client = Client::builder().user_agent(USER_AGENT).connect_timeout(CONNECT_TIMEOUT).gzip(false);
        let client = client.redirect(redirect::Policy::none());
        let client = if unguarded { client } else { client.dns_resolver(Arc::new(PublicResolver::of_environment())) };
        let client = client.build().map_err(FetchError::Unreachable)?;
        Ok(cell.get_or_init(|| client))
    }

    /// Requests a URL; `text` is its name in records. Also returns the address after redirects.
    pub(super) async fn request(
        &self,
        config: &FetchConfig,
        text: &str,
        url: &Url,
        validators: Option<&Validators>,
    ) -> Result<(FetchOutcome, Url), FetchError> {
        let mut url = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let lock = self.host(&url);
            let _guard = lock.lock().await;
            let response = self.once(config, text, &url, validators);
            let answer = tokio::time::timeout(config.timeout, response).await;
            match answer.map_err(|_| FetchError::Timeout(config.timeout))?? {
                HttpStep::Fetched(answer) => return Ok((answer, url)),
                HttpStep::Redirect(next) => url = allowed(config, &url, &next)?,
            }
        }
        Err(FetchError::RedirectRefused("yet another address".to_owned()))
    }

    fn host(&self, url: &Url) -> Arc<HostLock<()>> {
        let host = url.host_str().unwrap_or_default().to_owned();
        Arc::clone(self.hosts.lock().entry(host).or_default())
    }

    async fn once(
        &self,
        config: &FetchConfig,
        text: &str,
        url: &Url,
        validators: Option<&Validators>,
    ) -> Result<HttpStep, FetchError> {
        let host = url.host_str().unwrap_or_default();
        // An IP address stands in the configuration itself, as redirects lead to allowed hosts only.
        let unguarded =
            guard::is_ip_address(url) || config.allow_private.iter().any(|name| name.eq_ignore_ascii_case(host));
        let mut request = self.client(unguarded)?.get(url.clone()).header(ACCEPT_ENCODING, "gzip");
        // A server may compare the date alone, and a newer file may have an older date: the date only without a tag.
        request = match validators.map(|v| (&v.etag, &v.last_modified)) {
            Some((Some(etag), _)) => request.header(IF_NONE_MATCH, etag),
            Some((None, Some(date))) => request.header(IF_MODIFIED_SINCE, date),
            Some((None, None)) | None => request,
        };
        let response = request.send().await.map_err(|error| failed(error, config.timeout))?;
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED && validators.is_some_and(|v| !v.is_empty()) {
            return Ok(HttpStep::Fetched(FetchOutcome::NotModified));
        }
        if status.is_redirection()
            && let Some(next) = header(&response, LOCATION)
        {
            return Ok(HttpStep::Redirect(next));
        }
        if status != StatusCode::OK {
            let retry_after = header(&response, RETRY_AFTER).and_then(|text| self.retry_after(&text));
            return Err(FetchError::HttpStatus { status: status.as_u16(), retry_after });
        }
        let short = |name| header(&response, name).filter(|value| value.len() <= MAX_VALIDATOR_CHARS);
        let validators = Validators { etag: short(ETAG), last_modified: short(LAST_MODIFIED) };
        let has_length = has_length(&response);
        let bytes = body(response, config).await?;
        let mut document = Document::new(text, bytes, validators);
        document.has_length = has_length;
        Ok(HttpStep::Fetched(FetchOutcome::Fetched(document)))
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

/// The answer of a source system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchOutcome {
    /// A file, new or not.
    Fetched(Document),
    /// The file that the validators belong to has not changed.
    NotModified,
}

/// What one response is.
enum HttpStep {
    Fetched(FetchOutcome),
    Redirect(String),
}

fn header(response: &Response, name: HeaderName) -> Option<String> {
    response.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// The target of a redirect: on an allowed host, and not from https to http.
fn allowed(config: &FetchConfig, from: &Url, next: &str) -> Result<Url, FetchError> {
    let Ok(url) = from.join(next) else { return Err(FetchError::RedirectRefused("an invalid address".to_owned())) };
    let host = url.host_str().unwrap_or_default();
    let secure = url.scheme() == "https" || (url.scheme() == "http" && from.scheme() == "http");
    if !secure || has_user(&url) || !config.allow_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host)) {
        return Err(FetchError::RedirectRefused(format!("{}://{host}", url.scheme())));
    }
    Ok(url)
}

/// True when the URL holds a user name or a password; the collector logs in nowhere.
fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// The URL, if its host is allowed.
pub(super) fn allowed_link(config: &FetchConfig, url: Url) -> Result<Url, FetchError> {
    let host = url.host_str().unwrap_or_default();
    let is_allowed = config.allow_hosts.iter().any(|allowed| allowed.eq_ignore_ascii_case(host));
    if is_allowed && !has_user(&url) && matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err(FetchError::HostRefused(format!("{}://{host}", url.scheme())))
    }
}

/// True when the answer says where it ends; without that, a lost connection looks like its end. A compressed body has a checksum.
fn has_length(response: &Response) -> bool {
    response.content_length().is_some()
        || response.headers().contains_key(TRANSFER_ENCODING)
        || response.version() >= Version::HTTP_2
        || is_compressed(response)
}

fn is_compressed(response: &Response) -> bool {
    header(response, CONTENT_ENCODING)
        .is_some_and(|name| ["gzip", "x-gzip"].iter().any(|gzip| name.eq_ignore_ascii_case(gzip)))
}

/// The body, decompressed, up to `max_bytes`.
async fn body(mut response: Response, config: &FetchConfig) -> Result<Vec<u8>, FetchError> {
    let compressed = is_compressed(&response);
    let cap = usize::try_from(config.max_bytes).unwrap_or(usize::MAX);
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(error, config.timeout))? {
        if bytes.len() + chunk.len() > cap {
            return Err(FetchError::TooLarge(config.max_bytes));
        }
        bytes.extend_from_slice(&chunk);
    }
    // An empty body has no checksum.
    if compressed && !bytes.is_empty() { decompressed(&bytes, config.max_bytes) } else { Ok(bytes) }
}

fn decompressed(packed: &[u8], max_bytes: u64) -> Result<Vec<u8>, FetchError> {
    let mut bytes = Vec::new();
    let read = MultiGzDecoder::new(packed).take(max_bytes.saturating_add(1)).read_to_end(&mut bytes);
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > max_bytes {
        return Err(FetchError::TooLarge(max_bytes));
    }
    read.map_err(FetchError::BadBody)?;
    Ok(bytes)
}

/// The error without its URL, which may hold a key.
fn failed(error: reqwest::Error, timeout: Duration) -> FetchError {
    let error = error.without_url();
    if let Some(host) = guard::private_name(&error) {
        return FetchError::PrivateAddress(host);
    }
    if error.is_timeout() {
        FetchError::Timeout(timeout)
    } else {
        tls_failure(&error).map_or(FetchError::Unreachable(error), FetchError::Tls)
    }
}
