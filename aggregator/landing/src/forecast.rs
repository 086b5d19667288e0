//! The answer: expected value, intervals, the chance of the target, and how the answer was come by.

use crate::backtest::{WeightedMethod, mix};
use crate::elementary::real;
use crate::figures::{Bounds, FigureKind, FigureSeries, LandingRequest, LandingTarget, Silence};
use crate::method::{Candidates, Method};
use crate::scores::{ForecastShape, Scores};
use crate::selection::{Prepared, Selection};

/// Values nearer to each other than this share of them are equal: means of equal figures differ in their last bits.
const RESOLUTION: f64 = 1e-9;

/// Ends of an interval, both inside, in the unit of the answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// How intervals made in this way would have done on the series' own past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntervalRecord {
    /// Forecasts of the back-test.
    pub forecasts: usize,
    /// Those whose outcome was inside the 80 % interval.
    pub inside80: usize,
    /// Those whose outcome was inside the 95 % interval.
    pub inside95: usize,
}

/// Where a series is expected to land.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// Expected value, in the unit of the answer; known periods count as they are.
    pub expected: f64,
    /// Holds the value in 80 of 100 cases.
    pub interval80: Interval,
    /// Holds the value in 95 of 100 cases.
    pub interval95: Interval,
    /// Probability of meeting the target, where one was asked that is a number; never 0 or 1.
    pub probability: Option<f64>,
    /// The way that weighs most.
    pub method: Method,
    /// All ways, with weight and error in the back-test.
    pub methods: Vec<WeightedMethod>,
    /// How far off, in absolute value and in the unit of the answer, this forecast is expected to be.
    pub expected_error: f64,
    /// Mean absolute error of the forecast's own back-test over its distances, in the series' unit.
    pub backtest_error: f64,
    /// The intervals' record on the series' own past.
    pub record: IntervalRecord,
    /// Figures in a row that the forecast was made from.
    pub figures: usize,
    /// Periods from the last figure to the last one asked.
    pub periods_ahead: usize,
}

/// The unknown part of what is asked.
struct Ahead {
    /// Distances of the first and the last unknown period.
    first: usize,
    last: usize,
    /// Sum of the known part.
    known: f64,
    /// What the sum of known and unknown part is divided by.
    divisor: f64,
    shape: ForecastShape,
}

/// Forecasts with a selection that is learned now; `Selection` keeps what was learned for later.
pub fn forecast(series: &FigureSeries, request: &LandingRequest) -> Result<Forecast, Silence> {
    Selection::learn(series)?.forecast(series, request)
}

impl Selection {
    /// Forecasts with what was learned of the same series, perhaps some figures ago.
    pub fn forecast(&self, series: &FigureSeries, request: &LandingRequest) -> Result<Forecast, Silence> {
        let prepared = Prepared::of(series)?;
        let ahead = Ahead::of(series, &prepared, request)?;
        let path = self.path(series, &prepared, ahead.last);
        Ok(self.answer(series, &prepared, &ahead, &path, request.target))
    }

    /// Several forecasts of one series for little more than the price of one.
    pub fn forecasts(&self, series: &FigureSeries, requests: &[LandingRequest]) -> Vec<Result<Forecast, Silence>> {
        let prepared = match Prepared::of(series) {
            Ok(prepared) => prepared,
            Err(silence) => return requests.iter().map(|_| Err(silence)).collect(),
        };
        let aheads: Vec<Result<Ahead, Silence>> =
            requests.iter().map(|request| Ahead::of(series, &prepared, request)).collect();
        let count = aheads.iter().flatten().map(|ahead| ahead.last).max().unwrap_or(0);
        let path = self.path(series, &prepared, count);
        let answer = |(request, ahead): (&LandingRequest, Result<Ahead, Silence>)| {
            ahead.map(|ahead| self.answer(series, &prepared, &ahead, &path, request.target))
        };
        requests.iter().zip(aheads).map(answer).collect()
    }

    /// The next `count` figures as all ways together see them.
    fn path(&self, series: &FigureSeries, prepared: &Prepared, count: usize) -> Vec<f64> {
        let period = series.frequency.periods_per_year();
        let mut candidates = Candidates::of(&prepared.figures, series.kind, prepared.bounds, period);
        candidates.methods.retain(|method| self.methods().iter().any(|known| known.method == *method));
        mix(&candidates.paths(&prepared.figures, count), &self.weights(&candidates.methods))
    }

    fn answer(
        &self,
        series: &FigureSeries,
        prepared: &Prepared,
        ahead: &Ahead,
        path: &[f64],
        target: Option<LandingTarget>,
    ) -> Forecast {
        let sum = ahead.known + path[ahead.first - 1..ahead.last].iter().sum::<f64>();
        let error = self.expected_error(ahead);
        let scores = Scores::of(series.frequency, ahead.shape, prepared.count, ahead.last);
        let bounds = ahead.bounds(series, prepared);
        let within = |value: f64| bounds.clamp(value) / ahead.divisor;
        let interval = |level: f64| {
            let (low, high) = scores.ends(level);
            Interval { low: within(sum + low * error), high: within(sum + high * error) }
        };
        let chance = |target| chance(target, sum / ahead.divisor, error / ahead.divisor, &scores, prepared.count);
        Forecast {
            expected: within(sum),
            interval80: interval(0.8),
            interval95: interval(0.95),
            probability: target.and_then(chance),
            method: heaviest(self.methods()),
            methods: self.methods().to_vec(),
            expected_error: error / ahead.divisor,
            backtest_error: self.backtest.points.mean(),
            record: self.record(ahead.shape, prepared.count),
            figures: prepared.count,
            periods_ahead: ahead.last,
        }
    }

    fn weights(&self, methods: &[Method]) -> Vec<f64> {
        let weight = |method: &Method| self.methods().iter().find(|known| known.method == *method);
        let weights: Vec<f64> = methods.iter().map(|method| weight(method).map_or(0.0, |known| known.weight)).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }

    /// A sum that begins later is as much wider as its middle period is.
    fn expected_error(&self, ahead: &Ahead) -> f64 {
        let points = self.scale(ForecastShape::Point);
        if ahead.shape == ForecastShape::Point {
            return points.at(real(ahead.last));
        }
        let count = ahead.last - ahead.first + 1;
        let later = points.at(f64::midpoint(real(ahead.first), real(ahead.last)));
        let now = points.at(f64::midpoint(1.0, real(count)));
        let ratio = if ahead.first > 1 && now > 0.0 { later / now } else { 1.0 };
        self.scale(ForecastShape::Sum).at(real(count)) * ratio
    }

    fn record(&self, shape: ForecastShape, figures: usize) -> IntervalRecord {
        let scale = self.scale(shape);
        let mut record = IntervalRecord { forecasts: 0, inside80: 0, inside95: 0 };
        for origin in &self.backtest.origins {
            let mut sum = 0.0;
            for (k, error) in origin.iter().enumerate() {
                sum = if shape == ForecastShape::Sum { sum + error } else { *error };
                let scores = Scores::of(self.frequency, shape, figures, k + 1);
                let unit = scale.at(real(k + 1));
                let within = |level: f64| {
                    let (low, high) = scores.ends(level);
                    usize::from(low * unit <= sum && sum <= high * unit)
                };
                record.forecasts += 1;
                record.inside80 += within(0.8);
                record.inside95 += within(0.95);
            }
        }
        record
    }
}

impl Ahead {
    fn of(series: &FigureSeries, prepared: &Prepared, request: &LandingRequest) -> Result<Self, Silence> {
        let (start, end) = (*request.periods.start(), *request.periods.end());
        if end <= prepared.last {
            return Err(Silence::AllKnown);
        }
        let (last, most) = (end - prepared.last, series.frequency.max_periods_ahead());
        if last > most {
            return Err(Silence::TooFarAhead { periods: last, most });
        }
        if !matches!(series.kind, FigureKind::Sum | FigureKind::Mean) {
            let (first, shape) =
                if prepared.total.is_some() { (1, ForecastShape::Sum) } else { (last, ForecastShape::Point) };
            return Ok(Self { first, last, known: prepared.total.unwrap_or(0.0), divisor: 1.0, shape });
        }
        if start < prepared.first {
            return Err(Silence::UnknownPeriod { index: series.first_unknown(start..prepared.first) });
        }
        let known: f64 = prepared.figures.iter().skip(start - prepared.first).sum();
        let count = if series.kind == FigureKind::Mean { real(end + 1 - start.min(end)) } else { 1.0 };
        let first = (start.min(end).max(prepared.last + 1)) - prepared.last;
        let shape = if first == last { ForecastShape::Point } else { ForecastShape::Sum };
        Ok(Self { first, last, known, divisor: count, shape })
    }

    /// Bounds of the sum of known and unknown part.
    fn bounds(&self, series: &FigureSeries, prepared: &Prepared) -> Bounds {
        let unknown = prepared.bounds.times(real(self.last - self.first + 1));
        let add = |bound: f64| self.known + bound;
        let sum = Bounds { lower: unknown.lower.map(add), upper: unknown.upper.map(add) };
        if prepared.total.is_some() { Bounds { upper: series.bounds.upper, ..sum } } else { sum }
    }
}

fn heaviest(methods: &[WeightedMethod]) -> Method {
    let more = |best: &WeightedMethod, other: &WeightedMethod| best.weight.total_cmp(&other.weight);
    methods.iter().rev().max_by(|a, b| more(a, b)).map_or(Method::SeasonalNaive, |best| best.method)
}

/// Probability that the target is met; from few figures no probability is near 0 or 1.
fn chance(target: LandingTarget, expected: f64, error: f64, scores: &Scores, figures: usize) -> Option<f64> {
    let (LandingTarget::AtLeast(value) | LandingTarget::AtMost(value)) = target;
    let apart = value - expected;
    let equal = value.is_finite() && apart.abs() <= RESOLUTION * value.abs().max(expected.abs());
    let from = if error > 0.0 {
        scores.share_from(apart / error)
    } else if apart < 0.0 {
        1.0
    } else {
        0.0
    };
    let share = match target {
        _ if equal && error <= 0.0 => 1.0,
        LandingTarget::AtLeast(_) => from,
        LandingTarget::AtMost(_) => 1.0 - from,
    };
    let least = 0.5 / (real(figures) + 1.0);
    (!share.is_nan()).then(|| share.clamp(least, 1.0 - least))
}
