//! The rows of an inventory, counted in total and by ward.

use super::config::{InventoryDate, WifiCountRule, WifiSource};
use crate::sources::date_in_name;
use crate::sources::disclosure_control::OTHERS;
use crate::sources::parsed::{Coverage, ParseError, ParsedFigure, ParsedFile, RejectedRow};
use crate::sources::row::{RowFault, non_negative, reason, rejected};
use crate::sources::source::PollContext;
use crate::table::code::CodeForm;
use crate::table::date::LabelledPeriod;
use crate::table::number;
use crate::table::printed_total::PrintedTotals;
use crate::table::text::{normal, word};
use crate::table::total::{is_total, scope, sums_up};
use crate::table::{Cell, Columns, Municipality, NumberCell, RejectReason, Sheet, SheetRow};
use contract::record::{Breakdown, Finality, Place, Span, Value};
use contract::time::{DAY, Moment};

/// A row with only a name, where others have more: a heading, a note, or a site without its details.
const ONLY_A_NAME: &str = "only_a_name";
/// Names in the rows of a form that explain which columns are required, or that are examples.
const FORM: [&str; 10] = ["◎", "○", "●", "△", "-", "必須", "任意", "推奨", "例", "記入例"];
/// Counters that can follow a number of access points, besides the unit of the series.
const COUNTERS: [&str; 7] = ["台", "基", "個", "箇所", "か所", "カ所", "ヶ所"];

/// Reads the sheet of the inventory.
pub(super) fn parse(
    source: &WifiSource,
    name: &str,
    sheets: &[Sheet],
    context: &PollContext,
) -> Result<ParsedFile, ParseError> {
    let by_ward = source.breakdown;
    let mut roles = vec![("name", true), ("status", false)];
    if source.count == WifiCountRule::AccessPoints {
        // The number of sites never replaces the number of access points.
        roles.push(("points", true));
    }
    if source.code.is_some() {
        roles.push(("code", true));
    }
    if by_ward {
        roles.extend([("ward", source.wards.is_empty()), ("address", false)]);
    }
    let wanted = source.columns.wanted(&roles);
    let (sheet, columns) = Columns::find_sheet(sheets, source.sheet.as_deref(), &wanted)?;
    let (as_of, until) = as_of(source, name, sheet, &columns, context)?;
    let Some(target) = &source.points else { return Err(ParseError::NoRows) };
    let form = CodeForm::of(columns.data(sheet).map(|row| columns.cell(row, "code")));
    let fullest = columns.data(sheet).map(SheetRow::filled).max().unwrap_or_default();
    let (sum, wards) = (Value::Known(0), Breakdown::new());
    let (printed, leaves_out) = (PrintedTotals::default(), false);
    let mut inventory =
        Inventory { source, sheet, columns: &columns, form, fullest, rows: 0, sum, wards, printed, leaves_out };
    let mut rejects: Vec<RejectedRow> = Vec::new();
    for row in columns.data(sheet) {
        if let Err((role, why)) = inventory.row(row) {
            rejects.push(rejected(&columns, sheet, row, role, why));
        }
    }
    if inventory.rows == 0 {
        return Err(ParseError::NoRows);
    }
    if let Some(row) = inventory
        .disagreement()
        .filter(|_| rejects.is_empty())
        .and_then(|number| sheet.rows.iter().find(|row| row.number == number))
    {
        rejects.push(rejected(&columns, sheet, row, "points", reason::TOTAL_DISAGREES));
    }
    let Inventory { sum, wards, .. } = inventory;
    let key = target.key(Span::AsOf(as_of));
    // Without an unreadable row the count is too small.
    let (figures, held) = if rejects.is_empty() {
        let breakdown = (by_ward && matches!(sum, Value::Known(_))).then_some(wards);
        let place = Place { sheet: sheet.name.clone(), row: None };
        (vec![ParsedFigure { key, value: sum, breakdown, finality: Finality::Final, place }], vec![])
    } else {
        (vec![], vec![key])
    };
    Ok(ParsedFile { figures, rejects, held, covers: Coverage::Instant(as_of), until })
}

/// 00:00 of the day of the poll, and of the day after.
pub(super) fn today(context: &PollContext) -> (Moment, Moment) {
    let today = Moment::midnight(context.time.date());
    (today, Moment(today.0 + DAY))
}

/// The date, and the time from which the same file has another one.
fn as_of(
    source: &WifiSource,
    name: &str,
    sheet: &Sheet,
    columns: &Columns,
    context: &PollContext,
) -> Result<(Moment, Option<Moment>), ParseError> {
    let (when, place) = match source.as_of {
        InventoryDate::Fixed(moment) => return Ok((moment, None)),
        InventoryDate::DayOfPoll => {
            let (today, tomorrow) = today(context);
            return Ok((today, Some(tomorrow)));
        }
        InventoryDate::Name => (date_in_name::find(name), "name"),
        InventoryDate::Title => (date_in_name::above(sheet, columns.header_row), "title"),
    };
    match when {
        Some(LabelledPeriod::Date(date)) => Ok((Moment::midnight(date), None)),
        _ => Err(ParseError::NoPeriod(place)),
    }
}

struct Inventory<'a> {
    source: &'a WifiSource,
    sheet: &'a Sheet,
    columns: &'a Columns,
    form: Option<CodeForm>,
    /// Maximum cells of a row that are not empty.
    fullest: usize,
    /// Number of rows of the municipality, with closed sites.
    rows: usize,
    sum: Value,
    wards: Breakdown,
    /// The access points of the sites, and the totals that the table prints among them.
    printed: PrintedTotals,
    /// True when a site was left out: a printed total can hold it.
    leaves_out: bool,
}

impl Inventory<'_> {
    fn row(&mut self, row: &SheetRow) -> Result<(), RowFault> {
        if !self.is_site(row)? {
            return Ok(());
        }
        self.rows += 1;
        if self.is_closed(row) {
            self.leaves_out = true;
            return Ok(());
        }
        let count = match self.source.count {
            // Further rows of a site whose name is one merged cell.
            WifiCountRule::Sites => i64::from(!self.columns.cell(row, "name").is_empty()),
            WifiCountRule::AccessPoints => match self.points(row)? {
                Value::Known(count) => count,
                unknown @ Value::Unknown(_) => {
                    self.sum = unknown;
                    return Ok(());
                }
            },
        };
        if let Value::Known(sum) = &mut self.sum {
            *sum = sum.saturating_add(count);
            self.printed.add(count);
        }
        let ward = self.wards.entry(self.ward(row)).or_insert(0);
        *ward = ward.saturating_add(count);
        Ok(())
    }

    /// True for a site of the municipality. Totals, notes, headings and prepared rows are not sites.
    fn is_site(&mut self, row: &SheetRow) -> Result<bool, RowFault> {
        let name = self.columns.label(self.sheet, row, "name");
        let begins = row.cells.first().unwrap_or(&Cell::Empty);
        let total = if name.is_empty() { row.cells.iter().any(sums_up) } else { sums_up(name) || is_total(begins) };
        // A number without a name is a site without its name, or the sum of all sites.
        let number = !self.columns.cell(row, "points").is_empty();
        let form = matches!(name, Cell::Text(text) if text.chars().nth(4).is_none() && FORM.contains(&&*word(text)));
        if total {
            self.print_total(row);
        }
        if total || form || row.is_note() || (name.is_empty() && !number) {
            return Ok(false);
        }
        if let Some(code) = self.source.code {
            let found = Municipality::read(self.columns.label(self.sheet, row, "code"), self.form);
            if found.map_err(|why| ("code", why.label()))? != code {
                self.leaves_out = true;
                return Ok(false);
            }
        }
        if name.is_empty() {
            return Err(("name", RejectReason::Empty.label()));
        }
        if row.filled() == 1 && self.fullest > 2 { Err(("name", ONLY_A_NAME)) } else { Ok(true) }
    }

    /// Notes a printed total of access points.
    fn print_total(&mut self, row: &SheetRow) {
        if self.source.count != WifiCountRule::AccessPoints || self.columns.cell(row, "points").is_empty() {
            return;
        }
        if let (Some(scope), Ok(Value::Known(total))) = (row.cells.iter().find_map(scope), self.points(row)) {
            self.printed.print(total, row.number, scope);
        }
    }

    /// The row of a total that is not the sum of the sites.
    fn disagreement(&self) -> Option<u32> {
        let compares = !self.leaves_out && matches!(self.sum, Value::Known(_));
        if compares { self.printed.disagreement(0) } else { None }
    }

    /// True for a closed site: 「廃止済」 is closed, 「廃止予定」 is not.
    fn is_closed(&self, row: &SheetRow) -> bool {
        let status = word(&self.columns.cell(row, "status").text());
        !status.contains("予定") && self.source.closed.iter().any(|closed| status.contains(&word(closed)))
    }

    fn points(&self, row: &SheetRow) -> Result<Value, RowFault> {
        let cell = self.columns.cell(row, "points");
        let merged = self.columns.index("points").and_then(|index| self.sheet.merged_with(row.number, index));
        if cell.is_empty() && merged.is_some_and(|above| !above.is_empty()) {
            // One number for several rows is added with the first row.
            return Ok(Value::Known(0));
        }
        let own = self.source.points.as_ref().map(|target| target.unit.as_str());
        let mut reads = [own].into_iter().chain(COUNTERS.map(Some)).map(|unit| number::integer(cell, unit));
        let unexpected = Err(RejectReason::UnexpectedUnit);
        let read = reads.find(|read| *read != unexpected).unwrap_or(unexpected);
        let count = read.and_then(NumberCell::exact).map_err(RejectReason::label).and_then(non_negative);
        count.map_err(|why| ("points", why))
    }

    /// The ward in its column, or the ward whose name is in the address.
    fn ward(&self, row: &SheetRow) -> String {
        let [ward, address] = ["ward", "address"].map(|role| normal(&self.columns.label(self.sheet, row, role).text()));
        if self.source.wards.is_empty() {
            return if ward.is_empty() { OTHERS.to_owned() } else { ward };
        }
        let named = self.source.wards.iter().find(|known| ward == **known || address.contains(known.as_str()));
        named.map_or_else(|| OTHERS.to_owned(), Clone::clone)
    }
}
