//! A column of integers in few bytes: differences from one value to the next, or how often a difference repeats.
//!
//! Ids, periods and polls of neighbours are equal or rise by equal steps, so most columns are a few bytes whatever they
//! hold; the others need as many bytes as their differences. All arithmetic wraps, so that every integer has its form.

/// Each difference by itself, divided by what divides all of them.
const SINGLE: u8 = 0;
/// Pairs of a difference and how often it follows.
const REPEATED: u8 = 1;
/// How many values must share a difference, in the mean, for pairs to be shorter.
const WORTH_REPEATING: usize = 3;

/// Collects the values of a column.
#[derive(Debug, Default)]
pub(super) struct ColumnWriter {
    first: Option<i64>,
    last: i64,
    differences: Vec<i64>,
    bytes: Vec<u8>,
}

impl ColumnWriter {
    /// Adds a value.
    pub(super) fn push(&mut self, value: i64) {
        if self.first.is_none() {
            self.first = Some(value);
        } else {
            self.differences.push(value.wrapping_sub(self.last));
        }
        self.last = value;
    }

    /// Appends the column to `out`, behind its length; the writer is empty again.
    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(first) = self.first.take() {
            put_signed(&mut self.bytes, first);
            put_differences(&mut self.bytes, &self.differences);
        }
        put_bytes(out, &self.bytes);
        self.bytes.clear();
        self.differences.clear();
    }
}

fn put_differences(out: &mut Vec<u8>, all: &[i64]) {
    if all.is_empty() {
        return;
    }
    let repeats = || all.chunk_by(|one, other| one == other);
    if repeats().count() * WORTH_REPEATING <= all.len() + WORTH_REPEATING {
        out.push(REPEATED);
        for same in repeats() {
            put_signed(out, same[0]);
            put_unsigned(out, same.len() as u64);
        }
    } else {
        out.push(SINGLE);
        let divisor = common_divisor(all);
        put_unsigned(out, divisor.unsigned_abs());
        for difference in all {
            put_signed(out, difference / divisor);
        }
    }
}

/// The greatest integer that divides all, at least 1: days as seconds become days.
fn common_divisor(all: &[i64]) -> i64 {
    let mut divisor = 0;
    for difference in all {
        let mut other = difference.unsigned_abs();
        if divisor == 1 {
            break;
        }
        if divisor != 0 && other % divisor == 0 {
            continue;
        }
        while other != 0 {
            (divisor, other) = (other, divisor % other);
        }
    }
    i64::try_from(divisor.max(1)).unwrap_or(1)
}

/// Reads the values of a column.
#[derive(Clone, Debug)]
pub(super) struct ColumnReader<'a> {
    bytes: &'a [u8],
    form: Option<u8>,
    divisor: i64,
    difference: i64,
    left: u64,
    value: Option<i64>,
}

impl<'a> ColumnReader<'a> {
    /// Takes a column off the front of `from`; `None` when it is not one.
    pub(super) fn take(from: &mut &'a [u8]) -> Option<Self> {
        let bytes = take_bytes(from)?;
        Some(Self { bytes, form: None, divisor: 1, difference: 0, left: 0, value: None })
    }

    /// The next value; `None` when there is none.
    #[inline]
    pub(super) fn next(&mut self) -> Option<i64> {
        let Some(before) = self.value else {
            self.value = Some(take_signed(&mut self.bytes)?);
            return self.value;
        };
        if self.left == 0 {
            self.read_difference()?;
        }
        self.left -= 1;
        self.value = Some(before.wrapping_add(self.difference));
        self.value
    }

    fn read_difference(&mut self) -> Option<()> {
        let form = if let Some(form) = self.form {
            form
        } else {
            let form = take_byte(&mut self.bytes)?;
            if form == SINGLE {
                self.divisor = i64::try_from(take_unsigned(&mut self.bytes)?).ok()?;
            }
            *self.form.insert(form)
        };
        self.difference = take_signed(&mut self.bytes)?.wrapping_mul(self.divisor);
        self.left = if form == SINGLE { 1 } else { take_unsigned(&mut self.bytes)? };
        (self.left > 0).then_some(())
    }

    /// True when all of it was read.
    pub(super) fn is_at_end(&self) -> bool {
        self.bytes.is_empty() && self.left == 0
    }
}

/// Appends bytes behind their length.
pub(super) fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_unsigned(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Takes bytes with their length off the front.
pub(super) fn take_bytes<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(take_unsigned(from)?).ok()?;
    let (taken, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(taken)
}

/// Takes one byte off the front.
pub(super) fn take_byte(from: &mut &[u8]) -> Option<u8> {
    let (byte, rest) = from.split_first()?;
    *from = rest;
    Some(*byte)
}

/// Appends seven bits a byte, the low ones first; the high bit says that more follow.
pub(super) fn put_unsigned(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let [low, ..] = value.to_le_bytes();
        value >>= 7;
        if value == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

/// Takes what [`put_unsigned`] wrote off the front.
#[inline]
pub(super) fn take_unsigned(from: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = take_byte(from)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

/// Small integers of either sign become small ones without.
fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_unsigned(out, ((value << 1) ^ (value >> 63)).cast_unsigned());
}

#[inline]
fn take_signed(from: &mut &[u8]) -> Option<i64> {
    let folded = take_unsigned(from)?;
    Some((folded >> 1).cast_signed() ^ -((folded & 1).cast_signed()))
}
