//! From the bytes of a file to its sheets.

mod container;
mod csv;
mod error_message;
mod format;
mod gzip;
mod json;
pub(super) mod xlsx;

use super::error::TableError;
use super::limits::TableLimits;
use super::sheet::Sheet;
use super::text;
use format::COMPOUND_MAGIC;

pub use format::{FileFormat, FileLayout};
pub use gzip::unpacked;

/// The sheets of a file: one for text, all worksheets in order for a workbook.
pub fn read(bytes: &[u8], layout: FileLayout<'_>, limits: &TableLimits) -> Result<Vec<Sheet>, TableError> {
    if bytes.is_empty() {
        return Err(TableError::Empty);
    }
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limits.bytes {
        return Err(TableError::TooLarge { what: "bytes", limit: limits.bytes });
    }
    if bytes.starts_with(COMPOUND_MAGIC) {
        return Err(TableError::OldWorkbook);
    }
    let separator = match FileFormat::of(bytes, layout.format, layout.name) {
        FileFormat::Xlsx => return xlsx::read(bytes, limits),
        FileFormat::Csv => Some(b','),
        FileFormat::Tsv => Some(b'\t'),
        FileFormat::Json => None,
    };
    let (text, _) = text::decode(bytes, layout.encoding)?;
    let start = text::trim(&text);
    if start.is_empty() {
        return Err(TableError::Empty);
    }
    if is_html(start) {
        return Err(TableError::Html);
    }
    Ok(vec![match separator {
        Some(separator) if !json::is_json(start) => {
            // Spreadsheets save tabs under any name ("Unicode text").
            let tabs = layout.format.is_none() && csv::is_by_tabs(start);
            let separator = if tabs { b'\t' } else { separator };
            if let Some(line) = error_message::line(&text, char::from(separator)) {
                return Err(TableError::ErrorMessage { line });
            }
            csv::read(&text, separator, limits)?
        }
        _ => json::read(start, limits)?,
    }])
}

fn is_html(text: &str) -> bool {
    ["<!doctype", "<html", "<?xml"].iter().any(|tag| text.get(..tag.len()).is_some_and(|t| t.eq_ignore_ascii_case(tag)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_a_table_is_an_error() {
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
