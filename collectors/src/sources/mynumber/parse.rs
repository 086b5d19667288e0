//! An edition's rows: the city's become two figures each, unreadable ones rejects.

use super::super::{Covers, Figure, Key, Parsed, Rejected, Seen, Target, Unreadable, place, reason, rejected};
use super::MyNumber;
use crate::table::code::Form;
use crate::table::date::{self, When};
use crate::table::number::{self, Figure as Number};
use crate::table::total::is_total;
use crate::table::{Cell, Columns, Municipality, Reason, Row, Sheet, Wanted};
use contract::record::{Finality, Span, Value};
use contract::time::Moment;
use std::collections::BTreeMap;

/// What a row is to the city.
enum Whose {
    Ours,
    Others,
    Unreadable(Reason),
}

/// Reads the editions of all sheets of a file.
pub(super) fn parse(source: &MyNumber, sheets: &[Sheet], seen: &Seen) -> Result<Parsed, Unreadable> {
    let words = &source.columns;
    let wanted = [
        Wanted { role: "as_of", words: &words.as_of, required: true },
        Wanted { role: "population", words: &words.population, required: true },
        Wanted { role: "issued", words: &words.issued, required: true },
        Wanted { role: "code", words: &words.code, required: !source.single },
    ];
    let (sheet, columns) = Columns::find_sheet(sheets, source.sheet.as_deref(), &wanted)?;
    let form = Form::of(columns.data(sheet).map(|row| columns.cell(row, "code")));
    let mut edition =
        Edition { source, sheet, columns: &columns, seen, figures: BTreeMap::new(), rejects: vec![], held: vec![] };
    let (mut rows, mut others) = (0_usize, BTreeMap::new());
    for row in columns.data(sheet) {
        rows += 1;
        match whose(source, &columns, row, form) {
            Whose::Ours => edition.ours(row),
            Whose::Unreadable(_) if is_remark(&columns, row) => {}
            Whose::Unreadable(why) => edition.reject(row, "code", why.label()),
            Whose::Others => {
                if let Ok(as_of) = instant(columns.cell(row, "as_of")) {
                    *others.entry(as_of).or_insert(0_usize) += 1;
                }
            }
        }
    }
    if rows == 0 {
        return Err(Unreadable::NoRows);
    }
    let covers = edition.covers(&others);
    let Edition { figures, rejects, held, .. } = edition;
    Ok(Parsed { figures: figures.into_values().collect(), rejects, held, covers, until: None })
}

fn whose(source: &MyNumber, columns: &Columns, row: &Row, form: Option<Form>) -> Whose {
    // A file of one city may still have a column of codes; then it is heeded.
    let Some(code) = source.code.filter(|_| columns.index("code").is_some()) else { return Whose::Ours };
    match Municipality::read(columns.cell(row, "code"), form) {
        Ok(found) if found == code => Whose::Ours,
        Ok(_) => Whose::Others,
        Err(why) => Whose::Unreadable(why),
    }
}

/// True for totals and for notes below the table: rows without a code that are no city's.
fn is_remark(columns: &Columns, row: &Row) -> bool {
    let bare = ["population", "issued"].iter().all(|role| columns.cell(row, role).is_empty());
    columns.cell(row, "code").is_empty() && (bare || row.cells.iter().any(|cell| is_total(cell, &[])))
}

/// 「1日現在」 and 「末日」 are 00:00 of that date.
fn instant(cell: &Cell) -> Result<Moment, Reason> {
    match date::read_date_cell(cell)?.when {
        When::Date(date) => Ok(Moment::midnight(date)),
        _ => Err(Reason::NotADate),
    }
}

struct Edition<'a> {
    source: &'a MyNumber,
    sheet: &'a Sheet,
    columns: &'a Columns,
    seen: &'a Seen,
    figures: BTreeMap<Key, Figure>,
    rejects: Vec<Rejected>,
    held: Vec<Key>,
}

impl Edition<'_> {
    /// Takes a row of the city: both figures, or a reject.
    fn ours(&mut self, row: &Row) {
        if self.columns.cell(row, "as_of").is_empty() && is_remark(self.columns, row) {
            return;
        }
        let as_of = match instant(self.columns.cell(row, "as_of")) {
            Ok(as_of) => as_of,
            Err(why) => return self.reject(row, "as_of", why.label()),
        };
        if self.seen.is_ahead(as_of) {
            return self.reject(row, "as_of", reason::IN_THE_FUTURE);
        }
        let (Some(issued), Some(population)) = (&self.source.issued, &self.source.population) else { return };
        let mut both = Vec::with_capacity(2);
        for (role, target) in [("issued", issued), ("population", population)] {
            match value(self.columns.cell(row, role), target) {
                Ok(value) => both.push(self.figure(row, target, as_of, value)),
                Err(why) => {
                    self.held.extend([key(issued, as_of), key(population, as_of)]);
                    return self.reject(row, role, why.label());
                }
            }
        }
        self.figures.extend(both.into_iter().map(|figure| (figure.key.clone(), figure)));
    }

    fn reject(&mut self, row: &Row, role: &str, why: &'static str) {
        self.rejects.push(rejected(self.columns, self.sheet, row, role, why));
    }

    fn figure(&self, row: &Row, target: &Target, as_of: Moment, value: Value) -> Figure {
        let place = place(self.sheet, row);
        Figure { key: key(target, as_of), value, breakdown: None, finality: Finality::Final, place }
    }

    /// One edition speaks for its own instant, a list of editions for all from its first one on. Without
    /// a row of the city, the instant of most rows is the edition's.
    fn covers(&self, others: &BTreeMap<Moment, usize>) -> Covers {
        let instants = self.figures.keys().chain(&self.held).map(|key| key.span);
        let (first, last) = (instants.clone().min(), instants.max());
        match (first, last) {
            (Some(Span::AsOf(first)), Some(Span::AsOf(last))) if first < last => Covers::From(first),
            (Some(Span::AsOf(only)), _) => Covers::Instant(only),
            _ => {
                others.iter().max_by_key(|(_, rows)| **rows).map_or(Covers::Nothing, |(most, _)| Covers::Instant(*most))
            }
        }
    }
}

fn key(target: &Target, as_of: Moment) -> Key {
    let definition = target.definition.clone().unwrap_or_default();
    Key { series: target.series.clone(), definition, span: Span::AsOf(as_of) }
}

/// An edition has exact figures; a dash says that there is none, an empty cell is a fault.
fn value(cell: &Cell, target: &Target) -> Result<Value, Reason> {
    if cell.is_empty() {
        return Err(Reason::Empty);
    }
    match number::integer(cell, Some(&target.unit))? {
        Number::Known(value) => Ok(Value::Known(value)),
        Number::Missing(why) => Ok(Value::Unknown(why.to_owned())),
        Number::About { .. } => Err(Reason::NotAnInteger),
    }
}
