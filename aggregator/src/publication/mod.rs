//! Publications: reports that a city released, frozen byte by byte.
//!
//! What was published must not change when figures are corrected, catalogues replaced or the program upgraded; so nothing is computed
//! again. A publication is a folder of files and a manifest with the SHA-256 of each. It lies beside the stores and not in one: stores are
//! rebuilt from the bus, and no bus has what was published.

mod error;
mod folder;
pub(crate) mod manifest;
mod report_files;
#[cfg(test)]
mod tests;

pub use error::PublicationError;
pub use folder::{PublicationFolder, PublishOutcome};
pub use manifest::{Publication, PublishedFile};
pub use report_files::{ReportDraft, draft};
