//! Why a cell is rejected, and the hash that identifies its row.
//!
//! Reasons are a closed list, because they are metric labels. A reject never holds the text of a cell.

use super::sheet::SheetRow;
use sha2::{Digest, Sha256};
use std::fmt;

/// Why a cell is rejected.
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
    /// A number with more digits after the point than its definition has.
    TooManyDecimals,
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
    /// The label in metrics and rejects.
    pub fn label(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::FormulaError => "formula_error",
            Self::WrongType => "wrong_type",
            Self::TooLong => "too_long",
            Self::NotANumber => "not_a_number",
            Self::NotAnInteger => "not_an_integer",
            Self::TooManyDecimals => "too_many_decimals",
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

/// Hexadecimal digits of a row's hash: enough to distinguish the rows of a file.
const ROW_HASH_DIGITS: usize = 32;

/// Hash of the row's texts. It is the same for every encoding, width of digits and file format.
///
/// It shows whether a reject is still the same one next month. The contents of a row with few possible values can be
/// guessed from it, so it is an identifier and not a secret.
pub fn row_hash(row: &SheetRow) -> String {
    let mut hash = hex::encode(Sha256::digest(row.canonical()));
    hash.truncate(ROW_HASH_DIGITS);
    hash
}

#[cfg(test)]
mod tests {
    use super::super::sheet::Cell;
    use super::*;

    #[test]
    fn a_row_hash_depends_on_the_texts_and_not_on_how_they_are_written() {
        let row = |number, text| SheetRow::new(number, vec![Cell::of_text(text), Cell::of_text("川崎市")]).unwrap();
        assert_eq!(row_hash(&row(1, "１２")), row_hash(&row(7, "12")));
        assert_ne!(row_hash(&row(1, "12")), row_hash(&row(1, "13")));
        assert_eq!(row_hash(&row(1, "12")).len(), ROW_HASH_DIGITS);
    }
}
