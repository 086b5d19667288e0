//! Tables with periods side by side: one column per period, with its label in the header.

use super::config::{FigurePlace, RowAggregation};
use super::reader::TableReader;
use crate::sources::parsed::RejectedRow;
use crate::sources::period;
use crate::sources::row::{RowFault, place, reason};
use crate::sources::target::SeriesTarget;
use crate::table::SheetRow;
use contract::record::Span;

impl TableReader<'_> {
    /// Adds all figures of a row.
    pub(super) fn add_across(&mut self, row: &SheetRow, figure: &FigurePlace) {
        let columns = std::mem::take(&mut self.periods.across);
        if columns.iter().any(|(column, _)| !row.cell(*column).is_empty()) {
            match self.target(row, figure) {
                Ok(Some(target)) => {
                    self.rows += 1;
                    for (column, when) in &columns {
                        let span = period::of(*when, target).ok_or(reason::WRONG_PERIOD);
                        if let Err(why) = span.and_then(|span| self.add_column(row, target, *column, span)) {
                            let at = format!("column {}", column + 1);
                            self.rejects.push(RejectedRow { column: Some(at), ..self.reject(row, "", why) });
                        }
                    }
                }
                Ok(None) => {}
                Err((role, why)) => {
                    self.incomplete = true;
                    self.unkeyed |= self.source.rows == RowAggregation::Sum;
                    let reject = self.reject(row, &role, why);
                    self.rejects.push(reject);
                }
            }
        }
        self.periods.across = columns;
    }

    fn add_column(
        &mut self,
        row: &SheetRow,
        target: &SeriesTarget,
        column: usize,
        span: Span,
    ) -> Result<(), &'static str> {
        let cell = row.cell(column);
        let (Span::AsOf(start) | Span::During(start, _)) = span;
        let ahead = self.context.is_ahead(start);
        // A column that is prepared for a later figure, or a period without one. Where rows are added up, a figure is missing.
        if cell.is_empty() && (ahead || self.source.rows != RowAggregation::Sum) {
            return Ok(());
        }
        if ahead {
            return Err(reason::IN_THE_FUTURE);
        }
        let value = self.number(cell, target, "").map_err(|why| (String::new(), why));
        let fault = |(_, why): RowFault<String>| why;
        self.put(row, target, span, value, place(self.sheet, row)).map_err(fault)
    }
}
