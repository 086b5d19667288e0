//! What a label of a period means for a series: the series' shape and grain decide.

use super::Target;
use crate::table::date::{self, When};
use crate::table::{Cell, Reason};
use contract::catalogue::Shape;
use contract::period::{Grain, Period};
use contract::record::Span;
use contract::time::Moment;

/// Why a label is no period of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::sources) enum Fault {
    /// It is no date or period at all.
    Unreadable(Reason),
    /// It is one, but not of the series' grain: a month for a state, a day for a monthly count.
    WrongGrain,
}

/// Reads the period of a row.
///
/// A state wants a day, 00:00 of it (「4月1日現在」, 「6月末日」, 「令和3年度末」); a count wants a period of its own grain.
pub(super) fn read(cell: &Cell, target: &Target) -> Result<Span, Fault> {
    let (shape, grain) = (target.shape, target.grain);
    let days = shape != Shape::Flow || grain == Grain::Day;
    let dated = if days { date::read_date_cell(cell) } else { date::read(cell) };
    let when = dated.map_err(Fault::Unreadable)?.when;
    let when = match (cell, when) {
        // A spreadsheet makes a day of 「2019年4月」, the first, shows the month, and saves the day as csv.
        (Cell::Date(_) | Cell::Text(_), When::Date(date))
            if shape == Shape::Flow && grain == Grain::Month && date.day() == 1 =>
        {
            When::Month { year: date.year(), month: date.month() }
        }
        _ => when,
    };
    of(when, target).ok_or(Fault::WrongGrain)
}

/// What a label means for a series; `None` when it is not of the series' shape and grain.
pub(super) fn of(when: When, target: &Target) -> Option<Span> {
    match (target.shape, when) {
        (Shape::Level | Shape::Counter, When::Date(date)) => Some(Span::AsOf(Moment::midnight(date))),
        (Shape::Level | Shape::Counter, _) => None,
        (Shape::Flow, _) => flow(when, target.grain).map(Span::of),
    }
}

fn flow(when: When, grain: Grain) -> Option<Period> {
    match (grain, when) {
        (Grain::Day, When::Date(date)) => Some(Period::day(date)),
        (Grain::Month, When::Month { year, month }) => Some(Period::month(i32::from(year), i32::from(month))),
        (Grain::Quarter, When::Quarter { .. }) => {
            Some(Period::holding(Grain::Quarter, Moment::midnight(when.days().0)))
        }
        // In a column of fiscal years, a year is one.
        (Grain::FiscalYear, When::FiscalYear(year) | When::Year(year)) => Some(Period::fiscal_year(i32::from(year))),
        _ => None,
    }
}
