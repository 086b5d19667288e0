//! What a parser makes of a file: figures, rejects, and the keys that the file speaks for.

use crate::table::TableError;
use contract::record::{Breakdown, Finality, Place, Span, Value};
use contract::time::Moment;

/// What one figure is of. One poll gives at most one figure a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ParsedKey {
    /// Series id.
    pub series: String,
    /// Definition id.
    pub definition: String,
    /// What it describes.
    pub span: Span,
}

/// One figure read from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedFigure {
    /// What it is of.
    pub key: ParsedKey,
    /// The figure, in the series' unit.
    pub value: Value,
    /// One dimension, complete.
    pub breakdown: Option<Breakdown>,
    /// Settled or not.
    pub finality: Finality,
    /// Where it stood.
    pub place: Place,
}

/// A row that could not be read, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// Typed reason.
    pub reason: &'static str,
    /// Where the row stood.
    pub place: Place,
    /// Role of the column at fault.
    pub column: Option<String>,
    /// Hash of the row.
    pub hash: String,
}

/// Which keys a file speaks for: one of these that it no longer gives is withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// All it has ever given: a register.
    Everything,
    /// This instant: an edition.
    Instant(Moment),
    /// This instant and what lies after it: a list of editions, whose first ones may be cut off.
    From(Moment),
    /// What lies wholly between two instants: the file of one month.
    Within(Moment, Moment),
    /// Nothing.
    Nothing,
}

impl Coverage {
    /// True when a key of this span is spoken for.
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

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedFile {
    /// Its figures, at most one a key.
    pub figures: Vec<ParsedFigure>,
    /// Its rows that could not be read.
    pub rejects: Vec<RejectedRow>,
    /// Keys of rejected rows: not given, but not withdrawn either.
    pub held: Vec<ParsedKey>,
    /// What it speaks for.
    pub covers: Coverage,
    /// When the same bytes will say something else, because a period will have ended.
    pub until: Option<Moment>,
}

/// Why a file could not be read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// It is no table, or not the one that was meant.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A report of a day where months are counted.
    #[error("a daily report cannot feed a series of months; let the series count by day (grain = \"day\")")]
    DailyReport,
    /// The period is to be read from where none stands.
    #[error("no month or date, or several, in the file's {0}; see `month_from` and `as_of_from`")]
    NoPeriod(&'static str),
    /// There is nothing below the header: an accident, as nobody withdraws everything at once.
    #[error("the table has a header but no rows")]
    NoRows,
    /// It can be read, and what it says cannot be taken.
    #[error("{why}")]
    Unfit {
        /// The name for metrics and visits.
        label: &'static str,
        /// What is wrong and which key to change. No cell's text.
        why: &'static str,
    },
}

impl ParseError {
    /// The error as metrics and visits name it.
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
