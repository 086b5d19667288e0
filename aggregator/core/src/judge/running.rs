//! The judgement while the plan runs.

use super::expected::expected;
use super::judgement::{DatedValue, Judgement, Phase, Status};
use super::measure::{self, is_judged};
use super::progress::progress;
use super::value::MeasuredValue;
use super::{due, gaps, pace, status};
use crate::report_period::ReportPeriod;
use crate::rollup::LedgerView;
use contract::catalogue::Kpi;
use contract::period::{Grain, Period};

/// The value of the period, or an older one to be carried.
pub(super) fn value_in(
    view: &LedgerView<'_>,
    kpi: &Kpi,
    period: ReportPeriod,
) -> (Option<MeasuredValue>, Option<MeasuredValue>) {
    if measure::is_state(view, kpi) {
        return match measure::judged(view, kpi, period.year(), false) {
            Some(m) if period.is_closing() && m.at <= period.0.start() => (None, Some(m)),
            latest => (latest, None),
        };
    }
    let only = period.0.grain == Grain::FiscalYear;
    let value = measure::judged(view, kpi, period.year(), only);
    let older = if value.is_none() { measure::judged(view, kpi, period.year(), false) } else { None };
    (value, older)
}

/// What is asked of a KPI: of which fiscal year, and on which day where due dates count.
#[derive(Clone, Copy)]
pub(super) struct AskedPeriod {
    pub(super) year: i32,
    pub(super) day: Option<i32>,
}

/// The judgement while the plan runs.
pub(super) fn judge_running(view: &LedgerView<'_>, kpi: &Kpi, period: ReportPeriod) -> Judgement {
    let asked = AskedPeriod { year: period.year(), day: (!period.is_closing()).then(|| period.day()) };
    let (measured, carried) = match value_in(view, kpi, period) {
        (Some(measured), _) if !is_judged(kpi, &measured) => (None, Some(measured)),
        found => found,
    };
    let (required_pace, required_pace_for) = pace::required(view, kpi, measured.as_ref(), asked.year).unzip();
    let Some(measured) = measured else {
        let judged = no_data(view, kpi, Phase::Running, carried, asked);
        return Judgement { required_pace, required_pace_for, ..judged };
    };
    let stale = asked.day.is_some_and(|day| is_stale(view, kpi, &measured, asked.year, day));
    let status = if stale { Status::Stale } else { status::status(view, kpi, &measured) };
    let judged = with_value(view, kpi, Phase::Running, measured, asked);
    Judgement { status: Some(status), required_pace, required_pace_for, ..judged }
}

fn is_stale(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue, year: i32, day: i32) -> bool {
    let since = measured.settled.map(|year| Period::fiscal_year(year).end());
    due::is_stale(view, kpi, day, since) || gaps::are_late(view, kpi, measured, year, day)
}

/// A judgement of a value, but for its status and pace.
pub(super) fn with_value(
    view: &LedgerView<'_>,
    kpi: &Kpi,
    phase: Phase,
    measured: MeasuredValue,
    asked: AskedPeriod,
) -> Judgement {
    let (progress, progress_year) = progress(view, kpi, &measured).unzip();
    let missing = gaps::missing(view, kpi, &[asked.year, measured.year()], asked.day);
    let in_bound = |year: i32| {
        missing.iter().any(|m| gaps::yearly(view, kpi).is_none() || m.within(Grain::FiscalYear).index == year)
    };
    Judgement {
        path: Some(expected(view, kpi, &measured)),
        progress,
        progress_year: progress_year.flatten(),
        months: gaps::known_of(view, kpi, measured.year()),
        incomplete: measured.settled.is_some_and(in_bound),
        missing,
        ..Judgement::unjudged(phase, Some(measured))
    }
}

/// The judgement of a KPI without a figure to judge.
pub(super) fn no_data(
    view: &LedgerView<'_>,
    kpi: &Kpi,
    phase: Phase,
    carried: Option<MeasuredValue>,
    asked: AskedPeriod,
) -> Judgement {
    Judgement {
        status: Some(Status::NoData),
        carried: carried.map(DatedValue::from),
        months: gaps::known_of(view, kpi, asked.year),
        missing: gaps::missing(view, kpi, &[asked.year], asked.day),
        ..Judgement::unjudged(phase, None)
    }
}
