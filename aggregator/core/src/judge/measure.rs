//! The value of a KPI as its kind takes it from the rollups, and the moment that value describes.

use super::path;
use crate::rollup::{LedgerView, LevelReading, Rollup};
use contract::catalogue::{Kpi, Measure, SeriesRef, Shape};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::{FIRST_YEAR, Moment};

/// Fewest complete months of a fiscal year that are judged; with fewer it is too early.
pub const MIN_MONTHS: usize = 3;
/// Months of a fiscal year.
const YEAR: usize = 12;

/// The months of a fiscal year that a flow's value is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthCount {
    /// The fiscal year.
    pub year: i32,
    /// The complete months, April = 1.
    pub numbers: Vec<i32>,
}

impl MonthCount {
    /// True when all twelve are there.
    pub fn is_whole(&self) -> bool {
        self.numbers.len() == YEAR
    }
}

/// A value and what it is made of.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasuredValue {
    /// In the KPI's unit, unrounded.
    pub value: Exact,
    /// The moment it describes: its `as_of`, or the end of its last complete period.
    pub at: Moment,
    /// Some part is provisional (速報値).
    pub provisional: bool,
    /// The months of a flow; `None` for states and running totals.
    pub months: Option<MonthCount>,
    /// The series and the sources (indexes) of a state.
    pub origins: Vec<(SeriesRef, u8)>,
}

/// The first instant a figure can have.
pub(super) fn beginning() -> Moment {
    Period::fiscal_year(i32::from(FIRST_YEAR)).start()
}

/// True when the KPI is read as a state at an instant: level, ratio, running total, assessed level.
pub(super) fn is_state(view: &LedgerView<'_>, kpi: &Kpi) -> bool {
    kpi.measure.parts().iter().all(|of| kpi.kind.is_state(view.series(*of).shape))
}

/// The latest value of a state at a moment in `(after, upto]`.
pub(super) fn state(view: &LedgerView<'_>, kpi: &Kpi, after: Moment, upto: Moment) -> Option<MeasuredValue> {
    match kpi.measure {
        Measure::Ratio { numerator, denominator, per, min_denominator } => {
            view.readings(numerator, after, upto).find_map(|top| {
                let bottom = view.latest(denominator, Moment(top.at.0 - 1), top.at)?;
                (bottom.value >= i128::from(min_denominator)).then(|| MeasuredValue {
                    value: whole(top.value) * whole(per) / whole(bottom.value),
                    at: top.at,
                    provisional: top.provisional || bottom.provisional,
                    months: None,
                    origins: origins(numerator, &top).chain(origins(denominator, &bottom)).collect(),
                })
            })
        }
        Measure::Series(of) => match view.series(of).shape {
            Shape::Level => view.latest(of, after, upto).map(|r| plain(of, &r)),
            Shape::Flow => run(view, kpi, of, upto),
            Shape::Counter => {
                let origin = kpi.origin()?;
                let since = Period::fiscal_year(origin.year).end();
                let rise = view.rise_since(of, since, upto)?;
                let total = plain(of, &rise);
                Some(MeasuredValue { value: &origin.value + total.value, ..total })
            }
        }
        .filter(|m| m.at > after),
    }
}

fn origins(of: SeriesRef, reading: &LevelReading) -> impl Iterator<Item = (SeriesRef, u8)> {
    reading.sources.iter().map(move |source| (of, *source))
}

fn plain(of: SeriesRef, reading: &LevelReading) -> MeasuredValue {
    MeasuredValue {
        value: whole(reading.value),
        at: reading.at,
        provisional: reading.provisional,
        months: None,
        origins: origins(of, reading).collect(),
    }
}

/// b plus the unbroken run of complete periods since the baseline year; what lies behind a gap waits.
fn run(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, upto: Moment) -> Option<MeasuredValue> {
    let origin = kpi.origin()?;
    let grain = view.series(of).grain;
    let mut period = Period::holding(grain, Period::fiscal_year(origin.year).end());
    let (mut sum, mut provisional, mut at) = (0, false, None);
    while period.end() <= upto {
        let part = view.rollup(of, period).filter(|r| r.complete);
        let Some((value, part)) = part.and_then(|r| Some((r.value?, r))) else { break };
        sum += value;
        provisional |= part.provisional;
        at = Some(period.end());
        period = period.next();
    }
    Some(MeasuredValue { value: &origin.value + whole(sum), at: at?, provisional, months: None, origins: Vec::new() })
}

/// The value of a fiscal year's flow, for a report of `year`; `only` forbids a look at the year before.
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
        (count >= MIN_MONTHS).then(|| per_month(kpi, sum, part))
    })
}

/// The first fiscal year in which the ledger has a figure.
pub(super) fn first_year(view: &LedgerView<'_>, of: SeriesRef) -> i32 {
    let grain = view.ledger.bucket_grain(of.series);
    let range = view.ledger.bucket_range(of.series, of.definition);
    range.map_or(i32::MAX, |(first, _)| Period { grain, index: first }.within(Grain::FiscalYear).index)
}

/// A whole fiscal year's figure, when it is complete.
pub(super) fn whole_year(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef, year: i32) -> Option<MeasuredValue> {
    let period = Period::fiscal_year(year);
    let rollup = view.rollup(of, period).filter(|r| r.complete)?;
    let part = MeasuredValue {
        value: whole(0),
        at: period.end(),
        provisional: rollup.provisional,
        months: Some(MonthCount { year, numbers: (1..=12).collect() }),
        origins: Vec::new(),
    };
    Some(per_month(kpi, rollup.value?, part))
}

fn per_month(kpi: &Kpi, sum: i128, part: MeasuredValue) -> MeasuredValue {
    let count = part.months.as_ref().map_or(1, |m| m.numbers.len());
    let divisor = if kpi.kind.is_monthly_mean() { count } else { 1 };
    MeasuredValue { value: whole(sum) / whole(divisor), ..part }
}

/// The sum of a fiscal year's complete months. A complete quarter stands for its three, a complete year for
/// twelve: of a counter they can be known where a month inside is not.
fn complete_months(view: &LedgerView<'_>, of: SeriesRef, year: i32) -> Option<(i128, MeasuredValue)> {
    let period = Period::fiscal_year(year);
    let first = Period::holding(Grain::Month, period.start()).index;
    let mut months = MonthCount { year, numbers: Vec::new() };
    let (mut sum, mut provisional, mut at) = (0, false, None);
    for (part, value, rollup) in complete_parts(view, of, period) {
        sum += value;
        provisional |= rollup.provisional;
        months.numbers.extend(part.parts(Grain::Month).map(|month| month.index - first + 1));
        at = Some(part.end());
    }
    Some((sum, MeasuredValue { value: whole(0), at: at?, provisional, months: Some(months), origins: Vec::new() }))
}

/// The coarsest complete periods, down to months, that a period consists of, in order.
fn complete_parts(view: &LedgerView<'_>, of: SeriesRef, period: Period) -> Vec<(Period, i128, Rollup)> {
    let finest = view.series(of).grain.max(Grain::Month);
    let complete = view.rollup(of, period).filter(|rollup| rollup.complete);
    if let Some((value, rollup)) = complete.and_then(|rollup| Some((rollup.value?, rollup))) {
        return vec![(period, value, rollup)];
    }
    let finer = Grain::ALL.into_iter().rfind(|grain| *grain < period.grain && *grain >= finest);
    let parts = finer.map(|grain| period.parts(grain)).into_iter().flatten();
    parts.flat_map(|part| complete_parts(view, of, part)).collect()
}

/// What a value is compared with while running: the path at its moment, or of a flow the goal of its months.
pub(super) fn expected(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Exact {
    let plan = &view.catalogue.plan;
    let Some(months) = measured.months.as_ref().filter(|_| kpi.kind.has_path()) else {
        return if kpi.kind.has_path() { path::at(kpi, plan, measured.at) } else { kpi.target.clone() };
    };
    let rates: Exact = months.numbers.iter().map(|k| path::rate(kpi, plan, months.year, *k)).sum();
    let divisor = if kpi.kind.is_monthly_mean() { months.numbers.len() } else { YEAR };
    rates / whole(divisor)
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
    expected(view, kpi, &MeasuredValue { value: whole(0), at, provisional: false, months, origins: Vec::new() })
}

/// The value compared: a ceiling's figure is rounded where its cap is.
pub(super) fn compared(kpi: &Kpi, measured: &MeasuredValue) -> Exact {
    match kpi.round_to {
        Some(step) => contract::exact::round_to(&measured.value, &whole(step)),
        None => measured.value.clone(),
    }
}
