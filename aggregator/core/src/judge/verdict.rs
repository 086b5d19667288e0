//! After the plan's end: the wait for the last figure, and the verdict.

use super::judgement::{DatedValue, Judgement, Phase, Status};
use super::measure;
use super::running::{AskedPeriod, judge_running, no_data, with_value};
use super::value::{MeasuredValue, compared};
use super::{due, status, total};
use crate::report_period::{Cutoff, ReportPeriod};
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, Measure, SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::time::{Moment, date_of};

/// The judgement once the plan has ended: closing or closed.
pub(super) fn judge_ended(view: &LedgerView<'_>, kpi: &Kpi, period: ReportPeriod) -> Judgement {
    let plan = &view.catalogue.plan;
    let asked = AskedPeriod { year: plan.last_year, day: None };
    let waited = period.is_closing() || period.day() > due::last_day(view, kpi);
    let at_end = view.at(Cutoff::including(plan.end()));
    let last = measure::judged(&at_end, kpi, plan.last_year, false);
    let final_value = final_value(&at_end, kpi);
    let in_time = final_value.as_ref().filter(|m| is_last_figure(&at_end, kpi, m, Wait::Running));
    let is_in = in_time.is_some_and(|m| !m.provisional);
    if !is_in && !waited {
        return judge_closing(view, kpi, last);
    }
    let year = Period::closing(Grain::FiscalYear, view.cutoff.at).index;
    let later = measure::plain(view, kpi, year).filter(|m| m.at > plan.end()).map(DatedValue::from);
    let settled = || last.clone().filter(|m| waited && is_settled(&at_end, kpi, m));
    let judged = final_value.filter(|m| is_last_figure(&at_end, kpi, m, Wait::Over)).or_else(settled);
    let Some(measured) = judged else {
        return Judgement { later, ..no_data(&at_end, kpi, Phase::Closed, last, asked) };
    };
    let met = kpi.direction.meets(&compared(kpi, &measured.value), &kpi.target);
    let status = Some(if met { Status::Achieved } else { Status::Missed });
    Judgement { status, later, ..with_value(&at_end, kpi, Phase::Closed, measured, asked) }
}

/// The latest value and the status of the plan's last day, until the last figure is in.
fn judge_closing(view: &LedgerView<'_>, kpi: &Kpi, last: Option<MeasuredValue>) -> Judgement {
    let plan = &view.catalogue.plan;
    let asked = AskedPeriod { year: plan.last_year, day: None };
    let last_day = ReportPeriod(Period::day(date_of(plan.end().day() - 1)));
    let before = judge_running(&view.at(last_day.cutoff()), kpi, last_day);
    let is_known = before.status != Some(Status::NoData);
    let at_end = view.at(Cutoff::including(plan.end()));
    match last {
        Some(measured) if is_known => {
            // The value can be a later one than that of the status.
            let status = before.status.map(|status| status::honest(kpi, &measured, status));
            Judgement { status, ..with_value(&at_end, kpi, Phase::Closing, measured, asked) }
        }
        older => no_data(&at_end, kpi, Phase::Closing, older, asked),
    }
}

/// The value that a verdict may be given on, bounds aside: the latest, of a counter's running total the one at the
/// plan's end.
fn final_value(at_end: &LedgerView<'_>, kpi: &Kpi) -> Option<MeasuredValue> {
    let plan = &at_end.catalogue.plan;
    match kpi.measure {
        Measure::Series(of) if kpi.kind.is_running_total() && at_end.series(of).shape == Shape::Counter => {
            total::of_counter(at_end, kpi, of, Some(plan.end()))
        }
        _ => measure::plain(at_end, kpi, plan.last_year),
    }
}

/// True when a bound gives the verdict although figures are missing: of a running total at any time, else only of
/// the plan's last year.
fn is_settled(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> bool {
    let any_year = total::flows(view, kpi).is_some();
    measured.settled.is_some_and(|year| any_year || year == view.catalogue.plan.last_year)
}

/// How a report period stands to due dates.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wait {
    /// Something later may still come.
    Running,
    /// Due and grace are over, or the closing of a period is asked, which ignores them.
    Over,
}

/// True when a value is the plan's last figure: a state of the last period of its source's rhythm, a
/// running total up to the end, a whole last year.
///
/// A state exactly at that period's start belongs to the period before; it serves only when nothing later
/// can be waited for, and only inside the plan's last fiscal year. Without a rhythm the last period is that year.
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
    measured.at > year && (at_start || measured.at > rhythm.unwrap_or(year))
}
