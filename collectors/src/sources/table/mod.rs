//! Any table, by configuration alone: which column is the figure, where its period stands, and which rows count.
//!
//! For the figure that no other kind knows. Everything it can do is what some city's file needs: a month in one column
//! and the year in the file's name, several columns that make one figure, several rows that make one figure, a total
//! row among the data.

mod aggregate;
mod config;
mod parse;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod walkthrough;
mod when;

pub use config::KIND;

use super::parsed::{ParseError, ParsedFile};
use super::source::{DocumentSource, PollContext};
use super::target::SeriesTarget;
use crate::document::Document;
use crate::table::LabelledPeriod;

/// A configured table.
#[derive(Debug)]
struct Table {
    sheet: Option<String>,
    period: PeriodAt,
    /// Where the figures stand, each with its series.
    figures: Vec<FigureAt>,
    /// What the file calls each series, as a word, where one column holds figures of several.
    labels: Vec<(String, SeriesTarget)>,
    /// The words over that column.
    label: Vec<String>,
    rows: Rows,
    /// Rows that count: the words over a column, and what must stand in it.
    only: Vec<(Vec<String>, Vec<String>)>,
    keep_totals: bool,
    covers: CoversAs,
    /// The words over the column whose labels make the breakdown.
    breakdown: Vec<String>,
    suppress_below: i64,
    /// What a figure of the file is worth in the series' unit: 1000 for 千円.
    scale: i64,
}

/// Where the period of a row stands.
#[derive(Debug)]
enum PeriodAt {
    /// In one column.
    Column(Vec<String>),
    /// A month's number in one column.
    Month {
        /// The words over it.
        month: Vec<String>,
        /// Where its year stands.
        year: YearAt,
        /// True when January to March belong to the fiscal year before.
        fiscal: bool,
    },
    /// In the header: a column each.
    Across {
        /// Where the year of headings stands that are months only.
        year: Option<YearAt>,
        /// True when January to March belong to the fiscal year before.
        fiscal: bool,
    },
    /// In the file's name.
    Name,
    /// In a title above the table.
    Title,
    /// In the configuration.
    Fixed(LabelledPeriod),
}

/// Where a year stands.
#[derive(Debug)]
enum YearAt {
    Column(Vec<String>),
    Name,
    Fixed(i16),
}

/// A figure of each row.
#[derive(Debug)]
struct FigureAt {
    /// `None` after a mistake, which keeps the configuration from being used, and where labels tell.
    target: Option<SeriesTarget>,
    /// The columns that are added up, each with its words.
    columns: Vec<Vec<String>>,
}

/// What several rows of one key mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rows {
    /// There is one a figure; another that differs is in dispute.
    One,
    /// The last one counts: a correction below.
    Last,
    /// They are added up.
    Sum,
    /// They are counted.
    Count,
}

/// What a file speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CoversAs {
    /// All it has ever given.
    Everything,
    /// From its first period to its last.
    Periods,
    /// Nothing.
    Nothing,
}

impl DocumentSource for Table {
    fn parse(&self, file: &Document, seen: &PollContext) -> Result<ParsedFile, ParseError> {
        parse::parse(self, file.name(), &seen.sheets(file)?, seen)
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
