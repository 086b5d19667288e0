//! The judgement of a KPI as a value.

use super::gaps::KnownMonths;
use super::value::MeasuredValue;
use contract::catalogue::{Catalogue, SeriesRef};
use contract::exact::Exact;
use contract::period::Period;
use contract::time::Moment;

/// Where a KPI stands in its plan, least advanced first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The plan has not begun.
    Before,
    /// The plan runs.
    Running,
    /// The plan has ended and its last figure is not there yet (確定待ち).
    Closing,
    /// The verdict is given.
    Closed,
}

impl Phase {
    /// The word in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Running => "running",
            Self::Closing => "closing",
            Self::Closed => "closed",
        }
    }
}

/// How a KPI does, worst first as a policy is summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Below the path by more than the tolerance (遅れ).
    OffTrack,
    /// The plan has ended and the target was not met (未達成).
    Missed,
    /// Below the path, within the tolerance (注意).
    AtRisk,
    /// Its source is overdue (更新遅れ).
    Stale,
    /// No figure to judge (データなし).
    NoData,
    /// On the path or better (順調).
    OnTrack,
    /// The target is met (達成).
    Achieved,
}

impl Status {
    /// All statuses, worst first.
    pub const ALL: [Self; 7] =
        [Self::OffTrack, Self::Missed, Self::AtRisk, Self::Stale, Self::NoData, Self::OnTrack, Self::Achieved];

    /// The word in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::OffTrack => "off_track",
            Self::Missed => "missed",
            Self::AtRisk => "at_risk",
            Self::Stale => "stale",
            Self::NoData => "no_data",
            Self::OnTrack => "on_track",
            Self::Achieved => "achieved",
        }
    }

    /// The word for Japanese readers.
    pub fn name_ja(self) -> &'static str {
        match self {
            Self::OffTrack => "遅れ",
            Self::Missed => "未達成",
            Self::AtRisk => "注意",
            Self::Stale => "更新遅れ",
            Self::NoData => "データなし",
            Self::OnTrack => "順調",
            Self::Achieved => "達成",
        }
    }
}

/// A value at another moment than the one judged.
#[derive(Clone, Debug, PartialEq)]
pub struct DatedValue {
    /// In the KPI's unit.
    pub value: Exact,
    /// The moment it describes.
    pub at: Moment,
}

/// What a required pace leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaceGoal {
    /// The goal of the fiscal year asked (目安).
    Guide,
    /// The plan's target.
    Target,
}

impl PaceGoal {
    /// The word in exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Guide => "guide",
            Self::Target => "target",
        }
    }
}

/// The judgement of one KPI.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Phase of the KPI.
    pub phase: Phase,
    /// Status; `None` before the plan.
    pub status: Option<Status>,
    /// The value judged; `None` exactly when there is no data.
    pub measured: Option<MeasuredValue>,
    /// The guide (目安) the value is compared with while running, the target afterwards.
    pub path: Option<Exact>,
    /// (v - b) / (t - b).
    pub progress: Option<Exact>,
    /// Change per month still needed to reach the target.
    pub required_pace: Option<Exact>,
    /// What that pace leads to; `None` without one.
    pub required_pace_for: Option<PaceGoal>,
    /// The fiscal year that `progress` is of; `None` without one, and for states.
    pub progress_year: Option<i32>,
    /// How many months of the judged fiscal year are known; `None` for states and running totals.
    pub months: Option<KnownMonths>,
    /// Months that ended without a complete figure, in order.
    pub missing: Vec<Period>,
    /// A bound settles the KPI although months are missing.
    pub incomplete: bool,
    /// An older value where there is none to judge.
    pub carried: Option<DatedValue>,
    /// A later value after the plan (その後), unjudged.
    pub later: Option<DatedValue>,
}

impl From<MeasuredValue> for DatedValue {
    fn from(measured: MeasuredValue) -> Self {
        Self { value: measured.value, at: measured.at }
    }
}

impl Judgement {
    /// The id of the source that gave the value; `None` when several did.
    pub fn source<'a>(&self, catalogue: &'a Catalogue) -> Option<&'a str> {
        let id = |(of, source): &(SeriesRef, u8)| {
            let sources = &catalogue.series.get(of.series)?.sources;
            Some(sources.get(usize::from(*source))?.id.as_str())
        };
        let mut ids = self.measured.iter().flat_map(|m| &m.origins).map(id);
        let first = ids.next()??;
        ids.all(|id| id == Some(first)).then_some(first)
    }

    /// A judgement without a status, and without what is compared with the value.
    pub(super) fn unjudged(phase: Phase, measured: Option<MeasuredValue>) -> Self {
        Self {
            phase,
            status: None,
            measured,
            path: None,
            progress: None,
            required_pace: None,
            required_pace_for: None,
            progress_year: None,
            months: None,
            missing: Vec::new(),
            incomplete: false,
            carried: None,
            later: None,
        }
    }
}
