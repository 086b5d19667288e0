//! Text tables: csv and tsv, with the faults that spreadsheets and people put into them.
//!
//! Mixed line ends, rows of different lengths and stray quotes are read. A quote that is not closed is an error, because it
//! hides the rows up to the next quote or the end.

use super::super::error::TableError;
use super::super::limits::{Budget, TableLimits};
use super::super::sheet::{Cell, Sheet, SheetRow};
use super::super::text::trim;

/// The rows of `text`. Quotes and separators follow RFC 4180; CR, LF and CRLF all end a row.
pub(super) fn read(text: &str, separator: u8, limits: &TableLimits) -> Result<Sheet, TableError> {
    check_quotes(text, separator)?;
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(separator).from_reader(text.as_bytes());
    let mut budget = Budget::new(limits);
    let mut rows = Vec::new();
    let mut record = ::csv::StringRecord::new();
    let mut lines = LineNumbers::new(text);
    let mut split = SplitNumbers::default();
    // The text is valid UTF-8, rows can have any length, and reading memory cannot fail: there are no errors.
    while reader.read_record(&mut record).unwrap_or(false) {
        let start = record.position().map_or(0, ::csv::Position::byte);
        let line = lines.at(usize::try_from(start).unwrap_or(usize::MAX));
        let filled = record.iter().enumerate().filter(|(_, field)| !trim(field).is_empty());
        let used = filled.last().map_or(0, |(last, _)| last + 1);
        budget.row(used, rows.len() + 1)?;
        if separator == b',' && used > 0 {
            split.add(&record, line);
        }
        let mut cells = Vec::with_capacity(used);
        for field in record.iter().take(used) {
            budget.text(field)?;
            cells.push(Cell::of_text(field));
        }
        rows.extend(SheetRow::new(line, cells));
    }
    split.first().map_or(Ok(Sheet { rows, ..Sheet::default() }), |line| Err(TableError::SplitNumber { line }))
}

/// Finds rows with a number that is split at a thousands separator without quotes: 1,234 as 1 and 234.
///
/// Such a row has more fields than the rows without such pairs have at most, by at most the number of its pairs.
#[derive(Default)]
struct SplitNumbers {
    /// Maximum fields of a row without two fields that can be one number.
    usual: usize,
    /// Rows with such pairs: fields, pairs, line.
    suspects: Vec<(usize, usize, u32)>,
}

impl SplitNumbers {
    fn add(&mut self, record: &::csv::StringRecord, line: u32) {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let begins = |text: &str| (1..=3).contains(&text.trim_start_matches(['-', '△', '▲']).len());
        let head = |text: &str| begins(text) && digits(text.trim_start_matches(['-', '△', '▲']));
        let tail = |text: &str| {
            let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
            whole.len() == 3 && digits(whole) && digits(decimals)
        };
        let next = record.iter().skip(1);
        let pairs = record.iter().zip(next).filter(|(one, next)| head(one.trim()) && tail(next.trim())).count();
        match (pairs, record.len()) {
            (0, fields) => self.usual = self.usual.max(fields),
            (pairs, fields) => self.suspects.push((fields, pairs, line)),
        }
    }

    /// The line of the first such row.
    fn first(&self) -> Option<u32> {
        let is_split = |(fields, pairs, _): &&(usize, usize, u32)| {
            self.usual > 1 && fields.checked_sub(self.usual).is_some_and(|more| (1..=*pairs).contains(&more))
        };
        self.suspects.iter().find(is_split).map(|(.., line)| *line)
    }
}

/// Lines that are examined for the separator.
const MAX_LINES: usize = 100;

/// True when more of the first lines contain only tabs than only commas.
pub(super) fn is_by_tabs(text: &str) -> bool {
    let lines = text.lines().take(MAX_LINES).map(|line| (line.contains('\t'), line.contains(',')));
    let (mut tabs, mut commas) = (0, 0);
    for (tab, comma) in lines {
        tabs += usize::from(tab && !comma);
        commas += usize::from(comma && !tab);
    }
    tabs > commas
}

/// Maximum fields of a record, with empty ones at its end. The reader allocates memory for all of them.
const MAX_FIELDS: usize = 100_000;

/// The position of a byte in a record.
#[derive(Clone, Copy)]
enum QuoteState {
    FieldStart,
    Plain,
    /// Inside quotes: the line where they began, and whether a line has ended since.
    Quoted(u32, bool),
    /// After a quote that closes them, or is the first of a doubled one.
    Closed(u32, bool),
}

/// Checks faults that the csv reader accepts: a quoted field over several lines that ends with the file, or has a letter behind
/// its second quote, which was meant to open another field; and a record of more than [`MAX_FIELDS`].
fn check_quotes(text: &str, separator: u8) -> Result<(), TableError> {
    let (mut state, mut line, mut fields, mut before) = (QuoteState::FieldStart, 1_u32, 1, 0);
    for byte in text.bytes() {
        let end = byte == b'\n' || byte == b'\r';
        line = line.saturating_add(u32::from(end && !(byte == b'\n' && before == b'\r')));
        before = byte;
        state = match state {
            QuoteState::FieldStart if byte == b'"' => QuoteState::Quoted(line, false),
            QuoteState::Quoted(from, lines) if byte == b'"' => QuoteState::Closed(from, lines),
            QuoteState::Quoted(from, lines) => QuoteState::Quoted(from, lines || end),
            QuoteState::Closed(from, lines) if byte == b'"' => QuoteState::Quoted(from, lines),
            QuoteState::Closed(from, lines) if byte == b' ' => QuoteState::Closed(from, lines),
            _ if end || byte == separator => QuoteState::FieldStart,
            QuoteState::Closed(line, true) => return Err(TableError::OpenQuote { line }),
            _ => QuoteState::Plain,
        };
        if matches!(state, QuoteState::FieldStart) {
            fields = if end { 1 } else { fields + 1 };
        }
        if fields > MAX_FIELDS {
            return Err(TableError::too_large("fields in a record", MAX_FIELDS));
        }
    }
    match state {
        QuoteState::Quoted(line, true) => Err(TableError::OpenQuote { line }),
        _ => Ok(()),
    }
}

/// Counts lines up to a byte: the csv reader counts LF only, and starts a record at the LF of a CRLF.
struct LineNumbers<'a> {
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl<'a> LineNumbers<'a> {
    fn new(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0, line: 1 }
    }

    /// The line, from 1, of the first byte at or after `byte` that is not a line end. `byte` must not decrease.
    fn at(&mut self, byte: usize) -> u32 {
        while let Some(&c) = self.bytes.get(self.at) {
            if self.at >= byte && c != b'\n' && c != b'\r' {
                break;
            }
            let crlf = c == b'\r' && self.bytes.get(self.at + 1) == Some(&b'\n');
            self.line = self.line.saturating_add(u32::from((c == b'\n' || c == b'\r') && !crlf));
            self.at += 1;
        }
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sheet: &Sheet) -> Vec<(u32, Vec<String>)> {
        sheet.rows.iter().map(|row| (row.number, row.cells.iter().map(Cell::text).collect())).collect()
    }

    fn rows(text: &str) -> Vec<(u32, Vec<String>)> {
        texts(&read(text, b',', &TableLimits::default()).unwrap())
    }

    fn row(number: u32, cells: &[&str]) -> (u32, Vec<String>) {
        (number, cells.iter().map(|&cell| cell.to_owned()).collect())
    }

    #[test]
    fn mixed_line_ends_are_read_and_a_row_has_the_number_of_its_first_line() {
        let text = "a,b\r\n1,\"x\ny\"\n\r\n2,z\r3,w\n\n,,\n4,v";
        let expected = [
            row(1, &["a", "b"]),
            row(2, &["1", "x\ny"]),
            row(5, &["2", "z"]),
            row(6, &["3", "w"]),
            row(9, &["4", "v"]),
        ];
        assert_eq!(rows(text), expected);
    }

    #[test]
    fn ragged_rows_stray_quotes_and_doubled_quotes_are_read() {
        let text = "a,b,c\n1\n1,2,3,4,,\nab\"c\"d,\"e\"\"f\",\"g\"h\n";
        let expected = [
            row(1, &["a", "b", "c"]),
            row(2, &["1"]),
            row(3, &["1", "2", "3", "4"]),
            row(4, &["ab\"c\"d", "e\"f", "gh"]),
        ];
        assert_eq!(rows(text), expected);
    }

    #[test]
    fn a_quote_that_is_not_closed_is_an_error_with_its_line() {
        assert_eq!(read("a,b\n1,\"2\n3,4\n", b',', &TableLimits::default()), Err(TableError::OpenQuote { line: 2 }));
        assert_eq!(rows("a,b\n1,\"2\n3\"\n"), [row(1, &["a", "b"]), row(2, &["1", "2\n3"])]);
        let swallowed = "\"a\",\"b\"\n\"1\",\"2\n\"3\",\"4\"\n\"5\",\"6\"\n";
        assert_eq!(read(swallowed, b',', &TableLimits::default()), Err(TableError::OpenQuote { line: 2 }));
        assert_eq!(rows("a\n\"1"), [row(1, &["a"]), row(2, &["1"])]);
    }

    #[test]
    fn tabs_separate_a_tsv() {
        let sheet = read("a\tb,c\n1\t2\n", b'\t', &TableLimits::default()).unwrap();
        assert_eq!(texts(&sheet), [row(1, &["a", "b,c"]), row(2, &["1", "2"])]);
    }

    #[test]
    fn a_number_split_at_its_separator_is_an_error_with_its_line() {
        let split = |line| Err(TableError::SplitNumber { line });
        let read = |text: &str| read(text, b',', &TableLimits::default()).map(|sheet| sheet.rows.len());
        assert_eq!(read("月,件数,備考\n4月,\"1,200\",\n5月,1,234,\n6月,90,\n"), split(3));
        assert_eq!(read("月,件数\n4月,1,234,567\n"), split(2));
        assert_eq!(read("月,額\n4月,△1,234.5\n"), split(2));
        for text in
            ["月,男,女\n4月,12,345\n5月,1,2\n", "月,男,女,\n4月,12,345,\n", "月,a\n4月,1,2\n", "12,345\n1,234\n"]
        {
            assert_eq!(read(text).unwrap(), text.lines().count(), "{text}");
        }
    }

    #[test]
    fn tabs_are_detected_under_a_name_for_commas() {
        for text in ["a\tb\n1\t2\n", "題\na\tb\n1,200\t2\n", "a\tb"] {
            assert!(is_by_tabs(text), "{text}");
        }
        for text in ["a,b\n1,2\n", "a,b\n1\t,2\n", "a\n1\n", "a,b\n\"x\ty\"\n1,2\n"] {
            assert!(!is_by_tabs(text), "{text}");
        }
        let sheets =
            super::super::read(b"a\tb\n1\t2\n", super::super::FileLayout::default(), &TableLimits::default()).unwrap();
        assert_eq!(texts(&sheets[0]), [row(1, &["a", "b"]), row(2, &["1", "2"])]);
    }

    #[test]
    fn every_limit_is_an_error_of_its_own() {
        let limits = TableLimits::default();
        let rows = [
            (TableLimits { rows: 1, ..limits }, "rows"),
            (TableLimits { columns: 1, ..limits }, "columns"),
            (TableLimits { cells: 3, ..limits }, "cells"),
            (TableLimits { cell_chars: 1, ..limits }, "characters in a cell"),
            (TableLimits { text_bytes: 4, ..limits }, "bytes of text in cells"),
        ];
        for (limits, what) in rows {
            let error = read("a,b\nc,dd\n", b',', &limits).unwrap_err();
            assert!(matches!(error, TableError::TooLarge { what: found, .. } if found == what), "{error:?}");
        }
        let commas = ",".repeat(MAX_FIELDS);
        assert_eq!(read(&commas, b',', &limits), Err(TableError::too_large("fields in a record", MAX_FIELDS)));
        assert_eq!(read(&commas[1..], b',', &limits), Ok(Sheet::default()));
    }
}
