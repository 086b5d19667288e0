//! The period of a row.

use super::config::{PeriodPlace, TableSource, YearPlace};
use crate::sources::date_in_name;
use crate::sources::parsed::ParseError;
use crate::sources::period;
use crate::sources::row::{RowFault, reason};
use crate::sources::target::SeriesTarget;
use crate::table::date::{self, LabelledPeriod};
use crate::table::header::MAX_HEADER_DEPTH;
use crate::table::number;
use crate::table::text::word;
use crate::table::{Cell, Columns, RejectReason, Sheet, SheetRow};
use contract::catalogue::Shape;
use contract::period::Grain;
use contract::record::Span;

/// No heading is a period.
const NO_PERIODS: ParseError = ParseError::Unfit {
    label: "no_period",
    why: "no column's heading is a period of the series (「2021年4月」, or 「4月」 with `year` or `from = \"name\"`); see `across`",
};

/// A heading hides another year than the configured one.
const YEARS_DISAGREE: ParseError = ParseError::Unfit {
    label: "years_disagree",
    why: "a column's heading is a date that is shown without its year, and its year is not that of `year` or of the name: \
          show the year in the file, or leave `year` out",
};

/// Reads the periods of rows in order.
pub(super) struct PeriodReader<'a> {
    source: &'a TableSource,
    sheet: &'a Sheet,
    columns: &'a Columns,
    /// The period of the whole file, where it is in no column.
    whole: Option<LabelledPeriod>,
    /// The year of the whole file.
    year: Option<i16>,
    /// The columns of periods side by side.
    pub(super) across: Vec<(usize, LabelledPeriod)>,
    /// Year and month of the row before. A row can leave its year out: 「令和3年11月」, 「12月」.
    previous: Option<(i16, i8)>,
}

impl<'a> PeriodReader<'a> {
    pub(super) fn of(
        source: &'a TableSource,
        name: &str,
        sheet: &'a Sheet,
        columns: &'a Columns,
        across: Vec<(usize, LabelledPeriod)>,
    ) -> Result<Self, ParseError> {
        let (mut whole, mut year) = (None, None);
        match &source.period {
            PeriodPlace::Name => whole = Some(date_in_name::find(name).ok_or(ParseError::NoPeriod("name"))?),
            PeriodPlace::Title => {
                whole = Some(date_in_name::above(sheet, columns.header_row).ok_or(ParseError::NoPeriod("title"))?);
            }
            PeriodPlace::Fixed(when) => whole = Some(*when),
            PeriodPlace::Month { year: YearPlace::Name, .. } => {
                year = Some(date_in_name::year(name).ok_or(ParseError::NoPeriod("name"))?);
            }
            PeriodPlace::Month { year: YearPlace::Fixed(fixed), .. } => year = Some(*fixed),
            PeriodPlace::Column(_) | PeriodPlace::Month { .. } | PeriodPlace::Across { .. } => {}
        }
        Ok(Self { source, sheet, columns, whole, year, across, previous: None })
    }

    /// True when a row, or the whole file, has a period.
    pub(super) fn has(&self, row: &SheetRow) -> bool {
        self.whole.is_some() || ["period", "month"].iter().any(|role| !self.cell(row, role).is_empty())
    }

    /// The period of the next row. A month without its year continues from the row before.
    pub(super) fn span(&mut self, row: &SheetRow, target: &SeriesTarget) -> Result<Span, RowFault<String>> {
        let span = self.span_now(row, target);
        if span.is_err() {
            self.previous = None;
        }
        span
    }

    /// The period of a row that months do not continue from.
    pub(super) fn peek(&mut self, row: &SheetRow, target: &SeriesTarget) -> Option<Span> {
        let previous = self.previous;
        let span = self.span_now(row, target);
        self.previous = previous;
        span.ok()
    }

    fn span_now(&mut self, row: &SheetRow, target: &SeriesTarget) -> Result<Span, RowFault<String>> {
        let wrong = |role: &str| (role.to_owned(), reason::WRONG_PERIOD);
        if let Some(when) = self.whole {
            return period::of(when, target).ok_or_else(|| wrong("period"));
        }
        let PeriodPlace::Month { fiscal, .. } = self.source.period else {
            return self.in_column(row, target);
        };
        let month = month(self.cell(row, "month")).map_err(|why| ("month".to_owned(), why.label()))?;
        let labelled = match (self.year, self.cell(row, "year")) {
            (Some(year), _) => Ok(year),
            (None, Cell::Empty) => self.continued_year(month, fiscal).ok_or(RejectReason::Empty),
            (None, cell) => year(cell),
        };
        let labelled = labelled.map_err(|why| ("year".to_owned(), why.label()))?;
        self.previous = Some((labelled, month));
        let year = if fiscal && month < 4 { labelled.saturating_add(1) } else { labelled };
        period::of(LabelledPeriod::Month { year, month }, target).ok_or_else(|| wrong("month"))
    }

    fn in_column(&mut self, row: &SheetRow, target: &SeriesTarget) -> Result<Span, RowFault<String>> {
        let cell = self.cell(row, "period");
        let bare = || {
            let month = month(cell).ok()?;
            let year = self.continued_year(month, false)?;
            period::of(LabelledPeriod::Month { year, month }, target)
        };
        let span = period::read(cell, target).or_else(|why| bare().ok_or(why));
        let span = span.map_err(|why| ("period".to_owned(), why))?;
        if let (Shape::Flow, Grain::Month, Span::During(from, _)) = (target.shape, target.grain, span) {
            self.previous = Some((from.date().year(), from.date().month()));
        }
        Ok(span)
    }

    /// The year of a month without one: that of the row before, unless the months start again.
    fn continued_year(&self, month: i8, fiscal: bool) -> Option<i16> {
        let place = |month: i8| if fiscal { (month + 8) % 12 } else { month };
        self.previous.filter(|(_, previous)| place(month) >= place(*previous)).map(|(year, _)| year)
    }

    fn cell(&self, row: &'a SheetRow, role: &str) -> &'a Cell {
        self.columns.label(self.sheet, row, role)
    }
}

/// The columns of periods side by side; empty for another place of the period.
pub(super) fn across(
    source: &TableSource,
    name: &str,
    sheet: &Sheet,
    columns: &mut Columns,
) -> Result<Vec<(usize, LabelledPeriod)>, ParseError> {
    let PeriodPlace::Across { year, fiscal } = &source.period else { return Ok(Vec::new()) };
    let year = match year {
        Some(YearPlace::Name) => Some(date_in_name::year(name).ok_or(ParseError::NoPeriod("name"))?),
        Some(YearPlace::Fixed(year)) => Some(*year),
        Some(YearPlace::Column(_)) | None => None,
    };
    let own = source.figures.iter().filter_map(|figure| figure.target.as_ref());
    let targets: Vec<&SeriesTarget> = own.chain(source.labels.iter().map(|(_, target)| target)).collect();
    let monthly = targets.iter().any(|target| (target.shape, target.grain) == (Shape::Flow, Grain::Month));
    let fits = |text: &str| {
        let when = match heading(text, year, *fiscal)? {
            // A spreadsheet stores 「2021年4月」 as the first day of the month.
            LabelledPeriod::Date(date) if monthly && date.day() == 1 => {
                LabelledPeriod::Month { year: date.year(), month: date.month() }
            }
            when => when,
        };
        targets.iter().any(|target| period::of(when, target).is_some()).then_some(when)
    };
    let mut found = columns.matches(sheet, fits);
    if let Some(year) = year {
        for (column, when) in &mut found {
            *when = with_shown_month(sheet, columns.header_row, *column, *when, year, *fiscal)?;
        }
    }
    if found.is_empty() { Err(NO_PERIODS) } else { Ok(found) }
}

/// The period of a heading, in the configured year where the heading is a date that is shown as a month only.
fn with_shown_month(
    sheet: &Sheet,
    header_row: u32,
    column: usize,
    when: LabelledPeriod,
    year: i16,
    fiscal: bool,
) -> Result<LabelledPeriod, ParseError> {
    let above = sheet.rows.iter().rev().skip_while(|row| row.number > header_row);
    let yearless = above.take(MAX_HEADER_DEPTH).find_map(|row| match row.cell(column) {
        Cell::YearlessDate(at) => Some(at.date()),
        _ => None,
    });
    let Some(date) = yearless else { return Ok(when) };
    let civil = if fiscal && date.month() < 4 { year.saturating_add(1) } else { year };
    match when {
        LabelledPeriod::Month { month, .. } => Ok(LabelledPeriod::Month { year: civil, month }),
        when if date.year() == civil => Ok(when),
        _ => Err(YEARS_DISAGREE),
    }
}

/// The number of a month, with or without 月 or 月分.
fn month(cell: &Cell) -> Result<i8, RejectReason> {
    let number = match cell {
        Cell::Text(text) => {
            let text = word(text);
            let bare = text.strip_suffix('分').unwrap_or(&text);
            bare.strip_suffix('月').unwrap_or(&text).parse().map_err(|_| RejectReason::NotADate)?
        }
        Cell::YearlessDate(at) => i64::from(at.month()),
        other => number::integer(other, None)?.value().ok_or(RejectReason::Empty)?,
    };
    i8::try_from(number).ok().filter(|month| (1..=12).contains(month)).ok_or(RejectReason::MonthOutOfRange)
}

/// A year in any form.
fn year(cell: &Cell) -> Result<i16, RejectReason> {
    match date::read(cell)?.when {
        LabelledPeriod::Year(year) | LabelledPeriod::FiscalYear(year) => Ok(year),
        _ => Err(RejectReason::NotADate),
    }
}

/// The period of a heading; a month alone is in the given year.
fn heading(text: &str, year: Option<i16>, fiscal: bool) -> Option<LabelledPeriod> {
    let cell = Cell::of_text(text);
    let month = || {
        let (year, month) = (year?, month(&cell).ok()?);
        let year = if fiscal && month < 4 { year.saturating_add(1) } else { year };
        Some(LabelledPeriod::Month { year, month })
    };
    date::read(&cell).ok().map(|dated| dated.when).or_else(month)
}
