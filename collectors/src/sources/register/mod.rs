//! A register that staff maintain: one row per figure, corrected by another row below.
//!
//! Columns that say who wrote a row and why are never read; the day on which it was entered is read for a replay alone.

mod config;
mod parse;
#[cfg(test)]
mod tests;

use crate::document::Document;
use crate::sources::parsed::{EnteredFigure, ParseError, ParsedFile};
use crate::sources::source::{DocumentSource, PollContext, SourceKind};
use config::RegisterSource;

/// The kind `register`.
pub const KIND: SourceKind = SourceKind {
    name: "register",
    sample: include_str!("sample.toml"),
    fractions: true,
    keys: &["sheet", "series", "columns"],
    read: config::read,
};

impl DocumentSource for RegisterSource {
    fn parse(&self, file: &Document, context: &PollContext) -> Result<ParsedFile, ParseError> {
        parse::parse(self, &context.sheets(file)?, context)
    }

    fn entered(&self, file: &Document, context: &PollContext) -> Result<Vec<EnteredFigure>, ParseError> {
        parse::entered(self, &context.sheets(file)?, context)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        self.labels.iter().map(|(_, target)| ("series", target.series.as_str())).collect()
    }

    fn is_open(&self) -> bool {
        true
    }
}
