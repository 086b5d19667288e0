//! Which period a row is of.

use super::parse::{NO_PERIODS, RowFault, said};
use super::{PeriodAt, Table, YearAt};
use crate::sources::date_in_name;
use crate::sources::parsed::ParseError;
use crate::sources::period::{self, Fault};
use crate::sources::row::reason;
use crate::sources::target::SeriesTarget;
use crate::table::date::{self, LabelledPeriod};
use crate::table::number;
use crate::table::text::word;
use crate::table::{Cell, Columns, RejectReason, Sheet, SheetRow};
use contract::catalogue::Shape;
use contract::period::Grain;
use contract::record::Span;

/// What is known of the periods of a file before and while its rows are read.
pub(super) struct PeriodReader<'a> {
    source: &'a Table,
    sheet: &'a Sheet,
    columns: &'a Columns,
    /// The period of the whole file, where no column says it.
    whole: Option<LabelledPeriod>,
    /// The year of the whole file.
    year: Option<i16>,
    /// The columns of periods that stand side by side.
    pub(super) across: Vec<(usize, LabelledPeriod)>,
    /// Year and month of the row before: 「令和3年11月」, 「12月」 and 「3年」, 「」 go on from it.
    before: Option<(i16, i8)>,
}

impl<'a> PeriodReader<'a> {
    pub(super) fn of(
        source: &'a Table,
        name: &str,
        sheet: &'a Sheet,
        columns: &'a Columns,
        across: Vec<(usize, LabelledPeriod)>,
    ) -> Result<Self, ParseError> {
        let (mut whole, mut year) = (None, None);
        match &source.period {
            PeriodAt::Name => whole = Some(date_in_name::find(name).ok_or(ParseError::NoPeriod("name"))?),
            PeriodAt::Title => {
                whole = Some(date_in_name::above(sheet, columns.header_row).ok_or(ParseError::NoPeriod("title"))?);
            }
            PeriodAt::Fixed(when) => whole = Some(*when),
            PeriodAt::Month { year: YearAt::Name, .. } => {
                year = Some(date_in_name::year(name).ok_or(ParseError::NoPeriod("name"))?);
            }
            PeriodAt::Month { year: YearAt::Fixed(fixed), .. } => year = Some(*fixed),
            PeriodAt::Column(_) | PeriodAt::Month { .. } | PeriodAt::Across { .. } => {}
        }
        Ok(Self { source, sheet, columns, whole, year, across, before: None })
    }

    /// True when a row says its period, or the whole file does.
    pub(super) fn has(&self, row: &SheetRow) -> bool {
        self.whole.is_some() || ["period", "month"].iter().any(|role| !self.cell(row, role).is_empty())
    }

    /// The period of a row, in order: a month without its year goes on from the row before.
    pub(super) fn span(&mut self, row: &SheetRow, target: &SeriesTarget) -> Result<Span, RowFault> {
        let span = self.span_now(row, target);
        if span.is_err() {
            self.before = None;
        }
        span
    }

    fn span_now(&mut self, row: &SheetRow, target: &SeriesTarget) -> Result<Span, RowFault> {
        let wrong = |role: &str| (role.to_owned(), reason::WRONG_PERIOD);
        if let Some(when) = self.whole {
            return period::of(when, target).ok_or_else(|| wrong("period"));
        }
        let PeriodAt::Month { fiscal, .. } = self.source.period else {
            return self.in_column(row, target);
        };
        let month = month(self.cell(row, "month")).map_err(|why| ("month".to_owned(), why.label()))?;
        let labelled = match (self.year, self.cell(row, "year")) {
            (Some(year), _) => Ok(year),
            (None, Cell::Empty) => self.going_on(month, fiscal).ok_or(RejectReason::Empty),
            (None, cell) => year(cell),
        };
        let labelled = labelled.map_err(|why| ("year".to_owned(), why.label()))?;
        self.before = Some((labelled, month));
        let year = if fiscal && month < 4 { labelled.saturating_add(1) } else { labelled };
        period::of(LabelledPeriod::Month { year, month }, target).ok_or_else(|| wrong("month"))
    }

    fn in_column(&mut self, row: &SheetRow, target: &SeriesTarget) -> Result<Span, RowFault> {
        let cell = self.cell(row, "period");
        let bare = || {
            let month = month(cell).ok()?;
            let year = self.going_on(month, false)?;
            period::of(LabelledPeriod::Month { year, month }, target)
        };
        let span = match period::read(cell, target) {
            Err(Fault::Unreadable(why)) => bare().ok_or(why.label()),
            Err(Fault::WrongGrain) => Err(reason::WRONG_PERIOD),
            Ok(span) => Ok(span),
        };
        let span = span.map_err(|why| ("period".to_owned(), why))?;
        if let (Shape::Flow, Grain::Month, Span::During(from, _)) = (target.shape, target.grain, span) {
            self.before = Some((from.date().year(), from.date().month()));
        }
        Ok(span)
    }

    /// The year of a month that names none: that of the row before, unless the months begin anew.
    fn going_on(&self, month: i8, fiscal: bool) -> Option<i16> {
        let place = |month: i8| if fiscal { (month + 8) % 12 } else { month };
        self.before.filter(|(_, before)| place(month) >= place(*before)).map(|(year, _)| year)
    }

    fn cell(&self, row: &'a SheetRow, role: &str) -> &'a Cell {
        self.columns.label(self.sheet, row, role)
    }
}

/// The columns of periods that stand side by side; none where they do not.
pub(super) fn across(
    source: &Table,
    name: &str,
    sheet: &Sheet,
    columns: &mut Columns,
) -> Result<Vec<(usize, LabelledPeriod)>, ParseError> {
    let PeriodAt::Across { year, fiscal } = &source.period else { return Ok(Vec::new()) };
    let year = match year {
        Some(YearAt::Name) => Some(date_in_name::year(name).ok_or(ParseError::NoPeriod("name"))?),
        Some(YearAt::Fixed(year)) => Some(*year),
        Some(YearAt::Column(_)) | None => None,
    };
    let own = source.figures.iter().filter_map(|figure| figure.target.as_ref());
    let targets: Vec<&SeriesTarget> = own.chain(source.labels.iter().map(|(_, target)| target)).collect();
    let monthly = targets.iter().any(|target| (target.shape, target.grain) == (Shape::Flow, Grain::Month));
    let fits = |text: &str| {
        let when = match said(text, year, *fiscal)? {
            // A spreadsheet makes a day of 「2021年4月」, the first.
            LabelledPeriod::Date(date) if monthly && date.day() == 1 => {
                LabelledPeriod::Month { year: date.year(), month: date.month() }
            }
            when => when,
        };
        targets.iter().any(|target| period::of(when, target).is_some()).then_some(when)
    };
    let found = columns.matches(sheet, fits);
    if found.is_empty() { Err(NO_PERIODS) } else { Ok(found) }
}

/// A month's number, with 月 or 月分 behind it or not.
pub(super) fn month(cell: &Cell) -> Result<i8, RejectReason> {
    let number = match cell {
        Cell::Text(text) => {
            let text = word(text);
            let bare = text.strip_suffix('分').unwrap_or(&text);
            bare.strip_suffix('月').unwrap_or(&text).parse().map_err(|_| RejectReason::NotADate)?
        }
        other => number::integer(other, None)?.value().ok_or(RejectReason::Empty)?,
    };
    i8::try_from(number).ok().filter(|month| (1..=12).contains(month)).ok_or(RejectReason::MonthOutOfRange)
}

/// A year, in any form.
fn year(cell: &Cell) -> Result<i16, RejectReason> {
    match date::read(cell)?.when {
        LabelledPeriod::Year(year) | LabelledPeriod::FiscalYear(year) => Ok(year),
        _ => Err(RejectReason::NotADate),
    }
}
