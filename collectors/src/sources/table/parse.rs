//! A table's rows: figures by series and period, and rejects.

use super::gather::Gathered;
use super::{CoversAs, FigureAt, PeriodAt, Rows, Table, YearAt};
use crate::sources::period::{self, Fault};
use crate::sources::{Covers, Figure, Key, Parsed, Rejected, Seen, Target, Unreadable, place, reason, rejected, stamp};
use crate::table::date::{self, When};
use crate::table::number::{self, Figure as Number};
use crate::table::text::{normal, word};
use crate::table::total::is_total;
use crate::table::{Cell, Columns, Reason, Row, Sheet, Wanted};
use contract::record::{Finality, Span, Value};
use contract::time::Moment;
use std::collections::BTreeMap;

/// Why a row is a reject: the role of the column at fault, and the reason.
type RowFault = (String, &'static str);

/// Roles of columns of which there may be several.
fn numbered(role: &str, at: usize) -> String {
    format!("{role}_{}", at + 1)
}

/// The columns that are looked for, each with its role.
fn roles(source: &Table) -> Vec<(String, &[String])> {
    let mut roles: Vec<(String, &[String])> = Vec::new();
    match &source.period {
        PeriodAt::Column(words) => roles.push(("period".into(), words)),
        PeriodAt::Month { month, year, .. } => {
            roles.push(("month".into(), month));
            if let YearAt::Column(words) = year {
                roles.push(("year".into(), words));
            }
        }
        PeriodAt::Name | PeriodAt::Title | PeriodAt::Fixed(_) => {}
    }
    let columns = source.figures.iter().flat_map(|figure| &figure.columns);
    roles.extend(columns.enumerate().map(|(at, words)| (numbered("value", at), &words[..])));
    roles.extend(source.only.iter().enumerate().map(|(at, (words, _))| (numbered("only", at), &words[..])));
    let more = [("label", &source.label), ("breakdown", &source.breakdown)];
    roles
        .extend(more.into_iter().filter(|(_, words)| !words.is_empty()).map(|(role, words)| (role.into(), &words[..])));
    roles
}

/// Reads the sheet that holds the table.
pub(super) fn parse(source: &Table, name: &str, sheets: &[Sheet], seen: &Seen) -> Result<Parsed, Unreadable> {
    let roles = roles(source);
    let wanted: Vec<Wanted<'_>> = roles.iter().map(|(role, words)| Wanted { role, words, required: true }).collect();
    let (sheet, columns) = Columns::find_sheet(sheets, source.sheet.as_deref(), &wanted)?;
    let (mut whole, mut year) = (None, None);
    match &source.period {
        PeriodAt::Name => whole = Some(stamp::find(name).ok_or(Unreadable::NoPeriod("name"))?),
        PeriodAt::Title => {
            whole = Some(stamp::above(sheet, columns.header_row).ok_or(Unreadable::NoPeriod("title"))?);
        }
        PeriodAt::Fixed(when) => whole = Some(*when),
        PeriodAt::Month { year: YearAt::Name, .. } => {
            year = Some(stamp::year(name).ok_or(Unreadable::NoPeriod("name"))?);
        }
        PeriodAt::Month { year: YearAt::Fixed(fixed), .. } => year = Some(*fixed),
        PeriodAt::Column(_) | PeriodAt::Month { .. } => {}
    }
    let mut reading = Reading {
        source,
        sheet,
        columns: &columns,
        seen,
        whole,
        year,
        rows: 0,
        keys: BTreeMap::new(),
        rejects: vec![],
        lost: false,
    };
    for row in columns.data(sheet) {
        reading.row(row);
    }
    if reading.rows == 0 {
        return Err(Unreadable::NoRows);
    }
    Ok(reading.parsed())
}

struct Reading<'a> {
    source: &'a Table,
    sheet: &'a Sheet,
    columns: &'a Columns,
    seen: &'a Seen,
    /// The period of the whole file, where no column says it.
    whole: Option<When>,
    /// The year of the whole file.
    year: Option<i16>,
    /// Rows that count.
    rows: usize,
    keys: BTreeMap<Key, Gathered>,
    rejects: Vec<Rejected>,
    /// True once a row was unreadable of which not even the key is known.
    lost: bool,
}

impl Reading<'_> {
    fn row(&mut self, row: &Row) {
        if !self.is_wanted(row) {
            return;
        }
        let source = self.source;
        let mut first = 0;
        for figure in &source.figures {
            if let Err((role, why)) = self.figure(row, figure, first) {
                self.rejects.push(rejected(self.columns, self.sheet, row, &role, why));
            }
            first += figure.columns.len();
        }
    }

    /// True for a row that counts: it fits all of `only`, and is neither a heading nor a total that was not asked for.
    fn is_wanted(&self, row: &Row) -> bool {
        let asked = |(at, (_, is)): (usize, &(Vec<String>, Vec<String>))| {
            let said = word(&self.columns.cell(row, &numbered("only", at)).text());
            is.iter().any(|wanted| word(wanted) == said)
        };
        if !self.source.only.iter().enumerate().all(asked) {
            return false;
        }
        let chosen = |cell: &Cell| {
            let said = word(&cell.text());
            self.source.only.iter().any(|(_, is)| is.iter().any(|wanted| word(wanted) == said))
        };
        self.source.keep_totals || !row.cells.iter().any(|cell| is_total(cell, &[]) && !chosen(cell))
    }

    /// One figure of a row, whose columns begin at `first`.
    fn figure(&mut self, row: &Row, figure: &FigureAt, first: usize) -> Result<(), RowFault> {
        let cells: Vec<&Cell> =
            (first..first + figure.columns.len()).map(|at| self.columns.cell(row, &numbered("value", at))).collect();
        // A heading, or a line without figures.
        if !cells.is_empty() && cells.iter().all(|cell| cell.is_empty()) {
            return Ok(());
        }
        let Some(target) = self.target(row, figure)? else { return Ok(()) };
        // A row of remarks below the header has no period at all.
        self.rows += 1;
        let span = self.span(row, target).inspect_err(|_| self.lost |= self.source.rows != Rows::Last)?;
        let (Span::AsOf(start) | Span::During(start, _)) = span;
        if self.seen.is_ahead(start) {
            return Err(("period".into(), reason::IN_THE_FUTURE));
        }
        let definition = target.definition.clone().unwrap_or_default();
        let key = Key { series: target.series.clone(), definition, span };
        let place = place(self.sheet, row);
        let label = normal(&self.columns.cell(row, "breakdown").text());
        let value = self.value(&cells, target, first);
        let entry = self.keys.entry(key).or_insert_with(|| Gathered::new(place.clone()));
        match value {
            Ok(value) => entry.take(self.source.rows, value, &label, place),
            Err(fault) => {
                entry.broken = true;
                return Err(fault);
            }
        }
        Ok(())
    }

    /// The series of a row; `None` for a label that nobody asked for.
    fn target<'t>(&self, row: &Row, figure: &'t FigureAt) -> Result<Option<&'t Target>, RowFault>
    where
        Self: 't,
    {
        if self.source.label.is_empty() {
            return Ok(figure.target.as_ref());
        }
        let label = self.columns.cell(row, "label");
        if label.is_empty() {
            return Err(("label".into(), Reason::Empty.label()));
        }
        let said = word(&label.text());
        Ok(self.source.labels.iter().find(|(known, _)| *known == said).map(|(_, target)| target))
    }

    fn span(&self, row: &Row, target: &Target) -> Result<Span, RowFault> {
        let wrong = |role: &str| (role.to_owned(), reason::WRONG_PERIOD);
        if let Some(when) = self.whole {
            return period::of(when, target).ok_or_else(|| wrong("period"));
        }
        let PeriodAt::Month { fiscal, .. } = &self.source.period else {
            let read = period::read(self.columns.cell(row, "period"), target);
            return read.map_err(|fault| match fault {
                Fault::Unreadable(why) => ("period".to_owned(), why.label()),
                Fault::WrongGrain => wrong("period"),
            });
        };
        let month = month(self.columns.cell(row, "month")).map_err(|why| ("month".to_owned(), why.label()))?;
        let year = match self.year {
            Some(year) => year,
            None => year(self.columns.cell(row, "year")).map_err(|why| ("year".to_owned(), why.label()))?,
        };
        let year = if *fiscal && month < 4 { year.saturating_add(1) } else { year };
        period::of(When::Month { year, month }, target).ok_or_else(|| wrong("month"))
    }

    /// The figure of a row: its columns added up, or 1 where rows are counted.
    fn value(&self, cells: &[&Cell], target: &Target, first: usize) -> Result<Value, RowFault> {
        if self.source.rows == Rows::Count {
            return Ok(Value::Known(1));
        }
        let mut sum = 0_i64;
        for (at, cell) in cells.iter().enumerate() {
            let role = numbered("value", first + at);
            let fault = |why: &'static str| (role.clone(), why);
            // 値（千円） over a series in 円 would be a thousandfold off; `scale` says what it is worth.
            let unit = self.columns.unit(&role).map(word).unwrap_or_default();
            let own = word(&target.unit);
            if unit != own && unit.ends_with(&own) && self.source.scale == 1 {
                return Err(fault(Reason::UnexpectedUnit.label()));
            }
            match number::integer(cell, Some(&target.unit)).map_err(|why| fault(why.label()))? {
                Number::Known(value) | Number::About { value, .. } => {
                    let worth = value.checked_mul(self.source.scale).ok_or_else(|| fault(Reason::TooLarge.label()))?;
                    sum = sum.checked_add(worth).ok_or_else(|| fault(Reason::TooLarge.label()))?;
                }
                Number::Missing(why) => return Ok(Value::Unknown(why.to_owned())),
            }
        }
        Ok(Value::Known(sum))
    }

    fn parsed(self) -> Parsed {
        let Self { source, seen, keys, rejects, lost, .. } = self;
        let border = |span: Span| {
            let (Span::AsOf(start) | Span::During(start, _)) = span;
            let (Span::AsOf(end) | Span::During(_, end)) = span;
            (start, end)
        };
        let first = keys.keys().map(|key| border(key.span).0).min();
        let last = keys.keys().map(|key| border(key.span).1).max();
        let covers = match (source.covers, first.zip(last)) {
            (CoversAs::Everything, _) => Covers::Everything,
            (CoversAs::Periods, Some((first, last))) => Covers::Within(first, last),
            _ => Covers::Nothing,
        };
        let (mut figures, mut held, mut until) = (Vec::new(), Vec::new(), None::<Moment>);
        for (key, gathered) in keys {
            let end = border(key.span).1;
            let running = end > seen.time;
            if running {
                until = Some(until.map_or(end, |until| until.min(end)));
            }
            if gathered.broken || lost {
                held.push(key);
                continue;
            }
            let (value, breakdown, place) = gathered.finish(!source.breakdown.is_empty(), source.suppress_below);
            // A row made ready for a figure to come.
            if running && matches!(value, Value::Unknown(_)) {
                continue;
            }
            let finality = if running { Finality::Provisional } else { Finality::Final };
            figures.push(Figure { key, value, breakdown, finality, place });
        }
        Parsed { figures, rejects, held, covers, until }
    }
}

/// A month's number, with 月 behind it or not.
fn month(cell: &Cell) -> Result<i8, Reason> {
    let number = match cell {
        Cell::Text(text) => {
            let text = word(text);
            text.strip_suffix('月').unwrap_or(&text).parse().map_err(|_| Reason::NotADate)?
        }
        other => number::integer(other, None)?.value().ok_or(Reason::Empty)?,
    };
    i8::try_from(number).ok().filter(|month| (1..=12).contains(month)).ok_or(Reason::MonthOutOfRange)
}

/// A year, in any form.
fn year(cell: &Cell) -> Result<i16, Reason> {
    match date::read(cell)?.when {
        When::Year(year) | When::FiscalYear(year) => Ok(year),
        _ => Err(Reason::NotADate),
    }
}
