//! An export's rows: added up by month, and then forgotten.

use super::super::date_in_name;
use super::super::parsed::{Coverage, ParseError, ParsedFigure, ParsedFile, ParsedKey, RejectedRow};
use super::super::row::{reason, rejected};
use super::super::source::PollContext;
use super::super::target::SeriesTarget;
use super::month::MonthTally;
use super::{EApply, MonthFrom, Rows};
use crate::document::sha256;
use crate::table::date::{self, LabelledPeriod};
use crate::table::number::{self, NumberCell as Number};
use crate::table::text::{normal, word};
use crate::table::total::{is_total, sums_up};
use crate::table::{Cell, Columns, RejectReason, Sheet, SheetRow, TableError, WantedColumn};
use contract::period::{Grain, Period};
use contract::record::{Finality, Place, Span, Value};
use contract::time::Moment;
use std::collections::BTreeMap;

/// Why a row is a reject: the role of the column at fault, and the reason.
type RowFault = (&'static str, &'static str);

/// Reads the sheet that holds the export.
pub(super) fn parse(
    source: &EApply,
    name: &str,
    sheets: &[Sheet],
    seen: &PollContext,
) -> Result<ParsedFile, ParseError> {
    let words = &source.columns;
    let (counts, in_rows) = (source.rows == Rows::Counts, source.month_from == MonthFrom::Column);
    let wanted = [
        WantedColumn { role: "procedure", words: &words.procedure, required: counts },
        WantedColumn { role: "month", words: &words.month, required: counts && in_rows },
        WantedColumn { role: "count", words: &words.count, required: counts },
        WantedColumn { role: "received", words: &words.received, required: !counts },
        WantedColumn { role: "status", words: &words.status, required: false },
    ];
    // What is not asked for must not be found: a word may well stand over two columns of no interest.
    let asked = |role: &str| match role {
        "month" | "count" => counts,
        "received" | "status" => !counts,
        _ => true,
    };
    let wanted: Vec<WantedColumn<'_>> = wanted.into_iter().filter(|wanted| asked(wanted.role)).collect();
    let found = Columns::find_sheet(sheets, source.sheet.as_deref(), &wanted);
    let (sheet, columns) = found.map_err(|error| if counts { error } else { without_words(error) })?;
    let named = match source.month_from {
        MonthFrom::Column => None,
        MonthFrom::Name => Some(month_of(date_in_name::find(name)).ok_or(ParseError::NoPeriod("name"))?),
        MonthFrom::Title => {
            Some(month_of(date_in_name::above(sheet, columns.header_row)).ok_or(ParseError::NoPeriod("title"))?)
        }
    };
    let mut export = Export {
        source,
        sheet,
        columns: &columns,
        seen,
        named,
        rows: 0,
        months: BTreeMap::new(),
        rejects: vec![],
        lost: false,
    };
    for row in columns.data(sheet) {
        export.take(row);
    }
    if export.rows == 0 {
        return Err(ParseError::NoRows);
    }
    Ok(export.parsed())
}

/// The error without words of the file: where the header is missing they may be an applicant's.
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

struct Export<'a> {
    source: &'a EApply,
    sheet: &'a Sheet,
    columns: &'a Columns,
    seen: &'a PollContext,
    /// The month of the whole file, where its name or title says it.
    named: Option<Period>,
    /// Rows that are neither headings nor totals.
    rows: usize,
    months: BTreeMap<Period, MonthTally>,
    rejects: Vec<RejectedRow>,
    /// True once a row was unreadable of which not even the month is known: it may belong to any.
    lost: bool,
}

impl Export<'_> {
    fn take(&mut self, row: &SheetRow) {
        let outcome = match self.source.rows {
            Rows::Counts => self.count(row),
            Rows::Applications => self.application(row),
        };
        if let Err((role, why)) = outcome {
            let mut reject = rejected(self.columns, self.sheet, row, role, why);
            if self.source.rows == Rows::Applications {
                // A receipt number and a name could be guessed from the hash of a row.
                reject.hash = sha256(format!("row {}", row.number).as_bytes());
            }
            self.rejects.push(reject);
        }
    }

    /// A procedure's count. Rows without a number are headings.
    fn count(&mut self, row: &SheetRow) -> Result<(), RowFault> {
        let [procedure, month] = ["procedure", "month"].map(|role| self.columns.label(self.sheet, row, role));
        let count = self.columns.cell(row, "count");
        let begins = row.cells.first().unwrap_or(&Cell::Empty);
        let total = sums_up(procedure) || sums_up(month) || is_total(begins);
        if count.is_empty() || total || (procedure.is_empty() && row.cells.iter().any(sums_up)) {
            return Ok(());
        }
        self.rows += 1;
        let month = match self.named {
            Some(month) => month,
            None => self.dated("month", month)?,
        };
        let procedure = normal(&procedure.text());
        let unit = self.source.applications.as_ref().map(|target| target.unit.as_str());
        let counted = number::integer(count, unit).map_err(RejectReason::label);
        let counted = if procedure.is_empty() {
            Err(("procedure", RejectReason::Empty.label()))
        } else {
            counted.map_err(|why| ("count", why))
        };
        let entry = self.months.entry(month).or_default();
        match counted {
            Ok(Number::Known(count)) if count >= 0 => entry.add(&procedure, count),
            Ok(Number::Known(_)) => {
                entry.broken = true;
                return Err(("count", reason::NEGATIVE));
            }
            Ok(Number::Missing(why)) => entry.add_unknown(&procedure, why),
            Ok(Number::About { .. }) => {
                entry.broken = true;
                return Err(("count", RejectReason::NotAnInteger.label()));
            }
            Err(fault) => {
                entry.broken = true;
                return Err(fault);
            }
        }
        Ok(())
    }

    /// One application: counted, and forgotten.
    fn application(&mut self, row: &SheetRow) -> Result<(), RowFault> {
        let [procedure, received, status] =
            ["procedure", "received", "status"].map(|role| self.columns.cell(row, role));
        if row.cells.iter().any(is_total) && received.is_empty() {
            return Ok(());
        }
        self.rows += 1;
        let said = word(&status.text());
        if !said.is_empty() && self.source.withdrawn.iter().any(|withdrawn| said.contains(&word(withdrawn))) {
            return Ok(());
        }
        let month = self.dated("received", received)?;
        if self.named.is_some_and(|named| named != month) {
            return Err(("received", reason::WRONG_PERIOD));
        }
        self.months.entry(month).or_default().add(&normal(&procedure.text()), 1);
        Ok(())
    }

    /// The month of a row. One that cannot be read may be any of the file's.
    fn dated(&mut self, role: &'static str, cell: &Cell) -> Result<Period, RowFault> {
        let read = date::read_date_cell(cell).map_err(|why| (role, why.label()));
        let month = read.and_then(|dated| month_of(Some(dated.when)).ok_or((role, reason::WRONG_PERIOD)));
        let month = month.and_then(|month| {
            if self.seen.is_ahead(month.start()) { Err((role, reason::IN_THE_FUTURE)) } else { Ok(month) }
        });
        self.lost |= month.is_err();
        month
    }

    fn parsed(self) -> ParsedFile {
        let Self { source, sheet, seen, named, mut months, rejects, lost, .. } = self;
        // All applications of a named month may be withdrawn: that is a 0.
        if let Some(named) = named {
            months.entry(named).or_default();
        }
        let (mut figures, mut held, mut until) = (Vec::new(), Vec::new(), None::<Moment>);
        let covers = match (months.keys().next(), months.keys().next_back()) {
            (Some(first), Some(last)) => Coverage::Within(first.start(), last.end()),
            _ => Coverage::Nothing,
        };
        for (period, month) in months {
            let running = period.end() > seen.time;
            if running {
                until = Some(until.map_or(period.end(), |until| until.min(period.end())));
            }
            let finality = if running { Finality::Provisional } else { Finality::Final };
            let place = Place { sheet: sheet.name.clone(), row: None };
            let figure = |key, value, breakdown| ParsedFigure { key, value, breakdown, finality, place: place.clone() };
            let keys = (
                source.applications.as_ref().map(|target| key(target, Span::of(period))),
                source.procedures.as_ref().filter(|_| !running).map(|target| key(target, Span::AsOf(last_day(period)))),
            );
            if month.broken || lost {
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

/// 00:00 of a month's last day, as 「末日」 is dated everywhere.
fn last_day(month: Period) -> Moment {
    Moment::midnight(Moment(month.end().0 - 1).date())
}

fn key(target: &SeriesTarget, span: Span) -> ParsedKey {
    let definition = target.definition.clone().unwrap_or_default();
    ParsedKey { series: target.series.clone(), definition, span }
}
