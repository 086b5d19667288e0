//! One figure of a picture, or the gap where there is none.

use contract::exact::Exact;
use contract::period::Period;
use contract::time::{Micros, Moment};

/// What the figures of a row are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChartPart {
    /// A state, ratio or running total at an instant.
    State,
    /// A whole fiscal year, or the latest assessment of one.
    Year,
    /// The mean of the known months of a fiscal year.
    Mean,
    /// The known months of a fiscal year up to one, added up.
    YearToDate,
    /// A month, or the period of a coarser series.
    Month,
}

impl ChartPart {
    /// All of them, in the order in which a page shows them.
    pub const ALL: [Self; 5] = [Self::State, Self::Year, Self::Mean, Self::YearToDate, Self::Month];

    /// The word in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Year => "year",
            Self::Mean => "mean",
            Self::YearToDate => "year_to_date",
            Self::Month => "month",
        }
    }
}

/// Why a row has no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReason {
    /// Its source calls the figure unknown (欠測).
    Unknown,
    /// Due day and grace are over (未着).
    Overdue,
    /// It has ended, and its figure is not due yet (まだ).
    Waiting,
    /// Some months of the year are not known.
    Incomplete,
}

impl GapReason {
    /// The word in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Overdue => "overdue",
            Self::Waiting => "waiting",
            Self::Incomplete => "incomplete",
        }
    }
}

/// A final figure that was changed later.
#[derive(Clone, Debug, PartialEq)]
pub struct Restatement {
    /// The value before; `None` where the figure was called unknown, or where nothing tells what it would have made.
    pub before: Option<Exact>,
    /// Since when the value of now is known.
    pub known_at: Micros,
}

/// A row of a KPI's picture and of every table of the same figures.
#[derive(Clone, Debug, PartialEq)]
pub struct ChartRow {
    /// What it is.
    pub part: ChartPart,
    /// The period: of a state its day, of a sum to date the last month in it.
    pub period: Period,
    /// Where it stands: the instant of a state, the end of a period.
    pub at: Moment,
    /// In the KPI's unit; `None` exactly where there is a gap.
    pub value: Option<Exact>,
    /// The value as it is compared, where that is rounded.
    pub compared: Option<Exact>,
    /// The guide (目安) at the same moment, for the same months.
    pub guide: Option<Exact>,
    /// Months of the fiscal year in the value.
    pub months: Option<usize>,
    /// Some part is provisional (速報値).
    pub provisional: bool,
    /// A bound that known parts alone settle; others are missing.
    pub incomplete: bool,
    /// The figure was changed after it was final.
    pub restated: Option<Restatement>,
    /// Why there is no value.
    pub gap: Option<GapReason>,
    /// After the plan's end (その後): never judged.
    pub later: bool,
}

impl ChartRow {
    /// A measured value.
    pub(super) fn measured(part: ChartPart, period: Period, at: Moment, value: Exact) -> Self {
        Self { value: Some(value), ..Self::empty(part, period, at) }
    }

    /// A gap.
    pub(super) fn gap(part: ChartPart, period: Period, at: Moment, reason: GapReason) -> Self {
        Self { gap: Some(reason), ..Self::empty(part, period, at) }
    }

    fn empty(part: ChartPart, period: Period, at: Moment) -> Self {
        Self {
            part,
            period,
            at,
            value: None,
            compared: None,
            guide: None,
            months: None,
            provisional: false,
            incomplete: false,
            restated: None,
            gap: None,
            later: false,
        }
    }

    /// The value on whose side of the target the figure is: rounded where the catalogue says so.
    pub fn shown(&self) -> Option<&Exact> {
        self.compared.as_ref().or(self.value.as_ref())
    }
}
