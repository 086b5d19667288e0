//! An open data portal: the number of its datasets, and the number of downloads of their files.
//!
//! CKAN answers in pages; portals without CKAN publish their catalogue as a table. The name identifies a dataset, because ids
//! change when a portal moves. An incomplete answer is a failed poll, never a count of 0.

mod ask;
mod config;
mod listing;
mod parse;
mod response;
mod table;
#[cfg(test)]
mod tests;

use crate::document::Document;
use crate::sources::parsed::{ParseError, ParsedFile};
use crate::sources::source::{DocumentSource, PollContext, SourceKind};
use config::CkanSource;

/// The kind `ckan`.
pub const KIND: SourceKind = SourceKind {
    name: "ckan",
    sample: include_str!("sample.toml"),
    fractions: false,
    keys: &["format", "datasets", "count", "organisation", "fq", "downloads", "as_of", "sheet", "columns"],
    read: config::read,
};

impl DocumentSource for CkanSource {
    fn parse(&self, file: &Document, context: &PollContext) -> Result<ParsedFile, ParseError> {
        parse::parse(self, file, context)
    }

    fn ask(&self, address: &str, answers: &[Vec<u8>]) -> Result<Option<String>, ParseError> {
        ask::next(self, address, answers)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        let each = [("datasets", &self.datasets), ("downloads", &self.downloads)];
        each.into_iter().filter_map(|(key, target)| Some((key, target.as_ref()?.series.as_str()))).collect()
    }

    fn is_open(&self) -> bool {
        false
    }
}
