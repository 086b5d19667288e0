//! Finds the table of an edition: its sheet, its header, and how rows of the city are identified.
//!
//! The table of the ministry's workbook is at the end of the sheet 「公表用」. Rankings with the same words are above it, each with
//! its own header, so the lowest header is used.

use super::config::{MyNumberSource, WORDS};
use crate::sources::parsed::ParseError;
use crate::table::text::word;
use crate::table::{Columns, Sheet, SheetRow, TableError, WantedColumn};
use std::borrow::Cow;

/// The sheet of the ministry; the other sheets of its workbook are calculations.
const SHEET: &str = "公表用";
/// Rows that are searched for another header: more than a ranking of all prefectures.
const REACH: usize = 200;
/// Maximum headers of one sheet: more than a dozen rankings.
const MAX_HEADERS: usize = 40;

const NO_CODES: ParseError = ParseError::Unfit {
    label: "no_codes",
    why: "the file has no column of codes: set `prefecture` and `municipality`, by which the city is known there",
};

/// How a row of the city is identified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CityMatch {
    Code,
    Name,
    /// Every row is the city's.
    Single,
}

/// The table of an edition.
pub(super) struct EditionTable<'a> {
    /// The sheet, from the header of the table or from above it.
    pub(super) sheet: Cow<'a, Sheet>,
    pub(super) columns: Columns,
    pub(super) by: CityMatch,
    /// The rows above the header.
    pub(super) above: &'a [SheetRow],
    /// The row of the header, and the one above it, which can be part of it.
    pub(super) header: Vec<&'a SheetRow>,
}

/// Finds the table in the sheets of a file.
pub(super) fn find<'a>(source: &MyNumberSource, sheets: &'a [Sheet]) -> Result<EditionTable<'a>, ParseError> {
    let mut ways = Vec::new();
    if source.code.is_some() {
        ways.push(CityMatch::Code);
    }
    if source.name.is_some() {
        ways.push(CityMatch::Name);
    }
    if source.single {
        ways.push(CityMatch::Single);
    }
    let mut first = None;
    for by in ways {
        match in_sheets(source, sheets, by) {
            Ok(table) => return Ok(table),
            Err(error) => first = first.or(Some(error)),
        }
    }
    let no_codes = matches!(&first, Some(TableError::MissingColumn { role, .. }) if role == "code");
    if no_codes && source.name.is_none() && in_sheets(source, sheets, CityMatch::Name).is_ok() {
        return Err(NO_CODES);
    }
    Err(first.unwrap_or(TableError::Empty).into())
}

fn in_sheets<'a>(source: &MyNumberSource, sheets: &'a [Sheet], by: CityMatch) -> Result<EditionTable<'a>, TableError> {
    let wanted = HeaderSearch::new(source, by);
    let called = |name: &str| sheets.iter().find(|sheet| sheet.name.as_deref().map(word) == Some(word(name)));
    let usual = || called(SHEET).filter(|sheet| !sheet.hidden);
    if let Some(sheet) = source.sheet.as_deref().and_then(called).or_else(usual) {
        return in_sheet(sheet, &wanted, by);
    }
    let (mut fitting, mut first) = (Vec::new(), None);
    for sheet in sheets.iter().filter(|sheet| !sheet.hidden) {
        match in_sheet(sheet, &wanted, by) {
            Ok(table) => fitting.push(table),
            Err(error) => first = first.or(Some(error)),
        }
    }
    if fitting.len() > 1 {
        let names = fitting.into_iter().map(|table| table.sheet.name.clone().unwrap_or_default());
        return Err(TableError::AmbiguousSheet { sheets: names.collect() });
    }
    fitting.pop().ok_or(first.unwrap_or(TableError::Empty))
}

/// The lowest header of a sheet. A repeated header is for printing and does not begin another table.
fn in_sheet<'a>(sheet: &'a Sheet, wanted: &HeaderSearch<'_>, by: CityMatch) -> Result<EditionTable<'a>, TableError> {
    let mut columns = wanted.find(sheet)?;
    let (mut start, mut at) = (0, position(sheet, &columns));
    let mut below = at + 1;
    for _ in 0..MAX_HEADERS {
        let Some(rows) = sheet.rows.get(below..).filter(|rows| !rows.is_empty()) else { break };
        let window = Sheet { rows: rows[..rows.len().min(REACH)].to_vec(), ..Sheet::default() };
        let Ok(found) = wanted.find(&window) else { break };
        let next = position(sheet, &found);
        if !sheet.rows[at].has_same_texts(&sheet.rows[next]) {
            (columns, start, at) = (found, below, next);
        }
        below = next + 1;
    }
    let table = || Sheet { rows: sheet.rows[start..].to_vec(), name: sheet.name.clone(), ..Sheet::default() };
    let part = if start == 0 { Cow::Borrowed(sheet) } else { Cow::Owned(table()) };
    let header = sheet.rows[at.saturating_sub(1)..=at].iter().rev().collect();
    Ok(EditionTable { sheet: part, columns, by, above: &sheet.rows[..at], header })
}

/// Index of the last row of the header in the sheet.
fn position(sheet: &Sheet, columns: &Columns) -> usize {
    sheet.rows.partition_point(|row| row.number < columns.header_row)
}

/// The columns to find for one way to identify the city.
struct HeaderSearch<'a> {
    /// Words of both kinds of card: one of them is required.
    cards: Vec<String>,
    source: &'a MyNumberSource,
    by: CityMatch,
}

impl<'a> HeaderSearch<'a> {
    fn new(source: &'a MyNumberSource, by: CityMatch) -> Self {
        let cards = ["issued", "held"].into_iter().flat_map(|role| source.columns.of(role));
        Self { cards: cards.cloned().collect(), source, by }
    }

    /// Finds the columns. Rates only check the rows, so an ambiguous rate is not used.
    fn find(&self, sheet: &Sheet) -> Result<Columns, TableError> {
        match Columns::find(sheet, &self.wanted(true)) {
            Err(TableError::AmbiguousColumn { role, .. }) if role.ends_with("_rate") => {
                Columns::find(sheet, &self.wanted(false))
            }
            found => found,
        }
    }

    fn wanted(&self, rates: bool) -> Vec<WantedColumn<'_>> {
        let required = |role: &str| match role {
            "population" => true,
            "code" => self.by == CityMatch::Code,
            "prefecture" | "municipality" => self.by == CityMatch::Name,
            _ => false,
        };
        let each = WORDS.iter().map(|(role, _)| (*role, required(role)));
        let each: Vec<_> = each.filter(|(role, _)| rates || !role.ends_with("_rate")).collect();
        let mut wanted = self.source.columns.wanted(&each);
        wanted.push(WantedColumn { role: "cards", words: &self.cards, required: true });
        wanted
    }
}
