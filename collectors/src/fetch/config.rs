//! What fetching needs to know of a source.

use crate::origin::Origin;
use std::time::Duration;

/// Where a source is, and the limits of its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchConfig {
    /// Where the source is.
    pub origin: Origin,
    /// Time limit of one request.
    pub timeout: Duration,
    /// Size limit of one file.
    pub max_bytes: u64,
    /// Hosts that may be asked, redirects included.
    pub allow_hosts: Vec<String>,
    /// Hosts that may have private, loopback or link-local addresses.
    pub allow_private: Vec<String>,
}
