//! What parsers of tables share: words over columns, and rejected rows.

use super::parsed::RejectedRow;
use crate::table::{Columns, Sheet, SheetRow, row_hash};
use contract::reader::TomlTable;
use contract::record::Place;

/// Reasons of rejects that a table knows nothing about.
pub(super) mod reason {
    /// A series, or a label for one, that the configuration does not know.
    pub(crate) const UNKNOWN_SERIES: &str = "unknown_series";
    /// A counting rule that the series does not have, or none where it has several.
    pub(crate) const UNKNOWN_DEFINITION: &str = "unknown_definition";
    /// A period that is not of the series' shape and grain.
    pub(crate) const WRONG_PERIOD: &str = "wrong_period";
    /// A count below zero.
    pub(crate) const NEGATIVE: &str = "negative";
    /// A second row of one figure, with another one.
    pub(crate) const STANDS_TWICE: &str = "stands_twice";
    /// A figure for what has not begun.
    pub(crate) const IN_THE_FUTURE: &str = "in_the_future";
}

/// Reads the words of a role's column, or takes the usual ones.
pub(super) fn words(columns: Option<&TomlTable<'_>>, role: &'static str, usual: &[&str]) -> Vec<String> {
    let own = columns.map(|columns| columns.texts(role)).unwrap_or_default();
    if own.is_empty() { usual.iter().map(|word| (*word).to_owned()).collect() } else { own }
}

/// A row rejected for what stands in the column of a role.
pub(super) fn rejected(
    columns: &Columns,
    sheet: &Sheet,
    row: &SheetRow,
    role: &str,
    reason: &'static str,
) -> RejectedRow {
    let column = columns.index(role).map(|_| role.to_owned());
    RejectedRow { reason, place: place(sheet, row), column, hash: row_hash(row) }
}

/// Where a row stands.
pub(super) fn place(sheet: &Sheet, row: &SheetRow) -> Place {
    Place { sheet: sheet.name.clone(), row: Some(row.number) }
}
