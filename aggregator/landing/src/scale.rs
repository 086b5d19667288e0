//! How far off a forecast of one series may be at a distance: a power law through its own back-test.
//!
//! A short series has few errors of its own, so the law is drawn towards that of the series it was learned on: error =
//! change x factor x distance^exponent. The more errors, the more the series' own weigh.

use crate::backtest::ErrorProfile;
use crate::elementary::{exp, ln, mean_change, real};
use crate::score_table::Law;

/// Weight of the learned factor, in distances of the back-test.
const FACTOR_WEIGHT: f64 = 2.0;
/// Weight of the learned exponent.
const EXPONENT_WEIGHT: f64 = 8.0;
/// Weight of one error of the back-test; errors of overlapping stretches are alike.
const ERROR_WEIGHT: f64 = 1.0;
/// Smallest error as a share of the mean one: where most figures are equal, most errors are 0, and no logarithm is.
const MIN_ERROR: f64 = 0.2;
/// Smallest error as a share of the series' own change.
const MIN_ERROR_OF_CHANGE: f64 = 1e-3;
/// Greatest exponent, unless the learned one is near it.
const MAX_EXPONENT: f64 = 1.2;

/// A fitted power law.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ErrorScale {
    /// Error at distance 1.
    first: f64,
    exponent: f64,
}

/// Mean change of a series, over a year where its season makes that the smaller.
pub(crate) fn own_change(figures: &[f64], period: usize) -> f64 {
    let change = mean_change(figures);
    if period < 2 || figures.len() < 2 * period {
        return change;
    }
    let apart = figures.len() - period;
    let yearly: f64 = (0..apart).map(|t| (figures[t + period] - figures[t]).abs()).sum();
    change.min(yearly / real(apart))
}

impl ErrorScale {
    /// Fits the law by least squares of the logarithms, with the learned one as if it had been seen.
    pub(crate) fn fit(profile: &ErrorProfile, change: f64, law: Law) -> Self {
        if change <= 0.0 {
            return Self { first: 0.0, exponent: 0.0 };
        }
        let least = (MIN_ERROR * profile.mean()).max(MIN_ERROR_OF_CHANGE * change);
        let reach = real(profile.by_distance.len().max(1));
        let expected = change * law.factor;
        let (mut w, mut wx, mut wxx) = (FACTOR_WEIGHT, 0.0, EXPONENT_WEIGHT);
        let (mut wy, mut wxy) = (0.0, EXPONENT_WEIGHT * law.exponent);
        for (k, (error, count)) in profile.by_distance.iter().enumerate() {
            let x = ln(real(k + 1));
            let y = ln(error.max(least) / expected);
            let weight = ERROR_WEIGHT * real(*count) / reach;
            w += weight;
            wx += weight * x;
            wxx += weight * x * x;
            wy += weight * y;
            wxy += weight * x * y;
        }
        let determinant = w * wxx - wx * wx;
        let first = (wy * wxx - wxy * wx) / determinant;
        let exponent = (w * wxy - wy * wx) / determinant;
        Self { first: expected * exp(first), exponent: exponent.clamp(0.0, MAX_EXPONENT.max(law.exponent + 0.4)) }
    }

    /// Expected absolute error at a distance of at least 1.
    pub(crate) fn at(&self, distance: f64) -> f64 {
        self.first * exp(self.exponent * ln(distance))
    }
}
