//! A table's rows: figures by series and period, and rejects.

mod across;

pub(super) use across::{NO_PERIODS, said};

use super::aggregate::KeyTotal;
use super::when::{self, PeriodReader};
use super::{CoversAs, FigureAt, PeriodAt, Rows, Table, YearAt};
use crate::sources::parsed::{Coverage, ParseError, ParsedFigure, ParsedFile, ParsedKey, RejectedRow};
use crate::sources::row::{place, reason, rejected};
use crate::sources::source::PollContext;
use crate::sources::target::SeriesTarget;
use crate::table::number::{self, NumberCell as Number};
use crate::table::text::{normal, word};
use crate::table::total::{is_total, sums_up};
use crate::table::unit::{StatedUnit, is_multiple};
use crate::table::{Cell, Columns, RejectReason, Sheet, SheetRow, WantedColumn};
use contract::record::{Finality, Place, Span, Value};
use contract::time::Moment;
use std::collections::BTreeMap;

/// Why a row is a reject: the role of the column at fault, and the reason.
pub(super) type RowFault = (String, &'static str);

/// A row that is what the others add up to: a total by another name.
const SUM_OF_THE_OTHERS: &str = "sum_of_the_others";

const ONLY_TOTALS: ParseError = ParseError::Unfit {
    label: "only_totals",
    why: "all rows are totals (合計, 総数 ..), which are left out: name the one that is meant in [[source.only]], or set \
          `total_rows = \"keep\"`",
};

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
        PeriodAt::Across { .. } | PeriodAt::Name | PeriodAt::Title | PeriodAt::Fixed(_) => {}
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
pub(super) fn parse(
    source: &Table,
    name: &str,
    sheets: &[Sheet],
    seen: &PollContext,
) -> Result<ParsedFile, ParseError> {
    let roles = roles(source);
    let wanted: Vec<WantedColumn<'_>> =
        roles.iter().map(|(role, words)| WantedColumn { role, words, required: true }).collect();
    let (sheet, mut columns) = Columns::find_sheet(sheets, source.sheet.as_deref(), &wanted)?;
    let across = when::across(source, name, sheet, &mut columns)?;
    let periods = PeriodReader::of(source, name, sheet, &columns, across)?;
    let mut reading = Reading {
        source,
        sheet,
        columns: &columns,
        stated: StatedUnit::above(sheet, columns.header_row),
        seen,
        periods,
        rows: 0,
        totals: 0,
        keys: BTreeMap::new(),
        rejects: vec![],
        lost: false,
    };
    for row in columns.data(sheet) {
        reading.row(row);
    }
    reading.doubt_sums();
    match (reading.rows, reading.totals) {
        (0, 0) => Err(ParseError::NoRows),
        (0, _) => Err(ONLY_TOTALS),
        _ => Ok(reading.parsed()),
    }
}

struct Reading<'a> {
    source: &'a Table,
    sheet: &'a Sheet,
    columns: &'a Columns,
    /// Units that lines above the table state for all of it.
    stated: StatedUnit,
    seen: &'a PollContext,
    periods: PeriodReader<'a>,
    /// Rows that count.
    rows: usize,
    /// Rows that were left out as totals.
    totals: usize,
    keys: BTreeMap<ParsedKey, KeyTotal>,
    rejects: Vec<RejectedRow>,
    /// True once a row was unreadable of which not even the key is known.
    lost: bool,
}

impl Reading<'_> {
    fn row(&mut self, row: &SheetRow) {
        if row.is_note() || !self.is_asked(row) {
            return;
        }
        if self.is_total(row) {
            self.totals += 1;
            return;
        }
        let source = self.source;
        let mut first = 0;
        for figure in &source.figures {
            if matches!(source.period, PeriodAt::Across { .. }) {
                self.across(row, figure);
            } else if let Err((role, why)) = self.figure(row, figure, first) {
                let reject = self.reject(row, &role, why);
                self.rejects.push(reject);
            }
            first += figure.columns.len();
        }
    }

    /// True for a row that fits all of `only`.
    fn is_asked(&self, row: &SheetRow) -> bool {
        let asked = |(at, (_, is)): (usize, &(Vec<String>, Vec<String>))| {
            let said = word(&self.columns.label(self.sheet, row, &numbered("only", at)).text());
            is.iter().any(|wanted| word(wanted) == said)
        };
        self.source.only.iter().enumerate().all(asked)
    }

    /// True for a total that was not asked for by its name. Where rows are added up or counted, names that end as
    /// totals do, and parts said again, are none of them either.
    fn is_total(&self, row: &SheetRow) -> bool {
        let source = self.source;
        let total = if matches!(source.rows, Rows::One | Rows::Last) { is_total } else { sums_up };
        let chosen = |cell: &Cell| {
            let said = word(&cell.text());
            source.only.iter().any(|(_, is)| is.iter().any(|wanted| word(wanted) == said))
                || source.labels.iter().any(|(label, _)| *label == said)
        };
        !source.keep_totals && row.cells.iter().any(|cell| total(cell) && !chosen(cell))
    }

    /// One figure of a row, whose columns begin at `first`.
    fn figure(&mut self, row: &SheetRow, figure: &FigureAt, first: usize) -> Result<(), RowFault> {
        let cells: Vec<&Cell> =
            (first..first + figure.columns.len()).map(|at| self.columns.cell(row, &numbered("value", at))).collect();
        let empty = !cells.is_empty() && cells.iter().all(|cell| cell.is_empty());
        if empty && !self.is_gap(row, first) {
            return Ok(());
        }
        let Some(target) = self.target(row, figure)? else { return Ok(()) };
        let span = self.periods.span(row, target);
        let ahead = |span: &Span| {
            let (Span::AsOf(start) | Span::During(start, _)) = span;
            self.seen.is_ahead(*start)
        };
        // Without a figure, a heading or a row made ready.
        if empty && span.as_ref().map_or(true, ahead) {
            return Ok(());
        }
        self.rows += 1;
        let span = span.inspect_err(|_| self.lost |= matches!(self.source.rows, Rows::Sum | Rows::Count))?;
        if ahead(&span) {
            return Err(("period".into(), reason::IN_THE_FUTURE));
        }
        let value = self.value(&cells, target, first);
        self.put(row, target, span, value, place(self.sheet, row))
    }

    fn reject(&self, row: &SheetRow, role: &str, why: &'static str) -> RejectedRow {
        rejected(self.columns, self.sheet, row, role, why)
    }

    /// Adds the figure of a row to those of its key.
    fn put(
        &mut self,
        row: &SheetRow,
        target: &SeriesTarget,
        span: Span,
        value: Result<Value, RowFault>,
        place: Place,
    ) -> Result<(), RowFault> {
        let definition = target.definition.clone().unwrap_or_default();
        let key = ParsedKey { series: target.series.clone(), definition, span };
        let label = normal(&self.columns.label(self.sheet, row, "breakdown").text());
        if let (Rows::One, Some(known)) = (self.source.rows, self.keys.get_mut(&key)) {
            if value.as_ref().is_ok_and(|value| known.says(value)) {
                return Ok(());
            }
            known.broken = true;
            value?;
            return Err(("period".into(), reason::STANDS_TWICE));
        }
        let entry = self.keys.entry(key).or_insert_with(|| KeyTotal::new(place.clone()));
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
    fn target<'t>(&self, row: &SheetRow, figure: &'t FigureAt) -> Result<Option<&'t SeriesTarget>, RowFault>
    where
        Self: 't,
    {
        if self.source.label.is_empty() {
            return Ok(figure.target.as_ref());
        }
        let label = self.columns.label(self.sheet, row, "label");
        if label.is_empty() {
            return Err(("label".into(), RejectReason::Empty.label()));
        }
        let said = word(&label.text());
        Ok(self.source.labels.iter().find(|(known, _)| *known == said).map(|(_, target)| target))
    }

    /// True where rows are added up and one of them lacks its figure: not a heading, which has its row to itself, nor
    /// a row whose figure is one merged cell with those above.
    fn is_gap(&self, row: &SheetRow, first: usize) -> bool {
        let merged = || {
            let column = self.columns.index(&numbered("value", first));
            column.and_then(|column| self.sheet.merged_with(row.number, column)).is_some()
        };
        self.source.rows == Rows::Sum && row.filled() > 1 && self.periods.has(row) && !merged()
    }

    /// The figure of a row: its columns added up, or 1 where rows are counted.
    fn value(&self, cells: &[&Cell], target: &SeriesTarget, first: usize) -> Result<Value, RowFault> {
        if self.source.rows == Rows::Count {
            return Ok(Value::Known(1));
        }
        let mut sum = 0_i64;
        for (at, cell) in cells.iter().enumerate() {
            let role = numbered("value", first + at);
            match self.number(cell, target, &role).map_err(|why| (role.clone(), why))? {
                Value::Known(value) => {
                    sum = sum.checked_add(value).ok_or_else(|| (role.clone(), RejectReason::TooLarge.label()))?;
                }
                unknown @ Value::Unknown(_) => return Ok(unknown),
            }
        }
        Ok(Value::Known(sum))
    }

    /// The figure of a cell below the heading of a role.
    fn number(&self, cell: &Cell, target: &SeriesTarget, role: &str) -> Result<Value, &'static str> {
        // 値（千円） over a series in 円 would be a thousandfold off; `scale` says what it is worth.
        let over = self.columns.unit(role).map(|unit| is_multiple(unit, &target.unit));
        if self.source.scale == 1 && over.unwrap_or_else(|| self.stated.is_multiple_of(&target.unit)) {
            return Err(RejectReason::UnexpectedUnit.label());
        }
        let number = number::scaled(cell, Some(&target.unit), self.source.scale).map_err(RejectReason::label)?;
        Ok(match number {
            Number::Known(value) | Number::About { value, .. } => Value::Known(value),
            Number::Missing(why) => Value::Unknown(why.to_owned()),
        })
    }

    /// Rejects a row that is what the others of its period add up to, and has no name by which to know a total.
    fn doubt_sums(&mut self) {
        if self.source.rows != Rows::Sum || self.source.keep_totals {
            return;
        }
        for gathered in self.keys.values_mut() {
            let found = gathered.sum_of_the_others();
            if let Some(row) = found.and_then(|number| self.sheet.rows.iter().find(|row| row.number == number)) {
                gathered.broken = true;
                self.rejects.push(rejected(self.columns, self.sheet, row, "value_1", SUM_OF_THE_OTHERS));
            }
        }
    }

    fn parsed(self) -> ParsedFile {
        let Self { source, seen, keys, rejects, lost, .. } = self;
        let border = |span: Span| {
            let (Span::AsOf(start) | Span::During(start, _)) = span;
            let (Span::AsOf(end) | Span::During(_, end)) = span;
            (start, end)
        };
        let first = keys.keys().map(|key| border(key.span).0).min();
        let last = keys.keys().map(|key| border(key.span).1).max();
        let covers = match (source.covers, first.zip(last)) {
            (CoversAs::Everything, _) => Coverage::Everything,
            (CoversAs::Periods, Some((first, last))) => Coverage::Within(first, last),
            _ => Coverage::Nothing,
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
            figures.push(ParsedFigure { key, value, breakdown, finality, place });
        }
        ParsedFile { figures, rejects, held, covers, until }
    }
}
