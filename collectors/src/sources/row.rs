//! Rejected rows, for all parsers of tables.

use super::parsed::RejectedRow;
use crate::table::{Columns, Sheet, SheetRow, row_hash};
use contract::record::{Place, Value};

/// Reasons of rejects, besides those of cells.
pub(super) mod reason {
    /// A series, or a label, that is not configured.
    pub(crate) const UNKNOWN_SERIES: &str = "unknown_series";
    /// A counting rule that the series does not have, or no rule where it has several.
    pub(crate) const UNKNOWN_DEFINITION: &str = "unknown_definition";
    /// A period that does not fit the shape and grain of the series.
    pub(crate) const WRONG_PERIOD: &str = "wrong_period";
    /// A count below zero.
    pub(crate) const NEGATIVE: &str = "negative";
    /// Two rows of one key with different figures.
    pub(crate) const STANDS_TWICE: &str = "stands_twice";
    /// A printed total that is not the sum of the rows that were added.
    pub(crate) const TOTAL_DISAGREES: &str = "total_disagrees";
    /// A figure for a period that has not begun.
    pub(crate) const IN_THE_FUTURE: &str = "in_the_future";
}

/// Why a row is rejected: the role of the column at fault, and the reason.
pub(super) type RowFault<Role = &'static str> = (Role, &'static str);

/// The value, unless it is negative.
pub(super) fn non_negative(value: Value) -> Result<Value, &'static str> {
    if matches!(value, Value::Known(value) if value < 0) { Err(reason::NEGATIVE) } else { Ok(value) }
}

/// The reject of a row for the column of a role.
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
