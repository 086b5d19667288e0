//! Electronic applications: procedures on offer, and applications per month, from a vendor's exports.
//!
//! A month's file replaces that month in all procedures. Where an export has one row per application, the rows are counted and
//! dropped: no text and no hash of a row leaves this folder.

mod config;
mod month;
mod parse;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod tests;

use crate::document::Document;
use crate::sources::parsed::{ParseError, ParsedFile};
use crate::sources::source::{DocumentSource, PollContext, SourceKind};
use config::EApplySource;

/// The kind `eapply`.
pub const KIND: SourceKind = SourceKind {
    name: "eapply",
    sample: include_str!("sample.toml"),
    fractions: false,
    keys: &[
        "rows",
        "month_from",
        "sheet",
        "applications",
        "procedures",
        "breakdown",
        "suppress_below",
        "withdrawn",
        "columns",
    ],
    read: config::read,
};

impl DocumentSource for EApplySource {
    fn parse(&self, file: &Document, context: &PollContext) -> Result<ParsedFile, ParseError> {
        parse::parse(self, file.name(), &context.sheets(file)?, context)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        let each = [("applications", &self.applications), ("procedures", &self.procedures)];
        each.into_iter().filter_map(|(key, target)| Some((key, target.as_ref()?.series.as_str()))).collect()
    }

    fn is_open(&self) -> bool {
        false
    }
}
