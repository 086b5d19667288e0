//! The value of a KPI as its kind takes it from the rollups, and the moment that value describes.

use super::value::{MeasuredValue, origins, reading_value};
use super::{bound, months, total};
use crate::report_period::Cutoff;
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, Measure, Shape};
use contract::exact::whole;
use contract::period::Period;
use contract::time::FIRST_YEAR;

/// True when the KPI is read as a state at an instant: level, ratio, running total, assessed level.
pub(super) fn is_state(view: &LedgerView<'_>, kpi: &Kpi) -> bool {
    kpi.measure.parts().iter().all(|of| kpi.kind.is_state(view.series(*of).shape))
}

/// The value to be judged: of a flow for a report of `year`; `only` forbids a look at earlier years.
pub(super) fn judged(view: &LedgerView<'_>, kpi: &Kpi, year: i32, only: bool) -> Option<MeasuredValue> {
    if is_state(view, kpi) {
        return bound::of_total(view, kpi).or_else(|| state(view, kpi));
    }
    bound::of_year(view, kpi, year, only).or_else(|| months::flow(view, kpi, year, only))
}

/// The latest value, bounds aside.
pub(super) fn plain(view: &LedgerView<'_>, kpi: &Kpi, year: i32) -> Option<MeasuredValue> {
    if is_state(view, kpi) { state(view, kpi) } else { months::flow(view, kpi, year, false) }
}

/// The value of a state at the end of a period: of a counter by its reading at that border, else by the latest figure in
/// `(start, end]`.
pub(super) fn closing(view: &LedgerView<'_>, kpi: &Kpi, period: Period) -> Option<MeasuredValue> {
    if let Measure::Series(of) = kpi.measure
        && view.series(of).shape == Shape::Counter
    {
        return total::of_counter(view, kpi, of, Some(period.end()));
    }
    let at_end = view.at(Cutoff::including(period.end()));
    state(&at_end, kpi).filter(|closing| Period::closing(period.grain, closing.at) == period)
}

/// The latest value of a state.
fn state(view: &LedgerView<'_>, kpi: &Kpi) -> Option<MeasuredValue> {
    let (after, upto) = (Period::fiscal_year(i32::from(FIRST_YEAR)).start(), view.cutoff.at);
    match kpi.measure {
        Measure::Ratio { numerator, denominator, per, min_denominator } => view
            .joint_readings(numerator, denominator, after)
            .find(|(_, bottom)| view.in_unit(denominator, bottom.value) >= whole(min_denominator))
            .map(|(top, bottom)| MeasuredValue {
                value: view.in_unit(numerator, top.value) * whole(per) / view.in_unit(denominator, bottom.value),
                at: top.at,
                provisional: top.provisional || bottom.provisional,
                months: None,
                origins: origins(numerator, &top).chain(origins(denominator, &bottom)).collect(),
                settled: None,
            }),
        Measure::Series(of) => match view.series(of).shape {
            Shape::Level => view.latest(of, after, upto).map(|reading| reading_value(view, of, &reading)),
            Shape::Flow => total::run(view, kpi, of).value(),
            Shape::Counter => total::of_counter(view, kpi, of, None),
        },
    }
}

/// False for a figure of a year before the baseline year: it has no goal to be compared with.
pub(super) fn is_judged(kpi: &Kpi, measured: &MeasuredValue) -> bool {
    !kpi.kind.has_path() || kpi.origin().is_none_or(|origin| measured.year() >= origin.year)
}
