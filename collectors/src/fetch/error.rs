//! Why a file could not be fetched, and whether another try may help.

use std::io::{self, ErrorKind};
use std::time::Duration;

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No connection, or a broken one.
    #[error("cannot reach the server")]
    Unreachable(#[source] reqwest::Error),
    /// A server whose TLS is not accepted: why, and what to do.
    #[error("{0}")]
    Tls(String),
    /// No answer within `timeout_seconds`.
    #[error("no answer within {} s; see `timeout_seconds`", .0.as_secs())]
    Timeout(Duration),
    /// An answer other than 200.
    #[error("the server answered {status}")]
    HttpStatus {
        /// The status.
        status: u16,
        /// The server's `Retry-After`.
        retry_after: Option<Duration>,
    },
    /// More than `max_bytes`, decompressed.
    #[error("more than {0} bytes; see `max_bytes`")]
    TooLarge(u64),
    /// A redirect to a host that is not allowed, from https to http, or one too many.
    #[error("a redirect to {0} is refused; see `allow_hosts`")]
    RedirectRefused(String),
    /// An address on a host that is not allowed.
    #[error("an address at {0} is refused; see `allow_hosts`")]
    HostRefused(String),
    /// A host inside a private network.
    #[error("{0} lies at a private, loopback or link-local address; name it in `allow_private` if that is right")]
    PrivateAddress(String),
    /// A page without a link that matches.
    #[error("no link of the page matches `pattern` and `link_text`")]
    NoLinks,
    /// A device that gives no usable answer.
    #[error("the device gives no usable answer: {0}")]
    Device(&'static str),
    /// A page that cannot be read.
    #[error("the page cannot be read")]
    BadPage,
    /// A page with too many matching links, or an interface without a last page.
    #[error("more than {0} {1}")]
    TooMany(usize, &'static str),
    /// A body that cannot be decompressed.
    #[error("the answer's body is damaged")]
    BadBody(#[source] io::Error),
    /// An empty file.
    #[error("the file is empty")]
    EmptyBody,
    /// No such file or folder.
    #[error("no such file or folder; see `path`")]
    NotFound,
    /// This user may not read it.
    #[error("no permission to read it")]
    Permission,
    /// A folder without a file of the source: more likely a share that is not mounted.
    #[error("no file with one of the extensions {0:?} in the folder")]
    NoFiles(Vec<String>),
    /// Too many files in a folder.
    #[error("more than {0} files in the folder")]
    TooManyFiles(usize),
    /// A file that changes for longer than a poll waits.
    #[error("the file is still being written after {} s: write it under another name and rename it, or poll later", .0.as_secs())]
    StillWritten(Duration),
    /// A device, a pipe or a socket.
    #[error("not a regular file")]
    NotAFile,
    /// A compressed file that ends early or is corrupt: it is still being written, or a bad copy.
    #[error("the compressed file {0} is truncated or damaged")]
    Damaged(String),
    /// The only files of a log are packed in a form that is not read.
    #[error("{0} is packed in a form that is not read: deliver it as .gz or unpacked")]
    UnreadFile(String),
    /// A log of another format than the configured one.
    #[error("no line of {name}, from line 1 on, has the `format` {format:?}; set `format` to that of the lines")]
    NoLogLine {
        /// The file.
        name: String,
        /// The format that was tried.
        format: String,
    },
    /// Reading failed.
    #[error("cannot read the file")]
    Io(#[source] io::Error),
}

impl FetchError {
    /// The error's name in metrics and poll records.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "unreachable",
            Self::Tls(_) => "tls",
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
            Self::StillWritten(_) => "still_written",
            Self::NotAFile => "not_a_file",
            Self::Damaged(_) => "damaged_file",
            Self::UnreadFile(_) => "unread_file",
            Self::NoLogLine { .. } => "no_log_line",
            Self::Io(_) => "io",
        }
    }

    /// True when the same request may succeed in a moment.
    pub fn retriable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Timeout(_) | Self::Io(_) => true,
            Self::HttpStatus { status, .. } => *status >= 500 || matches!(status, 408 | 425 | 429),
            _ => false,
        }
    }

    /// The server's `Retry-After`.
    pub fn retry_after(&self) -> Option<Duration> {
        if let Self::HttpStatus { retry_after, .. } = self { *retry_after } else { None }
    }

    /// The error of a file or folder.
    pub(crate) fn of_file(error: io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => Self::NotFound,
            ErrorKind::PermissionDenied => Self::Permission,
            _ => Self::Io(error),
        }
    }
}
