//! Why nothing is said about where a KPI will land.

use crate::judge::{Judgement, Phase, Status};
use contract::catalogue::Kpi;
use serde::{Deserialize, Serialize};

/// A reason to say nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LandingSilence {
    /// A yearly figure against a cap: the year's figure alone counts.
    Ceiling,
    /// A floor that is kept: there is nothing to reach.
    Maintain,
    /// The verdict is given.
    Closed,
    /// A due figure is missing.
    Stale,
    /// There is no figure to judge.
    NoData,
    /// The target is met.
    Achieved,
    /// There are too few figures in a row.
    TooFewFigures {
        /// How many there are.
        figures: usize,
    },
    /// The plan's end lies further ahead than errors were ever measured for.
    TooFarAhead,
    /// A period that counts is past and unknown.
    UnknownPeriod {
        /// The period, as exports name it.
        period: String,
    },
    /// All figures up to the plan's end are there.
    AllKnown,
    /// It is not computed yet.
    Pending,
}

impl LandingSilence {
    /// What the judgement itself forbids to look ahead from.
    pub fn of(kpi: &Kpi, judged: &Judgement) -> Option<Self> {
        if kpi.kind.is_ceiling() {
            return Some(Self::Ceiling);
        }
        if !kpi.kind.has_path() {
            return Some(Self::Maintain);
        }
        if judged.phase == Phase::Closed {
            return Some(Self::Closed);
        }
        match judged.status {
            Some(Status::Stale) => Some(Self::Stale),
            Some(Status::Achieved) => Some(Self::Achieved),
            _ => judged.measured.is_none().then_some(Self::NoData),
        }
    }

    /// The word in exports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Ceiling => "ceiling",
            Self::Maintain => "maintain",
            Self::Closed => "closed",
            Self::Stale => "stale",
            Self::NoData => "no_data",
            Self::Achieved => "achieved",
            Self::TooFewFigures { .. } => "too_few_figures",
            Self::TooFarAhead => "too_far_ahead",
            Self::UnknownPeriod { .. } => "unknown_period",
            Self::AllKnown => "all_known",
            Self::Pending => "pending",
        }
    }
}
