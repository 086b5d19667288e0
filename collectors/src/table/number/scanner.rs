//! Reads a number with its multipliers, exactly.

use super::super::reject::RejectReason;
use super::scale::FigureScale;

/// Maximum decimals of a number (`1.5億`).
const MAX_DECIMALS: u32 = 12;

pub(super) fn small(c: char) -> Option<i128> {
    match c {
        '十' => Some(10),
        '百' => Some(100),
        '千' => Some(1_000),
        _ => None,
    }
}

pub(super) fn large(c: char) -> Option<i128> {
    match c {
        '万' => Some(10_000),
        '億' => Some(100_000_000),
        '兆' => Some(1_000_000_000_000),
        _ => None,
    }
}

/// The steps of a number, and those of its last written digit.
pub(super) struct ScannedNumber {
    pub(super) value: i128,
    pub(super) precision: i128,
}

/// Reads `1億2千345万6,789`: numbers with multipliers that decrease from left to right.
pub(super) struct NumberScanner<'a> {
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
    by: FigureScale,
}

impl<'a> NumberScanner<'a> {
    pub(super) fn new(rest: &'a str, multipliers: bool, by: FigureScale) -> Self {
        Self { rest, multipliers, total: 0, section: 0, number: None, last_digit: 1, decimals: 0, numbers: 0, by }
    }

    pub(super) fn amount(mut self) -> Result<ScannedNumber, RejectReason> {
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
        self.finish()
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
            return Err(self.by.too_fine());
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

    fn finish(self) -> Result<ScannedNumber, RejectReason> {
        if self.numbers == 0 {
            return Err(RejectReason::NotANumber);
        }
        let scale = self.by.steps();
        let sum = times(add(add(self.total, self.section)?, self.number.unwrap_or(0))?, scale)?;
        let unit = 10_i128.pow(self.decimals);
        if sum % unit != 0 {
            return Err(self.by.too_fine());
        }
        Ok(ScannedNumber { value: sum / unit, precision: (times(self.last_digit, scale)? / unit).max(1) })
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
