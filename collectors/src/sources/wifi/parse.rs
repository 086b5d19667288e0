//! An inventory's rows: counted, in all and by ward.

use super::super::small::OTHERS;
use super::super::{Covers, Figure, Key, Parsed, Rejected, Seen, Target, Unreadable, reason, rejected, stamp};
use super::{AsOf, Count, Wifi};
use crate::table::code::Form;
use crate::table::date::When;
use crate::table::number::{self, Figure as Number};
use crate::table::text::{normal, word};
use crate::table::total::is_total;
use crate::table::{Columns, Municipality, Reason, Row, Sheet, Wanted};
use contract::record::{Breakdown, Finality, Place, Span, Value};
use contract::time::{DAY, Moment};

/// Why a row is a reject: the role of the column at fault, and the reason.
type RowFault = (&'static str, &'static str);

/// Reads the sheet that holds the inventory.
pub(super) fn parse(source: &Wifi, name: &str, sheets: &[Sheet], seen: &Seen) -> Result<Parsed, Unreadable> {
    let words = &source.columns;
    let by_ward = source.breakdown;
    let mut wanted = vec![
        Wanted { role: "name", words: &words.name, required: true },
        Wanted { role: "status", words: &words.status, required: false },
    ];
    if source.count == Count::AccessPoints {
        // Sites are never taken for access points.
        wanted.push(Wanted { role: "points", words: &words.points, required: true });
    }
    if source.code.is_some() {
        wanted.push(Wanted { role: "code", words: &words.code, required: true });
    }
    if by_ward {
        wanted.push(Wanted { role: "ward", words: &words.ward, required: source.wards.is_empty() });
        wanted.push(Wanted { role: "address", words: &words.address, required: false });
    }
    let (sheet, columns) = Columns::find_sheet(sheets, source.sheet.as_deref(), &wanted)?;
    let (as_of, until) = as_of(source, name, sheet, &columns, seen)?;
    let Some(target) = &source.points else { return Err(Unreadable::NoRows) };
    let form = Form::of(columns.data(sheet).map(|row| columns.cell(row, "code")));
    let mut inventory =
        Inventory { source, columns: &columns, form, rows: 0, sum: Value::Known(0), wards: Breakdown::new() };
    let mut rejects: Vec<Rejected> = Vec::new();
    for row in columns.data(sheet) {
        if let Err((role, why)) = inventory.row(row) {
            rejects.push(rejected(&columns, sheet, row, role, why));
        }
    }
    if inventory.rows == 0 {
        return Err(Unreadable::NoRows);
    }
    let Inventory { sum, wards, .. } = inventory;
    let key = key(target, as_of);
    // A count without an unreadable row would be too small.
    let (figures, held) = if rejects.is_empty() {
        let breakdown = (by_ward && matches!(sum, Value::Known(_))).then_some(wards);
        let place = Place { sheet: sheet.name.clone(), row: None };
        (vec![Figure { key, value: sum, breakdown, finality: Finality::Final, place }], vec![])
    } else {
        (vec![], vec![key])
    };
    Ok(Parsed { figures, rejects, held, covers: Covers::Instant(as_of), until })
}

/// 00:00 of the day of the visit, and of the day after.
pub(super) fn today(seen: &Seen) -> (Moment, Moment) {
    let today = Moment::midnight(seen.time.date());
    (today, Moment(today.0 + DAY))
}

pub(super) fn key(target: &Target, as_of: Moment) -> Key {
    let definition = target.definition.clone().unwrap_or_default();
    Key { series: target.series.clone(), definition, span: Span::AsOf(as_of) }
}

/// The date, and when the same file will have another.
fn as_of(
    source: &Wifi,
    name: &str,
    sheet: &Sheet,
    columns: &Columns,
    seen: &Seen,
) -> Result<(Moment, Option<Moment>), Unreadable> {
    let (when, place) = match source.as_of {
        AsOf::Fixed(moment) => return Ok((moment, None)),
        AsOf::Visit => {
            let (today, tomorrow) = today(seen);
            return Ok((today, Some(tomorrow)));
        }
        AsOf::Name => (stamp::find(name), "name"),
        AsOf::Title => (stamp::above(sheet, columns.header_row), "title"),
    };
    match when {
        Some(When::Date(date)) => Ok((Moment::midnight(date), None)),
        _ => Err(Unreadable::NoPeriod(place)),
    }
}

struct Inventory<'a> {
    source: &'a Wifi,
    columns: &'a Columns,
    form: Option<Form>,
    /// Rows of the municipality, closed sites too.
    rows: usize,
    sum: Value,
    wards: Breakdown,
}

impl Inventory<'_> {
    fn row(&mut self, row: &Row) -> Result<(), RowFault> {
        let name = self.columns.cell(row, "name");
        if is_total(name, &[]) || row.cells.first().is_some_and(|cell| is_total(cell, &[])) {
            return Ok(());
        }
        if let Some(code) = self.source.code {
            match Municipality::read(self.columns.cell(row, "code"), self.form) {
                Ok(found) if found == code => {}
                Ok(_) => return Ok(()),
                // A note below the table has neither code nor name.
                Err(_) if name.is_empty() => return Ok(()),
                Err(why) => return Err(("code", why.label())),
            }
        }
        if name.is_empty() {
            return Ok(());
        }
        self.rows += 1;
        let status = word(&self.columns.cell(row, "status").text());
        if !status.is_empty() && self.source.closed.iter().any(|closed| word(closed) == status) {
            return Ok(());
        }
        let count = match self.source.count {
            Count::Sites => 1,
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

    fn points(&self, row: &Row) -> Result<Value, RowFault> {
        let unit = self.source.points.as_ref().map(|target| target.unit.as_str());
        match number::integer(self.columns.cell(row, "points"), unit).map_err(|why| ("points", why.label()))? {
            Number::Known(count) if count >= 0 => Ok(Value::Known(count)),
            Number::Known(_) => Err(("points", reason::NEGATIVE)),
            Number::Missing(why) => Ok(Value::Unknown(why.to_owned())),
            Number::About { .. } => Err(("points", Reason::NotAnInteger.label())),
        }
    }

    /// The ward that the column names, or whose name stands in the address.
    fn ward(&self, row: &Row) -> String {
        let [ward, address] = ["ward", "address"].map(|role| normal(&self.columns.cell(row, role).text()));
        if self.source.wards.is_empty() {
            return if ward.is_empty() { OTHERS.to_owned() } else { ward };
        }
        let named = self.source.wards.iter().find(|known| ward == **known || address.contains(known.as_str()));
        named.map_or_else(|| OTHERS.to_owned(), Clone::clone)
    }
}
