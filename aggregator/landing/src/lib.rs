//! Where a short series of figures is expected to land: value, intervals, and the probability of a target.
//!
//! A figure is asked for at some periods ahead, or for a fiscal year whose first months are known. The answer comes from
//! a few simple ways to go on, weighted by how far off each was at earlier points of the series itself (`backtest`), and
//! from conformal scores that were learned once on public series and are frozen (`score_table`): they say how many
//! expected errors an outcome is away, for each share of the cases.
//!
//! ```
//! use landing::{Bounds, FigureKind, FigureSeries, Frequency, LandingRequest, LandingTarget, forecast};
//!
//! let series = FigureSeries {
//!     frequency: Frequency::Yearly,
//!     kind: FigureKind::Level,
//!     bounds: Bounds::COUNT,
//!     values: [64.0, 65.0, 66.0, 66.0, 67.0, 68.0].map(Some).to_vec(),
//!     definition_start: 0,
//! };
//! // Two years behind the last figure.
//! let request = LandingRequest { periods: 7..=7, target: Some(LandingTarget::AtLeast(71.0)) };
//! let landed = forecast(&series, &request)?;
//! assert!(landed.interval95.low < 69.0 && 69.0 < landed.interval95.high);
//! assert!(landed.probability.is_some_and(|probability| probability < 0.5));
//! # Ok::<(), landing::Silence>(())
//! ```
//!
//! What never happens here: no clock, no randomness, no IO, no logging, no dependency. The same figures give the same
//! bytes on every machine: only + - * / and comparisons are used, and exponential and logarithm are made of them
//! (`elementary`). An unknown period is never bridged. It knows no catalogue, no calendar and no status: whether a KPI is
//! asked at all is decided by the core.

mod backtest;
mod elementary;
mod figures;
mod forecast;
mod method;
mod scale;
mod score_table;
mod scores;
mod season;
mod selection;
mod slope;
mod smoothing;

pub use backtest::WeightedMethod;
pub use figures::{
    Bounds, FigureKind, FigureSeries, Frequency, LandingRequest, LandingTarget, MAX_FIGURES, MAX_SIZE, MIN_FIGURES,
    Silence,
};
pub use forecast::{Forecast, Interval, IntervalRecord, forecast};
pub use method::Method;
pub use selection::Selection;
