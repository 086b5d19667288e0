//! Why a whole file cannot be read.

/// Why a whole file cannot be read. No message quotes a data cell; [`TableError::MissingColumn`] quotes headings.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// The file has no content.
    #[error("the file is empty")]
    Empty,
    /// The file exceeds a limit.
    #[error("more than {limit} {what}")]
    TooLarge {
        /// The things that are too many, in plural.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The bytes are valid in none of the encodings.
    #[error("the text is in no known encoding, or cut short; see `encoding`")]
    Undecodable,
    /// The text contains NUL.
    #[error("the text holds NUL: not text, or UTF-16 without its mark; then set `encoding = \"utf-16le\"`")]
    Nul,
    /// The file ends in the message of a program that stopped while it wrote the table.
    #[error("line {line}: the file ends in an error message of the program that wrote it; let it be exported again")]
    ErrorMessage {
        /// Line of the message, from 1.
        line: u32,
    },
    /// The file is a web page.
    #[error("the file is a web page, not a table")]
    Html,
    /// A compound file: an old .xls workbook, or one with a password.
    #[error(
        "the file is an old .xls workbook or protected by a password; only .xlsx and text are read: \
             save it as .xlsx, or leave it out by `pattern` or `extensions`"
    )]
    OldWorkbook,
    /// A zip file that is not a readable workbook.
    #[error("the workbook cannot be read: {0}")]
    Workbook(&'static str),
    /// Compressed bytes that cannot be decompressed.
    #[error("the packed file (gzip) is damaged or cut short")]
    Packing,
    /// The JSON is not a table.
    #[error("the JSON cannot be read as a table: {0}")]
    Json(&'static str),
    /// A quote that is not closed hides the rows up to the next quote, or to the end.
    #[error("line {line}: a quote is opened and not closed before the next one or the end")]
    OpenQuote {
        /// Line of the quote, from 1.
        line: u32,
    },
    /// A thousands separator outside quotes splits a number into two fields.
    #[error(
        "line {line}: a number is divided at its thousands separator; put it into quotes (\"1,234\") or write 1234"
    )]
    SplitNumber {
        /// Line of the number, from 1.
        line: u32,
    },
    /// No row has a heading for every required role.
    #[error("no column for `{role}`: looked for {words:?}, nearest in the header {nearest:?}")]
    MissingColumn {
        /// Role of the column.
        role: String,
        /// Words that were looked for.
        words: Vec<String>,
        /// The most similar headings, best first.
        nearest: Vec<String>,
    },
    /// Several columns match one role.
    #[error("several columns for `{role}`: {columns:?} all match; use a longer word")]
    AmbiguousColumn {
        /// Role of the column.
        role: String,
        /// Numbers of the columns, from 1.
        columns: Vec<u32>,
    },
    /// Several sheets have the header.
    #[error("several sheets hold the header: {sheets:?}; set `sheet`")]
    AmbiguousSheet {
        /// Names of the sheets.
        sheets: Vec<String>,
    },
}

impl TableError {
    /// The label in metrics and poll records.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Empty => "empty_file",
            Self::TooLarge { .. } => "too_large",
            Self::Undecodable => "undecodable",
            Self::Nul => "nul",
            Self::ErrorMessage { .. } => "error_message",
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

    pub(super) fn too_large(what: &'static str, limit: usize) -> Self {
        Self::TooLarge { what, limit: u64::try_from(limit).unwrap_or(u64::MAX) }
    }
}
