//! Progress: the way from baseline to target that is done.

use super::months;
use super::value::{MeasuredValue, MonthCount};
use crate::rollup::LedgerView;
use contract::catalogue::Kpi;
use contract::exact::Exact;
use num_traits::Zero;

/// The way from baseline to target that is done, and the fiscal year that it is of (`None` for states); of a part-year
/// sum that is not settled the latest whole year's before it.
pub(super) fn progress(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Option<(Exact, Option<i32>)> {
    let origin = kpi.origin()?;
    let way = &kpi.target - &origin.value;
    if way.is_zero() {
        return None;
    }
    let share = |value: &Exact| (value - &origin.value) / &way;
    let part_year = |m: &&MonthCount| kpi.kind.is_yearly_sum() && !m.is_whole() && measured.settled.is_none();
    let Some(months) = measured.months.as_ref().filter(part_year) else {
        return Some((share(&measured.value), measured.months.as_ref().map(|months| months.year)));
    };
    let of = *kpi.measure.parts().first()?;
    let years = months::first_year(view, of).max(origin.year)..months.year;
    let whole = years.rev().find_map(|year| months::whole_year(view, kpi, of, year))?;
    Some((share(&whole.value), Some(whole.year())))
}
