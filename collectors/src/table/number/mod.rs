//! Figures: the exact number of a cell as an integer of its step, or that the cell gives none.
//!
//! A dash, an ellipsis or an empty cell is a missing figure and never 0. An ambiguous cell is rejected with a reason, because a
//! wrong figure is worse than a reported one.

mod scale;
mod scanner;

use super::number_format::NumberFormat;
use super::reject::RejectReason;
use super::sheet::Cell;
use super::text::{has_false_digit, is_blank, normal};
use contract::decimals::Decimals;
use contract::record::Value;
pub use scale::FigureScale;
use scanner::{NumberScanner, large, small};

/// Characters of a figure as text: `約1兆2,345億6,789万円程度` and room.
const MAX_CHARS: usize = 64;
/// Integers of a workbook are exact below 2^53, and its other numbers to 15 digits.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

/// The figure of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberCell {
    /// An exact number.
    Known(i64),
    /// An approximate number (`約105億円`).
    About {
        /// The number as written.
        value: i64,
        /// The value of its last written digit: 100,000,000 for `約105億円`.
        precision: i64,
    },
    /// No number: `missing`, or `suppressed` where a small count is withheld.
    Missing(&'static str),
}

impl NumberCell {
    /// The value, exact or approximate.
    pub fn into_value(self) -> Value {
        match self {
            Self::Known(value) | Self::About { value, .. } => Value::Known(value),
            Self::Missing(why) => Value::Unknown(why.to_owned()),
        }
    }

    /// The value; an approximate number is rejected.
    pub fn exact(self) -> Result<Value, RejectReason> {
        if let Self::About { .. } = self { Err(RejectReason::NotAnInteger) } else { Ok(self.into_value()) }
    }

    /// The number, exact or not; `None` when it is missing.
    pub fn value(self) -> Option<i64> {
        match self {
            Self::Known(value) | Self::About { value, .. } => Some(value),
            Self::Missing(_) => None,
        }
    }
}

/// Reason of a missing figure.
pub const MISSING: &str = "missing";
/// Reason of a withheld figure.
pub const SUPPRESSED: &str = "suppressed";

/// Characters that, alone or repeated, mean a missing figure. NFKC changes `－` to `-` and `…` to three dots; `***` means "not
/// available" in the national statistics.
const DASHES: [char; 13] = ['-', '‐', '‑', '‒', '–', '—', '―', '−', 'ー', '─', '・', '*', '.'];
/// Characters that mean a withheld figure. Some files have the Greek letter for x.
const CROSSES: [char; 4] = ['x', 'X', 'χ', '×'];
/// Words for a missing figure, in lower case.
const MISSING_WORDS: [&str; 11] =
    ["不明", "不詳", "未集計", "集計中", "未公表", "欠測", "<na>", "n/a", "na", "nan", "null"];
/// Words for a withheld figure.
const SUPPRESSED_WORDS: [&str; 2] = ["秘匿", "非公表"];

/// Reads a figure.
///
/// `unit` is the unit that can follow the number (`件`, `人`, `円`). Another unit is rejected, because the figure is published in
/// `unit`. The multipliers 兆億万千百十 are computed exactly, unless the unit has its own (`千円`). `¥` can precede the number when
/// the unit is 円.
pub fn integer(cell: &Cell, unit: Option<&str>) -> Result<NumberCell, RejectReason> {
    steps(cell, unit, FigureScale { scale: 1, decimals: Decimals::WHOLE })
}

/// Like [`integer`], in steps of a figure: 54.9 with one decimal is 549.
///
/// A unit or a multiplier behind a number is rejected when the scale is not 1.
pub fn steps(cell: &Cell, unit: Option<&str>, by: FigureScale) -> Result<NumberCell, RejectReason> {
    match cell {
        Cell::Empty => Ok(NumberCell::Missing(MISSING)),
        Cell::Text(text) => of_text(text, unit, by),
        Cell::Number(number) => of_number(*number, by),
        Cell::Formatted(number, format) => of_formatted(*number, *format, unit, by),
        Cell::Bool(_) | Cell::Date(_) | Cell::YearlessDate(_) => Err(RejectReason::WrongType),
        Cell::Error => Err(RejectReason::FormulaError),
    }
}

/// The decimal text of the number is read: a float multiplied by a scale is not exact.
fn of_number(number: f64, by: FigureScale) -> Result<NumberCell, RejectReason> {
    if !number.is_finite() {
        return Err(RejectReason::NotANumber);
    }
    if number.abs() >= MAX_EXACT {
        return Err(RejectReason::TooLarge);
    }
    of_text(&shown_digits(number), None, by)
}

/// A number as its format shows it. A scale that names what the format does is applied once; another one is rejected.
fn of_formatted(
    number: f64,
    format: NumberFormat,
    unit: Option<&str>,
    by: FigureScale,
) -> Result<NumberCell, RejectReason> {
    let (scale, once) = (by.scale, FigureScale { scale: 1, ..by });
    let unit = unit.map(normal).unwrap_or_default();
    let factor = match format {
        NumberFormat::Days1904 => return of_number(number, by),
        NumberFormat::Percent if unit == "%" => 100,
        // Shown in 千, so the figure is as stored where `scale` says that 千 are shown.
        NumberFormat::Thousands(times) if power(3 * u32::from(times)) == Some(scale) && scale != 1 => {
            return of_number(number, once);
        }
        NumberFormat::Multiplier(zeros) => power(u32::from(zeros)).ok_or(RejectReason::UnexpectedUnit)?,
        NumberFormat::Percent | NumberFormat::Thousands(_) => return Err(RejectReason::UnexpectedUnit),
        NumberFormat::Duration => parts_of_a_day(&unit).ok_or(RejectReason::UnexpectedUnit)?,
        NumberFormat::Other => return Err(RejectReason::WrongType),
    };
    if scale != 1 && scale != factor {
        return Err(RejectReason::UnexpectedUnit);
    }
    of_text(&shown_digits(number), None, FigureScale { scale: factor, ..by })
}

fn power(zeros: u32) -> Option<i64> {
    10_i64.checked_pow(zeros)
}

/// The number of units of time in a day.
fn parts_of_a_day(unit: &str) -> Option<i64> {
    match unit {
        "時間" | "h" | "hour" | "hours" => Some(24),
        "分" | "分間" | "min" | "minutes" => Some(24 * 60),
        "秒" | "秒間" | "s" | "seconds" => Some(24 * 60 * 60),
        _ => None,
    }
}

/// The number with the 15 digits that a spreadsheet shows at most: 0.30000000000000004 as 0.3. Whole numbers are stored exactly.
fn shown_digits(number: f64) -> String {
    if number.fract() == 0.0 {
        return number.to_string();
    }
    let digits = format!("{number:.14e}");
    digits.parse::<f64>().unwrap_or(number).to_string()
}

fn of_text(text: &str, unit: Option<&str>, by: FigureScale) -> Result<NumberCell, RejectReason> {
    if text.chars().nth(MAX_CHARS).is_some() {
        return Err(RejectReason::TooLong);
    }
    if has_false_digit(text) {
        return Err(RejectReason::NotANumber);
    }
    let text = normal(text);
    if let Some(missing) = missing(&text) {
        return Ok(NumberCell::Missing(missing));
    }
    let text = joined(&text)?;
    let (about, text) = without_about(&text);
    let (negative, text) = without_sign(text);
    let (bare, multipliers) = without_unit(text, unit);
    if by.scale != 1 && bare != text {
        return Err(RejectReason::UnexpectedUnit);
    }
    let amount = NumberScanner::new(bare, multipliers && by.scale == 1, by).amount()?;
    let value = if negative { -amount.value } else { amount.value };
    let value = i64::try_from(value).map_err(|_| RejectReason::TooLarge)?;
    if !about {
        return Ok(NumberCell::Known(value));
    }
    Ok(NumberCell::About { value, precision: i64::try_from(amount.precision).map_err(|_| RejectReason::TooLarge)? })
}

fn missing(text: &str) -> Option<&'static str> {
    let word = text.to_ascii_lowercase();
    // One dot is not an ellipsis, and different marks together are not a mark.
    let only = |marks: &[char]| text.chars().all(|c| marks.contains(&c));
    let alike = |text: &str| text.chars().all(|c| text.starts_with(c));
    if text.is_empty() || MISSING_WORDS.contains(&word.as_str()) {
        return Some(MISSING);
    }
    if SUPPRESSED_WORDS.contains(&word.as_str()) || (only(&CROSSES) && alike(text)) {
        return Some(SUPPRESSED);
    }
    (only(&DASHES) && alike(text) && text != ".").then_some(MISSING)
}

/// The text without blanks. A blank between digits is rejected, because it can separate two figures.
fn joined(text: &str) -> Result<String, RejectReason> {
    let mut parts = text.split(is_blank).filter(|part| !part.is_empty());
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        if whole.ends_with(|c: char| c.is_ascii_digit()) && part.starts_with(|c: char| c.is_ascii_digit()) {
            return Err(RejectReason::NotANumber);
        }
        whole.push_str(part);
    }
    Ok(whole)
}

fn without_about(text: &str) -> (bool, &str) {
    let (before, text) = ["約", "およそ", "おおよそ", "概ね", "おおむね"]
        .iter()
        .find_map(|word| text.strip_prefix(word))
        .map_or((false, text), |rest| (true, rest));
    match text.strip_suffix("程度") {
        Some(text) => (true, text),
        None => (before, text),
    }
}

fn without_sign(text: &str) -> (bool, &str) {
    match text.strip_prefix(['-', '−', '△', '▲']) {
        Some(text) => (true, text),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// The number without its unit, and whether multipliers are allowed in it.
fn without_unit<'a>(text: &'a str, unit: Option<&str>) -> (&'a str, bool) {
    let unit = unit.map(normal).unwrap_or_default();
    let text = if unit == "円" { text.strip_prefix(['¥', '\\']).unwrap_or(text) } else { text };
    let text = text.strip_suffix(unit.as_str()).unwrap_or(text);
    let text = if unit == "円" { text.strip_suffix(",-").unwrap_or(text) } else { text };
    (text, !unit.starts_with(|c| small(c).is_some() || large(c).is_some()))
}

#[cfg(test)]
mod tests;
