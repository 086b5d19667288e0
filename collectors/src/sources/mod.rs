//! The kinds of source system, in an explicit list: one folder each.
//!
//! A source is a pure function from a file's bytes to figures, rejects and what the file speaks for. It
//! fetches nothing, keeps nothing, and neither logs nor times: [`crate::poll`] does the first two,
//! [`crate::runner`] the rest. That is why every source can be tried on bytes alone.

pub mod accesslog;
pub mod appstore;
pub mod ckan;
mod date_in_name;
mod disclosure_control;
pub mod eapply;
pub mod mynumber;
mod period;
pub mod register;
pub mod table;
mod target;
pub mod wifi;

use crate::fetch::Document;
use crate::table::{Columns, Encoding, FileFormat, FileLayout, Sheet, SheetRow, TableError, TableLimits, row_hash};
use contract::reader::TomlTable;
use contract::record::{Breakdown, Finality, Place, Span, Value};
use contract::time::{DAY, Moment};
use std::fmt;
use std::sync::Arc;

pub use target::{SeriesLabel, SeriesTarget, SourceContext};

/// One kind of source system.
#[derive(Clone, Copy, Debug)]
pub struct SourceKind {
    /// What `kind` says in the configuration.
    pub name: &'static str,
    /// A configuration to copy, with a word on every key.
    pub sample: &'static str,
    /// The kind's own keys of a `[[source]]`.
    pub keys: &'static [&'static str],
    /// Reads these keys; mistakes are reported through the reader.
    pub read: fn(&TomlTable<'_>, &SourceContext<'_>) -> Arc<dyn Source>,
}

/// All kinds. To add one: its folder, and one line here.
pub const KINDS: &[SourceKind] = &[
    accesslog::KIND,
    appstore::KIND,
    ckan::KIND,
    eapply::KIND,
    mynumber::KIND,
    register::KIND,
    table::KIND,
    wifi::KIND,
];

/// A configured source of some kind. Its `Debug` form names all its settings: when it changes, files
/// that have not changed are read again.
pub trait Source: fmt::Debug + Send + Sync {
    /// What a file says.
    ///
    /// Errors: a file that cannot be read at all; it withdraws nothing.
    fn parse(&self, file: &Document, seen: &PollContext) -> Result<ParsedFile, ParseError>;

    /// The address to ask next, when one answer is not all: an interface that gives a thousand rows a page. `answers`
    /// are those so far; `None` when they are complete. The default asks once.
    ///
    /// Errors: an answer that says that asking on is useless.
    fn ask(&self, address: &str, answers: &[Vec<u8>]) -> Result<Option<String>, ParseError> {
        Ok(answers.is_empty().then(|| address.to_owned()))
    }

    /// The log that it follows, where it is no files that are read as a whole.
    fn log(&self) -> Option<&accesslog::AccessLog> {
        None
    }

    /// The series it gives by its configuration, and the key that says so.
    fn series(&self) -> Vec<(&'static str, &str)>;

    /// True when its files may also give other series that list it.
    fn is_open(&self) -> bool;
}

/// The circumstances of a visit, as far as a parser may know them.
#[derive(Clone, Copy, Debug)]
pub struct PollContext {
    /// When the file was seen.
    pub time: Moment,
    /// The configured encoding.
    pub encoding: Option<Encoding>,
    /// The configured size cap.
    pub max_bytes: u64,
}

impl PollContext {
    /// The sheets of a file.
    pub fn sheets(&self, file: &Document) -> Result<Vec<Sheet>, TableError> {
        self.sheets_as(file, None)
    }

    /// The sheets of a file whose form is known. A packed file (gzip) is unpacked, no further than the size cap.
    pub fn sheets_as(&self, file: &Document, format: Option<FileFormat>) -> Result<Vec<Sheet>, TableError> {
        let name = file.name();
        let shape =
            FileLayout { format, encoding: self.encoding, name: Some(name.strip_suffix(".gz").unwrap_or(name)) };
        let limits = TableLimits { bytes: self.max_bytes, ..TableLimits::default() };
        match crate::table::unpacked(&file.bytes, self.max_bytes)? {
            Some(bytes) => crate::table::read(&bytes, shape, &limits),
            None => crate::table::read(&file.bytes, shape, &limits),
        }
    }

    /// True when something that begins then has not begun: the aggregator refuses a figure of a day ahead.
    fn is_ahead(&self, start: Moment) -> bool {
        start.0 > self.time.0 + DAY
    }
}

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

/// Reasons of rejects that a table knows nothing about.
mod reason {
    /// A series, or a label for one, that the configuration does not know.
    pub(super) const UNKNOWN_SERIES: &str = "unknown_series";
    /// A counting rule that the series does not have, or none where it has several.
    pub(super) const UNKNOWN_DEFINITION: &str = "unknown_definition";
    /// A period that is not of the series' shape and grain.
    pub(super) const WRONG_PERIOD: &str = "wrong_period";
    /// A count below zero.
    pub(super) const NEGATIVE: &str = "negative";
    /// A second row of one figure, with another one.
    pub(super) const STANDS_TWICE: &str = "stands_twice";
    /// A figure for what has not begun.
    pub(super) const IN_THE_FUTURE: &str = "in_the_future";
}

/// Reads the words of a role's column, or takes the usual ones.
fn words(columns: Option<&TomlTable<'_>>, role: &'static str, usual: &[&str]) -> Vec<String> {
    let own = columns.map(|columns| columns.texts(role)).unwrap_or_default();
    if own.is_empty() { usual.iter().map(|word| (*word).to_owned()).collect() } else { own }
}

/// A row rejected for what stands in the column of a role.
fn rejected(columns: &Columns, sheet: &Sheet, row: &SheetRow, role: &str, reason: &'static str) -> RejectedRow {
    let column = columns.index(role).map(|_| role.to_owned());
    RejectedRow { reason, place: place(sheet, row), column, hash: row_hash(row) }
}

/// Where a row stands.
fn place(sheet: &Sheet, row: &SheetRow) -> Place {
    Place { sheet: sheet.name.clone(), row: Some(row.number) }
}
