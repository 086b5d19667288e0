//! Judging: what a KPI's kind makes of its figures at the moment asked.

mod due;
mod measure;
pub mod path;
mod status;
mod verdict;

pub use due::SourceDue;
pub use measure::{MIN_MONTHS, MeasuredValue, MonthCount};

use crate::report_period::{Cutoff, ReportPeriod};
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, KpiKind};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;
use num_traits::Zero;

/// Where a KPI stands in its plan, least advanced first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The plan has not begun.
    Before,
    /// The plan runs.
    Running,
    /// The plan has ended, its last figure is waited for (確定待ち).
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

/// What is said of a KPI, worst first as a policy is summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// 遅れ
    OffTrack,
    /// 未達成
    Missed,
    /// 注意
    AtRisk,
    /// 更新遅れ
    Stale,
    /// データなし
    NoData,
    /// 順調
    OnTrack,
    /// 達成
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

/// Where the value is expected to land at the plan's end, with an interval. Its place in the types: no
/// forecast is made yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Landing {
    /// Expected value.
    pub value: Exact,
    /// Lower end of the interval.
    pub low: Exact,
    /// Upper end of the interval.
    pub high: Exact,
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
    /// An older value where there is none to judge.
    pub carried: Option<DatedValue>,
    /// A later value after the plan (その後), unjudged.
    pub later: Option<DatedValue>,
    /// Place of the forecast.
    pub landing: Option<Landing>,
}

/// Judges a KPI at the moment asked, from the figures of a view.
pub fn judge(view: &LedgerView<'_>, kpi: &Kpi, ask: ReportPeriod) -> Judgement {
    let view = view.at(ask.cut());
    let plan = &view.catalogue.plan;
    let (start, end) = (plan.start(), plan.end());
    let at = view.cut.at;
    let has_ended = if ask.is_closing() { at >= end } else { at > end };
    if at <= start {
        return unjudged(Phase::Before, asked(&view, kpi, ask).0);
    }
    if has_ended { verdict::after_the_end(&view, kpi, ask) } else { running(&view, kpi, ask) }
}

/// The guide (目安) at a moment of a plan, for a KPI with or without a value.
pub fn guide(view: &LedgerView<'_>, kpi: &Kpi, at: Moment) -> Exact {
    measure::guide(view, kpi, at)
}

/// How the sources of all series stand at the moment asked, each by its own figures; in the catalogue's order.
pub fn standings(view: &LedgerView<'_>, ask: ReportPeriod) -> Vec<SourceDue> {
    due::standings(&view.at(ask.cut()), ask.day())
}

/// The first civil day (day number) on which the last figure of a KPI is not waited for any more.
pub fn verdict_day(view: &LedgerView<'_>, kpi: &Kpi) -> i32 {
    due::last_day(view, kpi) + 1
}

/// True when a KPI has a value at each of its figures, not only at the end of months.
pub fn follows_figures(view: &LedgerView<'_>, kpi: &Kpi) -> bool {
    measure::is_state(view, kpi)
}

fn unjudged(phase: Phase, measured: Option<MeasuredValue>) -> Judgement {
    let none = || None;
    Judgement {
        phase,
        status: None,
        measured,
        path: None,
        progress: None,
        required_pace: None,
        carried: none(),
        later: none(),
        landing: None,
    }
}

fn past(measured: MeasuredValue) -> DatedValue {
    DatedValue { value: measured.value, at: measured.at }
}

/// The value that a question is about, or an older one to be carried.
fn asked(view: &LedgerView<'_>, kpi: &Kpi, ask: ReportPeriod) -> (Option<MeasuredValue>, Option<DatedValue>) {
    let upto = view.cut.at;
    let (value, older) = if measure::is_state(view, kpi) {
        let latest = measure::state(view, kpi, measure::beginning(), upto);
        match latest {
            Some(m) if ask.is_closing() && m.at <= ask.0.start() => (None, Some(m)),
            latest => (latest, None),
        }
    } else {
        let only = ask.0.grain == Grain::FiscalYear;
        let value = measure::flow(view, kpi, ask.year(), only);
        let older = if value.is_none() { measure::flow(view, kpi, ask.year(), false) } else { None };
        (value, older)
    };
    (value, older.map(past))
}

/// The judgement while the plan runs.
fn running(view: &LedgerView<'_>, kpi: &Kpi, ask: ReportPeriod) -> Judgement {
    let (measured, carried) = asked(view, kpi, ask);
    let Some(measured) = measured else {
        return Judgement { status: Some(Status::NoData), carried, ..unjudged(Phase::Running, None) };
    };
    let stale = !ask.is_closing() && due::is_stale(view, kpi, ask.day());
    let status = if stale { Status::Stale } else { status::running(view, kpi, &measured) };
    Judgement {
        status: Some(status),
        path: Some(measure::expected(view, kpi, &measured)),
        progress: progress(view, kpi, &measured),
        required_pace: required_pace(view, kpi, &measured),
        ..unjudged(Phase::Running, Some(measured))
    }
}

/// The way from baseline to target that is done; of a part-year sum the latest whole year's before it.
fn progress(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Option<Exact> {
    let origin = kpi.origin()?;
    let way = &kpi.target - &origin.value;
    if way.is_zero() {
        return None;
    }
    let part_year = measured.months.as_ref().filter(|m| kpi.kind == KpiKind::FlowPerYear && !m.is_whole());
    let value = match part_year {
        None => measured.value.clone(),
        Some(months) => {
            let of = *kpi.measure.parts().first()?;
            let years = measure::first_year(view, of)..months.year;
            years.rev().find_map(|year| measure::whole_year(view, kpi, of, year))?.value
        }
    };
    Some((value - &origin.value) / way)
}

/// Change per month from the moment the value describes to the plan's end.
fn required_pace(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Option<Exact> {
    let plan = &view.catalogue.plan;
    let part_year = measured.months.as_ref().filter(|m| kpi.kind == KpiKind::FlowPerYear && !m.is_whole());
    let elsewhere = part_year.is_some_and(|m| m.year != plan.last_year);
    if !kpi.kind.has_path() || elsewhere || kpi.direction.meets(&measured.value, &kpi.target) {
        return None;
    }
    let months = months_between(measured.at, plan.end());
    (!months.is_zero()).then(|| (&kpi.target - &measured.value) / months)
}

/// Months from one moment to another: civil days x 12 / days of their fiscal year.
fn months_between(from: Moment, to: Moment) -> Exact {
    let mut months = whole(0);
    let mut year = Period::holding(Grain::FiscalYear, from);
    while year.start() < to {
        let days = year.end().min(to).day() - year.start().max(from).day();
        months += Exact::new((days * 12).into(), year.days().into());
        year = year.next();
    }
    months
}

/// The cut at which everything up to and including an instant is seen.
fn upto(at: Moment) -> Cutoff {
    Cutoff { at, inclusive: true }
}
