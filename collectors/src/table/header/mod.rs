//! Columns by the words above them.
//!
//! Header rows move, columns are added, units stand in brackets, headers span two rows; only the words stay. A role is found
//! when one of its words is above exactly one column. A word above two columns is an error.

mod words;

use super::error::TableError;
use super::sheet::{Cell, Sheet, SheetRow};
use super::text::{normal, word};
use words::{Heading, headings, nearest};

/// Rows that are searched for the header: some national tables have rankings above them.
const MAX_HEADER_ROW: usize = 200;
/// Maximum rows of one header.
pub(crate) const MAX_HEADER_DEPTH: usize = 3;

/// A column that is looked for.
#[derive(Clone, Copy, Debug)]
pub struct WantedColumn<'a> {
    /// Name of the column in the source (`count`, `month`).
    pub role: &'a str,
    /// Words that can be above it, the preferred one first. A header of several rows is also compared with its words
    /// joined (`出生計`).
    pub words: &'a [String],
    /// True when a sheet without it is another table.
    pub required: bool,
}

/// Positions of the columns of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// Position of the header's last row among the sheet's rows.
    last: usize,
    /// Number of the header's last row in the file, from 1.
    pub header_row: u32,
    found: Vec<FoundColumn>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct FoundColumn {
    role: String,
    index: usize,
    unit: Option<String>,
}

impl Columns {
    /// Finds the header of a sheet: among the rows with all required roles, the one with the most roles, the upper of
    /// equals.
    ///
    /// Errors: [`TableError::AmbiguousColumn`] when a word is above several columns of the best row, else
    /// [`TableError::MissingColumn`].
    pub fn find(sheet: &Sheet, wanted: &[WantedColumn<'_>]) -> Result<Self, TableError> {
        if wanted.is_empty() {
            return Self::of_whole_rows(sheet);
        }
        let mut best: Option<Attempt> = None;
        for last in 0..sheet.rows.len().min(MAX_HEADER_ROW) {
            for depth in 1..=MAX_HEADER_DEPTH.min(last + 1) {
                let attempt = Attempt::new(&sheet.rows[last + 1 - depth..=last], last, wanted);
                if best.as_ref().is_none_or(|best| attempt.rank() > best.rank()) {
                    best = Some(attempt);
                }
            }
        }
        let Some(best) = best else { return Err(no_header(sheet, wanted)) };
        if let Some((role, columns)) = best.ambiguous {
            return Err(TableError::AmbiguousColumn { role, columns: columns.into_iter().map(number).collect() });
        }
        if best.found.is_empty() {
            return Err(no_header(sheet, wanted));
        }
        if let Some(missing) = best.missing {
            return Err(missing_column(&missing, &best.headings, 0.0));
        }
        Ok(Self { last: best.last, header_row: sheet.rows[best.last].number, found: best.found })
    }

    /// The header of a table of which no column is read: the first row that is more than half as wide as the widest.
    fn of_whole_rows(sheet: &Sheet) -> Result<Self, TableError> {
        let rows = &sheet.rows[..sheet.rows.len().min(MAX_HEADER_ROW)];
        let widest = rows.iter().map(SheetRow::filled).max().unwrap_or_default();
        let last = rows.iter().position(|row| row.filled() * 2 > widest).ok_or(TableError::Empty)?;
        Ok(Self { last, header_row: rows[last].number, found: Vec::new() })
    }

    /// The sheet with this header, and its columns: the sheet called `name`, if there is one (cities rename sheets), else
    /// the only visible sheet with the header.
    ///
    /// Errors: those of [`Columns::find`] for the named or the first visible sheet, and
    /// [`TableError::AmbiguousSheet`].
    pub fn find_sheet<'a>(
        sheets: &'a [Sheet],
        name: Option<&str>,
        wanted: &[WantedColumn<'_>],
    ) -> Result<(&'a Sheet, Self), TableError> {
        let called = |sheet: &&Sheet| name.is_some() && sheet.name.as_deref().map(word) == name.map(word);
        if let Some(sheet) = sheets.iter().find(called) {
            return Self::find(sheet, wanted).map(|columns| (sheet, columns));
        }
        let mut fitting = Vec::new();
        let mut first_error = None;
        for sheet in sheets.iter().filter(|sheet| !sheet.hidden) {
            match Self::find(sheet, wanted) {
                Ok(columns) => fitting.push((sheet, columns)),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        if fitting.len() > 1 {
            let sheets = fitting.into_iter().map(|(sheet, _)| sheet.name.clone().unwrap_or_default()).collect();
            return Err(TableError::AmbiguousSheet { sheets });
        }
        fitting.pop().ok_or_else(|| first_error.unwrap_or_else(|| no_header(&Sheet::default(), wanted)))
    }

    /// The 0-based column of a role; `None` for an optional one that is not there.
    pub fn index(&self, role: &str) -> Option<usize> {
        self.found.iter().find(|found| found.role == role).map(|found| found.index)
    }

    /// The unit in brackets in the header (`世帯` of `世帯数[世帯]`), normalised.
    pub fn unit(&self, role: &str) -> Option<&str> {
        self.found.iter().find(|found| found.role == role)?.unit.as_deref()
    }

    /// The cell of a role; empty when the row ends before it or the role was not found.
    pub fn cell<'a>(&self, row: &'a SheetRow, role: &str) -> &'a Cell {
        self.index(role).map_or(&Cell::Empty, |index| row.cell(index))
    }

    /// The columns whose headings match, each with its match. The header can have up to two rows more above, and one more
    /// below, than the roles needed.
    pub fn matches<T>(&mut self, sheet: &Sheet, fits: impl Fn(&str) -> Option<T>) -> Vec<(usize, T)> {
        let mut best: (usize, Vec<(usize, T)>) = (self.last, Vec::new());
        for last in [self.last, self.last + 1].into_iter().filter(|last| *last < sheet.rows.len()) {
            for first in (self.last.saturating_sub(MAX_HEADER_DEPTH - 1)..=self.last).rev() {
                let headings = headings(&sheet.rows[first..=last]);
                let each = headings.iter().enumerate();
                let found: Vec<_> = each.filter_map(|(at, heading)| Some((at, heading.find(&fits)?))).collect();
                if found.len() > best.1.len() {
                    best = (last, found);
                }
            }
        }
        self.last = best.0;
        self.header_row = sheet.rows[self.last].number;
        best.1
    }

    /// The cell of a role that labels a row: an empty cell that is merged with cells above has their text.
    pub fn label<'a>(&self, sheet: &'a Sheet, row: &'a SheetRow, role: &str) -> &'a Cell {
        let Some(index) = self.index(role) else { return &Cell::Empty };
        let cell = row.cell(index);
        if cell.is_empty() { sheet.merged_with(row.number, index).unwrap_or(cell) } else { cell }
    }

    /// The rows below the header, without remarks (`#`) and repeated headers.
    pub fn data<'a>(&self, sheet: &'a Sheet) -> impl Iterator<Item = &'a SheetRow> + use<'a> {
        let header = sheet.rows.get(self.last);
        let below = sheet.rows.iter().skip(self.last + 1);
        below.filter(move |row| !row.is_remark() && !header.is_some_and(|header| header.has_same_texts(row)))
    }
}

fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// The columns that are found when some rows are read as the header.
struct Attempt {
    last: usize,
    headings: Vec<Heading>,
    found: Vec<FoundColumn>,
    /// The first required role that is missing, and its words.
    missing: Option<(String, Vec<String>)>,
    /// The first role with several columns, and these columns.
    ambiguous: Option<(String, Vec<usize>)>,
}

impl Attempt {
    fn new(rows: &[SheetRow], last: usize, wanted: &[WantedColumn<'_>]) -> Self {
        let headings = headings(rows);
        let mut attempt = Self { last, headings, found: Vec::new(), missing: None, ambiguous: None };
        for want in wanted {
            let columns = words::columns(&attempt.headings, want.words);
            let role = want.role.to_owned();
            match columns[..] {
                [index] => attempt.found.push(FoundColumn { role, index, unit: attempt.headings[index].unit.clone() }),
                [] if want.required => attempt.missing = attempt.missing.or(Some((role, want.words.to_vec()))),
                [] => {}
                _ => attempt.ambiguous = attempt.ambiguous.or(Some((role, columns))),
            }
        }
        attempt
    }

    /// Complete before incomplete, clear before ambiguous; then by the roles found.
    fn rank(&self) -> (bool, bool, usize) {
        let roles = self.found.len() + usize::from(self.ambiguous.is_some());
        let complete = self.missing.is_none() && roles > 0;
        (complete, complete && self.ambiguous.is_none(), roles)
    }
}

/// Minimum similarity of a heading that an error quotes from rows that may be data.
const MIN_SIMILARITY: f64 = 0.5;

fn no_header(sheet: &Sheet, wanted: &[WantedColumn<'_>]) -> TableError {
    let want = wanted.iter().find(|want| want.required).or(wanted.first());
    let missing = want.map(|want| (want.role.to_owned(), want.words.to_vec())).unwrap_or_default();
    let rows = &sheet.rows[..sheet.rows.len().min(MAX_HEADER_ROW)];
    let headings: Vec<Heading> = rows.chunks(1).flat_map(headings).collect();
    missing_column(&missing, &headings, MIN_SIMILARITY)
}

fn missing_column((role, words): &(String, Vec<String>), headings: &[Heading], similarity: f64) -> TableError {
    let words: Vec<String> = words.iter().map(|word| normal(word)).collect();
    TableError::MissingColumn { role: role.clone(), nearest: nearest(headings, &words, similarity), words }
}

#[cfg(test)]
mod tests;
