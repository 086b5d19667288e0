//! The back-test: every way is asked at earlier points of the series itself, and what it said is compared with what came.
//!
//! Origins roll back from the last figure; at each, the ways see only what lies before it. Their errors give each a
//! weight, and the errors of the weighted path say how far off the series' own forecasts were, by distance.

use crate::elementary::{mean_change, real};
use crate::figures::Frequency;
use crate::method::{Candidates, Method};

/// Fewest figures before an origin.
const MIN_FITTED: usize = 3;
/// Errors at one distance that count fully; a mean of fewer weighs less.
const FULL_COUNT: usize = 4;
/// Share of the least error that is added to each, so that one lucky way does not take all the weight.
const ERROR_FLOOR_SHARE: f64 = 0.1;
/// Smallest error that is told from none, as a share of the mean change between figures.
const RESOLUTION: f64 = 1e-12;

/// Mean absolute errors by distance.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ErrorProfile {
    /// At index k, of k + 1 periods: mean absolute error, and the number of errors in it.
    pub(crate) by_distance: Vec<(f64, usize)>,
}

/// A way, what it weighs in the forecast, and how far off it was.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightedMethod {
    /// The way.
    pub method: Method,
    /// Share of the forecast, 0 to 1; the shares of all ways add up to 1.
    pub weight: f64,
    /// Mean absolute error in the back-test, in the series' unit.
    pub error: f64,
}

/// Signed errors of the weighted path from one origin, by distance.
type OriginErrors = Vec<f64>;

/// What a back-test found.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Backtest {
    pub(crate) methods: Vec<WeightedMethod>,
    pub(crate) origins: Vec<OriginErrors>,
    /// Errors of single periods.
    pub(crate) points: ErrorProfile,
    /// Errors of the sum of the next k + 1 periods.
    pub(crate) sums: ErrorProfile,
}

/// Distance between origins, their greatest number, and how far each looks.
fn rolling(frequency: Frequency) -> (usize, usize, usize) {
    match frequency {
        Frequency::Yearly => (1, 12, 6),
        Frequency::Quarterly => (1, 16, 8),
        Frequency::Monthly => (3, 16, 18),
    }
}

impl Backtest {
    /// Asks every way at earlier points of `figures`, of which there are at least four.
    pub(crate) fn run(candidates: &Candidates, figures: &[f64], frequency: Frequency) -> Self {
        let (step, most, reach) = rolling(frequency);
        let n = figures.len();
        let origins: Vec<usize> = (MIN_FITTED..n).rev().step_by(step).take(most).collect();
        let paths: Vec<(usize, Vec<Vec<f64>>)> = origins
            .iter()
            .map(|origin| (*origin, candidates.paths(&figures[..*origin], reach.min(n - origin))))
            .collect();
        let errors_of = |way: usize| -> Vec<OriginErrors> {
            paths.iter().map(|(origin, paths)| errors(&paths[way], &figures[*origin..])).collect()
        };
        let means: Vec<f64> =
            (0..candidates.methods.len()).map(|way| ErrorProfile::of(&errors_of(way), reach).mean()).collect();
        let weights = weights(&means, RESOLUTION * mean_change(figures));
        let methods = candidates.methods.iter().zip(&weights).zip(&means);
        let methods =
            methods.map(|((method, weight), error)| WeightedMethod { method: *method, weight: *weight, error: *error });
        let mixed = |(origin, paths): &(usize, Vec<Vec<f64>>)| errors(&mix(paths, &weights), &figures[*origin..]);
        let mixed: Vec<OriginErrors> = paths.iter().map(mixed).collect();
        let points = ErrorProfile::of(&mixed, reach);
        let sums = ErrorProfile::of(&mixed.iter().map(|errors| running_sums(errors)).collect::<Vec<_>>(), reach);
        Self { methods: methods.collect(), origins: mixed, points, sums }
    }
}

impl ErrorProfile {
    fn of(origins: &[OriginErrors], reach: usize) -> Self {
        let at = |k: usize| {
            let there = origins.iter().filter_map(|errors| errors.get(k));
            let (sum, count) = there.fold((0.0, 0), |(sum, count), error| (sum + error.abs(), count + 1));
            (count > 0).then(|| (sum / real(count), count))
        };
        Self { by_distance: (0..reach).map_while(at).collect() }
    }

    /// Mean over the distances, those with few errors weighing less.
    pub(crate) fn mean(&self) -> f64 {
        let (mut sum, mut weights) = (0.0, 0.0);
        for (error, count) in &self.by_distance {
            let weight = real((*count).min(FULL_COUNT));
            sum += weight * error;
            weights += weight;
        }
        if weights > 0.0 { sum / weights } else { 0.0 }
    }
}

/// One path of several, by their weights.
pub(crate) fn mix(paths: &[Vec<f64>], weights: &[f64]) -> Vec<f64> {
    let count = paths.first().map_or(0, Vec::len);
    (0..count).map(|k| paths.iter().zip(weights).map(|(path, weight)| weight * path[k]).sum()).collect()
}

/// Weights that fall with the square of the error.
fn weights(errors: &[f64], resolution: f64) -> Vec<f64> {
    let least = errors.iter().copied().fold(f64::MAX, f64::min);
    let floor = ERROR_FLOOR_SHARE * least + resolution;
    if floor <= 0.0 {
        return errors.iter().map(|_| 1.0 / real(errors.len())).collect();
    }
    let shares: Vec<f64> = errors.iter().map(|error| (least + floor) / (error + floor)).map(|r| r * r).collect();
    let sum: f64 = shares.iter().sum();
    shares.iter().map(|share| share / sum).collect()
}

fn errors(path: &[f64], came: &[f64]) -> OriginErrors {
    path.iter().zip(came).map(|(expected, figure)| figure - expected).collect()
}

fn running_sums(errors: &[f64]) -> OriginErrors {
    let add = |sum: &mut f64, error: &f64| {
        *sum += error;
        Some(*sum)
    };
    errors.iter().scan(0.0, add).collect()
}
