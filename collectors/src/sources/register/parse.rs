//! A register's rows: figures, the later row of a key first, and rejects.

use super::super::parsed::{Coverage, ParseError, ParsedFigure, ParsedFile, ParsedKey, RejectedRow};
use super::super::row::{place, reason, rejected};
use super::super::source::PollContext;
use super::super::target::SeriesTarget;
use super::Register;
use crate::sources::period::{self, Fault};
use crate::table::number::{self, NumberCell as Number};
use crate::table::text::{normal, word};
use crate::table::total::is_total;
use crate::table::unit::{StatedUnit, is_multiple};
use crate::table::{Cell, Columns, RejectReason, Sheet, SheetRow, WantedColumn};
use contract::record::{Finality, Span, Value};
use contract::time::Moment;
use std::collections::BTreeMap;

/// What marks a figure as not settled yet, in the column of finality.
const PROVISIONAL: [&str; 5] = ["速報", "暫定", "概数", "見込", "provisional"];

/// Reads the sheet that holds the register.
pub(super) fn parse(source: &Register, sheets: &[Sheet], seen: &PollContext) -> Result<ParsedFile, ParseError> {
    let words = &source.columns;
    let wanted = [
        WantedColumn { role: "series", words: &words.series, required: true },
        WantedColumn { role: "period", words: &words.period, required: true },
        WantedColumn { role: "value", words: &words.value, required: true },
        WantedColumn { role: "definition", words: &words.definition, required: false },
        WantedColumn { role: "finality", words: &words.finality, required: false },
    ];
    let (sheet, columns) = Columns::find_sheet(sheets, source.sheet.as_deref(), &wanted)?;
    let mut reading = Reading {
        source,
        sheet,
        columns: &columns,
        stated: StatedUnit::above(sheet, columns.header_row),
        seen,
        rows: 0,
        figures: BTreeMap::new(),
        rejects: vec![],
        held: vec![],
        until: None,
    };
    for row in columns.data(sheet) {
        if let Err((role, reason)) = reading.row(row) {
            reading.rejects.push(rejected(&columns, sheet, row, role, reason));
        }
    }
    if reading.rows == 0 {
        return Err(ParseError::NoRows);
    }
    let Reading { figures, rejects, held, until, .. } = reading;
    let figures = figures.into_values().collect();
    Ok(ParsedFile { figures, rejects, held, covers: Coverage::Everything, until })
}

/// Why a row is a reject: the role of the column at fault, and the reason.
type RowFault = (&'static str, &'static str);

struct Reading<'a> {
    source: &'a Register,
    sheet: &'a Sheet,
    columns: &'a Columns,
    /// Units that lines above the table state for all of it.
    stated: StatedUnit,
    seen: &'a PollContext,
    /// Rows that are neither headings nor totals.
    rows: usize,
    figures: BTreeMap<ParsedKey, ParsedFigure>,
    rejects: Vec<RejectedRow>,
    held: Vec<ParsedKey>,
    until: Option<Moment>,
}

impl Reading<'_> {
    fn row(&mut self, row: &SheetRow) -> Result<(), RowFault> {
        let label = self.columns.label(self.sheet, row, "series");
        let period = self.columns.label(self.sheet, row, "period");
        let amount = self.columns.cell(row, "value");
        let heading = period.is_empty() && amount.is_empty();
        // 合計 may be what the register calls a series.
        let total = is_total(label) && self.source.target(&label.text()).is_none();
        if heading || row.is_note() || total || is_total(period) {
            return Ok(());
        }
        self.rows += 1;
        let (target, definition) = self.target(label, row)?;
        let span = period::read(period, target).map_err(|fault| match fault {
            Fault::Unreadable(why) => ("period", why.label()),
            Fault::WrongGrain => ("period", reason::WRONG_PERIOD),
        })?;
        let key = ParsedKey { series: target.series.clone(), definition, span };
        let value = self.value(amount, target).inspect_err(|_| self.held.push(key.clone()))?;
        let (Span::AsOf(start) | Span::During(start, _)) = span;
        let (Span::AsOf(end) | Span::During(_, end)) = span;
        let running = end > self.seen.time;
        if running && matches!(value, Value::Unknown(_)) {
            // A row made ready for a figure to come.
            self.changes_at(end);
            return Ok(());
        }
        if self.seen.is_ahead(start) {
            self.changes_at(start);
            return Err(("period", reason::IN_THE_FUTURE));
        }
        if running {
            self.changes_at(end);
        }
        let finality = if running || self.is_provisional(row) { Finality::Provisional } else { Finality::Final };
        let place = place(self.sheet, row);
        self.figures.insert(key.clone(), ParsedFigure { key, value, breakdown: None, finality, place });
        Ok(())
    }

    fn changes_at(&mut self, moment: Moment) {
        self.until = Some(self.until.map_or(moment, |until| until.min(moment)));
    }

    fn target(&self, label: &Cell, row: &SheetRow) -> Result<(&SeriesTarget, String), RowFault> {
        if label.is_empty() {
            return Err(("series", RejectReason::Empty.label()));
        }
        let target = self.source.target(&label.text()).ok_or(("series", reason::UNKNOWN_SERIES))?;
        let said = normal(&self.columns.cell(row, "definition").text());
        let definition = if said.is_empty() { target.definition.clone() } else { Some(said) };
        let known = definition.filter(|definition| target.definitions.contains(definition));
        let definition = known.ok_or(("definition", reason::UNKNOWN_DEFINITION))?;
        Ok((target, definition))
    }

    fn value(&self, cell: &Cell, target: &SeriesTarget) -> Result<Value, RowFault> {
        // 値（千円） over a series in 円 would be a thousandfold off.
        let over = self.columns.unit("value").map(|unit| is_multiple(unit, &target.unit));
        if over.unwrap_or_else(|| self.stated.is_multiple_of(&target.unit)) {
            return Err(("value", RejectReason::UnexpectedUnit.label()));
        }
        let number = number::integer(cell, Some(&target.unit)).map_err(|why| ("value", why.label()))?;
        Ok(match number {
            Number::Known(value) | Number::About { value, .. } => Value::Known(value),
            Number::Missing(why) => Value::Unknown(why.to_owned()),
        })
    }

    fn is_provisional(&self, row: &SheetRow) -> bool {
        let said = word(&self.columns.cell(row, "finality").text());
        PROVISIONAL.iter().any(|mark| said.contains(mark))
    }
}
