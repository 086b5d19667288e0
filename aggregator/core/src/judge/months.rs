//! Values of flows: sums and means of the complete months of a fiscal year, and whole years.

use super::value::{MeasuredValue, MonthCount, distinct};
use crate::rollup::{LedgerView, Rollup};
use contract::catalogue::{Kpi, Measure, SeriesRef};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};

/// Fewest complete months of a fiscal year that are judged; with fewer it is too early.
pub const MIN_MONTHS: usize = 3;
/// The value of a fiscal year's flow, for a report of `year`; `only` forbids a look at earlier years.
pub(super) fn flow(view: &LedgerView<'_>, kpi: &Kpi, year: i32, only: bool) -> Option<MeasuredValue> {
    let Measure::Series(of) = kpi.measure else { return None };
    if !kpi.kind.counts_months() || view.series(of).grain == Grain::FiscalYear {
        let years = (first_year(view, of)..=year).rev();
        return years.take(if only { 1 } else { usize::MAX }).find_map(|year| whole_year(view, kpi, of, year));
    }
    let years = [year, year - 1];
    years[..if only { 1 } else { 2 }].iter().find_map(|year| {
        let (sum, part) = complete_months(view, of, *year)?;
        let count = part.months.as_ref().map_or(0, |m| m.numbers.len());
        (count >= MIN_MONTHS).then(|| per_month(kpi, view.in_unit(of, sum), part))
    })
}

/// The first fiscal year in which the ledger has a figure.
pub(crate) fn first_year(view: &LedgerView<'_>, of: SeriesRef) -> i32 {
    let grain = view.ledger.bucket_grain(of.series);
    let range = view.ledger.bucket_range(of.series, of.definition);
    range.map_or(i32::MAX, |(first, _)| Period { grain, index: first }.within(Grain::FiscalYear).index)
}

/// A whole fiscal year's figure, when it is complete.
pub(crate) fn whole_year(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, year: i32) -> Option<MeasuredValue> {
    let period = Period::fiscal_year(year);
    let rollup = view.rollup(of, period).filter(|r| r.complete)?;
    let part = MeasuredValue {
        value: whole(0),
        at: period.end(),
        provisional: rollup.provisional,
        months: Some(MonthCount { year, numbers: (1..=12).collect() }),
        origins: sources(view, of, period),
        settled: None,
    };
    Some(per_month(kpi, view.in_unit(of, rollup.value?), part))
}

fn per_month(kpi: &Kpi, sum: Exact, part: MeasuredValue) -> MeasuredValue {
    let count = part.months.as_ref().map_or(1, |m| m.numbers.len());
    let divisor = if kpi.kind.is_monthly_mean() { count } else { 1 };
    MeasuredValue { value: sum / whole(divisor), ..part }
}

/// The sum of a fiscal year's complete months, in steps. A complete quarter stands for its three, a complete year for
/// twelve: of a counter they can be known where a month inside is not.
pub(super) fn complete_months(view: &LedgerView<'_>, of: SeriesRef, year: i32) -> Option<(i128, MeasuredValue)> {
    let mut months = MonthCount { year, numbers: Vec::new() };
    let (mut sum, mut provisional, mut at, mut origins) = (0, false, None, Vec::new());
    let finest = view.series(of).grain.max(Grain::Month);
    for (part, value, rollup) in complete_parts(view, of, Period::fiscal_year(year), finest) {
        sum += value;
        provisional |= rollup.provisional;
        months.numbers.extend(part.parts(Grain::Month).map(number));
        origins.extend(sources(view, of, part));
        at = Some(part.end());
    }
    let part = MeasuredValue {
        value: whole(0),
        at: at?,
        provisional,
        months: Some(months),
        origins: distinct(origins),
        settled: None,
    };
    Some((sum, part))
}

/// The complete months of a fiscal year, April = 1.
pub(crate) fn known_months(view: &LedgerView<'_>, of: SeriesRef, year: i32) -> Vec<i32> {
    let finest = view.series(of).grain.max(Grain::Month);
    let parts = complete_parts(view, of, Period::fiscal_year(year), finest);
    parts.iter().flat_map(|(part, ..)| part.parts(Grain::Month)).map(number).collect()
}

/// The number of a month in its fiscal year, April = 1.
pub(super) fn number(month: Period) -> i32 {
    (month.index - 3).rem_euclid(12) + 1
}

/// The coarsest complete periods, down to `finest`, that a period consists of, in order.
pub(super) fn complete_parts(
    view: &LedgerView<'_>,
    of: SeriesRef,
    period: Period,
    finest: Grain,
) -> Vec<(Period, i128, Rollup)> {
    let complete = view.rollup(of, period).filter(|rollup| rollup.complete);
    if let Some((value, rollup)) = complete.and_then(|rollup| Some((rollup.value?, rollup))) {
        return vec![(period, value, rollup)];
    }
    let finer = Grain::ALL.into_iter().rfind(|grain| *grain < period.grain && *grain >= finest);
    let parts = finer.map(|grain| period.parts(grain)).into_iter().flatten();
    parts.flat_map(|part| complete_parts(view, of, part, finest)).collect()
}

/// The sources that gave the figures of a period.
pub(super) fn sources(view: &LedgerView<'_>, of: SeriesRef, period: Period) -> Vec<(SeriesRef, u8)> {
    view.sources_of(of, period).into_iter().map(|source| (of, source)).collect()
}
