//! What a value is compared with while the plan runs.

use super::path;
use super::season::{self, MonthShares};
use super::value::{MeasuredValue, MonthCount, YEAR};
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, Measure};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;

/// What a value is compared with while running: the path at its moment, or of a flow the goal of its months.
pub(super) fn expected(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Exact {
    match measured.months.as_ref().filter(|_| kpi.kind.has_path()) {
        Some(months) => of_months(view, kpi, months),
        None if kpi.kind.has_path() => path::at(kpi, &view.catalogue.plan, measured.at),
        None => kpi.target.clone(),
    }
}

/// The expected sum, or mean, of months of a fiscal year.
fn of_months(view: &LedgerView<'_>, kpi: &Kpi, months: &MonthCount) -> Exact {
    let plan = &view.catalogue.plan;
    let goal = path::goal_or_origin(kpi, plan, months.year);
    if months.is_whole() {
        return goal;
    }
    let goals = month_goals(view, kpi, months.year);
    let of_month = |k: &i32| usize::try_from(*k - 1).ok().and_then(|k| goals.get(k)).cloned();
    let sum: Exact = months.numbers.iter().filter_map(of_month).sum();
    if kpi.kind.is_monthly_mean() { sum * whole(YEAR) / whole(months.numbers.len().max(1)) } else { sum }
}

/// What is expected of each month of a fiscal year, April first, as parts of the year's goal.
pub(crate) fn month_goals(view: &LedgerView<'_>, kpi: &Kpi, year: i32) -> Vec<Exact> {
    let plan = &view.catalogue.plan;
    let goal = path::goal_or_origin(kpi, plan, year);
    match season_of(view, kpi, year) {
        Some(season) => (1..=12).map(|k| &goal * season.share(&[k])).collect(),
        None => (1..=12).map(|k| path::rate(kpi, plan, year, k) / whole(YEAR)).collect(),
    }
}

/// How the months of a year share its goal, as past years were; `None` without such a year.
pub(super) fn season_of(view: &LedgerView<'_>, kpi: &Kpi, year: i32) -> Option<MonthShares> {
    let Measure::Series(of) = kpi.measure else { return None };
    season::learn(view, kpi, of, year)
}

/// What a value measured at a moment would be compared with, whether there is one or not: of a yearly sum or
/// mean the months of the fiscal year that have ended by then.
pub(super) fn guide(view: &LedgerView<'_>, kpi: &Kpi, at: Moment) -> Exact {
    let by_month =
        kpi.kind.counts_months() && kpi.measure.parts().iter().all(|of| view.series(*of).grain < Grain::FiscalYear);
    let months = by_month.then(|| {
        let last = Period::closing(Grain::Month, at);
        let year = last.within(Grain::FiscalYear);
        let first = Period::holding(Grain::Month, year.start());
        MonthCount { year: year.index, numbers: (1..=last.index - first.index + 1).collect() }
    });
    let value = whole(0);
    expected(view, kpi, &MeasuredValue { value, at, provisional: false, months, origins: Vec::new(), settled: None })
}
