//! Tables as Japanese cities really write them: bytes in, rows and problems out.
//!
//! ```text
//! bytes --read--> sheets --Columns::find--> rows by role --number, date, code--> values and problems
//! ```
//!
//! Files change name, encoding, format, header row and sheet name from month to month, so nothing
//! here trusts any of these: a format is known by its first bytes, a header by its words, a figure by
//! the rules in [`number`], a period by those in [`date`]. What cannot be read becomes a [`Problem`]
//! or a [`TableError`] that names the place and never quotes a cell; nothing is guessed and a missing
//! figure is never 0. No IO, no clock, no logging, and what a file can make us allocate is bounded by
//! [`Limits`].

pub mod code;
mod container;
mod csv;
pub mod date;
mod gzip;
pub mod header;
mod json;
pub mod number;
pub mod problem;
pub mod sheet;
pub mod text;
pub mod total;
pub mod unit;
mod xlsx;

#[cfg(test)]
mod properties;

pub use code::Municipality;
pub use date::{DateLabel, LabelledPeriod};
pub use gzip::unpacked;
pub use header::{Columns, WantedColumn};
pub use number::NumberCell;
pub use problem::{RejectReason, RowProblem, content_hash, row_hash};
pub use sheet::{Cell, Sheet, SheetRow};
pub use text::Encoding;

/// Bytes of one file: a year of single applications fits twice.
pub const MAX_BYTES: u64 = 32 << 20;
/// Bytes of all parts of a workbook together, unpacked.
pub const MAX_UNPACKED_BYTES: u64 = 128 << 20;
/// Rows of a sheet that hold anything; the most that Excel can store.
pub const MAX_ROWS: usize = 1 << 20;
/// Columns of a sheet; a day in each of five years fits.
pub const MAX_COLUMNS: usize = 2_000;
/// Cells of all sheets together, counting the empty ones before a row's last.
pub const MAX_CELLS: usize = 4_000_000;
/// Bytes of all texts of all cells together: a workbook can show one stored text in many cells.
pub const MAX_TEXT_BYTES: usize = 128 << 20;
/// Characters of one cell; the most that Excel can store. A quote left open runs into it.
pub const MAX_CELL_CHARS: usize = 32_767;
/// Sheets of a workbook.
pub const MAX_SHEETS: usize = 256;

/// How much one file may take. Everything is checked before or while reading, never after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableLimits {
    /// See [`MAX_BYTES`].
    pub bytes: u64,
    /// See [`MAX_UNPACKED_BYTES`].
    pub unpacked_bytes: u64,
    /// See [`MAX_ROWS`].
    pub rows: usize,
    /// See [`MAX_COLUMNS`].
    pub columns: usize,
    /// See [`MAX_CELLS`].
    pub cells: usize,
    /// See [`MAX_TEXT_BYTES`].
    pub text_bytes: usize,
    /// See [`MAX_CELL_CHARS`].
    pub cell_chars: usize,
    /// See [`MAX_SHEETS`].
    pub sheets: usize,
}

impl Default for TableLimits {
    fn default() -> Self {
        Self {
            bytes: MAX_BYTES,
            unpacked_bytes: MAX_UNPACKED_BYTES,
            rows: MAX_ROWS,
            columns: MAX_COLUMNS,
            cells: MAX_CELLS,
            text_bytes: MAX_TEXT_BYTES,
            cell_chars: MAX_CELL_CHARS,
            sheets: MAX_SHEETS,
        }
    }
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFormat {
    /// Text, separated by commas.
    Csv,
    /// Text, separated by tabs.
    Tsv,
    /// An Office Open XML workbook.
    Xlsx,
    /// An array of objects or of arrays.
    Json,
}

/// First bytes of a zip file, and so of an xlsx workbook.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
/// First bytes of a compound file: an .xls workbook, or an xlsx with a password.
const COMPOUND_MAGIC: &[u8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1";

impl FileFormat {
    /// The form of `bytes`: the first bytes tell a workbook from text, whatever was configured, as a
    /// source may change format in mid-year; for text the configured form, then the name's extension,
    /// tells the separator.
    pub fn of(bytes: &[u8], configured: Option<Self>, name: Option<&str>) -> Self {
        if bytes.starts_with(ZIP_MAGIC) {
            return Self::Xlsx;
        }
        let extension = name.and_then(|name| name.rsplit_once('.')).map(|(_, extension)| extension);
        match configured {
            Some(Self::Tsv) => Self::Tsv,
            Some(Self::Csv) => Self::Csv,
            Some(Self::Json) => Self::Json,
            _ if extension.is_some_and(|e| e.eq_ignore_ascii_case("tsv") || e.eq_ignore_ascii_case("tab")) => Self::Tsv,
            _ => Self::Csv,
        }
    }
}

/// What the configuration may say about a file; all of it can be left open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileLayout<'a> {
    /// The form; see [`Format::of`] for when it counts.
    pub format: Option<FileFormat>,
    /// The encoding of text; a byte order mark beats it.
    pub encoding: Option<Encoding>,
    /// Name of the file, for its extension only.
    pub name: Option<&'a str>,
}

/// Why a whole file could not be read. No message quotes a cell; [`TableError::MissingColumn`] quotes
/// words of the header.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// Nothing in it: an answer without a body.
    #[error("the file is empty")]
    Empty,
    /// A limit was reached.
    #[error("more than {limit} {what}")]
    TooLarge {
        /// What there was too much of, in plural.
        what: &'static str,
        /// How much would have been allowed.
        limit: u64,
    },
    /// The bytes fit none of the encodings.
    #[error("the text is in no known encoding, or cut short; see `encoding`")]
    Undecodable,
    /// A NUL in the text.
    #[error("the text holds NUL: not text, or UTF-16 without its mark; then set `encoding = \"utf-16le\"`")]
    Nul,
    /// A web page where a table should be.
    #[error("the file is a web page, not a table")]
    Html,
    /// A compound file.
    #[error(
        "the file is an old .xls workbook or protected by a password; only .xlsx and text are read: \
             save it as .xlsx, or leave it out by `pattern` or `extensions`"
    )]
    OldWorkbook,
    /// A zip file that is no readable workbook.
    #[error("the workbook cannot be read: {0}")]
    Workbook(&'static str),
    /// Packed bytes that cannot be unpacked.
    #[error("the packed file (gzip) is damaged or cut short")]
    Packing,
    /// JSON that is no table.
    #[error("the JSON cannot be read as a table: {0}")]
    Json(&'static str),
    /// A quote without its other end swallows the rows up to the next quote, or to the end.
    #[error("line {line}: a quote is opened and not closed before the next one or the end")]
    OpenQuote {
        /// The line of the quote, from 1.
        line: u32,
    },
    /// A thousands separator outside quotes divides a number into two fields.
    #[error(
        "line {line}: a number is divided at its thousands separator; put it into quotes (\"1,234\") or write 1234"
    )]
    SplitNumber {
        /// The line, from 1.
        line: u32,
    },
    /// No row holds all the required words.
    #[error("no column for `{role}`: looked for {words:?}, nearest in the header {nearest:?}")]
    MissingColumn {
        /// The role.
        role: String,
        /// The words tried.
        words: Vec<String>,
        /// The header's words nearest to them, best first.
        nearest: Vec<String>,
    },
    /// A word that stands over several columns.
    #[error("several columns for `{role}`: {columns:?} all match; use a longer word")]
    AmbiguousColumn {
        /// The role.
        role: String,
        /// The columns, from 1.
        columns: Vec<u32>,
    },
    /// Several sheets hold the header.
    #[error("several sheets hold the header: {sheets:?}; set `sheet`")]
    AmbiguousSheet {
        /// Their names.
        sheets: Vec<String>,
    },
}

impl TableError {
    /// The error as metrics and visits name it.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Empty => "empty_file",
            Self::TooLarge { .. } => "too_large",
            Self::Undecodable => "undecodable",
            Self::Nul => "nul",
            Self::Html => "html",
            Self::OldWorkbook => "old_workbook",
            Self::Workbook(_) => "workbook",
            Self::Packing => "packing",
            Self::Json(_) => "json",
            Self::OpenQuote { .. } => "open_quote",
            Self::SplitNumber { .. } => "split_number",
            Self::MissingColumn { .. } => "missing_column",
            Self::AmbiguousColumn { .. } => "ambiguous_column",
            Self::AmbiguousSheet { .. } => "ambiguous_sheet",
        }
    }

    fn too_large(what: &'static str, limit: usize) -> Self {
        Self::TooLarge { what, limit: u64::try_from(limit).unwrap_or(u64::MAX) }
    }
}

/// The sheets of a file: one for text, all worksheets in their order for a workbook.
pub fn read(bytes: &[u8], shape: FileLayout<'_>, limits: &TableLimits) -> Result<Vec<Sheet>, TableError> {
    if bytes.is_empty() {
        return Err(TableError::Empty);
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limits.bytes {
        return Err(TableError::TooLarge { what: "bytes", limit: limits.bytes });
    }
    if bytes.starts_with(COMPOUND_MAGIC) {
        return Err(TableError::OldWorkbook);
    }
    let separator = match FileFormat::of(bytes, shape.format, shape.name) {
        FileFormat::Xlsx => return xlsx::read(bytes, limits),
        FileFormat::Csv => Some(b','),
        FileFormat::Tsv => Some(b'\t'),
        FileFormat::Json => None,
    };
    let (text, _) = text::decode(bytes, shape.encoding)?;
    let start = text::trim(&text);
    if start.is_empty() {
        return Err(TableError::Empty);
    }
    if is_page(start) {
        return Err(TableError::Html);
    }
    Ok(vec![match separator {
        Some(separator) if !json::is_json(start) => {
            // Spreadsheets save tabs under any name ("Unicode text").
            let tabs = shape.format.is_none() && csv::is_by_tabs(start);
            csv::read(&text, if tabs { b'\t' } else { separator }, limits)?
        }
        _ => json::read(start, limits)?,
    }])
}

fn is_page(text: &str) -> bool {
    ["<!doctype", "<html", "<?xml"].iter().any(|tag| text.get(..tag.len()).is_some_and(|t| t.eq_ignore_ascii_case(tag)))
}

/// What is left of the limits on cells while a file is read.
struct Budget<'a> {
    limits: &'a TableLimits,
    cells: usize,
    text_bytes: usize,
}

impl<'a> Budget<'a> {
    fn new(limits: &'a TableLimits) -> Self {
        Self { limits, cells: 0, text_bytes: 0 }
    }

    /// Takes a text about to be stored.
    fn text(&mut self, text: &str) -> Result<(), TableError> {
        // A byte count below the limit spares counting characters, which is the common case.
        if text.len() > self.limits.cell_chars && text.chars().count() > self.limits.cell_chars {
            return Err(TableError::too_large("characters in a cell", self.limits.cell_chars));
        }
        self.text_bytes += text.len();
        if self.text_bytes > self.limits.text_bytes {
            return Err(TableError::too_large("bytes of text in cells", self.limits.text_bytes));
        }
        Ok(())
    }

    /// Takes a row of so many cells, the `rows`-th of its sheet.
    fn row(&mut self, cells: usize, rows: usize) -> Result<(), TableError> {
        self.cells += cells;
        if cells > self.limits.columns {
            return Err(TableError::too_large("columns", self.limits.columns));
        }
        if self.cells > self.limits.cells {
            return Err(TableError::too_large("cells", self.limits.cells));
        }
        if rows > self.limits.rows {
            return Err(TableError::too_large("rows", self.limits.rows));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_format_and_only_the_separator_is_configured() {
        assert_eq!(FileFormat::of(b"PK\x03\x04..", Some(FileFormat::Csv), Some("a.csv")), FileFormat::Xlsx);
        assert_eq!(FileFormat::of(b"a,b", Some(FileFormat::Xlsx), Some("a.xlsx")), FileFormat::Csv);
        assert_eq!(FileFormat::of(b"a\tb", None, Some("S_D_85.TSV")), FileFormat::Tsv);
        assert_eq!(FileFormat::of(b"a\tb", Some(FileFormat::Tsv), Some("a.txt")), FileFormat::Tsv);
        assert_eq!(FileFormat::of(b"a,b", Some(FileFormat::Csv), Some("a.tsv")), FileFormat::Csv);
        assert_eq!(FileFormat::of(b"a,b", None, None), FileFormat::Csv);
    }

    #[test]
    fn what_is_no_table_says_so() {
        let rows: [(&[u8], TableError); 5] = [
            (b"", TableError::Empty),
            (b"\xEF\xBB\xBF \r\n", TableError::Empty),
            (b"\n<!DOCTYPE html><html>", TableError::Html),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1....", TableError::OldWorkbook),
            (b"PK\x03\x04....", TableError::Workbook("not a zip file, or cut short")),
        ];
        for (bytes, error) in rows {
            assert_eq!(read(bytes, FileLayout::default(), &TableLimits::default()), Err(error));
        }
        let limits = TableLimits { bytes: 3, ..TableLimits::default() };
        assert_eq!(
            read(b"a,b\n", FileLayout::default(), &limits),
            Err(TableError::TooLarge { what: "bytes", limit: 3 })
        );
    }
}
