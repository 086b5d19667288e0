//! Reads JSON that stands exactly as [`super::encode`] writes it. Everything else is `None`, and left to the JSON library.

use crate::time::{FIRST_YEAR, LAST_YEAR, Moment};
use jiff::civil::Date;

/// What is left of a line.
pub(super) struct RestOfLine<'a>(pub(super) &'a [u8]);

impl<'a> RestOfLine<'a> {
    /// Passes over a literal text; `None` when it does not stand here.
    pub(super) fn skip(&mut self, literal: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    /// Like [`RestOfLine::skip`]; false when it does not stand here.
    pub(super) fn skipped(&mut self, literal: &[u8]) -> bool {
        self.skip(literal).is_some()
    }

    /// The rest of a text behind its opening quotation mark, and its end. None of its characters is escaped.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        let end = self.0.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..=0x1f))?;
        let (text, rest) = self.0.split_at(end);
        self.0 = rest.strip_prefix(b"\"")?;
        std::str::from_utf8(text).ok()
    }

    /// An integer without fraction and exponent.
    pub(super) fn integer(&mut self) -> Option<i64> {
        let is_negative = self.skipped(b"-");
        let digits = self.0.iter().position(|byte| !byte.is_ascii_digit())?;
        let (number, rest) = self.0.split_at(digits);
        // JSON has no leading zeros, and its -0 is no integer. What has more digits may not fit.
        let is_plain = match number {
            [] => false,
            [b'0', more @ ..] => more.is_empty() && !is_negative,
            _ => number.len() <= 18,
        };
        if !is_plain || matches!(rest, [b'.' | b'e' | b'E', ..]) {
            return None;
        }
        self.0 = rest;
        let magnitude = number.iter().fold(0, |n: i64, digit| n * 10 + i64::from(digit - b'0'));
        Some(if is_negative { -magnitude } else { magnitude })
    }

    /// A whole number from 1 on, of a row.
    pub(super) fn row(&mut self) -> Option<u32> {
        u32::try_from(self.integer()?).ok()
    }

    /// The rest of a text that is an instant at the plan's offset, and its end.
    pub(super) fn instant(&mut self) -> Option<Moment> {
        let (stamp, rest) = self.0.split_at_checked(26)?;
        let (date, time) = stamp.split_at_checked(10)?;
        let [b'T', h, hh, b':', m, mm, b':', s, ss, b'+', b'0', b'9', b':', b'0', b'0', b'"'] = time else {
            return None;
        };
        let two = |tens: &u8, ones: &u8| Some(i64::from(digit(*tens)?) * 10 + i64::from(digit(*ones)?));
        let (hour, minute, second) = (two(h, hh)?, two(m, mm)?, two(s, ss)?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        self.0 = rest;
        Some(Moment(midnight(date)?.0 + hour * 3600 + minute * 60 + second))
    }

    /// The rest of a text that is a date, and its end: the instant at which that day begins.
    pub(super) fn date(&mut self) -> Option<Moment> {
        let (date, rest) = self.0.split_at_checked(10)?;
        self.0 = rest.strip_prefix(b"\"")?;
        midnight(date)
    }

    /// A date or an instant.
    pub(super) fn boundary(&mut self) -> Option<Moment> {
        if self.0.get(10) == Some(&b'"') { self.date() } else { self.instant() }
    }
}

/// The first place of a byte. Looks at 16 bytes at once, which the compiler makes one comparison of.
pub(super) fn position_of(wanted: u8, bytes: &[u8]) -> Option<usize> {
    let (chunks, _) = bytes.as_chunks::<16>();
    let holds = |chunk: &[u8; 16]| chunk.iter().map(|byte| u8::from(*byte == wanted)).sum::<u8>() > 0;
    let from = 16 * chunks.iter().take_while(|chunk| !holds(chunk)).count();
    bytes[from..].iter().position(|byte| *byte == wanted).map(|at| from + at)
}

fn digit(byte: u8) -> Option<u8> {
    byte.is_ascii_digit().then(|| byte - b'0')
}

/// The begin of the day that is written `2020-04-01`.
fn midnight(text: &[u8]) -> Option<Moment> {
    let [y, yy, yyy, yyyy, b'-', month @ .., b'-', _, _] = text else { return None };
    let two = |tens: u8, ones: u8| Some(digit(tens)? * 10 + digit(ones)?);
    let pair = |text: &[u8]| if let [tens, ones] = text { two(*tens, *ones) } else { None };
    let year = i16::from(two(*y, *yy)?) * 100 + i16::from(two(*yyy, *yyyy)?);
    let (month, day) = (pair(month)?, pair(text.get(8..)?)?);
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
    (FIRST_YEAR..=LAST_YEAR).contains(&year).then(|| Moment::midnight(date))
}
