//! Ask a source system: bytes in, with an address, a hash and what to say next time.
//!
//! Errors are typed: their label is the visit's outcome and the metric's, and they know whether another
//! try may help. Nothing is parsed, kept or logged here. The content hash is the truth about what
//! changed; what a server says of its dates and tags only saves a transfer.

mod file;
mod file_name;
mod guard;
mod http;
mod index;
#[cfg(feature = "snmp")]
mod snmp;
pub(crate) mod tail;
#[cfg(test)]
mod tests;

use crate::config::snmp::SnmpConfig;
use crate::config::{Origin, SourceConfig, without_secrets};
use reqwest::Url;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

pub use http::Fetcher;

/// Where one file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAddress {
    /// As it is told to others: a path as it was configured, or a URL, without secrets.
    pub text: String,
    place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File(PathBuf),
    Url(Url),
    Device(Box<SnmpConfig>),
}

impl FileAddress {
    fn of(url: Url) -> Self {
        Self { text: without_secrets(&url), place: Place::Url(url) }
    }

    /// Another address of the same server, for a further answer. Whether its host is allowed is seen when it is asked.
    pub(crate) fn at(&self, address: &str) -> Result<Self, FetchError> {
        let nowhere = || FetchError::HostRefused("no address".to_owned());
        let Place::Url(base) = &self.place else { return Err(nowhere()) };
        base.join(address).map(Self::of).map_err(|_| nowhere())
    }

    /// The address as its server knows it, secrets included: never to be told.
    pub(crate) fn full(&self) -> &str {
        if let Place::Url(url) = &self.place { url.as_str() } else { &self.text }
    }

    /// True where one answer is all: a file on this machine, or a device.
    pub(crate) fn is_single(&self) -> bool {
        !matches!(self.place, Place::Url(_))
    }
}

/// What a server wants to hear again to spare a transfer.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Validators {
    /// Its `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Its `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

impl Validators {
    /// True when there is nothing to say.
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

/// A file as it was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// Where from, without secrets.
    pub address: String,
    name: String,
    /// Its content, not empty; of several answers the first.
    pub bytes: Vec<u8>,
    /// The further answers, where the source had to be asked several times.
    pub more: Vec<Vec<u8>>,
    /// SHA-256 of the content, lower-case hex; of several answers, of all of them one after the other.
    pub sha256: String,
    /// What to say next time.
    pub validators: Validators,
}

impl Document {
    /// A file of these bytes.
    pub fn new(address: impl Into<String>, bytes: Vec<u8>, validators: Validators) -> Self {
        let address = address.into();
        Self { name: file_name::of(&address), address, sha256: sha256(&bytes), bytes, more: Vec::new(), validators }
    }

    /// Several answers that are one file: at least one, in the order in which they were given.
    pub(crate) fn of_answers(address: &str, mut answers: Vec<Vec<u8>>, validators: Validators) -> Self {
        let more = if answers.is_empty() { Vec::new() } else { answers.split_off(1) };
        let bytes = answers.pop().unwrap_or_default();
        if more.is_empty() {
            return Self::new(address, bytes, validators);
        }
        let sha256 = hex(&more.iter().fold(Sha256::new_with_prefix(&bytes), Digest::chain_update).finalize());
        // Tags of the first page say nothing of the others.
        let (address, name) = (address.to_owned(), file_name::of(address));
        Self { address, name, bytes, more, sha256, validators: Validators::default() }
    }

    /// What it is called, in letters: for its extension, and for a date in it.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// SHA-256 as lower-case hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // A String never refuses to be written to.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// The answer of a source system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FetchOutcome {
    /// A file.
    Fetched(Document),
    /// The file is the one that the validators were of.
    NotModified,
}

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No connection, or it broke.
    #[error("cannot reach the server")]
    Unreachable(#[source] reqwest::Error),
    /// It took longer than `timeout_seconds`.
    #[error("no answer within {} s; see `timeout_seconds`", .0.as_secs())]
    Timeout(Duration),
    /// An answer other than 200.
    #[error("the server answered {status}")]
    HttpStatus {
        /// The status.
        status: u16,
        /// How long the server wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// More than `max_bytes`, unpacked.
    #[error("more than {0} bytes; see `max_bytes`")]
    TooLarge(u64),
    /// A redirect to a host that is not allowed, out of https, or one too many.
    #[error("a redirect to {0} is refused; see `allow_hosts`")]
    RedirectRefused(String),
    /// An address on a host that is not allowed.
    #[error("an address at {0} is refused; see `allow_hosts`")]
    HostRefused(String),
    /// A host inside a private network.
    #[error("{0} lies at a private, loopback or link-local address; name it in `allow_private` if that is right")]
    PrivateAddress(String),
    /// A page without a link that fits.
    #[error("no link of the page fits `pattern` and `link_text`")]
    NoLinks,
    /// A device that does not answer as it should.
    #[error("the device cannot be asked: {0}")]
    Device(&'static str),
    /// A page that cannot be read.
    #[error("the page cannot be read")]
    BadPage,
    /// A page with too many links that fit, or an interface that never comes to an end.
    #[error("more than {0} {1}")]
    TooMany(usize, &'static str),
    /// A body that cannot be unpacked.
    #[error("the answer's body is damaged")]
    BadBody(#[source] reqwest::Error),
    /// Nothing in it.
    #[error("the file is empty")]
    EmptyBody,
    /// No such file or folder.
    #[error("no such file or folder; see `path`")]
    NotFound,
    /// We may not read it.
    #[error("no permission to read it")]
    Permission,
    /// A folder without a file that could be one of the source: more likely a share that is not mounted.
    #[error("no file with one of the extensions {0:?} in the folder")]
    NoFiles(Vec<String>),
    /// Too many files in a folder.
    #[error("more than {0} files in the folder")]
    TooManyFiles(usize),
    /// A device, a pipe or the like.
    #[error("it is no ordinary file")]
    NotAFile,
    /// A packed file that ends too early or holds something else: one that is still being written, or a bad copy.
    #[error("the packed file {0} is cut short or damaged")]
    Damaged(String),
    /// Reading failed.
    #[error("cannot read the file")]
    Io(#[source] std::io::Error),
}

impl FetchError {
    /// The error as metrics and visits name it.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Timeout(_) => "timeout",
            Self::HttpStatus { .. } => "http_status",
            Self::TooLarge(_) => "too_large",
            Self::RedirectRefused(_) => "redirect_refused",
            Self::HostRefused(_) => "host_refused",
            Self::PrivateAddress(_) => "private_address",
            Self::NoLinks => "no_links",
            Self::Device(_) => "device",
            Self::BadPage => "bad_page",
            Self::TooMany(..) => "too_many_answers",
            Self::BadBody(_) => "bad_body",
            Self::EmptyBody => "empty_body",
            Self::NotFound => "not_found",
            Self::Permission => "permission",
            Self::NoFiles(_) => "no_files",
            Self::TooManyFiles(_) => "too_many_files",
            Self::NotAFile => "not_a_file",
            Self::Damaged(_) => "damaged_file",
            Self::Io(_) => "io",
        }
    }

    /// True when the same question may be answered in a moment.
    pub fn retriable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Timeout(_) | Self::Io(_) => true,
            Self::HttpStatus { status, .. } => *status >= 500 || matches!(status, 408 | 425 | 429),
            _ => false,
        }
    }

    /// How long the server wants to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        if let Self::HttpStatus { retry_after, .. } = self { *retry_after } else { None }
    }
}

impl Fetcher {
    /// The files that a source consists of now, in the order in which they count: the later wins.
    pub async fn list(&self, source: &SourceConfig) -> Result<Vec<FileAddress>, FetchError> {
        match &source.origin {
            Origin::Urls(links) => {
                let address = |link: &crate::config::NamedUrl| FileAddress {
                    text: link.text.clone(),
                    place: Place::Url(link.url.clone()),
                };
                Ok(links.iter().map(address).collect())
            }
            Origin::Path { path, text, extensions, pattern } => {
                file::list(path, text, extensions, pattern.as_ref()).await
            }
            Origin::Snmp(snmp) => {
                Ok(vec![FileAddress { text: snmp.text.clone(), place: Place::Device(Box::new(snmp.clone())) }])
            }
            Origin::Index { page, pattern, link_text } => {
                let (answer, url) = self.ask(source, &page.text, &page.url, None).await?;
                let FetchOutcome::Fetched(fetched) = answer else { return Err(FetchError::BadPage) };
                let urls = index::links(&fetched.bytes, &url, pattern.as_ref(), link_text.as_ref())?;
                Ok(urls.into_iter().map(FileAddress::of).collect())
            }
        }
    }

    /// Asks for one file. `validators` of an earlier answer make a [`Answer::NotModified`] possible.
    pub async fn get(
        &self,
        source: &SourceConfig,
        address: &FileAddress,
        validators: Option<&Validators>,
    ) -> Result<FetchOutcome, FetchError> {
        let fetched = match &address.place {
            Place::File(path) => file::read(path, &address.text, source.max_bytes).await.map(FetchOutcome::Fetched)?,
            #[cfg(feature = "snmp")]
            Place::Device(device) => snmp::ask(source, device).await.map(FetchOutcome::Fetched)?,
            #[cfg(not(feature = "snmp"))]
            Place::Device(_) => return Err(FetchError::Device("this program was built without SNMP")),
            Place::Url(url) => {
                let url = http::allowed_link(source, url.clone())?;
                self.ask(source, &address.text, &url, validators).await?.0
            }
        };
        match fetched {
            FetchOutcome::Fetched(file) if file.bytes.is_empty() => Err(FetchError::EmptyBody),
            answer => Ok(answer),
        }
    }
}
