//! Exact numbers: judged unrounded, shown rounded half up.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, Zero};

/// An exact rational number.
pub type Exact = BigRational;

/// Most digits after the point that [`parse`] reads.
const MAX_DECIMALS: usize = 12;
/// Most characters that [`parse`] reads.
const MAX_LENGTH: usize = 40;

/// A whole number.
pub fn whole(n: impl Into<BigInt>) -> Exact {
    Exact::from_integer(n.into())
}

/// Reads a decimal such as `13.6`, `-2` or `1_000`; `None` for anything else (no exponent).
pub fn parse(text: &str) -> Option<Exact> {
    let text = text.replace('_', "");
    let digits = text.strip_prefix(['-', '+']).unwrap_or(&text);
    let (integer, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if integer.is_empty() || !plain(integer) || !plain(fraction) || text.len() > MAX_LENGTH {
        return None;
    }
    if fraction.len() > MAX_DECIMALS || digits.ends_with('.') {
        return None;
    }
    let scale = BigInt::from(10).pow(u32::try_from(fraction.len()).ok()?);
    let number = Exact::new(format!("{integer}{fraction}").parse().ok()?, scale);
    Some(if text.starts_with('-') { -number } else { number })
}

/// Rounded to a multiple of `step`, ties away from zero.
pub fn round_to(value: &Exact, step: &Exact) -> Exact {
    if step.is_zero() {
        return value.clone();
    }
    let scaled = value / step;
    let half = Exact::new(1.into(), 2.into());
    let magnitude = (scaled.abs() + half).floor();
    if value.is_negative() { -magnitude * step } else { magnitude * step }
}

/// With exactly `decimals` digits after the point, ties away from zero: `7.3`, `-0.5`, `12`.
pub fn fixed(value: &Exact, decimals: u32) -> String {
    let scale = BigInt::from(10).pow(decimals);
    let rounded = round_to(&(value * whole(scale.clone())), &whole(1)).to_integer();
    let sign = if rounded.is_negative() { "-" } else { "" };
    let digits = rounded.abs();
    let (integer, fraction) = (&digits / &scale, &digits % &scale);
    if decimals == 0 {
        return format!("{sign}{integer}");
    }
    format!("{sign}{integer}.{:0>width$}", fraction.to_string(), width = decimals as usize)
}

/// The canonical form: integers plain, other numbers half up to 6 places with trailing zeros cut.
pub fn canonical(value: &Exact) -> String {
    let text = fixed(value, 6);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// [`fixed`] with thousands separators: `1,234.5`.
pub fn grouped(value: &Exact, decimals: u32) -> String {
    let text = fixed(value, decimals);
    let (number, fraction) = text.split_once('.').map_or((text.as_str(), None), |(n, f)| (n, Some(f)));
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |d| ("-", d));
    let mut out = String::from(sign);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(a: i64, b: i64) -> Exact {
        Exact::new(a.into(), b.into())
    }

    #[test]
    fn half_up_is_away_from_zero_at_a_tie() {
        assert_eq!(fixed(&ratio(2900, 400), 1), "7.3");
        assert_eq!(fixed(&ratio(-2900, 400), 1), "-7.3");
        assert_eq!(fixed(&ratio(-1, 1000), 1), "0.0");
        assert_eq!(fixed(&ratio(1, 2), 0), "1");
        assert_eq!(fixed(&ratio(-1, 2), 0), "-1");
        assert_eq!(round_to(&whole(10_549_999_999_i64), &whole(100_000_000)), whole(10_500_000_000_i64));
        assert_eq!(round_to(&whole(10_550_000_000_i64), &whole(100_000_000)), whole(10_600_000_000_i64));
    }

    #[test]
    fn canonical_numbers_are_plain() {
        let rows = [
            (ratio(730_119 * 100, 1_521_562), "47.984834"),
            (whole(1_000_000), "1000000"),
            (ratio(3, 2), "1.5"),
            (ratio(-1, 3), "-0.333333"),
            (whole(0), "0"),
            (ratio(-1, 10_000_000), "0"),
        ];
        for (value, text) in rows {
            assert_eq!(canonical(&value), text);
        }
        assert_eq!(grouped(&whole(-1_234_567), 0), "-1,234,567");
        assert_eq!(grouped(&ratio(12_345, 10), 1), "1,234.5");
    }

    #[test]
    fn decimals_are_read_exactly() {
        assert_eq!(parse("13.6"), Some(ratio(136, 10)));
        assert_eq!(parse("-1_000"), Some(whole(-1000)));
        for text in ["", "-", "1.", ".5", "1e3", "nan", "1.2.3", "--1", "0x1"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
