//! The published rate checks a row: cards in per cent of the population, rounded half up to one decimal.
//!
//! The rate is right in every row of the examined editions, so a row with another rate has a typing error or is shifted. It is
//! written 50.2, 「50.2%」, or as the fraction 0.502.. of a workbook, which is not rounded.

use crate::table::text::normal;
use crate::table::{Cell, NumberFormat, RejectReason};

/// Precision of a rate: finer than in any edition, coarser than the error of a float.
const SCALE: f64 = 1e9;
/// Maximum rate in per cent: small islands have more cards than inhabitants, but not ten times.
const MAX_RATE: f64 = 1_000.0;

/// True when the rate matches the two figures, or is missing.
///
/// Errors: the cell is not a rate.
pub(super) fn agrees(cell: &Cell, cards: i64, population: i64) -> Result<bool, RejectReason> {
    let Some((rate, percent)) = rate(cell)? else { return Ok(true) };
    if population <= 0 || cards < 0 {
        return Ok(false);
    }
    let (cards, population) = (i128::from(cards), i128::from(population));
    let right = (cards * 2_000 + population) / (2 * population);
    Ok(tenths(rate) == right || (!percent && tenths(rate * 100) == right))
}

/// The rate in billionths, and whether it has a per cent sign; `None` without a rate.
fn rate(cell: &Cell) -> Result<Option<(i128, bool)>, RejectReason> {
    let (number, percent) = match cell {
        Cell::Empty => return Ok(None),
        Cell::Number(number) | Cell::Formatted(number, NumberFormat::Percent | NumberFormat::Days1904) => {
            (*number, false)
        }
        Cell::Text(text) => {
            let text = normal(text);
            if text.chars().all(|c| matches!(c, '-' | '‐' | '―' | 'ー' | '*' | '…' | '.')) {
                return Ok(None);
            }
            let bare = text.strip_suffix('%').map(str::trim_end);
            (bare.unwrap_or(&text).parse().map_err(|_| RejectReason::NotANumber)?, bare.is_some())
        }
        Cell::Error => return Err(RejectReason::FormulaError),
        Cell::Bool(_) | Cell::Date(_) | Cell::YearlessDate(_) | Cell::Formatted(..) => {
            return Err(RejectReason::WrongType);
        }
    };
    if !(0.0..=MAX_RATE).contains(&number) {
        return Err(RejectReason::NotANumber);
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and at most MAX_RATE x SCALE, as just checked")]
    Ok(Some(((number * SCALE).round() as i128, percent)))
}

/// Billionths of a per cent to tenths, half up.
fn tenths(billionths: i128) -> i128 {
    (billionths + 50_000_000) / 100_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_agrees_in_any_of_its_forms_and_a_wrong_one_in_none() {
        let rows = [
            (Cell::of_text("50.2"), 764_120, 1_521_562, Ok(true)),
            (Cell::of_text("５０．２％"), 764_120, 1_521_562, Ok(true)),
            (Cell::Number(764_120.0 / 1_521_562.0), 764_120, 1_521_562, Ok(true)),
            (Cell::Number(0.502), 764_120, 1_521_562, Ok(true)),
            // Half up: 7.25 is 7.3.
            (Cell::of_text("7.3"), 29, 400, Ok(true)),
            (Cell::of_text("7.2"), 29, 400, Ok(false)),
            (Cell::Number(29.0 / 400.0), 29, 400, Ok(true)),
            (Cell::Number(7.25), 29, 400, Ok(true)),
            // More cards than people.
            (Cell::Number(1.2), 120, 100, Ok(true)),
            (Cell::of_text("120.0"), 120, 100, Ok(true)),
            (Cell::of_text("0.502%"), 764_120, 1_521_562, Ok(false)),
            (Cell::of_text("20.5"), 764_120, 1_521_562, Ok(false)),
            (Cell::of_text("0.0"), 0, 0, Ok(false)),
            (Cell::of_text("0.0"), 0, 9, Ok(true)),
            (Cell::Empty, 1, 9, Ok(true)),
            (Cell::of_text("－"), 1, 9, Ok(true)),
            (Cell::of_text("約50"), 1, 2, Err(RejectReason::NotANumber)),
            (Cell::of_text("NaN"), 1, 2, Err(RejectReason::NotANumber)),
            (Cell::Number(1e300), 1, 2, Err(RejectReason::NotANumber)),
            (Cell::Error, 1, 2, Err(RejectReason::FormulaError)),
        ];
        for (cell, cards, population, right) in rows {
            assert_eq!(agrees(&cell, cards, population), right, "{cell:?} {cards}/{population}");
        }
    }
}
