//! Tables whose periods stand side by side: a column each, its label in the header.

use super::{Reading, RowFault};
use crate::sources::parsed::ParseError;
use crate::sources::period;
use crate::sources::row::{place, reason};
use crate::sources::table::{FigureAt, Rows};
use crate::table::SheetRow;
use crate::table::date::LabelledPeriod;
use contract::record::Span;

/// What is wrong where no column is a period's.
pub(in crate::sources::table) const NO_PERIODS: ParseError = ParseError::Unfit {
    label: "no_period",
    why: "no column's heading is a period of the series (「2021年4月」, or 「4月」 with `year` or `from = \"name\"`); see `across`",
};

impl Reading<'_> {
    /// All figures of a row.
    pub(super) fn across(&mut self, row: &SheetRow, figure: &FigureAt) {
        let columns = std::mem::take(&mut self.periods.across);
        if columns.iter().any(|(column, _)| !row.cell(*column).is_empty()) {
            match self.target(row, figure) {
                Ok(Some(target)) => {
                    self.rows += 1;
                    for (column, when) in &columns {
                        let span = period::of(*when, target).ok_or(reason::WRONG_PERIOD);
                        if let Err(why) = span.and_then(|span| self.one(row, target, *column, span)) {
                            let at = format!("column {}", column + 1);
                            self.rejects
                                .push(crate::sources::RejectedRow { column: Some(at), ..self.reject(row, "", why) });
                        }
                    }
                }
                Ok(None) => {}
                Err((role, why)) => {
                    self.lost |= self.source.rows == Rows::Sum;
                    let reject = self.reject(row, &role, why);
                    self.rejects.push(reject);
                }
            }
        }
        self.periods.across = columns;
    }

    fn one(
        &mut self,
        row: &SheetRow,
        target: &crate::sources::SeriesTarget,
        column: usize,
        span: Span,
    ) -> Result<(), &'static str> {
        let cell = row.cell(column);
        let (Span::AsOf(start) | Span::During(start, _)) = span;
        let ahead = self.seen.is_ahead(start);
        // A column made ready, or a period without a figure; of rows that are added up it is one that is missing.
        if cell.is_empty() && (ahead || self.source.rows != Rows::Sum) {
            return Ok(());
        }
        if ahead {
            return Err(reason::IN_THE_FUTURE);
        }
        let value = self.number(cell, target, "").map_err(|why| (String::new(), why));
        let fault = |(_, why): RowFault| why;
        self.put(row, target, span, value, place(self.sheet, row)).map_err(fault)
    }
}

/// The period that a heading says, by a month alone in the year given.
pub(in crate::sources::table) fn said(text: &str, year: Option<i16>, fiscal: bool) -> Option<LabelledPeriod> {
    let cell = crate::table::Cell::of_text(text);
    let month = || {
        let (year, month) = (year?, super::super::when::month(&cell).ok()?);
        let year = if fiscal && month < 4 { year.saturating_add(1) } else { year };
        Some(LabelledPeriod::Month { year, month })
    };
    crate::table::date::read(&cell).ok().map(|dated| dated.when).or_else(month)
}
