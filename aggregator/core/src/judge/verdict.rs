//! After the plan's end: the wait for the last figure, and the verdict.

use super::measure::{self, MeasuredValue};
use super::{Judgement, Phase, Status, due, past, progress, running, unjudged, upto};
use crate::report_period::ReportPeriod;
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, Measure, SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::time::{Moment, date_of};

/// The judgement once the plan has ended: closing or closed.
pub(super) fn after_the_end(view: &LedgerView<'_>, kpi: &Kpi, ask: ReportPeriod) -> Judgement {
    let end = view.catalogue.plan.end();
    let waited = ask.is_closing() || ask.day() > due::last_day(view, kpi);
    let at_end = view.at(upto(end));
    let last = latest(&at_end, kpi);
    let in_time = last.as_ref().filter(|m| serves(&at_end, kpi, m, Wait::Running));
    let settled = in_time.is_some_and(|m| !m.provisional);
    if !settled && !waited {
        return closing(view, kpi, last);
    }
    let wait = if ask.is_closing() { Wait::NotAsked } else { Wait::Over };
    let later = latest(view, kpi).filter(|m| m.at > end).map(past);
    match last {
        Some(measured) if serves(&at_end, kpi, &measured, wait) => {
            let met = kpi.direction.meets(&measure::compared(kpi, &measured), &kpi.target);
            Judgement {
                status: Some(if met { Status::Achieved } else { Status::Missed }),
                path: Some(measure::expected(&at_end, kpi, &measured)),
                progress: progress(&at_end, kpi, &measured),
                later,
                ..unjudged(Phase::Closed, Some(measured))
            }
        }
        older => {
            Judgement { status: Some(Status::NoData), carried: older.map(past), later, ..unjudged(Phase::Closed, None) }
        }
    }
}

/// The latest value and the status of the plan's last day, until the last figure is in.
fn closing(view: &LedgerView<'_>, kpi: &Kpi, last: Option<MeasuredValue>) -> Judgement {
    let end = view.catalogue.plan.end();
    let last_day = ReportPeriod(Period::day(date_of(end.day() - 1)));
    let before = running(&view.at(last_day.cut()), kpi, last_day);
    let no_data = before.status == Some(Status::NoData);
    let Some(measured) = last.clone().filter(|_| !no_data) else {
        let carried = last.map(past);
        return Judgement { status: Some(Status::NoData), carried, ..unjudged(Phase::Closing, None) };
    };
    let at_end = view.at(upto(end));
    Judgement {
        status: before.status,
        path: Some(measure::expected(&at_end, kpi, &measured)),
        progress: progress(&at_end, kpi, &measured),
        ..unjudged(Phase::Closing, Some(measured))
    }
}

/// The latest value a view knows.
fn latest(view: &LedgerView<'_>, kpi: &Kpi) -> Option<MeasuredValue> {
    if measure::is_state(view, kpi) {
        return measure::state(view, kpi, measure::beginning(), view.cut.at);
    }
    let year = Period::closing(Grain::FiscalYear, view.cut.at).index;
    measure::flow(view, kpi, year, false)
}

/// How a question stands to due dates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Something later may still come.
    Running,
    /// Due and grace are over.
    Over,
    /// A question about a period's closing, which ignores due dates but takes only figures of that year.
    NotAsked,
}

/// True when a value is the plan's last figure: a state of the last period of its source's rhythm, a
/// running total up to the end, a whole last year.
///
/// A state exactly at that period's start belongs to the period before; it serves only when nothing later
/// can be waited for. Without a rhythm the last period is the fiscal year.
fn serves(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue, wait: Wait) -> bool {
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
