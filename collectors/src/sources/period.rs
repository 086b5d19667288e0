//! The period of a label, by the shape and grain of its series.

use crate::sources::row::reason;
use crate::sources::target::SeriesTarget;
use crate::table::date::{self, LabelledPeriod};
use crate::table::{Cell, RejectReason};
use contract::catalogue::Shape;
use contract::period::{Grain, Period};
use contract::record::Span;
use contract::time::Moment;

/// Reads the period of a row.
///
/// A level needs a day, and means 00:00 of it (「4月1日現在」, 「6月末日」, 「令和3年度末」). A flow needs a period of its grain.
///
/// Errors: the reason of the reject.
pub(super) fn read(cell: &Cell, target: &SeriesTarget) -> Result<Span, &'static str> {
    let (shape, grain) = (target.shape, target.grain);
    let days = shape != Shape::Flow || grain == Grain::Day;
    let dated = if days { date::read_date_cell(cell) } else { date::read(cell) };
    let when = dated.map_err(RejectReason::label)?.when;
    let when = match (cell, when) {
        // A spreadsheet stores 「2019年4月」 as the first day of the month, shows the month, and saves the day as csv.
        (Cell::Date(_) | Cell::YearlessDate(_) | Cell::Text(_), LabelledPeriod::Date(date))
            if shape == Shape::Flow && grain == Grain::Month && date.day() == 1 =>
        {
            LabelledPeriod::Month { year: date.year(), month: date.month() }
        }
        _ => when,
    };
    of(when, target).ok_or(reason::WRONG_PERIOD)
}

/// The span of a label; `None` when it does not fit the shape and grain of the series.
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
        // In a column of fiscal years, a year is a fiscal year.
        (Grain::FiscalYear, LabelledPeriod::FiscalYear(year) | LabelledPeriod::Year(year)) => {
            Some(Period::fiscal_year(i32::from(year)))
        }
        _ => None,
    }
}
