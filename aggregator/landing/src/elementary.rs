//! Exponential and logarithm from + - * / alone.
//!
//! The system's libm may round its transcendental functions differently from machine to machine; the four operations
//! and the square root are fixed by IEEE 754 to the last bit. What is built of them alone is equal everywhere.

/// ln 2 in two parts, so that a multiple of it is subtracted without loss.
const LN_2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN_2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Bits of the mantissa of a double.
const MANTISSA_BITS: u32 = 52;
const EXPONENT_BIAS: i32 = 1023;
/// Beyond it e^x leaves the range of normal doubles.
const MAX_EXPONENT: f64 = 700.0;

/// A count as a number.
pub(crate) fn real(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

/// 2^k for k in -1022..=1023.
fn power_of_two(k: i32) -> f64 {
    let exponent = u64::try_from(k + EXPONENT_BIAS).unwrap_or(0);
    f64::from_bits(exponent << MANTISSA_BITS)
}

/// e^x; beyond ±700 that of ±700.
pub(crate) fn exp(x: f64) -> f64 {
    let x = x.clamp(-MAX_EXPONENT, MAX_EXPONENT);
    let (mut k, mut whole) = (0_i32, (x * std::f64::consts::LOG2_E + 0.5).floor());
    let turns = whole;
    // At most 1010 in size: counted, not cast.
    while whole >= 1.0 {
        let step = if whole >= 64.0 { 64 } else { 1 };
        k += step;
        whole -= f64::from(step);
    }
    while whole <= -1.0 {
        let step = if whole <= -64.0 { 64 } else { 1 };
        k -= step;
        whole += f64::from(step);
    }
    let rest = x - turns * LN_2_HIGH - turns * LN_2_LOW;
    let mut sum = 1.0;
    for n in (1..=14).rev() {
        sum = 1.0 + sum * rest / f64::from(n);
    }
    sum * power_of_two(k)
}

/// Natural logarithm of a positive normal number; of anything else that of the smallest one.
pub(crate) fn ln(x: f64) -> f64 {
    let x = if x.is_finite() { x.max(f64::MIN_POSITIVE) } else { f64::MIN_POSITIVE };
    let bits = x.to_bits();
    let mut k = i32::try_from(bits >> MANTISSA_BITS).unwrap_or(0) - EXPONENT_BIAS;
    let mut mantissa = f64::from_bits((bits & ((1 << MANTISSA_BITS) - 1)) | (1023 << MANTISSA_BITS));
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        k += 1;
    }
    // ln m = 2 artanh((m - 1) / (m + 1)), whose series converges fast for |s| < 0.172.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let square = s * s;
    let mut sum = 0.0;
    for n in (0..=11).rev() {
        sum = 1.0 / f64::from(2 * n + 1) + square * sum;
    }
    let k = f64::from(k);
    k * LN_2_HIGH + (k * LN_2_LOW + 2.0 * s * sum)
}

/// Arithmetic mean; 0 of nothing.
pub(crate) fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / real(values.len()) }
}

/// Mean absolute change from figure to figure.
pub(crate) fn mean_change(figures: &[f64]) -> f64 {
    let sum: f64 = figures.windows(2).map(|pair| (pair[1] - pair[0]).abs()).sum();
    sum / real(figures.len().saturating_sub(1).max(1))
}

/// Middle value, of an even number the mean of the two in the middle; 0 of nothing.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[half],
        _ => f64::midpoint(values[half - 1], values[half]),
    }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these are exact")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn exp_is_that_of_the_system_but_for_the_last_bits(x in -690.0..690.0_f64) {
            prop_assert!((exp(x) / x.exp() - 1.0).abs() < 4e-16 * x.abs().max(2.0), "{x}");
        }

        #[test]
        fn ln_is_that_of_the_system_but_for_the_last_bits(x in prop::num::f64::POSITIVE | prop::num::f64::NORMAL) {
            prop_assert!((ln(x) - x.ln()).abs() <= 4e-16 * x.ln().abs().max(1.0), "{x}");
        }

        #[test]
        fn ln_undoes_exp(x in -100.0..100.0_f64) {
            prop_assert!((ln(exp(x)) - x).abs() <= 1e-13);
        }
    }

    #[test]
    fn round_values_are_exact() {
        assert_eq!((exp(0.0), ln(1.0)), (1.0, 0.0));
        assert_eq!(ln(std::f64::consts::E), 1.0);
        assert_eq!(ln(1024.0), 10.0 * std::f64::consts::LN_2);
        assert_eq!(exp(1e9), exp(700.0));
        assert_eq!((ln(0.0), ln(-3.0)), (ln(f64::MIN_POSITIVE), ln(f64::MIN_POSITIVE)));
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!((median(&mut []), mean(&[])), (0.0, 0.0));
    }
}
