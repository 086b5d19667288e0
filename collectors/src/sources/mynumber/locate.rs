//! Where an edition's table is: which sheet, which of several headers, and by what the city is known in it.
//!
//! The ministry's workbook has its table at the foot of the sheet 「公表用」: rankings with the same words stand above it, each
//! with a header of its own. So of several fitting headers the lowest counts.

use super::super::parsed::ParseError;
use super::MyNumber;
use crate::table::text::word;
use crate::table::{Columns, Sheet, SheetRow, TableError, WantedColumn};
use std::borrow::Cow;

/// The ministry's sheet; others of the workbook are workings.
const SHEET: &str = "公表用";
/// The words over each column. The ministry's own are in editions of 2017 to 2025; 「交付率」 stood there in 2017.
pub(super) const WORDS: [(&str, &[&str]); 9] = [
    ("as_of", &["算出基準日", "交付件数基準日", "交付枚数基準日", "基準日"]),
    ("code", &["団体コード", "市区町村コード", "全国地方公共団体コード", "自治体コード"]),
    ("prefecture", &["都道府県名", "都道府県"]),
    ("municipality", &["市区町村名", "市区町村", "市町村名", "団体名"]),
    ("population", &["総数（人口）", "人口"]),
    ("issued", &["交付枚数", "交付件数", "累計交付枚数"]),
    ("held", &["保有枚数"]),
    ("issued_rate", &["人口に対する交付枚数率", "交付枚数率", "交付率", "人口に対する累計交付枚数率"]),
    ("held_rate", &["人口に対する保有枚数率", "保有枚数率"]),
];

/// Rows looked through for a further header: a ranking of all prefectures, and room.
const REACH: usize = 200;
/// Headers of one sheet: a dozen rankings, and room.
const MAX_HEADERS: usize = 40;

const NO_CODES: ParseError = ParseError::Unfit {
    label: "no_codes",
    why: "the file has no column of codes: set `prefecture` and `municipality`, by which the city is known there",
};

/// How a row of the city is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CityMatch {
    Code,
    Name,
    /// Every row is the city's.
    Single,
}

/// The table of an edition.
pub(super) struct EditionTable<'a> {
    /// The sheet, from its table's header or from above it on.
    pub(super) sheet: Cow<'a, Sheet>,
    pub(super) columns: Columns,
    pub(super) by: CityMatch,
    /// The rows above the header.
    pub(super) above: &'a [SheetRow],
    /// The header's row, and the one above it, which may be a part of it.
    pub(super) header: Vec<&'a SheetRow>,
}

/// Finds the table in the sheets of a file.
pub(super) fn find<'a>(source: &MyNumber, sheets: &'a [Sheet]) -> Result<EditionTable<'a>, ParseError> {
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

fn in_sheets<'a>(source: &MyNumber, sheets: &'a [Sheet], by: CityMatch) -> Result<EditionTable<'a>, TableError> {
    let wanted = Words::new(source, by);
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

/// The lowest fitting header of a sheet; the same header once more is one repeated for print, and no other table.
fn in_sheet<'a>(sheet: &'a Sheet, wanted: &Words<'_>, by: CityMatch) -> Result<EditionTable<'a>, TableError> {
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

/// Where the header's last row is among the sheet's rows.
fn position(sheet: &Sheet, columns: &Columns) -> usize {
    sheet.rows.partition_point(|row| row.number < columns.header_row)
}

/// What is looked for, with the roles that are required for one way to know the city.
struct Words<'a> {
    /// Words of either kind of card: one of them must be there.
    cards: Vec<String>,
    source: &'a MyNumber,
    by: CityMatch,
}

impl<'a> Words<'a> {
    fn new(source: &'a MyNumber, by: CityMatch) -> Self {
        let cards = source.columns.iter().filter(|(role, _)| matches!(*role, "issued" | "held"));
        Self { cards: cards.flat_map(|(_, words)| words.clone()).collect(), source, by }
    }

    /// Finds the columns; rates serve to check the rows, so two of them are as good as none.
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
        let each = self.source.columns.iter().filter(|(role, _)| rates || !role.ends_with("_rate"));
        let each = each.map(|(role, words)| WantedColumn { role, words, required: required(role) });
        each.chain([WantedColumn { role: "cards", words: &self.cards, required: true }]).collect()
    }
}
