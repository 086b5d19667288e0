//! Figures: the exact integer of a cell, or that the cell gives none.
//!
//! A dash, an ellipsis or an empty cell is a missing figure and never 0. An ambiguous cell is rejected with a reason, because a
//! wrong figure is worse than a reported one.

use super::number_format::NumberFormat;
use super::reject::RejectReason;
use super::sheet::Cell;
use super::text::{has_false_digit, is_blank, normal};
use contract::record::Value;

/// Characters of a figure as text: `約1兆2,345億6,789万円程度` and room.
const MAX_CHARS: usize = 64;
/// Integers of a workbook are exact below 2^53.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;
/// Maximum decimals of a number (`1.5億`).
const MAX_DECIMALS: u32 = 12;

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
    scaled(cell, unit, 1)
}

/// Like [`integer`], with numbers that are multiplied by `scale`: 105.3 of 億円 are 10,530,000,000 円.
///
/// A unit or a multiplier behind a number is rejected when the scale is not 1.
pub fn scaled(cell: &Cell, unit: Option<&str>, scale: i64) -> Result<NumberCell, RejectReason> {
    match cell {
        Cell::Empty => Ok(NumberCell::Missing(MISSING)),
        Cell::Text(text) => of_text(text, unit, scale),
        // The decimal text of the number: a float multiplied by a scale is not exact.
        Cell::Number(number) if scale != 1 && number.is_finite() => of_text(&number.to_string(), None, scale),
        Cell::Number(number) => of_number(*number).map(NumberCell::Known),
        Cell::Formatted(number, format) => of_formatted(*number, *format, unit, scale),
        Cell::Bool(_) | Cell::Date(_) | Cell::YearlessDate(_) => Err(RejectReason::WrongType),
        Cell::Error => Err(RejectReason::FormulaError),
    }
}

fn of_number(number: f64) -> Result<i64, RejectReason> {
    if !number.is_finite() {
        return Err(RejectReason::NotANumber);
    }
    if number.abs() >= MAX_EXACT {
        return Err(RejectReason::TooLarge);
    }
    if number.fract() != 0.0 {
        return Err(RejectReason::NotAnInteger);
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53, as just checked")]
    Ok(number as i64)
}

/// A number as its format shows it. A scale that names what the format does is applied once; another one is rejected.
fn of_formatted(number: f64, format: NumberFormat, unit: Option<&str>, scale: i64) -> Result<NumberCell, RejectReason> {
    let unit = unit.map(normal).unwrap_or_default();
    let factor = match format {
        NumberFormat::Days1904 => return scaled(&Cell::Number(number), None, scale),
        NumberFormat::Percent if unit == "%" => 100,
        // Shown in 千, so the figure is as stored where `scale` says that 千 are shown.
        NumberFormat::Thousands(times) if power(3 * u32::from(times)) == Some(scale) && scale != 1 => {
            return of_number(number).map(NumberCell::Known);
        }
        NumberFormat::Multiplier(zeros) => power(u32::from(zeros)).ok_or(RejectReason::UnexpectedUnit)?,
        NumberFormat::Percent | NumberFormat::Thousands(_) => return Err(RejectReason::UnexpectedUnit),
        NumberFormat::Duration => parts_of_a_day(&unit).ok_or(RejectReason::UnexpectedUnit)?,
        NumberFormat::Other => return Err(RejectReason::WrongType),
    };
    if scale != 1 && scale != factor {
        return Err(RejectReason::UnexpectedUnit);
    }
    of_text(&shown_digits(number), None, factor)
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

/// The number with the 15 digits that a spreadsheet shows at most: 0.30000000000000004 as 0.3.
fn shown_digits(number: f64) -> String {
    let digits = format!("{number:.14e}");
    digits.parse::<f64>().unwrap_or(number).to_string()
}

fn of_text(text: &str, unit: Option<&str>, scale: i64) -> Result<NumberCell, RejectReason> {
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
    if scale != 1 && bare != text {
        return Err(RejectReason::UnexpectedUnit);
    }
    let amount = Scanner::new(bare, multipliers && scale == 1).amount(i128::from(scale))?;
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

fn small(c: char) -> Option<i128> {
    match c {
        '十' => Some(10),
        '百' => Some(100),
        '千' => Some(1_000),
        _ => None,
    }
}

fn large(c: char) -> Option<i128> {
    match c {
        '万' => Some(10_000),
        '億' => Some(100_000_000),
        '兆' => Some(1_000_000_000_000),
        _ => None,
    }
}

struct Amount {
    value: i128,
    precision: i128,
}

/// Reads `1億2千345万6,789`: numbers with multipliers that decrease from left to right.
struct Scanner<'a> {
    rest: &'a str,
    multipliers: bool,
    /// The sum up to the last large multiplier, and the sum after it, both in units of 10^-decimals.
    total: i128,
    section: i128,
    /// The last number, and the value of its last digit so far.
    number: Option<i128>,
    last_digit: i128,
    decimals: u32,
    numbers: u32,
}

impl<'a> Scanner<'a> {
    fn new(rest: &'a str, multipliers: bool) -> Self {
        Self { rest, multipliers, total: 0, section: 0, number: None, last_digit: 1, decimals: 0, numbers: 0 }
    }

    fn amount(mut self, scale: i128) -> Result<Amount, RejectReason> {
        let (mut least_small, mut least_large) = (i128::MAX, i128::MAX);
        while let Some(c) = self.rest.chars().next() {
            if c.is_ascii_digit() {
                self.take_number()?;
                continue;
            }
            self.rest = &self.rest[c.len_utf8()..];
            if let Some(factor) = small(c) {
                decreasing(factor, &mut least_small)?;
                let number = self.number.take().ok_or(RejectReason::NotANumber)?;
                self.section = add(self.section, times(number, factor)?)?;
                self.last_digit = times(self.last_digit, factor)?;
            } else if let Some(factor) = large(c) {
                decreasing(factor, &mut least_large)?;
                least_small = i128::MAX;
                let section = add(self.section, self.number.take().unwrap_or(0))?;
                if self.last_digit == 0 || self.numbers == 0 {
                    return Err(RejectReason::NotANumber);
                }
                self.total = add(self.total, times(section, factor)?)?;
                self.section = 0;
                self.last_digit = times(self.last_digit, factor)?;
            } else {
                return Err(self.unexpected(c));
            }
            if !self.multipliers {
                return Err(RejectReason::UnexpectedUnit);
            }
        }
        self.finish(scale)
    }

    /// Reason to reject a character that is not part of a number: a unit, when it follows a number.
    fn unexpected(&self, c: char) -> RejectReason {
        let unit = self.numbers > 0 && (c.is_alphabetic() || c == '%' || c == '°') && !c.is_ascii();
        if unit || c == '%' { RejectReason::UnexpectedUnit } else { RejectReason::NotANumber }
    }

    fn take_number(&mut self) -> Result<(), RejectReason> {
        if self.number.is_some() || (self.numbers > 0 && self.decimals > 0) {
            return Err(RejectReason::NotANumber);
        }
        let length = self.rest.find(|c: char| !c.is_ascii_digit() && c != ',' && c != '.').unwrap_or(self.rest.len());
        let (number, rest) = self.rest.split_at(length);
        let (whole, decimals) = number.split_once('.').unwrap_or((number, "0"));
        if decimals.is_empty() || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(RejectReason::NotANumber);
        }
        let decimals = decimals.trim_end_matches('0');
        self.decimals = u32::try_from(decimals.len()).unwrap_or(u32::MAX);
        if self.decimals > MAX_DECIMALS || (self.decimals > 0 && self.numbers > 0) {
            return Err(RejectReason::NotAnInteger);
        }
        let mut value = 0;
        for digit in grouped(whole)?.chain(decimals.bytes()) {
            value = add(times(value, 10)?, i128::from(digit - b'0'))?;
        }
        self.number = Some(value);
        self.last_digit = 1;
        self.numbers += 1;
        self.rest = rest;
        Ok(())
    }

    fn finish(self, scale: i128) -> Result<Amount, RejectReason> {
        if self.numbers == 0 {
            return Err(RejectReason::NotANumber);
        }
        let sum = times(add(add(self.total, self.section)?, self.number.unwrap_or(0))?, scale)?;
        let unit = 10_i128.pow(self.decimals);
        if sum % unit != 0 {
            return Err(RejectReason::NotAnInteger);
        }
        Ok(Amount { value: sum / unit, precision: (times(self.last_digit, scale)? / unit).max(1) })
    }
}

/// The digits of a number whose separators, if any, separate groups of three.
fn grouped(whole: &str) -> Result<impl Iterator<Item = u8> + '_, RejectReason> {
    let mut groups = whole.split(',');
    let first = groups.next().unwrap_or_default().len();
    let mut separated = false;
    for group in groups {
        separated = true;
        if group.len() != 3 {
            return Err(RejectReason::BadGrouping);
        }
    }
    if first == 0 || (separated && first > 3) {
        return Err(RejectReason::BadGrouping);
    }
    Ok(whole.bytes().filter(|&byte| byte != b','))
}

fn decreasing(factor: i128, least: &mut i128) -> Result<(), RejectReason> {
    if factor >= *least {
        return Err(RejectReason::NotANumber);
    }
    *least = factor;
    Ok(())
}

fn add(a: i128, b: i128) -> Result<i128, RejectReason> {
    a.checked_add(b).ok_or(RejectReason::TooLarge)
}

fn times(a: i128, b: i128) -> Result<i128, RejectReason> {
    a.checked_mul(b).ok_or(RejectReason::TooLarge)
}

#[cfg(test)]
mod tests;
