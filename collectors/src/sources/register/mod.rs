//! A register kept by staff: one row a figure, corrected by adding a row below.
//!
//! Who wrote a row, when and why stands in other columns; these are never looked at.

mod parse;
#[cfg(test)]
mod tests;

use super::parsed::{ParseError, ParsedFile};
use super::row::words;
use super::source::{DocumentSource, PollContext, Source, SourceKind};
use super::target::{SeriesTarget, SourceContext};
use crate::document::Document;
use crate::table::text::word;
use contract::reader::TomlTable;

/// The kind `register`.
pub const KIND: SourceKind =
    SourceKind { name: "register", sample: include_str!("sample.toml"), keys: &["sheet", "series", "columns"], read };

/// A configured register.
#[derive(Debug)]
struct Register {
    sheet: Option<String>,
    /// What the file calls a series, as a word, and the series.
    labels: Vec<(String, SeriesTarget)>,
    /// The series that list this source, called by their ids.
    listing: Vec<SeriesTarget>,
    columns: Words,
}

/// The words over each column.
#[derive(Debug)]
struct Words {
    series: Vec<String>,
    period: Vec<String>,
    value: Vec<String>,
    definition: Vec<String>,
    finality: Vec<String>,
}

fn read(r: &TomlTable<'_>, context: &SourceContext<'_>) -> Source {
    // The labels are any words, which a reader of known keys cannot give; see `config/labels.rs`.
    let _ = r.has("series");
    let columns = r.table("columns");
    let columns = columns.as_ref();
    Source::documents(Register {
        sheet: r.text_if("sheet"),
        labels: context.labelled(),
        listing: context.listing(),
        columns: Words {
            series: words(columns, "series", &["指標", "系列", "series"]),
            period: words(columns, "period", &["期間", "時点", "対象期間", "period"]),
            value: words(columns, "value", &["値", "数値", "value"]),
            definition: words(columns, "definition", &["定義", "definition"]),
            finality: words(columns, "finality", &["区分", "finality"]),
        },
    })
}

impl Register {
    /// The series that a label, or an id, means.
    fn target(&self, label: &str) -> Option<&SeriesTarget> {
        let label = word(label);
        let named = self.labels.iter().find(|(text, _)| *text == label).map(|(_, target)| target);
        named.or_else(|| self.listing.iter().find(|target| target.series == label))
    }
}

impl DocumentSource for Register {
    fn parse(&self, file: &Document, seen: &PollContext) -> Result<ParsedFile, ParseError> {
        parse::parse(self, &seen.sheets(file)?, seen)
    }

    fn series(&self) -> Vec<(&'static str, &str)> {
        self.labels.iter().map(|(_, target)| ("series", target.series.as_str())).collect()
    }

    fn is_open(&self) -> bool {
        true
    }
}
