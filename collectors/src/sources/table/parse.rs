//! The rows of a table become figures and rejects.

use super::config::{FigurePlace, PeriodPlace, RowAggregation, TableSource, YearPlace};
use super::reader::{TableReader, numbered};
use super::row_period::{self, PeriodReader};
use crate::sources::parsed::{ParseError, ParsedFile};
use crate::sources::row::{RowFault, place, reason};
use crate::sources::source::PollContext;
use crate::sources::target::SeriesTarget;
use crate::table::{Cell, Columns, RejectReason, Sheet, SheetRow, WantedColumn};
use contract::record::{Span, Value};

const ONLY_TOTALS: ParseError = ParseError::Unfit {
    label: "only_totals",
    why: "all rows are totals (合計, 総数 ..), which are left out: name the one that is meant in [[source.only]], or set \
          `total_rows = \"keep\"`",
};

/// The columns to find, each with its role.
fn roles(source: &TableSource) -> Vec<(String, &[String])> {
    let mut roles: Vec<(String, &[String])> = Vec::new();
    match &source.period {
        PeriodPlace::Column(words) => roles.push(("period".into(), words)),
        PeriodPlace::Month { month, year, .. } => {
            roles.push(("month".into(), month));
            if let YearPlace::Column(words) = year {
                roles.push(("year".into(), words));
            }
        }
        PeriodPlace::Across { .. } | PeriodPlace::Name | PeriodPlace::Title | PeriodPlace::Fixed(_) => {}
    }
    let columns = source.figures.iter().flat_map(|figure| &figure.columns);
    roles.extend(columns.enumerate().map(|(at, words)| (numbered("value", at), &words[..])));
    for (role, conditions) in [("only", &source.only), ("except", &source.except)] {
        roles.extend(conditions.iter().enumerate().map(|(at, one)| (numbered(role, at), &one.column[..])));
    }
    let more = [("label", &source.label), ("breakdown", &source.breakdown)];
    roles
        .extend(more.into_iter().filter(|(_, words)| !words.is_empty()).map(|(role, words)| (role.into(), &words[..])));
    roles
}

/// Reads the sheet of the table.
pub(super) fn parse(
    source: &TableSource,
    name: &str,
    sheets: &[Sheet],
    context: &PollContext,
) -> Result<ParsedFile, ParseError> {
    let roles = roles(source);
    let wanted: Vec<WantedColumn<'_>> =
        roles.iter().map(|(role, words)| WantedColumn { role, words, required: true }).collect();
    let (sheet, mut columns) = Columns::find_sheet(sheets, source.sheet.as_deref(), &wanted)?;
    let across = row_period::across(source, name, sheet, &mut columns)?;
    let periods = PeriodReader::of(source, name, sheet, &columns, across)?;
    let mut reader = TableReader::new(source, sheet, &columns, context, periods);
    for row in columns.data(sheet) {
        reader.add_row(row);
    }
    reader.reject_sums();
    reader.reject_totals();
    match (reader.rows, reader.totals) {
        (0, 0) => Err(ParseError::NoRows),
        (0, _) => Err(ONLY_TOTALS),
        _ => Ok(reader.parsed()),
    }
}

impl TableReader<'_> {
    fn add_row(&mut self, row: &SheetRow) {
        if row.is_note() || !self.is_included(row) {
            return;
        }
        if self.is_total(row) {
            self.totals += 1;
            self.print_total(row);
            return;
        }
        let source = self.source;
        let mut first = 0;
        for figure in &source.figures {
            if matches!(source.period, PeriodPlace::Across { .. }) {
                self.add_across(row, figure);
            } else if let Err((role, why)) = self.add_figure(row, figure, first) {
                let reject = self.reject(row, &role, why);
                self.rejects.push(reject);
            }
            first += figure.columns.len();
        }
    }

    /// Reads one figure of a row; `first` is the index of its first column.
    fn add_figure(&mut self, row: &SheetRow, figure: &FigurePlace, first: usize) -> Result<(), RowFault<String>> {
        let cells = self.value_cells(row, figure, first);
        let empty = !cells.is_empty() && cells.iter().all(|cell| cell.is_empty());
        if empty && !self.is_gap(row, first) {
            return Ok(());
        }
        let target = self.target(row, figure).inspect_err(|_| self.incomplete = true)?;
        let Some(target) = target else { return Ok(()) };
        let span = self.periods.span(row, target);
        let ahead = |span: &Span| {
            let (Span::AsOf(start) | Span::During(start, _)) = span;
            self.context.is_ahead(*start)
        };
        // A row without a figure is a heading, or prepared for a later figure.
        if empty && span.as_ref().map_or(true, ahead) {
            return Ok(());
        }
        self.rows += 1;
        let span = span.inspect_err(|_| {
            self.incomplete = true;
            self.unkeyed |= matches!(self.source.rows, RowAggregation::Sum | RowAggregation::Count);
        })?;
        if ahead(&span) {
            return Err(("period".into(), reason::IN_THE_FUTURE));
        }
        let mut value = self.value(&cells, target, first);
        if let Ok(Value::Known(sum)) = value
            && self.is_refuted(row, figure, first, target, sum)
        {
            value = Err((numbered("value", first), reason::TOTAL_DISAGREES));
        }
        self.put(row, target, span, value, place(self.sheet, row))
    }

    /// True where rows are added up and one of them lacks its figure. Headings, which are alone in their row, and rows whose
    /// figure is merged with the cell above do not lack one.
    fn is_gap(&self, row: &SheetRow, first: usize) -> bool {
        let merged = || {
            let column = self.columns.index(&numbered("value", first));
            column.and_then(|column| self.sheet.merged_with(row.number, column)).is_some()
        };
        self.source.rows == RowAggregation::Sum && row.filled() > 1 && self.periods.has(row) && !merged()
    }

    /// The figure of a row: its columns added up, or 1 where rows are counted.
    fn value(&self, cells: &[&Cell], target: &SeriesTarget, first: usize) -> Result<Value, RowFault<String>> {
        if self.source.rows == RowAggregation::Count {
            return Ok(Value::Known(target.own_decimals().per_unit()));
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
}
