//! Why a cell could not be read, and where it stands: a reject in the making.
//!
//! Reasons are a closed list, as they are metric labels; a problem holds coordinates and a hash,
//! never what the cell says (the promise that only statistics travel).

use super::sheet::{Sheet, SheetRow};
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};

/// Why a cell is not what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RejectReason {
    /// The cell is empty where a value is needed.
    Empty,
    /// A formula failed (`#REF!`).
    FormulaError,
    /// A truth value, a date where a number is due, or a number where none can be.
    WrongType,
    /// Longer than any value of its kind.
    TooLong,
    /// Not a number in any known form.
    NotANumber,
    /// A number with a fraction where a count is due.
    NotAnInteger,
    /// Beyond 64 bits, or beyond what a workbook stores exactly.
    TooLarge,
    /// Thousands separators in the wrong places (`12,34`).
    BadGrouping,
    /// A unit that the configuration does not name, or one that contradicts it.
    UnexpectedUnit,
    /// Not a date or period in any known form.
    NotADate,
    /// A month or day without its year.
    NoYear,
    /// A year beyond the calendar of plans.
    YearOutOfRange,
    /// No such month (`H31.41`).
    MonthOutOfRange,
    /// No such day in its month.
    DayOutOfRange,
    /// A quarter that is none of 1 to 4.
    QuarterOutOfRange,
    /// Before the first day of the era named with it.
    BeforeEra,
    /// Two labels of one period that name different periods.
    ErasDisagree,
    /// A quarter of a civil year, which could be meant as one of a fiscal year.
    AmbiguousQuarter,
    /// Not a municipality code.
    NotACode,
    /// A municipality code whose check digit is wrong.
    WrongCheckDigit,
}

impl RejectReason {
    /// The reason as metrics and rejects name it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::FormulaError => "formula_error",
            Self::WrongType => "wrong_type",
            Self::TooLong => "too_long",
            Self::NotANumber => "not_a_number",
            Self::NotAnInteger => "not_an_integer",
            Self::TooLarge => "too_large",
            Self::BadGrouping => "bad_grouping",
            Self::UnexpectedUnit => "unexpected_unit",
            Self::NotADate => "not_a_date",
            Self::NoYear => "no_year",
            Self::YearOutOfRange => "year_out_of_range",
            Self::MonthOutOfRange => "month_out_of_range",
            Self::DayOutOfRange => "day_out_of_range",
            Self::QuarterOutOfRange => "quarter_out_of_range",
            Self::BeforeEra => "before_era",
            Self::ErasDisagree => "eras_disagree",
            Self::AmbiguousQuarter => "ambiguous_quarter",
            Self::NotACode => "not_a_code",
            Self::WrongCheckDigit => "wrong_check_digit",
        }
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

/// A row that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    /// Why.
    pub reason: RejectReason,
    /// The sheet's name; a csv file has none.
    pub sheet: Option<String>,
    /// Row of the sheet or line of the file, from 1.
    pub row: u32,
    /// The column, when the reason lies in one.
    pub column: Option<ColumnPlace>,
    /// [`row_hash`] of the row.
    pub row_hash: String,
}

/// The column a reason lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnPlace {
    /// The role that the configuration gives the column.
    pub role: String,
    /// Number of the column, from 1.
    pub index: u32,
}

impl RowProblem {
    /// A problem of a whole row.
    pub fn of_row(sheet: &Sheet, row: &SheetRow, reason: RejectReason) -> Self {
        Self { reason, sheet: sheet.name.clone(), row: row.number, column: None, row_hash: row_hash(row) }
    }
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {}", self.row)?;
        if let Some(place) = &self.column {
            write!(f, ", column {} ({})", place.index, place.role)?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// Hexadecimal digits of a row's hash: enough to tell rows apart, too few to be a store of anything.
const ROW_HASH_DIGITS: usize = 32;

/// Hash of what the row says, equal whatever encoding, width of digits or format it came in.
///
/// It tells whether a reject is still the same one next month. A row of few possible contents could
/// be guessed from it: it is a name for the row, not a secret.
pub fn row_hash(row: &SheetRow) -> String {
    let mut hash = hex(Sha256::new().chain_update(row.canonical()));
    hash.truncate(ROW_HASH_DIGITS);
    hash
}

/// SHA-256, in hexadecimal, of what the sheets say; it stays when only bytes changed (line ends,
/// encoding, csv to xlsx with the same cells). Sheet names and row numbers do not take part.
pub fn content_hash(sheets: &[Sheet]) -> String {
    let mut hash = Sha256::new();
    for sheet in sheets {
        for row in &sheet.rows {
            hash.update(row.canonical());
            hash.update("\u{1E}");
        }
        hash.update("\u{1D}");
    }
    hex(hash)
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        // A String never refuses to be written to.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Cell;
    use super::*;

    #[test]
    fn a_hash_names_what_a_row_says_and_not_how() {
        let row = |number, text| SheetRow::new(number, vec![Cell::of_text(text), Cell::of_text("川崎市")]).unwrap();
        assert_eq!(row_hash(&row(1, "１２")), row_hash(&row(7, "12")));
        assert_ne!(row_hash(&row(1, "12")), row_hash(&row(1, "13")));
        assert_eq!(row_hash(&row(1, "12")).len(), ROW_HASH_DIGITS);
    }

    #[test]
    fn a_problem_says_where_and_why_but_not_what() {
        let row = SheetRow::new(9, vec![Cell::of_text("090-1234-5678")]).unwrap();
        let sheet = Sheet { rows: vec![row.clone()], ..Sheet::default() };
        let problem = RowProblem::of_row(&sheet, &row, RejectReason::NotANumber);
        assert_eq!(problem.to_string(), "row 9: not_a_number");
        assert!(!format!("{problem:?}").contains("1234"));
    }
}
