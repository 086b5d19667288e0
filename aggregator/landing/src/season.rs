//! The season of a series: one index a phase of the year, and the series without it.
//!
//! A small relative of STL: a trend through a whole year's window, then one through the adjusted series, and for each
//! phase the mean of what stands above the trend, recent years weighing more. An index that is mostly noise is drawn
//! towards "no season".

use crate::elementary::{mean, mean_change, real};

/// How a season acts on the level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SeasonForm {
    /// value = level + index
    Additive,
    /// value = level x index
    Multiplicative,
}

/// A season that was estimated from a series.
#[derive(Clone, Debug)]
pub(crate) struct Season {
    form: SeasonForm,
    /// Index of each phase; phase 0 is that of the series' first figure.
    indexes: Vec<f64>,
}

/// Weight of a year against the one after it.
const YEARLY_DECAY: f64 = 0.85;
/// Years in which noise and steps show by their difference from year to year.
const CLEAR_YEARS: usize = 4;
/// In fewer years a season is one if without it the series changes less than this share of what it did: two years with a step between
/// them look like a season as well.
const MAX_CALM: f64 = 0.97;
/// Smallest multiplicative index of an estimate.
const MIN_INDEX: f64 = 0.02;

impl Season {
    /// No season: every index is neutral.
    pub(crate) fn none() -> Self {
        Self { form: SeasonForm::Additive, indexes: vec![0.0] }
    }

    /// The season of `figures` with `period` phases a year; none with less than two years.
    pub(crate) fn estimate(figures: &[f64], period: usize) -> Self {
        if period < 2 || figures.len() < 2 * period {
            return Self::none();
        }
        let form = if figures.iter().all(|y| *y > 0.0) { SeasonForm::Multiplicative } else { SeasonForm::Additive };
        Self::estimate_as(figures, period, form)
    }

    /// The same in a given form.
    pub(crate) fn estimate_as(figures: &[f64], period: usize, form: SeasonForm) -> Self {
        if period < 2 || figures.len() < 2 * period {
            return Self::none();
        }
        let first = Self::from_trend(figures, &yearly_trend(figures, period), period, form);
        let season = Self::from_trend(figures, &local_trend(&first.removed_from(figures), period), period, form);
        if figures.len() >= CLEAR_YEARS * period {
            return season;
        }
        let calmer = mean_change(&season.removed_from(figures)) < MAX_CALM * mean_change(figures);
        if calmer { season } else { Self::none() }
    }

    fn from_trend(figures: &[f64], trend: &[Option<f64>], period: usize, form: SeasonForm) -> Self {
        let mut phases: Vec<Vec<(f64, f64)>> = vec![Vec::new(); period];
        let (mut weight, mut next) = (1.0, figures.len());
        for t in (0..figures.len()).rev() {
            if next - t > period {
                weight *= YEARLY_DECAY;
                next -= period;
            }
            let Some(trend) = trend[t] else { continue };
            let above = match form {
                SeasonForm::Additive => figures[t] - trend,
                SeasonForm::Multiplicative if trend > 0.0 => figures[t] / trend,
                SeasonForm::Multiplicative => continue,
            };
            phases[t % period].push((above, weight));
        }
        let neutral = if form == SeasonForm::Multiplicative { 1.0 } else { 0.0 };
        let means: Vec<f64> = phases.iter().map(|phase| weighted_mean(phase).unwrap_or(neutral)).collect();
        let centre = mean(&means);
        let centred = |index: f64| match form {
            SeasonForm::Additive => index - centre,
            SeasonForm::Multiplicative => index / centre.max(f64::MIN_POSITIVE),
        };
        let share = signal_share(&phases, &means);
        let indexes = means.iter().map(|index| {
            let index = neutral + share * (centred(*index) - neutral);
            if form == SeasonForm::Multiplicative { index.max(MIN_INDEX) } else { index }
        });
        Self { form, indexes: indexes.collect() }
    }

    fn index(&self, t: usize) -> f64 {
        self.indexes[t % self.indexes.len()]
    }

    /// The form and the indexes, from the phase of the first figure on; `None` without a season.
    pub(crate) fn indexes(&self) -> Option<(SeasonForm, &[f64])> {
        (self.indexes.len() > 1).then_some((self.form, self.indexes.as_slice()))
    }

    /// The figures without their season.
    pub(crate) fn removed_from(&self, figures: &[f64]) -> Vec<f64> {
        let remove = |(t, figure): (usize, &f64)| match self.form {
            SeasonForm::Additive => figure - self.index(t),
            SeasonForm::Multiplicative => figure / self.index(t),
        };
        figures.iter().enumerate().map(remove).collect()
    }

    /// A path of levels that begins at index `first`, with the season.
    pub(crate) fn added_to(&self, first: usize, levels: Vec<f64>) -> Vec<f64> {
        let add = |(k, level): (usize, f64)| match self.form {
            SeasonForm::Additive => level + self.index(first + k),
            SeasonForm::Multiplicative => level * self.index(first + k),
        };
        levels.into_iter().enumerate().map(add).collect()
    }
}

fn weighted_mean(values: &[(f64, f64)]) -> Option<f64> {
    let weight: f64 = values.iter().map(|(_, weight)| weight).sum();
    (weight > 0.0).then(|| values.iter().map(|(value, weight)| value * weight).sum::<f64>() / weight)
}

/// Which share of the differences between phases is season and not noise, 0 to 1 (James and Stein).
fn signal_share(phases: &[Vec<(f64, f64)>], means: &[f64]) -> f64 {
    let centre = mean(means);
    let between: f64 = means.iter().map(|index| (index - centre) * (index - centre)).sum();
    let (mut noise, mut spare) = (0.0, 0.0);
    let mut years = 0.0;
    for (phase, index) in phases.iter().zip(means) {
        noise += phase.iter().map(|(value, _)| (value - index) * (value - index)).sum::<f64>();
        spare += (real(phase.len()) - 1.0).max(0.0);
        years += real(phase.len());
    }
    let phases = real(phases.len());
    if spare < 1.0 || between <= 0.0 {
        return if between > 0.0 { 0.7 } else { 0.0 };
    }
    let noise_of_means = noise / spare / (years / phases).max(1.0) * (phases - 3.0).max(1.0);
    (1.0 - noise_of_means / between).clamp(0.0, 1.0)
}

/// Mean over a year around each figure, where a whole year is there.
fn yearly_trend(figures: &[f64], period: usize) -> Vec<Option<f64>> {
    let half = period / 2;
    let n = figures.len();
    (0..n)
        .map(|t| {
            if t < half || t + half >= n {
                return None;
            }
            let window = &figures[t - half..=t + half];
            let mut sum: f64 = window.iter().sum();
            if period.is_multiple_of(2) {
                sum -= f64::midpoint(window[0], window[window.len() - 1]);
            }
            Some(sum / real(period))
        })
        .collect()
}

/// Local straight lines with tricube weights, at every figure.
fn local_trend(adjusted: &[f64], period: usize) -> Vec<Option<f64>> {
    let n = adjusted.len();
    let width = (period + period / 2 + 1).min(n);
    (0..n)
        .map(|t| {
            let from = t.saturating_sub(width / 2).min(n - width);
            let reach = real((t - from).max(from + width - 1 - t)) + 1.0;
            let (mut w0, mut w1, mut w2, mut y0, mut y1) = (0.0, 0.0, 0.0, 0.0, 0.0);
            for (u, y) in adjusted.iter().enumerate().skip(from).take(width) {
                let x = real(u) - real(t);
                let distance = x.abs() / reach;
                let rest = 1.0 - distance * distance * distance;
                let weight = rest * rest * rest;
                w0 += weight;
                w1 += weight * x;
                w2 += weight * x * x;
                y0 += weight * y;
                y1 += weight * x * y;
            }
            let determinant = w0 * w2 - w1 * w1;
            Some(if determinant > 0.0 { (y0 * w2 - y1 * w1) / determinant } else { y0 / w0 })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn season(figures: &[f64]) -> (SeasonForm, Vec<f64>) {
        let season = Season::estimate(figures, 4);
        let (form, indexes) = season.indexes().expect("two years have a season");
        (form, indexes.to_vec())
    }

    #[test]
    fn factors_of_a_growing_series_are_found() {
        let factors = [0.8, 1.1, 1.3, 0.8];
        let figures: Vec<f64> = (0..24).map(|t| (100.0 + 2.0 * real(t)) * factors[t % 4]).collect();
        let (form, indexes) = season(&figures);
        assert_eq!(form, SeasonForm::Multiplicative);
        for (index, factor) in indexes.iter().zip(factors) {
            assert!((index - factor).abs() < 0.02, "{indexes:?}");
        }
        let found = Season::estimate(&figures, 4);
        let back = found.added_to(0, found.removed_from(&figures));
        assert!(back.iter().zip(&figures).all(|(a, b)| (a - b).abs() < 1e-9));
    }

    #[test]
    fn a_series_that_crosses_zero_has_differences() {
        let figures: Vec<f64> = (0..16).map(|t| [5.0, -5.0, 2.0, -2.0][t % 4]).collect();
        let (form, indexes) = season(&figures);
        assert_eq!(form, SeasonForm::Additive);
        for (index, expected) in indexes.iter().zip([5.0, -5.0, 2.0, -2.0]) {
            assert!((index - expected).abs() < 1e-9, "{indexes:?}");
        }
    }

    #[test]
    fn a_step_is_no_season() {
        for before in 6..16 {
            let figures: Vec<f64> = (0..24).map(|t| if t < before { 17.0 } else { 27.0 }).collect();
            assert!(Season::estimate(&figures, 12).indexes().is_none(), "{before}");
        }
    }

    #[test]
    fn less_than_two_years_have_no_season() {
        assert!(Season::estimate(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], 4).indexes().is_none());
        assert!(Season::estimate(&[1.0; 30], 1).indexes().is_none());
    }

    #[test]
    fn noise_is_no_season() {
        let figures =
            vec![50.0, 51.0, 49.0, 50.5, 49.5, 50.2, 50.9, 49.1, 50.4, 49.2, 50.1, 50.8, 49.3, 50.6, 49.4, 50.0];
        let found = Season::estimate(&figures, 4).removed_from(&figures);
        assert!(found.iter().zip(&figures).all(|(a, b)| (a / b - 1.0).abs() < 0.01), "{found:?}");
    }
}
