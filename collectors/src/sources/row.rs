//! What parsers of tables share: words over columns, and rejected rows.

use super::parsed::RejectedRow;
use crate::table::{Columns, Sheet, SheetRow, row_hash};
use contract::reader::TomlTable;
use contract::record::Place;

/// Reject reasons beside those of the table reader.
pub(super) mod reason {
    /// A series or label that is not configured.
    pub(crate) const UNKNOWN_SERIES: &str = "unknown_series";
    /// A counting rule that the series does not have, or none where it has several.
    pub(crate) const UNKNOWN_DEFINITION: &str = "unknown_definition";
    /// A period that is not of the series' shape and grain.
    pub(crate) const WRONG_PERIOD: &str = "wrong_period";
    /// A count below zero.
    pub(crate) const NEGATIVE: &str = "negative";
    /// A second row of a figure with another value.
    pub(crate) const STANDS_TWICE: &str = "stands_twice";
    /// A figure of a future period.
    pub(crate) const IN_THE_FUTURE: &str = "in_the_future";
}

/// The configured words of a role's column, or the default ones.
pub(super) fn words(columns: Option<&TomlTable<'_>>, role: &'static str, default: &[&str]) -> Vec<String> {
    let own = columns.map(|columns| columns.texts(role)).unwrap_or_default();
    if own.is_empty() { default.iter().map(|word| (*word).to_owned()).collect() } else { own }
}

/// A row that is rejected because of the column of a role.
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

/// The place of a row.
pub(super) fn place(sheet: &Sheet, row: &SheetRow) -> Place {
    Place { sheet: sheet.name.clone(), row: Some(row.number) }
}
