//! First downloads of the city's app, from the reports of Google Play and the App Store.
//!
//! Each store is a source of its own; the catalogue adds the two (`combine = "sum"`). A store rewrites a month's report while
//! the month grows.

mod config;
mod days;
mod parse;
#[cfg(test)]
mod tests;

use crate::document::Document;
use crate::sources::parsed::{ParseError, ParsedFile};
use crate::sources::source::{DocumentSource, PollContext, SourceKind};
use crate::table::FileFormat;
use config::{AppStoreSource, AppStoreVendor};

/// The kind `appstore`.
pub const KIND: SourceKind = SourceKind {
    name: "appstore",
    sample: include_str!("sample.toml"),
    fractions: false,
    keys: &["store", "app", "downloads", "columns"],
    read: config::read,
};

impl DocumentSource for AppStoreSource {
    fn parse(&self, file: &Document, context: &PollContext) -> Result<ParsedFile, ParseError> {
        // The reports of Apple have the extension .txt.
        let format = if self.store == AppStoreVendor::Apple { Some(FileFormat::Tsv) } else { None };
        parse::parse(self, &context.sheets_as(file, format)?, context)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        self.downloads.iter().map(|target| ("downloads", target.series.as_str())).collect()
    }

    fn is_open(&self) -> bool {
        false
    }
}
