//! What is asked: a series of figures by regular periods, what it measures, and the periods that the answer is of.

use std::ops::{Range, RangeInclusive};

/// Fewest figures in a row that a forecast is made from.
pub const MIN_FIGURES: usize = 6;
/// Most recent figures that a forecast looks at: twenty years of months.
pub const MAX_FIGURES: usize = 240;

/// Greatest size of a figure: beyond it doubles no longer hold every whole number.
pub const MAX_SIZE: f64 = 1e15;

/// How often there is a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Frequency {
    /// One a fiscal year.
    Yearly,
    /// One a quarter.
    Quarterly,
    /// One a month.
    Monthly,
}

impl Frequency {
    /// Every frequency, from the rarest.
    pub const ALL: [Self; 3] = [Self::Yearly, Self::Quarterly, Self::Monthly];

    /// Periods of a year.
    pub fn periods_per_year(self) -> usize {
        match self {
            Self::Yearly => 1,
            Self::Quarterly => 4,
            Self::Monthly => 12,
        }
    }

    /// Most periods behind the last figure that errors were measured for: 8 years of yearly figures, 3 of others.
    pub fn max_periods_ahead(self) -> usize {
        match self {
            Self::Yearly => 8,
            Self::Quarterly => 12,
            Self::Monthly => 36,
        }
    }
}

/// What a figure is, and so what is made of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FigureKind {
    /// A state at the end of each period; the answer is that of the last period asked.
    Level,
    /// A running total at the end of each period, as its increases make it; the answer is that of the last period asked
    /// and never below the latest figure. One that fell is forecast as a level.
    RunningTotal,
    /// A share between bounds, such as 0 to 100 %; the answer is that of the last period asked.
    Ratio,
    /// A count during each period; the answer is the sum of the periods asked.
    Sum,
    /// A count during each period; the answer is the mean of the periods asked.
    Mean,
}

/// What a figure cannot leave, in the series' unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bounds {
    /// Smallest figure of a period.
    pub lower: Option<f64>,
    /// Greatest figure of a period, such as 100 % or a plan's own maximum.
    pub upper: Option<f64>,
}

impl Bounds {
    /// Without bounds.
    pub const NONE: Self = Self { lower: None, upper: None };
    /// Never negative.
    pub const COUNT: Self = Self { lower: Some(0.0), upper: None };
    /// 0 to 100.
    pub const PERCENT: Self = Self { lower: Some(0.0), upper: Some(100.0) };

    /// The nearest value inside.
    pub(crate) fn clamp(self, value: f64) -> f64 {
        let value = self.upper.map_or(value, |upper| value.min(upper));
        self.lower.map_or(value, |lower| value.max(lower))
    }

    /// The bounds of `count` figures together.
    pub(crate) fn times(self, count: f64) -> Self {
        Self { lower: self.lower.map(|b| b * count), upper: self.upper.map(|b| b * count) }
    }
}

/// Figures of adjoining periods, of one definition or several.
#[derive(Clone, Debug, PartialEq)]
pub struct FigureSeries {
    /// How often there is a figure.
    pub frequency: Frequency,
    /// What a figure is.
    pub kind: FigureKind,
    /// What a figure cannot leave.
    pub bounds: Bounds,
    /// One entry a period, the oldest first, in the series' unit; `None` is unknown, and so is a number that is not
    /// finite or greater in size than `MAX_SIZE`.
    pub values: Vec<Option<f64>>,
    /// Index of the first period that the present definition counts; figures before it take no part.
    pub definition_start: usize,
}

impl FigureSeries {
    /// Whether a period has a figure of the present definition.
    fn is_known(&self, index: usize) -> bool {
        let usable = |value: f64| value.abs() <= MAX_SIZE;
        index >= self.definition_start && self.values.get(index).is_some_and(|value| value.is_some_and(usable))
    }

    /// The last figures in a row, and the index of the first of them: an unknown period is never bridged.
    pub(crate) fn run(&self) -> (usize, Vec<f64>) {
        let Some(last) = (0..self.values.len()).rev().find(|t| self.is_known(*t)) else {
            return (self.values.len(), Vec::new());
        };
        let oldest = (last + 1).saturating_sub(MAX_FIGURES);
        let first = (oldest..=last).rev().take_while(|t| self.is_known(*t)).last().unwrap_or(last);
        (first, self.values[first..=last].iter().map_while(|value| *value).collect())
    }

    /// The first period of a range that is unknown or of another definition; the first of all where none is.
    pub(crate) fn first_unknown(&self, mut periods: Range<usize>) -> usize {
        let first = periods.start;
        periods.find(|t| !self.is_known(*t)).unwrap_or(first)
    }
}

/// On which side of a value the target is met; the value itself meets it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LandingTarget {
    /// Met by this value or more.
    AtLeast(f64),
    /// Met by this value or less.
    AtMost(f64),
}

/// The periods that an answer is of.
#[derive(Clone, Debug, PartialEq)]
pub struct LandingRequest {
    /// Indexes into the series' values, beyond their end too: of a sum or mean the first to the last period, of a state
    /// the last alone matters.
    pub periods: RangeInclusive<usize>,
    /// What is to be reached, in the unit of the answer.
    pub target: Option<LandingTarget>,
}

/// Why there is no forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Silence {
    /// Fewer figures in a row than a forecast needs.
    TooFewFigures {
        /// How many there are since the last unknown period or the start of the definition.
        figures: usize,
        /// How many are needed.
        needed: usize,
    },
    /// The periods asked lie further ahead than errors were ever measured for.
    TooFarAhead {
        /// How far the last period asked is behind the last figure.
        periods: usize,
        /// The greatest distance.
        most: usize,
    },
    /// A period that the sum or mean needs is past and unknown, or of another definition.
    UnknownPeriod {
        /// Index of the first of them.
        index: usize,
    },
    /// Every period asked has its figure: there is nothing to forecast.
    AllKnown,
}
