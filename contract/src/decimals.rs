//! Digits after the point of a definition's figures: from the integer that travels to the unit, and back.
//!
//! A figure travels, is stored and is added up as an integer of the step `10^-n` of the unit. Whatever a reader sees is in
//! the unit, and this is the only place that makes it so.

use crate::exact::{self, Exact};
use num_bigint::BigInt;
use num_traits::ToPrimitive;

/// How many digits after the point the figures of a definition have: 0 to [`Decimals::MAX`].
///
/// ```
/// use contract::decimals::Decimals;
///
/// let tenths = Decimals::new(1).unwrap();
/// assert_eq!(tenths.text(549), "54.9");
/// assert_eq!(tenths.steps(&tenths.in_unit(549)), Some(549));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimals(u32);

impl Decimals {
    /// Whole numbers.
    pub const WHOLE: Self = Self(0);
    /// Most digits: figures of 64 bits reach nine millions of millions of the unit then.
    pub const MAX: u32 = 6;

    /// That many digits; `None` beyond [`Decimals::MAX`].
    pub fn new(digits: u32) -> Option<Self> {
        (digits <= Self::MAX).then_some(Self(digits))
    }

    /// How many digits.
    pub fn digits(self) -> u32 {
        self.0
    }

    /// Steps that make one of the unit: `10^n`.
    pub fn per_unit(self) -> i64 {
        10_i64.pow(self.0)
    }

    /// One step, in the unit.
    pub fn step(self) -> Exact {
        self.in_unit(1)
    }

    /// Steps in the unit.
    pub fn in_unit(self, steps: impl Into<BigInt>) -> Exact {
        Exact::new(steps.into(), self.per_unit().into())
    }

    /// The steps of a value in the unit; `None` when it is no multiple of the step, or beyond 64 bits.
    pub fn steps(self, value: &Exact) -> Option<i64> {
        let steps = value * exact::whole(self.per_unit());
        if steps.is_integer() { steps.to_integer().to_i64() } else { None }
    }

    /// Steps in the unit, in canonical form: `54.9`, `54`.
    pub fn text(self, steps: impl Into<BigInt>) -> String {
        exact::canonical(&self.in_unit(steps))
    }

    /// Steps in the unit, with all digits and with separators: `1,054.0`.
    pub fn grouped(self, steps: impl Into<BigInt>) -> String {
        exact::grouped(&self.in_unit(steps), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimals(digits: u32) -> Decimals {
        Decimals::new(digits).unwrap()
    }

    #[test]
    fn steps_are_shown_in_the_unit() {
        let rows = [
            (0, 549, "549", "549"),
            (1, 549, "54.9", "54.9"),
            (1, 540, "54", "54.0"),
            (2, -108, "-1.08", "-1.08"),
            (2, -8, "-0.08", "-0.08"),
            (6, 1, "0.000001", "0.000001"),
            (1, 12_345_678, "1234567.8", "1,234,567.8"),
            (6, i64::MIN, "-9223372036854.775808", "-9,223,372,036,854.775808"),
            (6, i64::MAX, "9223372036854.775807", "9,223,372,036,854.775807"),
        ];
        for (digits, steps, text, grouped) in rows {
            assert_eq!(decimals(digits).text(steps), text);
            assert_eq!(decimals(digits).grouped(steps), grouped);
        }
        assert_eq!(Decimals::new(7), None);
    }

    #[test]
    fn what_is_no_multiple_of_the_step_or_too_large_has_no_steps() {
        let steps = |digits, text| decimals(digits).steps(&exact::parse(text).unwrap());
        assert_eq!((steps(1, "54.95"), steps(2, "54.95"), steps(0, "54.0")), (None, Some(5495), Some(54)));
        assert_eq!((steps(6, "9223372036854.775807"), steps(6, "9223372036854.775808")), (Some(i64::MAX), None));
    }

    proptest! {
        #[test]
        fn text_to_steps_to_text_is_the_identity(steps in any::<i64>(), digits in 0..=Decimals::MAX) {
            let decimals = decimals(digits);
            let text = decimals.text(steps);
            let read = exact::parse(&text).unwrap();
            prop_assert_eq!(decimals.steps(&read), Some(steps));
            prop_assert_eq!(decimals.text(steps), text);
            prop_assert_eq!(decimals.grouped(steps).replace(',', ""), exact::fixed(&read, digits));
        }
    }
}
