//! Where one file of a source is.

use super::error::FetchError;
use crate::origin::snmp::SnmpConfig;
use crate::origin::without_secrets;
use std::path::PathBuf;
use url::Url;

/// Where one file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileAddress {
    /// For logs and records: a path as it was configured, or a URL without secrets.
    pub text: String,
    pub(super) place: FileLocation,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FileLocation {
    File(PathBuf),
    Url(Url),
    Device(Box<SnmpConfig>),
}

impl FileAddress {
    pub(super) fn of(url: Url) -> Self {
        Self { text: without_secrets(&url), place: FileLocation::Url(url) }
    }

    /// Another address of the same server, for a further answer. The request checks whether its host is allowed.
    pub(crate) fn at(&self, address: &str) -> Result<Self, FetchError> {
        let nowhere = || FetchError::HostRefused("an invalid address".to_owned());
        let FileLocation::Url(base) = &self.place else { return Err(nowhere()) };
        base.join(address).map(Self::of).map_err(|_| nowhere())
    }

    /// The address with its secrets: for requests only.
    pub(crate) fn full(&self) -> &str {
        if let FileLocation::Url(url) = &self.place { url.as_str() } else { &self.text }
    }

    /// True where one request gives everything: a file on this machine, or a device.
    pub(crate) fn is_single(&self) -> bool {
        !matches!(self.place, FileLocation::Url(_))
    }
}
