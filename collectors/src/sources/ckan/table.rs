//! A catalogue that a city publishes as a table: a row is a dataset, or one of its files.

use super::config::{CkanSource, DatasetCountRule};
use super::listing::NO_DATASETS;
use crate::document::Document;
use crate::sources::date_in_name;
use crate::sources::parsed::{ParseError, RejectedRow};
use crate::sources::row::rejected;
use crate::sources::source::PollContext;
use crate::table::date::LabelledPeriod;
use crate::table::text::{normal, word};
use crate::table::total::is_total;
use crate::table::{Cell, Columns, RejectReason, SheetRow};
use jiff::civil::Date;
use std::collections::BTreeSet;

const NO_DATE: ParseError = ParseError::Unfit {
    label: "no_date_in_name",
    why: "the file's name holds no date such as 20230331, 2023-03-31 or R5.3.31, or several; see `as_of`",
};

/// The number of datasets of a catalogue, distinguished by name, and the rows without a name.
pub(super) fn count(
    source: &CkanSource,
    file: &Document,
    context: &PollContext,
) -> Result<(usize, Vec<RejectedRow>), ParseError> {
    let sheets = context.sheets(file)?;
    let with_resources = source.count == DatasetCountRule::WithResources;
    let organisation = ("organisation", source.organisation.is_some());
    let wanted = source.columns.wanted(&[("name", true), ("resource", with_resources), organisation]);
    let (sheet, columns) = Columns::find_sheet(&sheets, source.sheet.as_deref(), &wanted)?;
    let organisation = source.organisation.as_deref().map(word);
    let (mut names, mut rejects, mut rows) = (BTreeSet::new(), Vec::new(), 0_usize);
    for row in columns.data(sheet) {
        let cell = |role| columns.cell(row, role);
        if is_remark(row, cell("name")) {
            continue;
        }
        rows += 1;
        let ours = organisation.as_ref().is_none_or(|wanted| word(&cell("organisation").text()) == *wanted);
        if !ours || (with_resources && cell("resource").is_empty()) {
            continue;
        }
        match cell("name") {
            Cell::Empty => rejects.push(rejected(&columns, sheet, row, "name", RejectReason::Empty.label())),
            Cell::Error => rejects.push(rejected(&columns, sheet, row, "name", RejectReason::FormulaError.label())),
            name => {
                names.insert(normal(&name.text()));
            }
        }
    }
    if rows == 0 {
        return Err(ParseError::NoRows);
    }
    if names.is_empty() && rejects.is_empty() { Err(NO_DATASETS) } else { Ok((names.len(), rejects)) }
}

/// True for totals and notes: no name of a dataset begins with their marks.
fn is_remark(row: &SheetRow, name: &Cell) -> bool {
    let text = normal(&name.text());
    let marked = ["※", "(注", "注)", "注:", "備考"].iter().any(|mark| text.starts_with(mark));
    let alone = name.is_empty() && row.filled() == 1;
    // In a row with a name, 全市 or 全国 is the area of a dataset and not a total.
    let nameless = text.chars().all(|c| c.is_numeric() || ",件".contains(c));
    let total = is_total(name) || (nameless && row.cells.iter().any(is_total));
    marked || alone || total
}

/// The one date in a file's name.
pub(super) fn date_in(name: &str) -> Result<Date, ParseError> {
    if let Some(LabelledPeriod::Date(date)) = date_in_name::find(name) { Ok(date) } else { Err(NO_DATE) }
}
