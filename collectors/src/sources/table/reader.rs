//! Reads the cells of a row, and adds its figure to those of its key.

use super::aggregate::KeyTotal;
use super::config::{CoverageRule, FigurePlace, RowAggregation, RowCondition, TableSource};
use super::row_period::PeriodReader;
use super::totals::TableTotals;
use crate::sources::parsed::{Coverage, ParsedFigure, ParsedFile, ParsedKey, RejectedRow};
use crate::sources::row::{RowFault, reason, rejected};
use crate::sources::source::PollContext;
use crate::sources::target::SeriesTarget;
use crate::table::number::{self, FigureScale};
use crate::table::text::{normal, word};
use crate::table::total::{is_total, scope, sums_up};
use crate::table::unit::StatedUnit;
use crate::table::{Cell, Columns, RejectReason, Sheet, SheetRow};
use contract::record::{Finality, Place, Span, Value};
use contract::time::Moment;
use std::collections::BTreeMap;

/// A row without the name of a total is the sum of the other rows.
const SUM_OF_THE_OTHERS: &str = "sum_of_the_others";

/// The role of one of several columns.
pub(super) fn numbered(role: &str, at: usize) -> String {
    format!("{role}_{}", at + 1)
}

/// The state of a table while its rows are read.
pub(super) struct TableReader<'a> {
    pub(super) source: &'a TableSource,
    pub(super) sheet: &'a Sheet,
    pub(super) columns: &'a Columns,
    /// The columns whose heading is the name of a total.
    pub(super) total_columns: Vec<usize>,
    /// Units that lines above the table state for the whole table.
    stated: StatedUnit,
    pub(super) context: &'a PollContext,
    pub(super) periods: PeriodReader<'a>,
    /// Number of rows that count.
    pub(super) rows: usize,
    /// Number of rows that are skipped as totals.
    pub(super) totals: usize,
    pub(super) keys: BTreeMap<ParsedKey, KeyTotal>,
    /// The rows that are added up, and the totals among them.
    pub(super) printed: TableTotals,
    pub(super) rejects: Vec<RejectedRow>,
    /// True when the key of a row is unreadable: the row can belong to any key.
    pub(super) unkeyed: bool,
    /// True when the row of an unreadable key is left out: its figure is not gone, so nothing is withdrawn.
    pub(super) incomplete: bool,
}

impl<'a> TableReader<'a> {
    pub(super) fn new(
        source: &'a TableSource,
        sheet: &'a Sheet,
        columns: &'a Columns,
        context: &'a PollContext,
        periods: PeriodReader<'a>,
    ) -> Self {
        let stated = StatedUnit::above(sheet, columns.header_row);
        let headings =
            sheet.rows.iter().find(|row| row.number == columns.header_row).into_iter().flat_map(|row| &row.cells);
        let total_columns = headings.enumerate().filter(|(_, cell)| scope(cell).is_some()).map(|(at, _)| at).collect();
        let (keys, rejects) = (BTreeMap::new(), Vec::new());
        Self {
            source,
            sheet,
            columns,
            total_columns,
            stated,
            context,
            periods,
            rows: 0,
            totals: 0,
            keys,
            printed: TableTotals::default(),
            rejects,
            unkeyed: false,
            incomplete: false,
        }
    }

    /// True for a row that fits all conditions of `only` and none of `except`.
    pub(super) fn is_included(&self, row: &SheetRow) -> bool {
        let fits = |role: &str, at: usize, condition: &RowCondition| {
            condition.holds(&word(&self.columns.label(self.sheet, row, &numbered(role, at)).text()))
        };
        let source = self.source;
        source.only.iter().enumerate().all(|(at, only)| fits("only", at, only))
            && !source.except.iter().enumerate().any(|(at, except)| fits("except", at, except))
    }

    /// True for a total that the configuration does not name. Where rows are added up or counted, names that end like totals
    /// and repeated parts are totals too.
    pub(super) fn is_total(&self, row: &SheetRow) -> bool {
        let source = self.source;
        let total = if matches!(source.rows, RowAggregation::One | RowAggregation::Last) { is_total } else { sums_up };
        let chosen = |cell: &Cell| {
            let text = word(&cell.text());
            source.only.iter().any(|only| only.holds(&text)) || source.labels.iter().any(|(label, _)| *label == text)
        };
        !source.keep_totals && row.cells.iter().any(|cell| total(cell) && !chosen(cell))
    }

    pub(super) fn reject(&self, row: &SheetRow, role: &str, why: &'static str) -> RejectedRow {
        rejected(self.columns, self.sheet, row, role, why)
    }

    /// Adds the figure of a row to those of its key.
    pub(super) fn put(
        &mut self,
        row: &SheetRow,
        target: &SeriesTarget,
        span: Span,
        value: Result<Value, RowFault<String>>,
        place: Place,
    ) -> Result<(), RowFault<String>> {
        let key = target.key(span);
        let label = normal(&self.columns.label(self.sheet, row, "breakdown").text());
        if let (RowAggregation::One, Some(first)) = (self.source.rows, self.keys.get_mut(&key)) {
            if value.as_ref().is_ok_and(|value| first.equals(value)) {
                return Ok(());
            }
            first.broken = true;
            value?;
            return Err(("period".into(), reason::STANDS_TWICE));
        }
        let entry = self.keys.entry(key).or_insert_with(|| KeyTotal::new(place.clone()));
        match value {
            Ok(value) => {
                if let (RowAggregation::Sum, Value::Known(value)) = (self.source.rows, &value) {
                    self.printed.add(&target.key(span), *value);
                }
                if !entry.add(self.source.rows, value, &label, place) {
                    return Err((numbered("value", 0), RejectReason::TooLarge.label()));
                }
            }
            Err(fault) => {
                entry.broken = true;
                return Err(fault);
            }
        }
        Ok(())
    }

    /// The series of a row; `None` for a label that is not configured.
    pub(super) fn target<'t>(
        &self,
        row: &SheetRow,
        figure: &'t FigurePlace,
    ) -> Result<Option<&'t SeriesTarget>, RowFault<String>>
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
        let text = word(&label.text());
        Ok(self.source.labels.iter().find(|(label, _)| *label == text).map(|(_, target)| target))
    }

    /// The figure of a cell below the heading of a role.
    pub(super) fn number(&self, cell: &Cell, target: &SeriesTarget, role: &str) -> Result<Value, &'static str> {
        // 値（千円） for a series in 円 is wrong by a factor of a thousand, unless `scale` gives the factor.
        if self.source.scale == 1 && self.stated.is_multiple_in(self.columns.unit(role), &target.unit) {
            return Err(RejectReason::UnexpectedUnit.label());
        }
        let by = FigureScale { scale: self.source.scale, decimals: target.own_decimals() };
        let number = number::steps(cell, Some(&target.unit), by).map_err(RejectReason::label)?;
        Ok(number.into_value())
    }

    /// Rejects a row that is the sum of the others of its key and is not named as a total.
    pub(super) fn reject_sums(&mut self) {
        if self.source.rows != RowAggregation::Sum || self.source.keep_totals {
            return;
        }
        for total in self.keys.values_mut() {
            let found = total.sum_of_the_others();
            if let Some(row) = found.and_then(|number| self.sheet.rows.iter().find(|row| row.number == number)) {
                total.broken = true;
                self.rejects.push(rejected(self.columns, self.sheet, row, "value_1", SUM_OF_THE_OTHERS));
            }
        }
    }

    pub(super) fn parsed(self) -> ParsedFile {
        let Self { source, context, keys, rejects, unkeyed, incomplete, .. } = self;
        let border = |span: Span| {
            let (Span::AsOf(start) | Span::During(start, _)) = span;
            let (Span::AsOf(end) | Span::During(_, end)) = span;
            (start, end)
        };
        let first = keys.keys().map(|key| border(key.span).0).min();
        let last = keys.keys().map(|key| border(key.span).1).max();
        let covers = match (source.covers, first.zip(last)) {
            _ if incomplete => Coverage::Nothing,
            (CoverageRule::Everything, _) => Coverage::Everything,
            (CoverageRule::Periods, Some((first, last))) => Coverage::Within(first, last),
            _ => Coverage::Nothing,
        };
        let (mut figures, mut held, mut until) = (Vec::new(), Vec::new(), None::<Moment>);
        for (key, total) in keys {
            let end = border(key.span).1;
            let running = end > context.time;
            if running {
                until = Some(until.map_or(end, |until| until.min(end)));
            }
            if total.broken || unkeyed {
                held.push(key);
                continue;
            }
            let bound = source.suppress_below.saturating_mul(source.decimals(&key.series, &key.definition).per_unit());
            let (value, breakdown, place) = total.finish(!source.breakdown.is_empty(), bound);
            // A row that is prepared for a later figure.
            if running && matches!(value, Value::Unknown(_)) {
                continue;
            }
            let finality = if running { Finality::Provisional } else { Finality::Final };
            figures.push(ParsedFigure { key, value, breakdown, finality, place });
        }
        ParsedFile { figures, rejects, held, covers, until }
    }
}
