//! A value of a KPI: what it is made of, before it is judged.

use crate::rollup::{LedgerView, LevelReading};
use contract::catalogue::{Kpi, SeriesRef};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;

/// Months of a fiscal year.
pub(super) const YEAR: usize = 12;

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
    /// The series and the sources (indexes) that gave it.
    pub origins: Vec<(SeriesRef, u8)>,
    /// The fiscal year of a bound that the value settles for good: later figures cannot undo it.
    pub settled: Option<i32>,
}

impl MeasuredValue {
    /// The fiscal year it belongs to; a state to the one it closes.
    pub(super) fn year(&self) -> i32 {
        let closed = || Period::closing(Grain::FiscalYear, self.at).index;
        self.months.as_ref().map_or_else(closed, |months| months.year)
    }
}

/// The series and the sources of a reading.
pub(crate) fn origins(of: SeriesRef, reading: &LevelReading) -> impl Iterator<Item = (SeriesRef, u8)> {
    reading.sources.iter().map(move |source| (of, *source))
}

/// A reading as a value.
pub(super) fn reading_value(view: &LedgerView<'_>, of: SeriesRef, reading: &LevelReading) -> MeasuredValue {
    MeasuredValue {
        value: view.in_unit(of, reading.value),
        at: reading.at,
        provisional: reading.provisional,
        months: None,
        origins: origins(of, reading).collect(),
        settled: None,
    }
}

/// The value compared: a ceiling's figure is rounded where its cap is.
pub(crate) fn compared(kpi: &Kpi, value: &Exact) -> Exact {
    match kpi.round_to {
        Some(step) => contract::exact::round_to(value, &whole(step)),
        None => value.clone(),
    }
}

/// Each once.
pub(super) fn distinct(mut origins: Vec<(SeriesRef, u8)>) -> Vec<(SeriesRef, u8)> {
    origins.sort_by_key(|(_, source)| *source);
    origins.dedup();
    origins
}
