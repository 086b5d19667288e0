//! What a parser makes of a file: figures, rejects, and the keys that the file speaks for.

use crate::table::TableError;
use contract::record::{Breakdown, Finality, Place, Span, Value};
use contract::time::Moment;

/// Identifies a figure. A poll gives at most one figure for each key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParsedKey {
    /// Series id.
    pub series: String,
    /// Definition id.
    pub definition: String,
    /// Instant or period.
    pub span: Span,
}

/// One figure read from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedFigure {
    /// Its key.
    pub key: ParsedKey,
    /// The figure, in the series' unit.
    pub value: Value,
    /// One dimension, complete.
    pub breakdown: Option<Breakdown>,
    /// Settled or not.
    pub finality: Finality,
    /// Its place in the file.
    pub place: Place,
}

/// A figure with the day (day number) on which its file says that it was entered.
pub type EnteredFigure = (Option<i32>, ParsedFigure);

/// A row that could not be read, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// Typed reason.
    pub reason: &'static str,
    /// Its place in the file.
    pub place: Place,
    /// Role of the column at fault.
    pub column: Option<String>,
    /// Hash of the row.
    pub hash: String,
}

/// The keys that a file speaks for. A covered key that the file no longer gives is withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// All keys that it ever gave: a register.
    Everything,
    /// This instant: an edition.
    Instant(Moment),
    /// This instant and later: a list of editions without the earliest ones.
    From(Moment),
    /// Everything between two instants: the file of one month.
    Within(Moment, Moment),
    /// No keys.
    Nothing,
}

impl Coverage {
    /// True when a key of this span is covered.
    pub fn holds(self, span: Span) -> bool {
        let (Span::AsOf(start) | Span::During(start, _)) = span;
        let (Span::AsOf(end) | Span::During(_, end)) = span;
        match self {
            Self::Everything => true,
            Self::Instant(only) => start == only,
            Self::From(first) => start >= first,
            Self::Within(first, last) => first <= start && end <= last,
            Self::Nothing => false,
        }
    }
}

/// The content of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedFile {
    /// Its figures, at most one for each key.
    pub figures: Vec<ParsedFigure>,
    /// Its rows that could not be read.
    pub rejects: Vec<RejectedRow>,
    /// Keys of rejected rows: neither given nor withdrawn.
    pub held: Vec<ParsedKey>,
    /// The keys it speaks for.
    pub covers: Coverage,
    /// When the same bytes give other figures, because a period has ended.
    pub until: Option<Moment>,
}

/// Why a file as a whole could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// Not a table, or not the expected one.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A daily report for a series of months.
    #[error("a daily report cannot feed a series of months; let the series count by day (grain = \"day\")")]
    DailyReport,
    /// The configured place has no period, or several.
    #[error("no month or date, or several, in the file's {0}; see `month_from` and `as_of_from`")]
    NoPeriod(&'static str),
    /// The table has no rows below its header: more likely an accident than a withdrawal of everything.
    #[error("the table has a header but no rows")]
    NoRows,
    /// It can be read, but its content cannot be used.
    #[error("{why}")]
    Unfit {
        /// The name in metrics and poll records.
        label: &'static str,
        /// What is wrong and which key to change. No cell's text.
        why: &'static str,
    },
}

impl ParseError {
    /// The error's name in metrics and poll records.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Table(error) => error.label(),
            Self::DailyReport => "daily_report",
            Self::NoPeriod(_) => "no_period",
            Self::NoRows => "no_rows",
            Self::Unfit { label, .. } => label,
        }
    }
}
