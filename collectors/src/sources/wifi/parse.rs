//! An inventory's rows: counted, in all and by ward.

use super::super::date_in_name;
use super::super::disclosure_control::OTHERS;
use super::super::parsed::{Coverage, ParseError, ParsedFigure, ParsedFile, ParsedKey, RejectedRow};
use super::super::row::{reason, rejected};
use super::super::source::PollContext;
use super::super::target::SeriesTarget;
use super::{AsOf, Count, Wifi};
use crate::table::code::CodeForm;
use crate::table::date::LabelledPeriod;
use crate::table::number::{self, NumberCell as Number};
use crate::table::text::{normal, word};
use crate::table::total::{is_total, sums_up};
use crate::table::{Cell, Columns, Municipality, RejectReason, Sheet, SheetRow, WantedColumn};
use contract::record::{Breakdown, Finality, Place, Span, Value};
use contract::time::{DAY, Moment};

/// Only a name stands in a row where others have more: a heading, a note, or a site without its particulars.
const ONLY_A_NAME: &str = "only_a_name";
/// What a form's own row says in the column of names: which columns must be filled in, or that it is an example.
const FORM: [&str; 10] = ["◎", "○", "●", "△", "-", "必須", "任意", "推奨", "例", "記入例"];
/// What may stand behind a number of access points, whatever the series' unit is called.
const COUNTERS: [&str; 7] = ["台", "基", "個", "箇所", "か所", "カ所", "ヶ所"];

/// Why a row is a reject: the role of the column at fault, and the reason.
type RowFault = (&'static str, &'static str);

/// Reads the sheet that holds the inventory.
pub(super) fn parse(source: &Wifi, name: &str, sheets: &[Sheet], seen: &PollContext) -> Result<ParsedFile, ParseError> {
    let words = &source.columns;
    let by_ward = source.breakdown;
    let mut wanted = vec![
        WantedColumn { role: "name", words: &words.name, required: true },
        WantedColumn { role: "status", words: &words.status, required: false },
    ];
    if source.count == Count::AccessPoints {
        // Sites are never taken for access points.
        wanted.push(WantedColumn { role: "points", words: &words.points, required: true });
    }
    if source.code.is_some() {
        wanted.push(WantedColumn { role: "code", words: &words.code, required: true });
    }
    if by_ward {
        wanted.push(WantedColumn { role: "ward", words: &words.ward, required: source.wards.is_empty() });
        wanted.push(WantedColumn { role: "address", words: &words.address, required: false });
    }
    let (sheet, columns) = Columns::find_sheet(sheets, source.sheet.as_deref(), &wanted)?;
    let (as_of, until) = as_of(source, name, sheet, &columns, seen)?;
    let Some(target) = &source.points else { return Err(ParseError::NoRows) };
    let form = CodeForm::of(columns.data(sheet).map(|row| columns.cell(row, "code")));
    let fullest = columns.data(sheet).map(SheetRow::filled).max().unwrap_or_default();
    let nothing = (Value::Known(0), Breakdown::new());
    let mut inventory =
        Inventory { source, sheet, columns: &columns, form, fullest, rows: 0, sum: nothing.0, wards: nothing.1 };
    let mut rejects: Vec<RejectedRow> = Vec::new();
    for row in columns.data(sheet) {
        if let Err((role, why)) = inventory.row(row) {
            rejects.push(rejected(&columns, sheet, row, role, why));
        }
    }
    if inventory.rows == 0 {
        return Err(ParseError::NoRows);
    }
    let Inventory { sum, wards, .. } = inventory;
    let key = key(target, as_of);
    // A count without an unreadable row would be too small.
    let (figures, held) = if rejects.is_empty() {
        let breakdown = (by_ward && matches!(sum, Value::Known(_))).then_some(wards);
        let place = Place { sheet: sheet.name.clone(), row: None };
        (vec![ParsedFigure { key, value: sum, breakdown, finality: Finality::Final, place }], vec![])
    } else {
        (vec![], vec![key])
    };
    Ok(ParsedFile { figures, rejects, held, covers: Coverage::Instant(as_of), until })
}

/// 00:00 of the day of the visit, and of the day after.
pub(super) fn today(seen: &PollContext) -> (Moment, Moment) {
    let today = Moment::midnight(seen.time.date());
    (today, Moment(today.0 + DAY))
}

pub(super) fn key(target: &SeriesTarget, as_of: Moment) -> ParsedKey {
    let definition = target.definition.clone().unwrap_or_default();
    ParsedKey { series: target.series.clone(), definition, span: Span::AsOf(as_of) }
}

/// The date, and when the same file will have another.
fn as_of(
    source: &Wifi,
    name: &str,
    sheet: &Sheet,
    columns: &Columns,
    seen: &PollContext,
) -> Result<(Moment, Option<Moment>), ParseError> {
    let (when, place) = match source.as_of {
        AsOf::Fixed(moment) => return Ok((moment, None)),
        AsOf::Visit => {
            let (today, tomorrow) = today(seen);
            return Ok((today, Some(tomorrow)));
        }
        AsOf::Name => (date_in_name::find(name), "name"),
        AsOf::Title => (date_in_name::above(sheet, columns.header_row), "title"),
    };
    match when {
        Some(LabelledPeriod::Date(date)) => Ok((Moment::midnight(date), None)),
        _ => Err(ParseError::NoPeriod(place)),
    }
}

struct Inventory<'a> {
    source: &'a Wifi,
    sheet: &'a Sheet,
    columns: &'a Columns,
    form: Option<CodeForm>,
    /// Most cells that hold anything in a row.
    fullest: usize,
    /// Rows of the municipality, closed sites too.
    rows: usize,
    sum: Value,
    wards: Breakdown,
}

impl Inventory<'_> {
    fn row(&mut self, row: &SheetRow) -> Result<(), RowFault> {
        if !self.is_site(row)? {
            return Ok(());
        }
        self.rows += 1;
        if self.is_closed(row) {
            return Ok(());
        }
        let count = match self.source.count {
            // Further rows of a site whose name is one merged cell.
            Count::Sites => i64::from(!self.columns.cell(row, "name").is_empty()),
            Count::AccessPoints => match self.points(row)? {
                Value::Known(count) => count,
                unknown @ Value::Unknown(_) => {
                    self.sum = unknown;
                    return Ok(());
                }
            },
        };
        if let Value::Known(sum) = &mut self.sum {
            *sum = sum.saturating_add(count);
        }
        let ward = self.wards.entry(self.ward(row)).or_insert(0);
        *ward = ward.saturating_add(count);
        Ok(())
    }

    /// True for a row of the municipality's inventory, which is no total, note, heading or row made ready.
    fn is_site(&self, row: &SheetRow) -> Result<bool, RowFault> {
        let name = self.columns.label(self.sheet, row, "name");
        let begins = row.cells.first().unwrap_or(&Cell::Empty);
        let total = if name.is_empty() { row.cells.iter().any(sums_up) } else { sums_up(name) || is_total(begins) };
        // A number without a name may be a site's whose name was left out, or the sum of all.
        let number = !self.columns.cell(row, "points").is_empty();
        let form = matches!(name, Cell::Text(text) if text.chars().nth(4).is_none() && FORM.contains(&&*word(text)));
        if total || form || row.is_note() || (name.is_empty() && !number) {
            return Ok(false);
        }
        if let Some(code) = self.source.code {
            let found = Municipality::read(self.columns.label(self.sheet, row, "code"), self.form);
            if found.map_err(|why| ("code", why.label()))? != code {
                return Ok(false);
            }
        }
        if name.is_empty() {
            return Err(("name", RejectReason::Empty.label()));
        }
        if row.filled() == 1 && self.fullest > 2 { Err(("name", ONLY_A_NAME)) } else { Ok(true) }
    }

    /// True for a site that is closed: 「廃止済」 is, 「廃止予定」 is not yet.
    fn is_closed(&self, row: &SheetRow) -> bool {
        let said = word(&self.columns.cell(row, "status").text());
        !said.contains("予定") && self.source.closed.iter().any(|closed| said.contains(&word(closed)))
    }

    fn points(&self, row: &SheetRow) -> Result<Value, RowFault> {
        let cell = self.columns.cell(row, "points");
        let merged = self.columns.index("points").and_then(|index| self.sheet.merged_with(row.number, index));
        if cell.is_empty() && merged.is_some_and(|above| !above.is_empty()) {
            // One number for several rows was added in the first of them.
            return Ok(Value::Known(0));
        }
        let own = self.source.points.as_ref().map(|target| target.unit.as_str());
        let mut read = number::integer(cell, own);
        for counter in COUNTERS {
            if read != Err(RejectReason::UnexpectedUnit) {
                break;
            }
            read = number::integer(cell, Some(counter));
        }
        match read.map_err(|why| ("points", why.label()))? {
            Number::Known(count) if count >= 0 => Ok(Value::Known(count)),
            Number::Known(_) => Err(("points", reason::NEGATIVE)),
            Number::Missing(why) => Ok(Value::Unknown(why.to_owned())),
            Number::About { .. } => Err(("points", RejectReason::NotAnInteger.label())),
        }
    }

    /// The ward that the column names, or whose name stands in the address.
    fn ward(&self, row: &SheetRow) -> String {
        let [ward, address] = ["ward", "address"].map(|role| normal(&self.columns.label(self.sheet, row, role).text()));
        if self.source.wards.is_empty() {
            return if ward.is_empty() { OTHERS.to_owned() } else { ward };
        }
        let named = self.source.wards.iter().find(|known| ward == **known || address.contains(known.as_str()));
        named.map_or_else(|| OTHERS.to_owned(), Clone::clone)
    }
}
