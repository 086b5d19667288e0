//! Conformal scores: how many times its expected error a forecast was off, for each share of the cases.
//!
//! The table was learned once on the M1 series alone and is frozen; `tests/bench/landing/` makes and tests it.

use crate::elementary::real;
use crate::figures::Frequency;
use crate::score_table::{LAWS, LEVELS, Law, ROWS, ScoreRow};

/// What a forecast is of, beside its distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ForecastShape {
    /// One period.
    Point,
    /// The sum of several.
    Sum,
}

/// Number of levels of the table.
const LEVEL_COUNT: usize = LEVELS.len();

/// The learned law of errors by distance.
pub(crate) fn law(frequency: Frequency, shape: ForecastShape) -> Law {
    let [point, sum] = LAWS[index(frequency)];
    if shape == ForecastShape::Sum { sum } else { point }
}

fn index(frequency: Frequency) -> usize {
    match frequency {
        Frequency::Yearly => 0,
        Frequency::Quarterly => 1,
        Frequency::Monthly => 2,
    }
}

/// Scores of one case, one for each of `LEVELS`: a share LEVELS[k] of the outcomes is at most this many expected errors
/// above what was expected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scores([f64; LEVEL_COUNT]);

impl Scores {
    /// The scores of a series of `figures` at a distance; between two distances of the table along a straight line.
    pub(crate) fn of(frequency: Frequency, shape: ForecastShape, figures: usize, ahead: usize) -> Self {
        let rows =
            || ROWS.iter().filter(|row| row.frequency == index(frequency) && row.sum == (shape == ForecastShape::Sum));
        let length = rows().map(|row| row.figures).filter(|least| *least <= figures).max();
        let length = length.unwrap_or_else(|| rows().map(|row| row.figures).min().unwrap_or(0));
        let same = || rows().filter(|row| row.figures == length);
        let before = same().filter(|row| row.ahead <= ahead).max_by_key(|row| row.ahead);
        let after = same().filter(|row| row.ahead >= ahead).min_by_key(|row| row.ahead);
        match (before, after) {
            (Some(before), Some(after)) => Self(between(before, after, ahead)),
            (Some(row), None) | (None, Some(row)) => Self(row.scores),
            (None, None) => Self(LEVELS),
        }
    }

    /// Lower and upper score that leave out the same share of the cases on both sides, and hold `level` of them.
    pub(crate) fn ends(&self, level: f64) -> (f64, f64) {
        let outside = f64::midpoint(1.0, -level);
        (self.at(outside), self.at(1.0 - outside))
    }

    fn at(&self, level: f64) -> f64 {
        let after = LEVELS.iter().position(|other| *other >= level).unwrap_or(LEVEL_COUNT - 1);
        let before = after.saturating_sub(1);
        let apart = LEVELS[after] - LEVELS[before];
        let share = if apart > 0.0 { (level - LEVELS[before]) / apart } else { 0.0 };
        self.0[before] + share * (self.0[after] - self.0[before])
    }

    /// Share of the outcomes that are this many expected errors above what was expected, or more. Beyond the table it
    /// falls with the square of the score.
    pub(crate) fn share_from(&self, score: f64) -> f64 {
        let (first, last) = (self.0[0], self.0[LEVEL_COUNT - 1]);
        let Some(after) = self.0.iter().position(|other| *other > score) else {
            return (1.0 - LEVELS[LEVEL_COUNT - 1]) * squared_ratio(last, score);
        };
        if after == 0 {
            return 1.0 - LEVELS[0] * squared_ratio(first, score);
        }
        let share = (score - self.0[after - 1]) / (self.0[after] - self.0[after - 1]);
        1.0 - (LEVELS[after - 1] + share * (LEVELS[after] - LEVELS[after - 1]))
    }
}

/// Of two numbers on the same side of 0 the square of their ratio, at most 1.
fn squared_ratio(near: f64, far: f64) -> f64 {
    let ratio = if far == 0.0 { 1.0 } else { (near / far).clamp(0.0, 1.0) };
    ratio * ratio
}

fn between(before: &ScoreRow, after: &ScoreRow, ahead: usize) -> [f64; LEVEL_COUNT] {
    let apart = real(after.ahead - before.ahead);
    let share = if apart > 0.0 { real(ahead - before.ahead) / apart } else { 0.0 };
    let mut scores = before.scores;
    for (score, other) in scores.iter_mut().zip(after.scores) {
        *score += share * (other - *score);
    }
    scores
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPES: [ForecastShape; 2] = [ForecastShape::Point, ForecastShape::Sum];

    #[test]
    fn every_case_has_rising_scores_around_what_is_expected() {
        for frequency in Frequency::ALL {
            for shape in SHAPES {
                for figures in [5, 6, 11, 12, 30, 500] {
                    for ahead in 1..=frequency.max_periods_ahead() {
                        let Scores(scores) = Scores::of(frequency, shape, figures, ahead);
                        assert!(scores.is_sorted() && scores[0] < 0.0, "{frequency:?} {figures} {ahead}: {scores:?}");
                        assert!(scores[8].abs() < 0.3, "the middle is near what was expected: {scores:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn rows_are_complete() {
        for frequency in Frequency::ALL {
            for shape in SHAPES {
                let rows = || {
                    ROWS.iter().filter(|r| r.frequency == index(frequency) && r.sum == (shape == ForecastShape::Sum))
                };
                for figures in [6, 12, 24, 48] {
                    let last = rows().filter(|row| row.figures == figures).map(|row| row.ahead).max();
                    assert_eq!(last, Some(frequency.max_periods_ahead()), "{frequency:?} {shape:?} {figures}");
                }
            }
        }
        assert!(LEVELS.is_sorted() && LEVELS[8] == 0.5);
    }

    #[test]
    fn shares_and_scores_are_two_ways_to_read_one_table() {
        let scores = Scores::of(Frequency::Monthly, ForecastShape::Point, 60, 5);
        for level in [0.8, 0.95] {
            let (low, high) = scores.ends(level);
            let inside = scores.share_from(low) - scores.share_from(high);
            assert!((inside - level).abs() < 1e-12, "{level}: {inside}");
        }
        assert!(scores.share_from(1e6) < 1e-6 && scores.share_from(-1e6) > 1.0 - 1e-6);
        assert!(scores.share_from(1e6) > 0.0);
    }

    #[test]
    fn between_two_distances_scores_lie_between() {
        let of = |ahead| Scores::of(Frequency::Monthly, ForecastShape::Sum, 60, ahead).ends(0.95).1;
        assert!((of(9) - f64::midpoint(of(6), of(12))).abs() < 1e-12);
    }
}
