//! After the plan's end: the wait for the last figure, and the verdict.

use super::due;
use super::judgement::{DatedValue, Judgement, Phase, Status};
use super::measure::{self, MeasuredValue};
use super::running::{judge_running, progress};
use crate::report_period::{Cutoff, ReportPeriod};
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, Measure, SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::time::{Moment, date_of};

/// The judgement once the plan has ended: closing or closed.
pub(super) fn judge_ended(view: &LedgerView<'_>, kpi: &Kpi, period: ReportPeriod) -> Judgement {
    let end = view.catalogue.plan.end();
    let waited = period.is_closing() || period.day() > due::last_day(view, kpi);
    let at_end = view.at(Cutoff::including(end));
    let last = latest(&at_end, kpi);
    let in_time = last.as_ref().filter(|m| is_last_figure(&at_end, kpi, m, Wait::Running));
    let settled = in_time.is_some_and(|m| !m.provisional);
    if !settled && !waited {
        return judge_closing(view, kpi, last);
    }
    let wait = if period.is_closing() { Wait::Ignored } else { Wait::Over };
    let later = latest(view, kpi).filter(|m| m.at > end).map(DatedValue::from);
    match last {
        Some(measured) if is_last_figure(&at_end, kpi, &measured, wait) => {
            let met = kpi.direction.meets(&measure::compared(kpi, &measured), &kpi.target);
            Judgement {
                status: Some(if met { Status::Achieved } else { Status::Missed }),
                path: Some(measure::expected(&at_end, kpi, &measured)),
                progress: progress(&at_end, kpi, &measured),
                later,
                ..Judgement::unjudged(Phase::Closed, Some(measured))
            }
        }
        older => Judgement {
            status: Some(Status::NoData),
            carried: older.map(DatedValue::from),
            later,
            ..Judgement::unjudged(Phase::Closed, None)
        },
    }
}

/// The latest value and the status of the plan's last day, until the last figure is in.
fn judge_closing(view: &LedgerView<'_>, kpi: &Kpi, last: Option<MeasuredValue>) -> Judgement {
    let end = view.catalogue.plan.end();
    let last_day = ReportPeriod(Period::day(date_of(end.day() - 1)));
    let before = judge_running(&view.at(last_day.cutoff()), kpi, last_day);
    let no_data = before.status == Some(Status::NoData);
    let Some(measured) = last.clone().filter(|_| !no_data) else {
        let carried = last.map(DatedValue::from);
        return Judgement { status: Some(Status::NoData), carried, ..Judgement::unjudged(Phase::Closing, None) };
    };
    let at_end = view.at(Cutoff::including(end));
    Judgement {
        status: before.status,
        path: Some(measure::expected(&at_end, kpi, &measured)),
        progress: progress(&at_end, kpi, &measured),
        ..Judgement::unjudged(Phase::Closing, Some(measured))
    }
}

/// The latest value a view knows.
fn latest(view: &LedgerView<'_>, kpi: &Kpi) -> Option<MeasuredValue> {
    if measure::is_state(view, kpi) {
        return measure::state(view, kpi, measure::beginning(), view.cutoff.at);
    }
    let year = Period::closing(Grain::FiscalYear, view.cutoff.at).index;
    measure::flow(view, kpi, year, false)
}

/// How a report period stands to due dates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Something later may still come.
    Running,
    /// Due and grace are over.
    Over,
    /// The closing of a period: due dates are ignored, only figures of that year count.
    Ignored,
}

/// True when a value is the plan's last figure: a state of the last period of its source's rhythm, a
/// running total up to the end, a whole last year.
///
/// A state exactly at that period's start belongs to the period before; it serves only when nothing later
/// can be waited for. Without a rhythm the last period is the fiscal year.
fn is_last_figure(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue, wait: Wait) -> bool {
    let plan = &view.catalogue.plan;
    if let Some(months) = &measured.months {
        // Of a counter twelve known months are not yet a known year: its sources may have changed.
        let year = Period::fiscal_year(plan.last_year);
        let complete = |of: SeriesRef| view.rollup(of, year).is_some_and(|rollup| rollup.complete);
        return months.year == year.index && months.is_whole() && kpi.measure.parts().into_iter().all(complete);
    }
    if let Measure::Series(of) = kpi.measure {
        let series = view.series(of);
        match series.shape {
            Shape::Flow => return measured.at == plan.end(),
            Shape::Counter => return measured.at > Period::closing(series.grain, plan.end()).start(),
            Shape::Level => {}
        }
    }
    let year = Period::fiscal_year(plan.last_year).start();
    let first = measured.origins.iter().filter_map(|(of, source)| {
        let source = &view.series(*of).sources[usize::from(*source)];
        due::last_period(view, source).map(|(period, _)| period.start())
    });
    let rhythm: Option<Moment> = first.max();
    let at_start = rhythm == Some(measured.at) && wait != Wait::Running;
    let this_year = measured.at > year || (at_start && wait == Wait::Over);
    this_year && (at_start || measured.at > rhythm.unwrap_or(year))
}
