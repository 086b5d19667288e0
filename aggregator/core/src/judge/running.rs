//! The judgement while the plan runs.

use super::judgement::{DatedValue, Judgement, Phase, Status};
use super::measure::{self, MeasuredValue};
use super::{due, status};
use crate::report_period::ReportPeriod;
use crate::rollup::LedgerView;
use contract::catalogue::Kpi;
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;
use num_traits::Zero;

/// The value of the period, or an older one to be carried.
pub(super) fn value_in(
    view: &LedgerView<'_>,
    kpi: &Kpi,
    period: ReportPeriod,
) -> (Option<MeasuredValue>, Option<DatedValue>) {
    let upto = view.cutoff.at;
    let (value, older) = if measure::is_state(view, kpi) {
        let latest = measure::state(view, kpi, measure::beginning(), upto);
        match latest {
            Some(m) if period.is_closing() && m.at <= period.0.start() => (None, Some(m)),
            latest => (latest, None),
        }
    } else {
        let only = period.0.grain == Grain::FiscalYear;
        let value = measure::flow(view, kpi, period.year(), only);
        let older = if value.is_none() { measure::flow(view, kpi, period.year(), false) } else { None };
        (value, older)
    };
    (value, older.map(DatedValue::from))
}

/// The judgement while the plan runs.
pub(super) fn judge_running(view: &LedgerView<'_>, kpi: &Kpi, period: ReportPeriod) -> Judgement {
    let (measured, carried) = value_in(view, kpi, period);
    let Some(measured) = measured else {
        return Judgement { status: Some(Status::NoData), carried, ..Judgement::unjudged(Phase::Running, None) };
    };
    let stale = !period.is_closing() && due::is_stale(view, kpi, period.day());
    let status = if stale { Status::Stale } else { status::status(view, kpi, &measured) };
    Judgement {
        status: Some(status),
        path: Some(measure::expected(view, kpi, &measured)),
        progress: progress(view, kpi, &measured),
        required_pace: required_pace(view, kpi, &measured),
        ..Judgement::unjudged(Phase::Running, Some(measured))
    }
}

/// The way from baseline to target that is done; of a part-year sum the latest whole year's before it.
pub(super) fn progress(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Option<Exact> {
    let origin = kpi.origin()?;
    let way = &kpi.target - &origin.value;
    if way.is_zero() {
        return None;
    }
    let part_year = measured.months.as_ref().filter(|m| kpi.kind.is_yearly_sum() && !m.is_whole());
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
    let part_year = measured.months.as_ref().filter(|m| kpi.kind.is_yearly_sum() && !m.is_whole());
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
