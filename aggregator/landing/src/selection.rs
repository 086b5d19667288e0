//! What was learned of one series: which ways to go on, how much each weighs, and how far off they were.
//!
//! Learning rolls back over the series and costs the most; it is due when there are new figures. A forecast with what
//! was learned fits each way once.

use crate::backtest::{Backtest, WeightedMethod};
use crate::figures::{Bounds, FigureKind, FigureSeries, Frequency, MIN_FIGURES, Silence};
use crate::method::Candidates;
use crate::scale::{ErrorScale, own_change};
use crate::scores::{ForecastShape, law};

/// A series as the ways see it.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    /// Index of the first figure in a row.
    pub(crate) first: usize,
    /// Index of the last figure.
    pub(crate) last: usize,
    /// Figures, or of a running total its increases.
    pub(crate) figures: Vec<f64>,
    /// Number of figures in a row, of a running total those of the total.
    pub(crate) count: usize,
    /// The total that increases are added to; `None` where figures stand for themselves.
    pub(crate) total: Option<f64>,
    /// Bounds of one of `figures`.
    pub(crate) bounds: Bounds,
}

impl Prepared {
    /// The figures in a row, or why there is no forecast.
    pub(crate) fn of(series: &FigureSeries) -> Result<Self, Silence> {
        let (first, run) = series.run();
        let count = run.len();
        if count < MIN_FIGURES {
            return Err(Silence::TooFewFigures { figures: count, needed: MIN_FIGURES });
        }
        let last = first + count - 1;
        let (figures, total, bounds) = increases(series.kind, &run).map_or_else(
            || (run.clone(), None, series.bounds),
            |increases| (increases, run.last().copied(), Bounds::COUNT),
        );
        Ok(Self { first, last, figures, count, total, bounds })
    }
}

/// The increases of a running total that never falls.
fn increases(kind: FigureKind, run: &[f64]) -> Option<Vec<f64>> {
    let grows = kind == FigureKind::RunningTotal && run.windows(2).all(|pair| pair[0] <= pair[1]);
    grows.then(|| run.windows(2).map(|pair| pair[1] - pair[0]).collect())
}

/// What was learned of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Selection {
    pub(crate) frequency: Frequency,
    pub(crate) backtest: Backtest,
    change: f64,
}

impl Selection {
    /// Tests every way on the series itself.
    pub fn learn(series: &FigureSeries) -> Result<Self, Silence> {
        let prepared = Prepared::of(series)?;
        let period = series.frequency.periods_per_year();
        let candidates = Candidates::of(&prepared.figures, series.kind, prepared.bounds, period);
        let backtest = Backtest::run(&candidates, &prepared.figures, series.frequency);
        Ok(Self { frequency: series.frequency, backtest, change: own_change(&prepared.figures, period) })
    }

    /// The ways, in a fixed order.
    pub fn methods(&self) -> &[WeightedMethod] {
        &self.backtest.methods
    }

    /// Mean change of the series from period to period, or from year to year where that is less: what errors are
    /// measured by.
    pub fn change(&self) -> f64 {
        self.change
    }

    /// How far off forecasts may be, by distance.
    pub(crate) fn scale(&self, shape: ForecastShape) -> ErrorScale {
        let profile = if shape == ForecastShape::Sum { &self.backtest.sums } else { &self.backtest.points };
        ErrorScale::fit(profile, self.change, law(self.frequency, shape))
    }
}
