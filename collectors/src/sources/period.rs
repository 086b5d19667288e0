//! The period that a label means for a series, by the series' shape and grain.

use super::target::SeriesTarget;
use crate::table::date::{self, LabelledPeriod};
use crate::table::{Cell, RejectReason};
use contract::catalogue::Shape;
use contract::period::{Grain, Period};
use contract::record::Span;
use contract::time::Moment;

/// Why a label is not a period of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Not a date or period.
    Unreadable(RejectReason),
    /// A period of another grain: a month for a level, a day for a monthly count.
    WrongGrain,
}

/// Reads the period of a row.
///
/// A level needs a day, and means 00:00 of it (「4月1日現在」, 「6月末日」, 「令和3年度末」); a flow needs a period of its grain.
pub(super) fn read(cell: &Cell, target: &SeriesTarget) -> Result<Span, Fault> {
    let (shape, grain) = (target.shape, target.grain);
    let days = shape != Shape::Flow || grain == Grain::Day;
    let dated = if days { date::read_date_cell(cell) } else { date::read(cell) };
    let when = dated.map_err(Fault::Unreadable)?.when;
    let when = match (cell, when) {
        // A spreadsheet stores 「2019年4月」 as its first day, shows the month, and writes the day to csv.
        (Cell::Date(_) | Cell::Text(_), LabelledPeriod::Date(date))
            if shape == Shape::Flow && grain == Grain::Month && date.day() == 1 =>
        {
            LabelledPeriod::Month { year: date.year(), month: date.month() }
        }
        _ => when,
    };
    of(when, target).ok_or(Fault::WrongGrain)
}

/// The period that a label means for a series; `None` when shape or grain differ.
pub(super) fn of(when: LabelledPeriod, target: &SeriesTarget) -> Option<Span> {
    match (target.shape, when) {
        (Shape::Level | Shape::Counter, LabelledPeriod::Date(date)) => Some(Span::AsOf(Moment::midnight(date))),
        (Shape::Level | Shape::Counter, _) => None,
        (Shape::Flow, _) => flow(when, target.grain).map(Span::of),
    }
}

fn flow(when: LabelledPeriod, grain: Grain) -> Option<Period> {
    match (grain, when) {
        (Grain::Day, LabelledPeriod::Date(date)) => Some(Period::day(date)),
        (Grain::Month, LabelledPeriod::Month { year, month }) => Some(Period::month(i32::from(year), i32::from(month))),
        (Grain::Quarter, LabelledPeriod::Quarter { .. }) => {
            Some(Period::holding(Grain::Quarter, Moment::midnight(when.days().0)))
        }
        // In a column of fiscal years, a year is one.
        (Grain::FiscalYear, LabelledPeriod::FiscalYear(year) | LabelledPeriod::Year(year)) => {
            Some(Period::fiscal_year(i32::from(year)))
        }
        _ => None,
    }
}
