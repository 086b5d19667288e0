//! What each kind of KPI means: what feeds it, how its value is read, and when it is achieved.
//!
//! Beside the enum this is the only file that tells the kinds apart. A kind whose value is made in a way of its own
//! has that way in `judge/measure.rs` of `aggregator-core`.

use super::model::{Direction, KpiKind, Shape};
use crate::period::Grain;

impl KpiKind {
    /// All kinds with their words in the catalogue.
    pub const WORDS: [(&str, Self); 7] = [
        ("level", Self::Level),
        ("cumulative", Self::Cumulative),
        ("ratio", Self::Ratio),
        ("flow_per_year", Self::FlowPerYear),
        ("monthly_mean", Self::MonthlyMean),
        ("ceiling", Self::Ceiling),
        ("maintain", Self::Maintain),
    ];

    /// Its word in the catalogue.
    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, kind)| *kind == self).map_or("", |(word, _)| *word)
    }

    /// True for the kinds that are judged against a path.
    pub fn has_path(self) -> bool {
        !matches!(self, Self::Ceiling | Self::Maintain)
    }

    /// True when a series of this shape and grain can feed it.
    pub fn is_fed_by(self, shape: Shape, grain: Grain) -> bool {
        match self {
            Self::Level | Self::Ratio => shape == Shape::Level,
            Self::Cumulative => true,
            Self::FlowPerYear | Self::MonthlyMean | Self::Ceiling => matches!(shape, Shape::Flow | Shape::Counter),
            Self::Maintain => shape == Shape::Level || (shape == Shape::Flow && grain == Grain::FiscalYear),
        }
    }

    /// True when its value is that of an instant where it is fed by a series of this shape: level, ratio, running
    /// total, assessed level.
    pub fn is_state(self, shape: Shape) -> bool {
        match self {
            Self::Level | Self::Ratio | Self::Cumulative => true,
            Self::Maintain => shape == Shape::Level,
            Self::FlowPerYear | Self::MonthlyMean | Self::Ceiling => false,
        }
    }

    /// True for a value made of two series.
    pub fn is_ratio(self) -> bool {
        self == Self::Ratio
    }

    /// True when the complete months of a fiscal year make a value before the year has ended.
    pub fn counts_months(self) -> bool {
        matches!(self, Self::FlowPerYear | Self::MonthlyMean)
    }

    /// True for a mean of months.
    pub fn is_monthly_mean(self) -> bool {
        self == Self::MonthlyMean
    }

    /// True for a sum that begins anew with each fiscal year.
    pub fn is_yearly_sum(self) -> bool {
        self == Self::FlowPerYear
    }

    /// True for a total that runs on from year to year.
    pub fn is_running_total(self) -> bool {
        self == Self::Cumulative
    }

    /// True for a yearly figure against a cap.
    pub fn is_ceiling(self) -> bool {
        self == Self::Ceiling
    }

    /// True when a value that meets the target is achieved while the plan runs.
    pub fn is_achieved_at_once(self) -> bool {
        matches!(self, Self::Level | Self::Cumulative | Self::Ratio)
    }

    /// True when its figure may be rounded before it is compared.
    pub fn may_round(self) -> bool {
        self == Self::Ceiling
    }

    /// The direction that its target must have, and what to say of another.
    pub fn direction(self) -> Option<(Direction, &'static str)> {
        match self {
            Self::Ceiling => Some((Direction::AtMost, "a ceiling is `at_most` its cap")),
            Self::Maintain => Some((Direction::AtLeast, "what is maintained is `at_least` its floor")),
            _ => None,
        }
    }
}
