//! A sheet as every format ends up: rows of cells that remember where they stood.
//!
//! Blank rows and trailing blank cells are dropped, as declared ranges lie; a row's number still
//! says where it was in the file. Texts are kept as written (trimmed): each reader normalises them,
//! because some must see what normalising hides.

use super::text::{is_blank, normal, trim};
use jiff::civil::DateTime;
use std::fmt::Write as _;

/// One sheet of a workbook, or a whole csv file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// The sheet's name; a csv file has none.
    pub name: Option<String>,
    /// True for a sheet that its author hid.
    pub hidden: bool,
    /// The rows that hold anything, in order.
    pub rows: Vec<Row>,
}

/// One row with at least one cell that is not empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Row of the sheet, or first line of the record in a csv file; from 1.
    pub number: u32,
    /// The cells, up to the last that is not empty.
    pub cells: Vec<Cell>,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    /// Nothing, or only blanks.
    #[default]
    Empty,
    /// Text as written, trimmed, never empty. All cells of a csv file are texts.
    Text(String),
    /// A number of a workbook, finite.
    Number(f64),
    /// A truth value of a workbook.
    Bool(bool),
    /// A number of a workbook that is shown as a date.
    Date(DateTime),
    /// A formula's failure (`#REF!`): neither a value nor missing.
    Error,
}

impl Cell {
    /// A text cell, or [`Cell::Empty`] when `text` holds only blanks.
    pub fn of_text(text: &str) -> Self {
        match trim(text) {
            "" => Self::Empty,
            text => Self::Text(text.to_owned()),
        }
    }

    /// True for [`Cell::Empty`].
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// The cell as normalised text, to compare and to hash: `1,234` of a csv stays as it is, the number
    /// 12 of a workbook is `12`, a date is ISO 8601 (its day alone at midnight), empty is empty.
    pub fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => normal(text),
            Self::Number(number) => number.to_string(),
            Self::Bool(truth) => truth.to_string(),
            Self::Date(at) if at.time() == jiff::civil::Time::midnight() => at.date().to_string(),
            Self::Date(at) => at.to_string(),
            Self::Error => "#ERROR!".to_owned(),
        }
    }
}

/// What Excel writes for a failed formula; in a csv these begin no comment.
const FAILURES: [&str; 8] = ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!"];

impl Row {
    /// The row without trailing empty cells; `None` when nothing is left.
    pub fn new(number: u32, mut cells: Vec<Cell>) -> Option<Self> {
        let used = cells.iter().rposition(|cell| !cell.is_empty())? + 1;
        cells.truncate(used);
        Some(Self { number, cells })
    }

    /// The cell of a 0-based column; beyond the row's end it is empty.
    pub fn cell(&self, index: usize) -> &Cell {
        self.cells.get(index).unwrap_or(&Cell::Empty)
    }

    /// True when the first cell that is not empty begins with `#`: a remark, in files that also write
    /// their header so.
    pub fn is_remark(&self) -> bool {
        let first = self.cells.iter().find(|cell| !cell.is_empty()).map(Cell::text).unwrap_or_default();
        first.starts_with('#') && !FAILURES.contains(&first.as_str())
    }

    /// True when both rows hold the same texts.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.cells.len() == other.cells.len() && self.cells.iter().zip(&other.cells).all(|(a, b)| a.text() == b.text())
    }

    /// The row's cells as one text that is equal for rows that say the same; cells end in U+001F.
    pub(crate) fn canonical(&self) -> String {
        let mut line = String::new();
        for cell in &self.cells {
            let text: String =
                cell.text().split(is_blank).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
            // A String never refuses to be written to.
            let _ = write!(line, "{text}\u{1F}");
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_row_ends_at_its_last_cell_and_a_blank_row_is_none() {
        let row = Row::new(3, vec![Cell::Empty, Cell::of_text(" a　"), Cell::of_text("　"), Cell::Empty]).unwrap();
        assert_eq!(row.cells, [Cell::Empty, Cell::Text("a".into())]);
        assert_eq!(row.cell(9), &Cell::Empty);
        assert_eq!(Row::new(4, vec![Cell::Empty; 5]), None);
    }

    #[test]
    fn rows_that_say_the_same_are_the_same_text() {
        let csv =
            Row::new(1, vec![Cell::of_text("１２"), Cell::of_text("高松　市"), Cell::of_text("2019-04-01")]).unwrap();
        let day = Cell::Date(date(2019, 4, 1).at(0, 0, 0, 0));
        let book = Row::new(9, vec![Cell::Number(12.0), Cell::of_text("⾼松 市"), day]).unwrap();
        assert_eq!(csv.canonical(), book.canonical());
        assert_eq!(csv.canonical(), "12\u{1F}高松 市\u{1F}2019-04-01\u{1F}");
    }

    #[test]
    fn a_remark_begins_with_a_hash_but_a_failed_formula_is_none() {
        let row = |text| Row::new(1, vec![Cell::Empty, Cell::of_text(text)]).unwrap();
        assert!(row("#license").is_remark() && row("＃注").is_remark());
        assert!(!row("#N/A").is_remark() && !row("12").is_remark());
    }
}
