//! The ways to go on from a series, and the path of each.
//!
//! All but the seasonal naive way work on the series without its season, or follow the season themselves. Which of them
//! is right for a series is not decided here but by its back-test.

use crate::elementary::{exp, ln, real};
use crate::figures::{Bounds, FigureKind};
use crate::season::{Season, SeasonForm};
use crate::slope::robust_slope;
use crate::smoothing::{Parts, Smoothed, fit};

/// A way to go on from a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// The figure of the same period a year before; without seasons the latest one.
    SeasonalNaive,
    /// Decomposition: the season is removed, the level is smoothed and stays.
    Level,
    /// Exponential smoothing of level, damped trend and season; the season is a factor where all figures are above 0.
    DampedTrend,
    /// The same of the logarithms: growth by a rate that fades.
    DampedGrowth,
    /// The same of the logits between the two bounds: a ratio that nears its ceiling.
    Logistic,
    /// Decomposition: the smoothed level goes on with the median of the slopes between all pairs of figures.
    RobustSlope,
    /// The same with half that slope.
    HalfSlope,
}

/// How close to its bounds a ratio is taken, as a share of their distance.
const LOGIT_MARGIN: f64 = 0.001;
/// Most that a growing path moves in a period, in greatest changes seen.
const MAX_CHANGE: f64 = 2.0;

/// What all paths of one series have in common.
#[derive(Clone, Debug)]
pub(crate) struct Candidates {
    /// Periods of a year.
    pub(crate) period: usize,
    bounds: Bounds,
    /// The ways that fit the series.
    pub(crate) methods: Vec<Method>,
}

impl Candidates {
    /// The ways that fit: growth needs figures above 0, the logistic a ratio with two bounds.
    pub(crate) fn of(figures: &[f64], kind: FigureKind, bounds: Bounds, period: usize) -> Self {
        let mut methods = vec![Method::SeasonalNaive, Method::Level, Method::DampedTrend];
        let two_bounds = match (bounds.lower, bounds.upper) {
            (Some(lower), Some(upper)) => lower < upper && (upper - lower).is_finite(),
            _ => false,
        };
        if kind == FigureKind::Ratio && two_bounds {
            methods.push(Method::Logistic);
        } else if figures.iter().all(|y| *y > 0.0) {
            methods.push(Method::DampedGrowth);
        }
        methods.extend([Method::RobustSlope, Method::HalfSlope]);
        Self { period, bounds, methods }
    }

    /// The next `count` values as each way sees them, in the order of `methods`.
    pub(crate) fn paths(&self, figures: &[f64], count: usize) -> Vec<Vec<f64>> {
        let season = Season::estimate(figures, self.period);
        let adjusted = season.removed_from(figures);
        let level = fit(&adjusted, &adjusted, Parts { trend: false, season: None, relative: false }, &[]);
        let path = |method: &Method| match method {
            Method::SeasonalNaive => self.naive(figures, count),
            Method::Level => season.added_to(figures.len(), level.forecast(count)),
            Method::DampedTrend => damped(figures, &adjusted, &season).forecast(count),
            Method::DampedGrowth => self.growth(figures, count),
            Method::Logistic => self.logistic(figures, count),
            Method::RobustSlope => season.added_to(figures.len(), line(&level, &adjusted, 1.0, count)),
            Method::HalfSlope => season.added_to(figures.len(), line(&level, &adjusted, 0.5, count)),
        };
        self.methods.iter().map(path).collect()
    }

    fn naive(&self, figures: &[f64], count: usize) -> Vec<f64> {
        let n = figures.len();
        let back = if n >= 2 * self.period { self.period } else { 1 };
        (0..count).map(|k| figures[n - back + k % back]).collect()
    }

    fn growth(&self, figures: &[f64], count: usize) -> Vec<f64> {
        let logs: Vec<f64> = figures.iter().map(|y| ln(*y)).collect();
        let change = figures.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
        let naive = self.naive(figures, count);
        let path = self.damped_additive(&logs, count);
        let near = |(k, (log, naive)): (usize, (f64, f64))| {
            let reach = MAX_CHANGE * change * real(k + 1);
            exp(log).clamp(naive - reach, naive + reach)
        };
        path.into_iter().zip(naive).enumerate().map(near).collect()
    }

    fn logistic(&self, figures: &[f64], count: usize) -> Vec<f64> {
        let (lower, upper) = (self.bounds.lower.unwrap_or(0.0), self.bounds.upper.unwrap_or(1.0));
        let width = upper - lower;
        let logit = |y: &f64| {
            let share = ((y - lower) / width).clamp(LOGIT_MARGIN, 1.0 - LOGIT_MARGIN);
            ln(share / (1.0 - share))
        };
        let logits: Vec<f64> = figures.iter().map(logit).collect();
        let back = |x: f64| lower + width / (1.0 + exp(-x));
        self.damped_additive(&logits, count).into_iter().map(back).collect()
    }

    fn damped_additive(&self, transformed: &[f64], count: usize) -> Vec<f64> {
        let season = Season::estimate_as(transformed, self.period, SeasonForm::Additive);
        damped(transformed, &season.removed_from(transformed), &season).forecast(count)
    }
}

fn damped(figures: &[f64], adjusted: &[f64], season: &Season) -> Smoothed {
    let Some((form, indexes)) = season.indexes() else {
        return fit(figures, adjusted, Parts { trend: true, season: None, relative: false }, &[]);
    };
    let relative = form == SeasonForm::Multiplicative;
    fit(figures, adjusted, Parts { trend: true, season: Some(form), relative }, indexes)
}

/// The smoothed level lags behind a straight line; the line starts where the figures are.
fn line(level: &Smoothed, adjusted: &[f64], share: f64, count: usize) -> Vec<f64> {
    let slope = share * robust_slope(adjusted);
    (0..count).map(|k| level.level() + slope * (real(k) + level.lag())).collect()
}
