//! Limits of one file, and the counters that are compared with them while the file is read.

use super::error::TableError;

/// Default limit of the bytes of one file: twice a year of single applications.
pub const MAX_BYTES: u64 = 32 << 20;
/// Default limit of the rows of a sheet: the number that Excel can store.
pub(super) const MAX_ROWS: usize = 1 << 20;

/// Limits of one file. They are checked before and while the file is read, never after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableLimits {
    /// Bytes of the file.
    pub bytes: u64,
    /// Bytes of all parts of a workbook together, decompressed.
    pub unpacked_bytes: u64,
    /// Rows of a sheet that are not empty.
    pub rows: usize,
    /// Columns of a sheet.
    pub columns: usize,
    /// Cells of all sheets together, with the empty ones before the last cell of a row.
    pub cells: usize,
    /// Bytes of the texts of all cells together: a workbook can show one stored text in many cells.
    pub text_bytes: usize,
    /// Characters of one cell.
    pub cell_chars: usize,
    /// Sheets of a workbook.
    pub sheets: usize,
}

impl Default for TableLimits {
    fn default() -> Self {
        Self {
            bytes: MAX_BYTES,
            unpacked_bytes: 128 << 20,
            rows: MAX_ROWS,
            // A day in each of five years.
            columns: 2_000,
            cells: 4_000_000,
            text_bytes: 128 << 20,
            // The number that Excel can store. A quote that is not closed reaches it.
            cell_chars: 32_767,
            sheets: 256,
        }
    }
}

/// Counts cells and text while a file is read, and compares them with the limits.
pub(super) struct Budget<'a> {
    pub(super) limits: &'a TableLimits,
    cells: usize,
    text_bytes: usize,
}

impl<'a> Budget<'a> {
    pub(super) fn new(limits: &'a TableLimits) -> Self {
        Self { limits, cells: 0, text_bytes: 0 }
    }

    /// Counts a text before it is stored.
    pub(super) fn text(&mut self, text: &str) -> Result<(), TableError> {
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

    /// Counts a row of so many cells, the `rows`-th of its sheet.
    pub(super) fn row(&mut self, cells: usize, rows: usize) -> Result<(), TableError> {
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
