//! Any table, by configuration alone: the columns of the figures, the place of the period, and the rows that count.
//!
//! For figures that no other kind reads. Every option exists for the file of a city: a month in one column and the year in the
//! file's name, several columns or several rows that make one figure, a total row among the data.

mod across;
mod aggregate;
mod config;
mod parse;
mod printed;
mod reader;
mod row_period;
#[cfg(test)]
mod tests;
mod totals;
#[cfg(test)]
mod walkthrough;

use crate::document::Document;
use crate::sources::parsed::{ParseError, ParsedFile};
use crate::sources::source::{DocumentSource, PollContext, SourceKind};
use config::TableSource;

/// The kind `table`.
pub const KIND: SourceKind = SourceKind {
    name: "table",
    sample: include_str!("sample.toml"),
    fractions: true,
    keys: &[
        "sheet",
        "period",
        "figure",
        "label",
        "series",
        "rows",
        "only",
        "except",
        "total_rows",
        "covers",
        "breakdown",
        "suppress_below",
        "scale",
    ],
    read: config::read,
};

impl DocumentSource for TableSource {
    fn parse(&self, file: &Document, context: &PollContext) -> Result<ParsedFile, ParseError> {
        parse::parse(self, file.name(), &context.sheets(file)?, context)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        let figures =
            self.figures.iter().filter_map(|figure| Some(("figure", figure.target.as_ref()?.series.as_str())));
        figures.chain(self.labels.iter().map(|(_, target)| ("series", target.series.as_str()))).collect()
    }

    fn is_open(&self) -> bool {
        false
    }
}
