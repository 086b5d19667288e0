//! The rows of a register: figures, of which a later row replaces an earlier one, and rejects.

use super::config::RegisterSource;
use crate::sources::parsed::{Coverage, EnteredFigure, ParseError, ParsedFigure, ParsedFile, ParsedKey, RejectedRow};
use crate::sources::period;
use crate::sources::row::{RowFault, place, reason, rejected};
use crate::sources::source::PollContext;
use crate::sources::target::SeriesTarget;
use crate::table::date::{self, LabelledPeriod};
use crate::table::number::{self, FigureScale};
use crate::table::text::{normal, word};
use crate::table::total::is_total;
use crate::table::unit::StatedUnit;
use crate::table::{Cell, Columns, RejectReason, Sheet, SheetRow};
use contract::record::{Finality, Span, Value};
use contract::time::{Moment, day_number};
use std::collections::BTreeMap;

/// Words of a provisional figure in the column of finality.
const PROVISIONAL: [&str; 5] = ["速報", "暫定", "概数", "見込", "provisional"];

/// Reads the sheet that holds the register.
pub(super) fn parse(
    source: &RegisterSource,
    sheets: &[Sheet],
    context: &PollContext,
) -> Result<ParsedFile, ParseError> {
    Ok(read(source, sheets, context, false)?.0)
}

/// Every figure that the register ever held, with the day on which it was entered where the row says it.
pub(super) fn entered(
    source: &RegisterSource,
    sheets: &[Sheet],
    context: &PollContext,
) -> Result<Vec<EnteredFigure>, ParseError> {
    Ok(read(source, sheets, context, true)?.1)
}

fn read(
    source: &RegisterSource,
    sheets: &[Sheet],
    context: &PollContext,
    keeps_all: bool,
) -> Result<(ParsedFile, Vec<EnteredFigure>), ParseError> {
    let wanted = source.columns.wanted(&[
        ("series", true),
        ("period", true),
        ("value", true),
        ("definition", false),
        ("finality", false),
        ("entered", false),
    ]);
    let (sheet, columns) = Columns::find_sheet(sheets, source.sheet.as_deref(), &wanted)?;
    let mut reader = RegisterReader {
        source,
        sheet,
        columns: &columns,
        stated: StatedUnit::above(sheet, columns.header_row),
        context,
        rows: 0,
        figures: BTreeMap::new(),
        all: keeps_all.then(Vec::new),
        rejects: vec![],
        held: vec![],
        covers: Coverage::Everything,
        until: None,
    };
    for row in columns.data(sheet) {
        if let Err((role, reason)) = reader.row(row) {
            reader.rejects.push(rejected(&columns, sheet, row, role, reason));
        }
    }
    if reader.rows == 0 {
        return Err(ParseError::NoRows);
    }
    let RegisterReader { figures, all, rejects, held, covers, until, .. } = reader;
    let figures = figures.into_values().collect();
    Ok((ParsedFile { figures, rejects, held, covers, until }, all.unwrap_or_default()))
}

struct RegisterReader<'a> {
    source: &'a RegisterSource,
    sheet: &'a Sheet,
    columns: &'a Columns,
    /// Units that lines above the table state for the whole table.
    stated: StatedUnit,
    context: &'a PollContext,
    /// Number of rows that are neither headings nor totals.
    rows: usize,
    figures: BTreeMap<ParsedKey, ParsedFigure>,
    /// Corrected ones too, where they are asked for.
    all: Option<Vec<EnteredFigure>>,
    rejects: Vec<RejectedRow>,
    held: Vec<ParsedKey>,
    /// Nothing once the key of a row is unreadable: the figure of the row is not gone, so nothing is withdrawn.
    covers: Coverage,
    until: Option<Moment>,
}

impl<'a> RegisterReader<'a> {
    fn row(&mut self, row: &SheetRow) -> Result<(), RowFault> {
        let label = self.columns.label(self.sheet, row, "series");
        let period = self.columns.label(self.sheet, row, "period");
        let amount = self.columns.cell(row, "value");
        let heading = period.is_empty() && amount.is_empty();
        // 合計 can be a label of the register.
        let total = is_total(label) && self.source.target(&label.text()).is_none();
        if heading || row.is_note() || total || is_total(period) {
            return Ok(());
        }
        self.rows += 1;
        let key = self.key(label, period, row).inspect_err(|_| self.covers = Coverage::Nothing);
        let (target, key) = key?;
        let span = key.span;
        let value = self.value(amount, target, &key.definition).inspect_err(|_| self.held.push(key.clone()))?;
        let (Span::AsOf(start) | Span::During(start, _)) = span;
        let (Span::AsOf(end) | Span::During(_, end)) = span;
        let running = end > self.context.time;
        if running && matches!(value, Value::Unknown(_)) {
            // A row that is prepared for a later figure.
            self.changes_at(end);
            return Ok(());
        }
        if self.context.is_ahead(start) {
            self.changes_at(start);
            return Err(("period", reason::IN_THE_FUTURE));
        }
        if running {
            self.changes_at(end);
        }
        let finality = if running || self.is_provisional(row) { Finality::Provisional } else { Finality::Final };
        let place = place(self.sheet, row);
        let figure = ParsedFigure { key: key.clone(), value, breakdown: None, finality, place };
        if let Some(all) = &mut self.all {
            all.push((entered_on(self.columns.cell(row, "entered")), figure.clone()));
        }
        self.figures.insert(key, figure);
        Ok(())
    }

    fn key(&self, label: &Cell, period: &Cell, row: &SheetRow) -> Result<(&'a SeriesTarget, ParsedKey), RowFault> {
        let (target, definition) = self.target(label, row)?;
        let span = period::read(period, target).map_err(|why| ("period", why))?;
        Ok((target, ParsedKey { series: target.series.clone(), definition, span }))
    }

    fn changes_at(&mut self, moment: Moment) {
        self.until = Some(self.until.map_or(moment, |until| until.min(moment)));
    }

    fn target(&self, label: &Cell, row: &SheetRow) -> Result<(&'a SeriesTarget, String), RowFault> {
        if label.is_empty() {
            return Err(("series", RejectReason::Empty.label()));
        }
        let target = self.source.target(&label.text()).ok_or(("series", reason::UNKNOWN_SERIES))?;
        let named = normal(&self.columns.cell(row, "definition").text());
        let definition = if named.is_empty() { target.definition.clone() } else { Some(named) };
        let definition = definition.filter(|definition| target.definitions.iter().any(|(id, _)| id == definition));
        let definition = definition.ok_or(("definition", reason::UNKNOWN_DEFINITION))?;
        Ok((target, definition))
    }

    fn value(&self, cell: &Cell, target: &SeriesTarget, definition: &str) -> Result<Value, RowFault> {
        // 値（千円） for a series in 円 is wrong by a factor of a thousand.
        if self.stated.is_multiple_in(self.columns.unit("value"), &target.unit) {
            return Err(("value", RejectReason::UnexpectedUnit.label()));
        }
        let by = FigureScale { scale: 1, decimals: target.decimals(definition) };
        let number = number::steps(cell, Some(&target.unit), by).map_err(|why| ("value", why.label()))?;
        Ok(number.into_value())
    }

    fn is_provisional(&self, row: &SheetRow) -> bool {
        let finality = word(&self.columns.cell(row, "finality").text());
        PROVISIONAL.iter().any(|mark| finality.contains(mark))
    }
}

/// The day on which a row was entered; `None` where its cell has no date.
fn entered_on(cell: &Cell) -> Option<i32> {
    match date::read_date_cell(cell).ok()?.when {
        LabelledPeriod::Date(date) => Some(day_number(date)),
        _ => None,
    }
}
