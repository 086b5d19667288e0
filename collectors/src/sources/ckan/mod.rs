//! An open data portal: how many datasets it lists, and how often their files were fetched.
//!
//! CKAN answers page by page; portals without it publish their catalogue as a table. A dataset is known by its name, as
//! ids are made anew when a portal moves. Whatever is no whole answer is a failed visit: never a count of 0.

mod ask;
mod config;
mod listing;
mod parse;
mod response;
mod table;
#[cfg(test)]
mod tests;

use super::parsed::{ParseError, ParsedFile};
use super::source::{DocumentSource, PollContext, SourceKind};
use super::target::SeriesTarget;
use crate::document::Document;

/// The kind `ckan`.
pub const KIND: SourceKind = SourceKind {
    name: "ckan",
    sample: include_str!("sample.toml"),
    keys: &["format", "datasets", "count", "organisation", "fq", "downloads", "as_of", "sheet", "columns"],
    read: config::read,
};

/// What the portal answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// CKAN's action interface, or an answer of it.
    Api,
    /// A catalogue as csv or xlsx: a row is a dataset or one of its files.
    Table,
}

/// Which datasets are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    /// All that the portal lists.
    Listed,
    /// Those of them that are active and not private.
    Active,
    /// Those of these that have at least one file.
    WithResources,
}

/// Which day a catalogue speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AsOf {
    /// The day it was seen.
    Visit,
    /// The one in the file's name.
    Name,
}

/// A configured portal.
#[derive(Debug)]
struct Ckan {
    format: Format,
    count: Count,
    as_of: AsOf,
    datasets: Option<SeriesTarget>,
    downloads: Option<SeriesTarget>,
    organisation: Option<String>,
    fq: Option<String>,
    sheet: Option<String>,
    columns: Words,
}

/// The words over the columns of a catalogue.
#[derive(Debug)]
struct Words {
    name: Vec<String>,
    resource: Vec<String>,
    organisation: Vec<String>,
}

impl DocumentSource for Ckan {
    fn parse(&self, file: &Document, seen: &PollContext) -> Result<ParsedFile, ParseError> {
        parse::parse(self, file, seen)
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
