//! Judges KPIs: what a KPI's kind makes of its figures at the end of a report period.

mod bound;
mod due;
mod expected;
mod gaps;
mod judgement;
mod lateness;
mod measure;
mod months;
mod pace;
pub mod path;
mod progress;
mod running;
mod season;
mod status;
mod total;
mod value;
mod verdict;

pub use due::{OverduePeriod, SourceDue};
pub use gaps::KnownMonths;
pub use judgement::{DatedValue, Judgement, PaceGoal, Phase, Status};
pub use lateness::{Lateness, lateness, status_beneath};
pub use months::MIN_MONTHS;
pub use value::{MeasuredValue, MonthCount};

pub(crate) use due::is_over;
pub(crate) use expected::month_goals;
pub(crate) use gaps::missing_of as missing_months;
pub(crate) use months::{first_year, known_months, whole_year};
pub(crate) use status::tolerance;
pub(crate) use total::of_counter as counter_total;
pub(crate) use value::{compared, origins};

use crate::report_period::ReportPeriod;
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, SeriesRef};
use contract::exact::Exact;
use contract::period::Period;
use contract::time::Moment;

/// Judges a KPI at the end of a report period, from the figures of a view.
pub fn judge(view: &LedgerView<'_>, kpi: &Kpi, period: ReportPeriod) -> Judgement {
    let view = view.at(period.cutoff());
    let plan = &view.catalogue.plan;
    let (start, end) = (plan.start(), plan.end());
    let at = view.cutoff.at;
    let has_ended = if period.is_closing() { at >= end } else { at > end };
    if at <= start {
        return Judgement::unjudged(Phase::Before, running::value_in(&view, kpi, period).0);
    }
    if has_ended { verdict::judge_ended(&view, kpi, period) } else { running::judge_running(&view, kpi, period) }
}

/// The guide (目安) at a moment of a plan, for a KPI with or without a value.
pub fn guide(view: &LedgerView<'_>, kpi: &Kpi, at: Moment) -> Exact {
    expected::guide(view, kpi, at)
}

/// How the sources of all series stand at the end of a report period, each by its own figures; in the catalogue's order.
pub fn sources_due(view: &LedgerView<'_>, period: ReportPeriod) -> Vec<SourceDue> {
    due::sources_due(&view.at(period.cutoff()), period.day())
}

/// The first civil day (day number) on which the last figure of a KPI is not waited for any more.
pub fn verdict_day(view: &LedgerView<'_>, kpi: &Kpi) -> i32 {
    due::last_day(view, kpi) + 1
}

/// The value of a KPI that is read as a state at the end of a period, from a figure inside that period.
pub(crate) fn closing_value(view: &LedgerView<'_>, kpi: &Kpi, period: Period) -> Option<MeasuredValue> {
    measure::closing(view, kpi, period)
}

/// The figures that make a KPI stale on a day because nothing came since, of each source the latest.
pub(crate) fn overdue_periods(view: &LedgerView<'_>, kpi: &Kpi, day: i32) -> Vec<OverduePeriod> {
    due::overdue_periods(view, kpi, day, None)
}

/// b plus the unbroken run of a flow.
pub(crate) fn running_total(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef) -> Option<MeasuredValue> {
    total::run(view, kpi, of).value()
}

/// True when a KPI has a value at each of its figures, not only at the end of months.
pub fn follows_figures(view: &LedgerView<'_>, kpi: &Kpi) -> bool {
    measure::is_state(view, kpi)
}
