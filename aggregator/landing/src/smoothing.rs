//! Exponential smoothing: a level, a damped trend and a season that follow the figures.
//!
//! The parameters are those with the least squared error one step ahead, found on a coarse grid and by halving steps:
//! no random start, so that the same figures give the same parameters.

use crate::elementary::real;
use crate::season::SeasonForm;

/// Which parts a model has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    /// A damped trend beside the level.
    pub(crate) trend: bool,
    /// A season that is updated, and its form.
    pub(crate) season: Option<SeasonForm>,
    /// Errors are relative to the forecast; for positive series.
    pub(crate) relative: bool,
}

/// Level, trend and season gains and the damping, each in 0..1.
#[derive(Clone, Copy, Debug)]
struct Gains {
    alpha: f64,
    /// Share of alpha.
    beta: f64,
    /// Share of 1 - alpha.
    gamma: f64,
    phi: f64,
}

/// A model after the last figure.
#[derive(Clone, Debug)]
pub(crate) struct Smoothed {
    level: f64,
    slope: f64,
    phi: f64,
    alpha: f64,
    season: Option<(SeasonForm, Vec<f64>)>,
    /// Number of figures seen: the phase of the next one.
    next: usize,
}

/// Halvings of the step in the search for the best parameters.
const HALVINGS: u32 = 4;
/// Smallest multiplicative index that an update leaves.
const MIN_INDEX: f64 = 0.01;
const MIN_GAIN: f64 = 0.01;
const MAX_GAIN: f64 = 0.99;
const MIN_DAMPING: f64 = 0.80;
const MAX_DAMPING: f64 = 0.98;
/// Figures through which the first line is laid.
const FIRST_FIGURES: usize = 10;

struct Fit<'a> {
    figures: &'a [f64],
    parts: Parts,
    indexes: &'a [f64],
    level: f64,
    slope: f64,
}

impl Fit<'_> {
    /// Mean squared error one step ahead, and the state behind the last figure.
    fn run(&self, gains: Gains, seasonal: &mut Vec<f64>) -> (f64, f64, f64) {
        let Gains { alpha, phi, .. } = gains;
        let (beta, gamma) = (alpha * gains.beta, (1.0 - alpha) * gains.gamma);
        let phi = if self.parts.trend { phi } else { 0.0 };
        let (mut level, mut slope) = (self.level, self.slope);
        seasonal.clear();
        seasonal.extend_from_slice(self.indexes);
        let mut loss = 0.0;
        let mut phase = 0;
        for y in self.figures {
            let base = level + phi * slope;
            let forecast = match self.parts.season {
                None => base,
                Some(SeasonForm::Additive) => base + seasonal[phase],
                Some(SeasonForm::Multiplicative) => base * seasonal[phase],
            };
            let error = y - forecast;
            let step = match self.parts.season {
                Some(SeasonForm::Multiplicative) => error / seasonal[phase],
                _ => error,
            };
            if self.parts.relative {
                if base <= 0.0 || forecast <= 0.0 {
                    return (f64::MAX, level, slope);
                }
                let relative = error / forecast;
                loss += relative * relative;
            } else {
                loss += error * error;
            }
            level = base + alpha * step;
            slope = phi * slope + beta * step;
            match self.parts.season {
                Some(SeasonForm::Additive) => seasonal[phase] += gamma * error,
                Some(SeasonForm::Multiplicative) if base > 0.0 => {
                    seasonal[phase] = (seasonal[phase] + gamma * error / base).max(MIN_INDEX);
                }
                Some(SeasonForm::Multiplicative) | None => {}
            }
            phase += 1;
            if phase == seasonal.len() {
                phase = 0;
            }
        }
        (loss, level, slope)
    }

    fn best(&self) -> Gains {
        let mut scratch = Vec::with_capacity(self.indexes.len());
        let mut best = Gains { alpha: 0.3, beta: 0.1, gamma: 0.1, phi: 0.9 };
        let mut least = f64::MAX;
        let betas: &[f64] = if self.parts.trend { &[0.02, 0.15, 0.5] } else { &[0.0] };
        let gammas: &[f64] = if self.parts.season.is_some() { &[0.03, 0.25] } else { &[0.0] };
        for alpha in [0.05, 0.2, 0.5, 0.85] {
            for beta in betas {
                for gamma in gammas {
                    let gains = Gains { alpha, beta: *beta, gamma: *gamma, phi: 0.92 };
                    let (loss, ..) = self.run(gains, &mut scratch);
                    if loss < least {
                        (least, best) = (loss, gains);
                    }
                }
            }
        }
        let mut step = 0.12;
        for _ in 0..HALVINGS {
            for gains in neighbours(best, step, self.parts) {
                let (loss, ..) = self.run(gains, &mut scratch);
                if loss < least {
                    (least, best) = (loss, gains);
                }
            }
            step /= 2.0;
        }
        best
    }
}

fn neighbours(gains: Gains, step: f64, parts: Parts) -> Vec<Gains> {
    let gain = |value: f64, by: f64| (value + by).clamp(MIN_GAIN, MAX_GAIN);
    let mut all = Vec::with_capacity(8);
    for by in [-step, step] {
        all.push(Gains { alpha: gain(gains.alpha, by), ..gains });
        if parts.trend {
            all.push(Gains { beta: gain(gains.beta, by), ..gains });
            all.push(Gains { phi: (gains.phi + by / 2.0).clamp(MIN_DAMPING, MAX_DAMPING), ..gains });
        }
        if parts.season.is_some() {
            all.push(Gains { gamma: gain(gains.gamma, by), ..gains });
        }
    }
    all
}

/// Intercept one step before the first figure, and slope, of the least squares line through the first figures.
fn first_line(adjusted: &[f64]) -> (f64, f64) {
    let n = adjusted.len().min(FIRST_FIGURES);
    let count = real(n);
    let middle = f64::midpoint(count, 1.0);
    let level = adjusted[..n].iter().sum::<f64>() / count;
    let (mut xy, mut xx) = (0.0, 0.0);
    for (t, y) in adjusted[..n].iter().enumerate() {
        let x = real(t) + 1.0 - middle;
        xy += x * y;
        xx += x * x;
    }
    let slope = if xx > 0.0 { xy / xx } else { 0.0 };
    (level - slope * middle, slope)
}

/// Fits a model; `season` holds the first indexes where the parts have a season, `adjusted` the figures without it.
pub(crate) fn fit(figures: &[f64], adjusted: &[f64], parts: Parts, indexes: &[f64]) -> Smoothed {
    let (level, slope) = first_line(adjusted);
    let (level, slope) = if parts.trend { (level, slope) } else { (level + slope, 0.0) };
    let indexes = if parts.season.is_some() { indexes } else { &[] };
    let fit = Fit { figures, parts, indexes, level, slope };
    let gains = fit.best();
    let mut seasonal = Vec::new();
    let (_, level, slope) = fit.run(gains, &mut seasonal);
    let season = parts.season.map(|form| (form, seasonal));
    Smoothed { level, slope, phi: gains.phi, alpha: gains.alpha, season, next: figures.len() }
}

impl Smoothed {
    /// Level without trend and season.
    pub(crate) fn level(&self) -> f64 {
        self.level
    }

    /// Periods by which the level lags behind a straight line.
    pub(crate) fn lag(&self) -> f64 {
        1.0 / self.alpha
    }

    /// The next `count` values.
    pub(crate) fn forecast(&self, count: usize) -> Vec<f64> {
        let (mut base, mut step) = (self.level, self.slope);
        (0..count)
            .map(|k| {
                step *= self.phi;
                base += step;
                match &self.season {
                    None => base,
                    Some((SeasonForm::Additive, indexes)) => base + indexes[(self.next + k) % indexes.len()],
                    Some((SeasonForm::Multiplicative, indexes)) => base * indexes[(self.next + k) % indexes.len()],
                }
            })
            .collect()
    }
}
