//! What a source is: a parser of documents, or a follower of a log.

use super::parsed::{EnteredFigure, ParseError, ParsedFile};
use super::target::SourceContext;
use crate::document::Document;
use crate::fetch::FetchError;
use crate::table::{self, Encoding, FileFormat, FileLayout, Sheet, TableError, TableLimits};
use contract::reader::TomlTable;
use contract::time::{DAY, Moment};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// One kind of source system.
#[derive(Clone, Copy, Debug)]
pub struct SourceKind {
    /// Name in the key `kind` of the configuration.
    pub name: &'static str,
    /// A configuration to copy, with a comment on every key.
    pub sample: &'static str,
    /// True when it reads numbers with digits after the point, not counts alone.
    pub fractions: bool,
    /// The kind's own keys of a `[[source]]`.
    pub keys: &'static [&'static str],
    /// Reads these keys; the reader collects the mistakes.
    pub read: fn(&TomlTable<'_>, &SourceContext<'_>) -> Source,
}

/// A configured source of some kind.
#[derive(Clone, Debug)]
pub enum Source {
    /// Files that are read as a whole.
    Documents(Arc<dyn DocumentSource>),
    /// A log that grows.
    Log(Arc<dyn LogSource>),
}

impl Source {
    /// A source with this parser.
    pub(super) fn documents(parser: impl DocumentSource + 'static) -> Self {
        Self::Documents(Arc::new(parser))
    }

    /// The series that the configuration assigns to it, each with the key that names it.
    pub fn series(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Documents(parser) => parser.series(),
            Self::Log(log) => log.series(),
        }
    }

    /// True when its files may also give other series that list it.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Documents(parser) if parser.is_open())
    }
}

/// A parser of documents: a pure function from a file's bytes to figures and rejects.
pub trait DocumentSource: fmt::Debug + Send + Sync {
    /// Reads a file.
    ///
    /// Errors: the file as a whole cannot be read; it withdraws nothing.
    fn parse(&self, file: &Document, context: &PollContext) -> Result<ParsedFile, ParseError>;

    /// The figures that a file ever held, as far as it says itself when they were entered: each with that day (day number), in the
    /// order of the file, what was corrected too. For a replay; most files say nothing of it.
    ///
    /// Errors: as of [`DocumentSource::parse`].
    fn entered(&self, file: &Document, context: &PollContext) -> Result<Vec<EnteredFigure>, ParseError> {
        Ok(self.parse(file, context)?.figures.into_iter().map(|figure| (None, figure)).collect())
    }

    /// The address of the next request, for an interface that gives its answer in pages. `answers` are those so far;
    /// `None` when they are complete. The default makes one request.
    ///
    /// Errors: an answer after which no further request helps.
    fn ask(&self, address: &str, answers: &[Vec<u8>]) -> Result<Option<String>, ParseError> {
        Ok(answers.is_empty().then(|| address.to_owned()))
    }

    /// The series that the configuration assigns to it, each with the key that names it.
    fn series(&self) -> Vec<(&'static str, &str)>;

    /// True when its files may also give other series that list it.
    fn is_open(&self) -> bool;
}

/// A follower of a log: reads what was appended since its last checkpoint.
pub trait LogSource: fmt::Debug + Send + Sync {
    /// Reads at most `limit` bytes that are new at `path`; `notes` tell how far the log was read.
    fn follow(&self, path: &Path, notes: &SourceNotes, now: Moment, limit: u64) -> Result<LogAdvance, FetchError>;

    /// True for a folder of files that are finished: they are read when they are at rest.
    fn is_finished(&self) -> bool;

    /// The series that the configuration assigns to it, each with the key that names it.
    fn series(&self) -> Vec<(&'static str, &str)>;
}

/// What a source stores in its checkpoint for itself, by name.
pub type SourceNotes = BTreeMap<String, Vec<u8>>;

/// What one step along a log gave.
#[derive(Debug)]
pub struct LogAdvance {
    /// Figures and rejects.
    pub parsed: ParsedFile,
    /// The notes afterwards: committed together with the figures.
    pub notes: SourceNotes,
    /// True when there is more to read.
    pub more: bool,
}

/// What a parser may know of the poll.
#[derive(Clone, Copy, Debug)]
pub struct PollContext {
    /// When the file was fetched.
    pub time: Moment,
    /// The configured encoding.
    pub encoding: Option<Encoding>,
    /// The configured size limit.
    pub max_bytes: u64,
}

impl PollContext {
    /// The sheets of a file.
    pub fn sheets(&self, file: &Document) -> Result<Vec<Sheet>, TableError> {
        self.sheets_as(file, None)
    }

    /// The sheets of a file of this format. A gzip file is decompressed up to the size limit.
    pub fn sheets_as(&self, file: &Document, format: Option<FileFormat>) -> Result<Vec<Sheet>, TableError> {
        let name = file.name();
        let shape =
            FileLayout { format, encoding: self.encoding, name: Some(name.strip_suffix(".gz").unwrap_or(name)) };
        let limits = TableLimits { bytes: self.max_bytes, ..TableLimits::default() };
        match table::unpacked(&file.bytes, self.max_bytes)? {
            Some(bytes) => table::read(&bytes, shape, &limits),
            None => table::read(&file.bytes, shape, &limits),
        }
    }

    /// True when `start` lies more than a day ahead: the aggregator rejects such a figure.
    pub(super) fn is_ahead(&self, start: Moment) -> bool {
        start.0 > self.time.0 + DAY
    }
}
