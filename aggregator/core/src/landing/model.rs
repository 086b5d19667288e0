//! A landing as a value.

use super::form;
use super::silence::LandingSilence;
use contract::exact::Exact;
use contract::period::Grain;
use contract::time::Moment;
use serde::{Deserialize, Serialize};

/// Where a KPI is expected to land, or why nothing is said.
pub type LandingAnswer = Result<Landing, LandingSilence>;

/// What is expected at the end of one fiscal year, in the KPI's unit. Numbers have six places, as canonical ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outlook {
    /// The fiscal year.
    pub year: i32,
    /// What is to be reached: the target at the plan's end, else the guide (目安) of that year.
    #[serde(with = "form::exact")]
    pub goal: Exact,
    /// Expected value.
    #[serde(with = "form::exact")]
    pub expected: Exact,
    /// Lower and upper end of what holds the value in 80 of 100 cases.
    #[serde(with = "form::ends")]
    pub interval80: (Exact, Exact),
    /// The same in 95 of 100 cases.
    #[serde(with = "form::ends")]
    pub interval95: (Exact, Exact),
    /// Probability of reaching the goal; never 0 or 1.
    #[serde(with = "form::exact")]
    pub probability: Exact,
}

/// How intervals made in this way would have done on the series' own past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandingTrackRecord {
    /// Forecasts of the back-test.
    pub forecasts: usize,
    /// Those whose outcome was inside the 80 % interval.
    pub inside80: usize,
    /// Those whose outcome was inside the 95 % interval.
    pub inside95: usize,
}

/// Where a KPI is expected to land.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Landing {
    /// The evidence date: the end of the last period whose figure took part.
    #[serde(with = "form::moment")]
    pub at: Moment,
    /// The last figure is provisional (速報値).
    pub provisional: bool,
    /// At the plan's end, against the target.
    pub target: Outlook,
    /// At the end of the fiscal year asked, against its guide; of the yearly kinds before the target year.
    pub year: Option<Outlook>,
    /// Periods that the figures are of.
    pub grain: Grain,
    /// Figures in a row that took part.
    pub figures: usize,
    /// The way that weighs most, by its word.
    pub method: String,
    /// Mean absolute error of the back-test, in the KPI's unit.
    #[serde(with = "form::exact")]
    pub backtest_error: Exact,
    /// The intervals' record on the series' own past.
    pub record: LandingTrackRecord,
}

/// How likely the target was at an evidence date.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetChance {
    /// The evidence date: the end of the last period whose figure took part.
    pub at: Moment,
    /// Probability of reaching the target, between 0 and 1 and never either.
    pub probability: Exact,
}

impl Landing {
    /// How likely the target is, and on what evidence.
    pub fn chance(&self) -> TargetChance {
        TargetChance { at: self.at, probability: self.target.probability.clone() }
    }
}
