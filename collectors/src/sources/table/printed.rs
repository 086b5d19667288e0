//! The totals that a table prints are compared with the rows that were added.

use super::config::{FigurePlace, PeriodPlace, RowAggregation};
use super::reader::{TableReader, numbered};
use super::totals::{TableTotals, series_of};
use crate::sources::period;
use crate::sources::row::reason;
use crate::sources::target::SeriesTarget;
use crate::table::printed_total::near;
use crate::table::total::{TotalScope, scope};
use crate::table::{Cell, SheetRow};
use contract::decimals::Decimals;
use contract::record::{Span, Value};
use std::collections::BTreeSet;

impl TableReader<'_> {
    /// Notes the figures of a total's row. A figure that cannot be read is not compared.
    pub(super) fn print_total(&mut self, row: &SheetRow) {
        let scope = row.cells.iter().find_map(scope);
        let (RowAggregation::Sum, Some(scope)) = (self.source.rows, scope) else { return };
        let source = self.source;
        let mut first = 0;
        for figure in &source.figures {
            // The label of a total can be in the column of labels: then it is of no one series.
            if let Ok(Some(target)) = self.target(row, figure) {
                if matches!(source.period, PeriodPlace::Across { .. }) {
                    for (column, when) in self.periods.across.clone() {
                        let span = period::of(when, target);
                        self.print(row, scope, target, span, &[row.cell(column)], "");
                    }
                } else {
                    let span = self.periods.peek(row, target);
                    let cells = self.value_cells(row, figure, first);
                    self.print(row, scope, target, span, &cells, &numbered("value", first));
                }
            }
            first += figure.columns.len();
        }
    }

    /// The cells of a figure; `first` is the index of its first column.
    pub(super) fn value_cells<'r>(&self, row: &'r SheetRow, figure: &FigurePlace, first: usize) -> Vec<&'r Cell> {
        (first..first + figure.columns.len()).map(|at| self.columns.cell(row, &numbered("value", at))).collect()
    }

    /// True when the table has a total beside the columns that are added up, and it is the sum neither of them nor of these and more columns.
    pub(super) fn is_refuted(
        &self,
        row: &SheetRow,
        figure: &FigurePlace,
        first: usize,
        target: &SeriesTarget,
        sum: i64,
    ) -> bool {
        let at = (first..first + figure.columns.len()).filter_map(|at| self.columns.index(&numbered("value", at)));
        let added: BTreeSet<usize> = at.collect();
        let (Some(left), Some(right)) = (added.first().copied(), added.last().copied()) else { return false };
        if self.source.keep_totals || added.len() < 2 || right - left + 1 != added.len() {
            return false;
        }
        let value = |column: usize| match self.number(row.cell(column), target, "") {
            Ok(Value::Known(value)) if !row.cell(column).is_empty() => Some(value),
            _ => None,
        };
        let step = self.rounding(target.own_decimals());
        let refutes = |column: usize, more: &mut dyn Iterator<Item = usize>| {
            let Some(total) = value(column) else { return false };
            let sums = std::iter::once(0).chain(more.map_while(value)).scan(sum, |sum, more| {
                *sum = sum.saturating_add(more);
                Some(*sum)
            });
            !sums.enumerate().any(|(more, sum)| near(total, sum, added.len() + more, step))
        };
        let totals = &self.total_columns;
        (totals.contains(&(right + 1)) && refutes(right + 1, &mut (0..left).rev()))
            || (left > 0 && totals.contains(&(left - 1)) && refutes(left - 1, &mut (right + 1..row.cells.len())))
    }

    /// What printed figures are rounded to, in steps; 0 where they are counts.
    fn rounding(&self, decimals: Decimals) -> i64 {
        let is_count = self.source.scale == 1 && decimals == Decimals::WHOLE;
        let step = if self.source.scale == 1 { 1 } else { self.source.scale.saturating_mul(decimals.per_unit()) };
        if is_count { 0 } else { step }
    }

    fn print(
        &mut self,
        row: &SheetRow,
        scope: TotalScope,
        target: &SeriesTarget,
        span: Option<Span>,
        cells: &[&Cell],
        role: &str,
    ) {
        let mut sum = Some(0_i64).filter(|_| !cells.is_empty());
        for cell in cells {
            let value = if cell.is_empty() { None } else { self.number(cell, target, role).ok() };
            sum = match (sum, value) {
                (Some(sum), Some(Value::Known(value))) => sum.checked_add(value),
                _ => None,
            };
        }
        let Some(sum) = sum else { return };
        let totals = &mut self.printed;
        let printed = if let Some(span) = span {
            totals.by_key.entry(target.key(span)).or_default()
        } else {
            let definition = target.definition.clone().unwrap_or_default();
            totals.by_series.entry((target.series.clone(), definition)).or_default()
        };
        printed.print(sum, row.number, scope);
    }

    /// Rejects the rows of totals that disagree, and holds the figures that they are of.
    pub(super) fn reject_totals(&mut self) {
        let TableTotals { by_key, by_series } = std::mem::take(&mut self.printed);
        let step = |(series, definition): &(String, String)| self.rounding(self.source.decimals(series, definition));
        let by_key: Vec<_> = by_key.into_iter().map(|(key, printed)| (step(&series_of(&key)), key, printed)).collect();
        let by_series: Vec<_> =
            by_series.into_iter().map(|(series, printed)| (step(&series), series, printed)).collect();
        let mut rows = Vec::new();
        for (step, key, printed) in by_key {
            let Some(total) = self.keys.get_mut(&key).filter(|total| total.is_known()) else { continue };
            if let Some(row) = printed.disagreement(step) {
                total.broken = true;
                rows.push(row);
            }
        }
        for (step, series, printed) in by_series {
            let whole =
                !self.unkeyed && self.keys.iter().all(|(key, total)| series_of(key) != series || total.is_known());
            if let Some(row) = printed.disagreement(step).filter(|_| whole) {
                rows.push(row);
                self.keys
                    .iter_mut()
                    .filter(|(key, _)| series_of(key) == series)
                    .for_each(|(_, total)| total.broken = true);
            }
        }
        let sheet = self.sheet;
        for row in rows.into_iter().filter_map(|number| sheet.rows.iter().find(|row| row.number == number)) {
            let reject = self.reject(row, "value_1", reason::TOTAL_DISAGREES);
            self.rejects.push(reject);
        }
    }
}
