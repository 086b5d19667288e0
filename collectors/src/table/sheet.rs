//! A sheet, whatever the format of its file: rows of cells with the number of the row in the file.
//!
//! Blank rows and trailing blank cells are dropped, because the ranges that a file declares are often wrong. Texts are stored
//! as written, trimmed; each reader normalises them itself, because some readers need what normalisation removes.

use super::number_format::NumberFormat;
use super::text::{is_blank, normal, trim, word};
use jiff::civil::DateTime;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One sheet of a workbook, or a whole csv file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// The sheet's name; a csv file has none.
    pub name: Option<String>,
    /// True for a hidden sheet.
    pub hidden: bool,
    /// The rows that are not empty, in order.
    pub rows: Vec<SheetRow>,
    /// Cells merged over several rows; their text is in the first row.
    pub merged: MergedCells,
}

impl Sheet {
    /// The first cell of the merged cell that this cell is part of; `None` when it is the first itself, or not merged.
    pub fn merged_with(&self, row: u32, column: usize) -> Option<&Cell> {
        let first = self.merged.first_row(row, column).filter(|first| *first < row)?;
        let at = self.rows.binary_search_by_key(&first, |row| row.number).ok()?;
        Some(self.rows[at].cell(column))
    }
}

/// The cells of a workbook that are merged over several rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MergedCells(BTreeMap<(usize, u32), u32>);

impl MergedCells {
    /// Adds a merged cell: the rows `first` to `last` of a 0-based column.
    pub fn add(&mut self, column: usize, first: u32, last: u32) {
        self.0.insert((column, first), last);
    }

    fn first_row(&self, row: u32, column: usize) -> Option<u32> {
        let ((_, first), last) = self.0.range((column, 0)..=(column, row)).next_back()?;
        (row <= *last).then_some(*first)
    }
}

/// A row with at least one cell that is not empty.
#[derive(Clone, Debug, PartialEq)]
pub struct SheetRow {
    /// Row of the sheet, or first line of the record in a csv file; from 1.
    pub number: u32,
    /// The cells, up to the last that is not empty.
    pub cells: Vec<Cell>,
}

/// One cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cell {
    /// Empty, or only blanks.
    #[default]
    Empty,
    /// Text as written, trimmed, never empty. All cells of a csv file are texts.
    Text(String),
    /// A number of a workbook, finite.
    Number(f64),
    /// A Boolean value of a workbook.
    Bool(bool),
    /// A number of a workbook that is formatted as a date.
    Date(DateTime),
    /// A date of a workbook that is shown without its year (`4月`).
    YearlessDate(DateTime),
    /// A number of a workbook whose format changes what it means.
    Formatted(f64, NumberFormat),
    /// A failed formula (`#REF!`): neither a value nor missing.
    Error,
}

impl Cell {
    /// A text cell, or [`Cell::Empty`] for blanks only.
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

    /// The number of a cell that means what it stores.
    pub fn plain_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) | Self::Formatted(number, NumberFormat::Days1904) => Some(*number),
            _ => None,
        }
    }

    /// The cell as normalised text, to compare and to hash: `1,234` of a csv stays as it is, the number
    /// 12 of a workbook is `12`, a date is ISO 8601 (its day alone at midnight), empty is empty.
    pub fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => normal(text),
            Self::Number(number) | Self::Formatted(number, _) => number.to_string(),
            Self::Bool(truth) => truth.to_string(),
            Self::Date(at) | Self::YearlessDate(at) if at.time() == jiff::civil::Time::midnight() => {
                at.date().to_string()
            }
            Self::Date(at) | Self::YearlessDate(at) => at.to_string(),
            Self::Error => "#ERROR!".to_owned(),
        }
    }
}

/// Texts of failed formulas in Excel. In a csv they are not remarks.
const FAILURES: [&str; 8] = ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!"];

/// Beginnings of notes and headings that are alone in their row, as [`word`]s.
const NOTES: [&str; 17] =
    ["※", "*", "注", "(注", "(備考", "備考", "出典", "資料:", "(資料", "●", "○", "◎", "■", "□", "◆", "◇", "▼"];

impl SheetRow {
    /// The row without trailing empty cells; `None` for an empty row.
    pub fn new(number: u32, mut cells: Vec<Cell>) -> Option<Self> {
        let used = cells.iter().rposition(|cell| !cell.is_empty())? + 1;
        cells.truncate(used);
        Some(Self { number, cells })
    }

    /// The cell of a 0-based column; beyond the row's end it is empty.
    pub fn cell(&self, index: usize) -> &Cell {
        self.cells.get(index).unwrap_or(&Cell::Empty)
    }

    /// True when the first cell that is not empty begins with `#`: a remark. Some files mark their header so too.
    pub fn is_remark(&self) -> bool {
        let first = self.cells.iter().find(|cell| !cell.is_empty()).map(Cell::text).unwrap_or_default();
        first.starts_with('#') && !FAILURES.contains(&first.as_str())
    }

    /// True for a note (`※..`, `注）..`, `出典：..`) or a heading (`【東区】`, `■東区`) that is alone in its row, and for the mark of
    /// a note whose text is in the next cell.
    pub fn is_note(&self) -> bool {
        let Some(Cell::Text(text)) = self.cells.iter().find(|cell| !cell.is_empty()) else { return false };
        let alone = self.filled() == 1;
        if !alone && !text.starts_with(['※', '注', '(', '（']) {
            return false;
        }
        let text = word(text);
        if alone {
            return NOTES.iter().any(|mark| text.starts_with(mark)) || (text.starts_with('【') && text.ends_with('】'));
        }
        let rest = text.strip_prefix('※').or_else(|| text.strip_prefix("(注").or_else(|| text.strip_prefix('注')));
        rest.is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || ".:)".contains(c)))
    }

    /// The number of cells that are not empty.
    pub fn filled(&self) -> usize {
        self.cells.iter().filter(|cell| !cell.is_empty()).count()
    }

    /// True when both rows have the same texts.
    pub(crate) fn has_same_texts(&self, other: &Self) -> bool {
        self.cells.len() == other.cells.len() && self.cells.iter().zip(&other.cells).all(|(a, b)| a.text() == b.text())
    }

    /// The texts of the cells, each followed by U+001F: equal for rows with the same texts.
    pub(crate) fn canonical(&self) -> String {
        let mut line = String::new();
        for cell in &self.cells {
            let text: String =
                cell.text().split(is_blank).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
            // Writing to a String cannot fail.
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
        let row = SheetRow::new(3, vec![Cell::Empty, Cell::of_text(" a　"), Cell::of_text("　"), Cell::Empty]).unwrap();
        assert_eq!(row.cells, [Cell::Empty, Cell::Text("a".into())]);
        assert_eq!(row.cell(9), &Cell::Empty);
        assert_eq!(SheetRow::new(4, vec![Cell::Empty; 5]), None);
    }

    #[test]
    fn rows_with_the_same_texts_have_one_canonical_text() {
        let csv = SheetRow::new(1, vec![Cell::of_text("１２"), Cell::of_text("高松　市"), Cell::of_text("2019-04-01")])
            .unwrap();
        let day = Cell::Date(date(2019, 4, 1).at(0, 0, 0, 0));
        let book = SheetRow::new(9, vec![Cell::Number(12.0), Cell::of_text("⾼松 市"), day]).unwrap();
        assert_eq!(csv.canonical(), book.canonical());
        assert_eq!(csv.canonical(), "12\u{1F}高松 市\u{1F}2019-04-01\u{1F}");
    }

    #[test]
    fn a_note_or_a_heading_is_alone_in_its_row() {
        let row = |text: &str| SheetRow::new(1, text.split(',').map(Cell::of_text).collect()).unwrap();
        for text in [
            "※令和5年3月31日現在",
            ",注１）休館日を除く",
            "出典：情報政策課",
            "【東区】",
            "■東区",
            "※1,速報値",
            "（注）,速報値",
        ] {
            assert!(row(text).is_note(), "{text}");
        }
        for text in ["※市役所,東区1", "市役所", "【公園】中央,東区1", "注文住宅館,西区2", "12"]
        {
            assert!(!row(text).is_note(), "{text}");
        }
    }

    #[test]
    fn a_merged_cell_has_the_text_of_its_first_row() {
        let row = |number, texts: [&str; 2]| SheetRow::new(number, texts.map(Cell::of_text).to_vec()).unwrap();
        let mut sheet =
            Sheet { rows: vec![row(2, ["a", "1"]), row(3, ["", "2"]), row(5, ["", "3"])], ..Sheet::default() };
        sheet.merged.add(0, 2, 3);
        assert_eq!(sheet.merged_with(3, 0), Some(&Cell::Text("a".into())));
        assert_eq!([sheet.merged_with(2, 0), sheet.merged_with(5, 0), sheet.merged_with(3, 1)], [None; 3]);
    }

    #[test]
    fn a_remark_begins_with_a_hash_and_a_failed_formula_is_not_a_remark() {
        let row = |text| SheetRow::new(1, vec![Cell::Empty, Cell::of_text(text)]).unwrap();
        assert!(row("#license").is_remark() && row("＃注").is_remark());
        assert!(!row("#N/A").is_remark() && !row("12").is_remark());
    }
}
