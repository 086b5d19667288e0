//! The rows of an export, added up by month and then dropped.

use super::config::{EApplySource, ExportRowKind, MonthFrom};
use super::month::MonthTally;
use crate::document::sha256;
use crate::sources::date_in_name;
use crate::sources::parsed::{Coverage, ParseError, ParsedFigure, ParsedFile, RejectedRow};
use crate::sources::row::{RowFault, non_negative, reason, rejected};
use crate::sources::source::PollContext;
use crate::table::date::{self, LabelledPeriod};
use crate::table::number;
use crate::table::printed_total::PrintedTotals;
use crate::table::text::{normal, word};
use crate::table::total::{is_total, scope, sums_up};
use crate::table::{Cell, Columns, NumberCell, RejectReason, Sheet, SheetRow, TableError};
use contract::period::{Grain, Period};
use contract::record::{Finality, Place, Span, Value};
use contract::time::Moment;
use std::collections::BTreeMap;

/// Reads the sheet of the export.
pub(super) fn parse(
    source: &EApplySource,
    name: &str,
    sheets: &[Sheet],
    context: &PollContext,
) -> Result<ParsedFile, ParseError> {
    let (counts, in_rows) = (source.rows == ExportRowKind::Counts, source.month_from == MonthFrom::Column);
    // Only the columns of this kind of rows: the words of others can be above two columns.
    let roles = if counts {
        [("procedure", true), ("month", in_rows), ("count", true)]
    } else {
        [("procedure", false), ("received", true), ("status", false)]
    };
    let wanted = source.columns.wanted(&roles);
    let found = Columns::find_sheet(sheets, source.sheet.as_deref(), &wanted);
    let (sheet, columns) = found.map_err(|error| if counts { error } else { without_words(error) })?;
    let named = match source.month_from {
        MonthFrom::Column => None,
        MonthFrom::Name => Some(month_of(date_in_name::find(name)).ok_or(ParseError::NoPeriod("name"))?),
        MonthFrom::Title => {
            Some(month_of(date_in_name::above(sheet, columns.header_row)).ok_or(ParseError::NoPeriod("title"))?)
        }
    };
    let mut export = ExportTally {
        source,
        sheet,
        columns: &columns,
        context,
        named,
        rows: 0,
        months: BTreeMap::new(),
        printed: BTreeMap::new(),
        rejects: vec![],
        undated: false,
    };
    for row in columns.data(sheet) {
        export.add(row);
    }
    if export.rows == 0 {
        return Err(ParseError::NoRows);
    }
    export.reject_totals();
    Ok(export.parsed())
}

/// The error without headings of the file: where the header is missing they can be data of an applicant.
fn without_words(error: TableError) -> TableError {
    match error {
        TableError::MissingColumn { role, words, .. } => TableError::MissingColumn { role, words, nearest: vec![] },
        other => other,
    }
}

fn month_of(when: Option<LabelledPeriod>) -> Option<Period> {
    match when? {
        LabelledPeriod::Month { year, month } => Some(Period::month(i32::from(year), i32::from(month))),
        LabelledPeriod::Date(date) => Some(Period::holding(Grain::Month, Moment::midnight(date))),
        _ => None,
    }
}

struct ExportTally<'a> {
    source: &'a EApplySource,
    sheet: &'a Sheet,
    columns: &'a Columns,
    context: &'a PollContext,
    /// The month of the whole file, from its name or title.
    named: Option<Period>,
    /// Number of rows that are neither headings nor totals.
    rows: usize,
    months: BTreeMap<Period, MonthTally>,
    /// The counts of each month, and the totals that the table prints among them.
    printed: BTreeMap<Period, PrintedTotals>,
    rejects: Vec<RejectedRow>,
    /// True when the month of a row is unreadable: the row can belong to any month.
    undated: bool,
}

impl ExportTally<'_> {
    fn add(&mut self, row: &SheetRow) {
        let outcome = match self.source.rows {
            ExportRowKind::Counts => self.count(row),
            ExportRowKind::Applications => self.application(row),
        };
        if let Err((role, why)) = outcome {
            let mut reject = rejected(self.columns, self.sheet, row, role, why);
            if self.source.rows == ExportRowKind::Applications {
                // A receipt number and a name can be guessed from the hash of a row.
                reject.hash = sha256(format!("row {}", row.number).as_bytes());
            }
            self.rejects.push(reject);
        }
    }

    /// Adds a procedure's count. A row without a number is a heading.
    fn count(&mut self, row: &SheetRow) -> Result<(), RowFault> {
        let [procedure, month] = ["procedure", "month"].map(|role| self.columns.label(self.sheet, row, role));
        let count = self.columns.cell(row, "count");
        let begins = row.cells.first().unwrap_or(&Cell::Empty);
        let total = sums_up(procedure) || sums_up(month) || is_total(begins);
        let total = total || (procedure.is_empty() && row.cells.iter().any(sums_up));
        if count.is_empty() {
            return Ok(());
        }
        let unit = self.source.applications.as_ref().map(|target| target.unit.as_str());
        if total {
            self.print_total(row, month, number::integer(count, unit).ok());
            return Ok(());
        }
        self.rows += 1;
        let month = match self.named {
            Some(month) => month,
            None => self.dated("month", month)?,
        };
        let procedure = normal(&procedure.text());
        let count = number::integer(count, unit).and_then(NumberCell::exact).map_err(RejectReason::label);
        let count = if procedure.is_empty() {
            Err(("procedure", RejectReason::Empty.label()))
        } else {
            count.and_then(non_negative).map_err(|why| ("count", why))
        };
        let entry = self.months.entry(month).or_default();
        entry.broken |= count.is_err();
        let count = count?;
        if let Value::Known(count) = count {
            self.printed.entry(month).or_default().add(count);
        }
        entry.add(&procedure, count);
        Ok(())
    }

    /// Notes a printed total of a month; one without a month is not compared.
    fn print_total(&mut self, row: &SheetRow, month: &Cell, count: Option<NumberCell>) {
        let read = || month_of(date::read_date_cell(month).ok().map(|dated| dated.when));
        let Some(period) = self.named.or_else(read) else { return };
        let value = count.and_then(|count| count.exact().ok());
        if let (Some(scope), Some(Value::Known(value))) = (row.cells.iter().find_map(scope), value) {
            self.printed.entry(period).or_default().print(value, row.number, scope);
        }
    }

    /// Rejects the rows of totals that disagree, and holds their months.
    fn reject_totals(&mut self) {
        for (period, printed) in std::mem::take(&mut self.printed) {
            let Some(month) = self.months.get_mut(&period).filter(|month| month.is_known()) else { continue };
            let row =
                printed.disagreement(0).and_then(|number| self.sheet.rows.iter().find(|row| row.number == number));
            if let Some(row) = row {
                month.broken = true;
                self.rejects.push(rejected(self.columns, self.sheet, row, "count", reason::TOTAL_DISAGREES));
            }
        }
    }

    /// Counts one application.
    fn application(&mut self, row: &SheetRow) -> Result<(), RowFault> {
        let [procedure, received, status] =
            ["procedure", "received", "status"].map(|role| self.columns.cell(row, role));
        if row.cells.iter().any(is_total) && received.is_empty() {
            return Ok(());
        }
        self.rows += 1;
        let status = word(&status.text());
        if !status.is_empty() && self.source.withdrawn.iter().any(|withdrawn| status.contains(&word(withdrawn))) {
            return Ok(());
        }
        let month = self.dated("received", received)?;
        if self.named.is_some_and(|named| named != month) {
            return Err(("received", reason::WRONG_PERIOD));
        }
        self.months.entry(month).or_default().add(&normal(&procedure.text()), Value::Known(1));
        Ok(())
    }

    /// The month of a row.
    fn dated(&mut self, role: &'static str, cell: &Cell) -> Result<Period, RowFault> {
        let read = date::read_date_cell(cell).map_err(|why| (role, why.label()));
        let month = read.and_then(|dated| month_of(Some(dated.when)).ok_or((role, reason::WRONG_PERIOD)));
        let month = month.and_then(|month| {
            if self.context.is_ahead(month.start()) { Err((role, reason::IN_THE_FUTURE)) } else { Ok(month) }
        });
        self.undated |= month.is_err();
        month
    }

    fn parsed(self) -> ParsedFile {
        let Self { source, sheet, context, named, mut months, rejects, undated, .. } = self;
        // A named month without applications has 0: all of them can be withdrawn.
        if let Some(named) = named {
            months.entry(named).or_default();
        }
        let (mut figures, mut held, mut until) = (Vec::new(), Vec::new(), None::<Moment>);
        let covers = match (months.keys().next(), months.keys().next_back()) {
            (Some(first), Some(last)) => Coverage::Within(first.start(), last.end()),
            _ => Coverage::Nothing,
        };
        for (period, month) in months {
            let running = period.end() > context.time;
            if running {
                until = Some(until.map_or(period.end(), |until| until.min(period.end())));
            }
            let finality = if running { Finality::Provisional } else { Finality::Final };
            let place = Place { sheet: sheet.name.clone(), row: None };
            let figure = |key, value, breakdown| ParsedFigure { key, value, breakdown, finality, place: place.clone() };
            let keys = (
                source.applications.as_ref().map(|target| target.key(Span::of(period))),
                source.procedures.as_ref().filter(|_| !running).map(|target| target.key(Span::AsOf(last_day(period)))),
            );
            if month.broken || undated {
                held.extend(keys.0.into_iter().chain(keys.1));
                continue;
            }
            figures.extend(keys.1.map(|key| figure(key, Value::Known(month.procedures()), None)));
            let value = month.applications();
            let breakdown = if source.breakdown { month.breakdown(source.suppress_below) } else { None };
            figures.extend(keys.0.map(|key| figure(key, value, breakdown)));
        }
        ParsedFile { figures, rejects, held, covers, until }
    }
}

/// 00:00 of the last day of a month, the date of 「末日」.
fn last_day(month: Period) -> Moment {
    Moment::midnight(Moment(month.end().0 - 1).date())
}
