//! Fetches files: from disk, by HTTP, by SNMP.
//!
//! Errors are typed: their label is the poll's outcome and the metric's label, and they say whether another try may help.
//! Nothing is parsed, stored or logged here. The content hash decides what changed; the server's dates and tags only save
//! a transfer.

mod address;
mod at_rest;
mod config;
mod error;
mod file;
mod guard;
mod http;
mod index;
#[cfg(feature = "snmp")]
mod snmp;
#[cfg(test)]
mod tests;

use crate::document::Validators;
use crate::origin::{NamedUrl, Origin};
use address::FileLocation;
use std::path::Path;

pub use address::FileAddress;
pub use at_rest::RestPolicy;
pub use config::FetchConfig;
pub use error::FetchError;
pub use http::{FetchOutcome, Fetcher};

impl Fetcher {
    /// The files that a source consists of now: of two with the same key the later wins.
    pub async fn list(&self, config: &FetchConfig) -> Result<Vec<FileAddress>, FetchError> {
        match &config.origin {
            Origin::Urls(links) => {
                let address = |link: &NamedUrl| FileAddress {
                    text: link.text.clone(),
                    place: FileLocation::Url(link.url.clone()),
                };
                Ok(links.iter().map(address).collect())
            }
            Origin::Path { path, text, extensions, pattern } => {
                file::list(path, text, extensions, pattern.as_ref()).await
            }
            Origin::Snmp(snmp) => {
                Ok(vec![FileAddress { text: snmp.text.clone(), place: FileLocation::Device(Box::new(snmp.clone())) }])
            }
            Origin::Index { page, pattern, link_text } => {
                let (answer, url) = self.request(config, &page.text, &page.url, None).await?;
                let FetchOutcome::Fetched(fetched) = answer else { return Err(FetchError::BadPage) };
                let urls = index::links(&fetched.bytes, &url, pattern.as_ref(), link_text.as_ref())?;
                Ok(urls.into_iter().map(FileAddress::of).collect())
            }
        }
    }

    /// Waits until all files of a local folder are at rest.
    pub(crate) async fn settle(&self, folder: &Path) -> Result<(), FetchError> {
        at_rest::folder(folder, self.rest, &*self.clock).await
    }

    /// Fetches one file. With the `validators` of an earlier answer the outcome may be [`FetchOutcome::NotModified`].
    pub async fn get(
        &self,
        config: &FetchConfig,
        address: &FileAddress,
        validators: Option<&Validators>,
    ) -> Result<FetchOutcome, FetchError> {
        let fetched = match &address.place {
            FileLocation::File(path) => file::read(path, &address.text, config.max_bytes, self.rest, &*self.clock)
                .await
                .map(FetchOutcome::Fetched)?,
            #[cfg(feature = "snmp")]
            FileLocation::Device(device) => snmp::query(config.timeout, device).await.map(FetchOutcome::Fetched)?,
            #[cfg(not(feature = "snmp"))]
            FileLocation::Device(_) => return Err(FetchError::Device("this program was built without SNMP")),
            FileLocation::Url(url) => {
                let url = http::allowed_link(config, url.clone())?;
                self.request(config, &address.text, &url, validators).await?.0
            }
        };
        match fetched {
            FetchOutcome::Fetched(file) if file.bytes.is_empty() => Err(FetchError::EmptyBody),
            answer => Ok(answer),
        }
    }
}
