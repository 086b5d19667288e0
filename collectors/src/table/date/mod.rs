//! Dates and periods of labels: civil or era years, months, quarters, fiscal years.
//!
//! A label is read literally: `2019年4月` is a month, not its first day. Plans written before 2019 name later years by the era
//! that ended then (H33): such a label is read and marked. A month 41 (`H31.41`, which was published) is rejected.

mod label;
mod parse;

use super::number_format::NumberFormat;
use super::reject::RejectReason;
use super::sheet::Cell;
use contract::time::{FIRST_YEAR, LAST_YEAR};
use jiff::civil::Date;

pub use label::{DateLabel, LabelledPeriod};

/// Day 0 of the serial numbers of workbooks, for days from 1 March 1900.
const SERIAL_EPOCH: Date = jiff::civil::date(1899, 12, 30);
/// Days from the day 0 of 1900 to that of 1904.
const DAYS_TO_1904: i32 = 1_462;
/// The smallest serial number that is read as a day: 18 May 1927. Smaller numbers can be years.
const MIN_SERIAL: i32 = 10_000;
/// The largest serial number: 31 December of [`LAST_YEAR`].
const MAX_SERIAL: i32 = 109_939;
/// The largest date that is written as one number.
const MAX_DIGITS: f64 = 99_999_999.0;

/// Reads a date or period.
///
/// Forms, in any width: `2019/4/1`, `2019-04-01`, `2019.4.1`, `4/1/2019` (month first), `20190401`,
/// `2019年4月1日` with 現在 or a weekday behind it, `令和元年5月1日`, `H31.4.30`, `2019-04`, `2019/4`, `201904`,
/// `2019年4月`, `H31.4`, `2019年4月末日` and `H31.4末` (its last day), `2019年度`, `FY2019`, `H33年度`, `令和元年度末` (31 March),
/// `2019年度第1四半期`, `2019Q1` (of the fiscal year, always), `2019`, `R8`. A time of day behind a date is
/// dropped; one with another time zone is rejected, because it can be another day. Two labels of one period
/// (`平成31年度/令和元年度`) must agree. A number cell is read as its digits.
pub fn read(cell: &Cell) -> Result<DateLabel, RejectReason> {
    match cell {
        Cell::Empty => Err(RejectReason::Empty),
        Cell::Text(text) => parse::label(text),
        Cell::Number(_) | Cell::Formatted(..) => {
            let number = cell.plain_number().filter(|n| n.fract() == 0.0 && (0.0..=MAX_DIGITS).contains(n));
            parse::label(&number.ok_or(RejectReason::NotADate)?.to_string())
        }
        Cell::Date(at) | Cell::YearlessDate(at) => civil(at.date()),
        Cell::Bool(_) => Err(RejectReason::WrongType),
        Cell::Error => Err(RejectReason::FormulaError),
    }
}

/// Like [`read`], for a column of dates: a number that can be the serial number of a workbook's day (from 18 May 1927,
/// counted from 1900, or from 1904 where the workbook does) is that day, in a csv too.
pub fn read_date_cell(cell: &Cell) -> Result<DateLabel, RejectReason> {
    let serial = match cell {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float beyond the range becomes its limit, which is no serial number"
        )]
        Cell::Number(number) => Some(number.floor() as i32),
        #[expect(clippy::cast_possible_truncation, reason = "as above")]
        Cell::Formatted(number, NumberFormat::Days1904) => Some((number.floor() as i32).saturating_add(DAYS_TO_1904)),
        Cell::Text(text) => super::text::normal(text).parse().ok(),
        _ => None,
    };
    match serial {
        Some(serial) if (MIN_SERIAL..=MAX_SERIAL).contains(&serial) => {
            civil(contract::time::date_of(contract::time::day_number(SERIAL_EPOCH) + serial))
        }
        _ => read(cell),
    }
}

fn civil(date: Date) -> Result<DateLabel, RejectReason> {
    if !(FIRST_YEAR..=LAST_YEAR).contains(&date.year()) {
        return Err(RejectReason::YearOutOfRange);
    }
    Ok(DateLabel { when: LabelledPeriod::Date(date), plan_label: false })
}

#[cfg(test)]
mod tests;
