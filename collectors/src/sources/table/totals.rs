//! The rows of each figure and the totals that the table prints for it.

use crate::sources::parsed::ParsedKey;
use crate::table::printed_total::PrintedTotals;
use std::collections::BTreeMap;

/// The rows and totals of each figure, and of each series for totals without a period of their own.
#[derive(Debug, Default)]
pub(super) struct TableTotals {
    pub(super) by_key: BTreeMap<ParsedKey, PrintedTotals>,
    pub(super) by_series: BTreeMap<(String, String), PrintedTotals>,
}

/// The series and definition of a key.
pub(super) fn series_of(key: &ParsedKey) -> (String, String) {
    (key.series.clone(), key.definition.clone())
}

impl TableTotals {
    /// Adds the figure of a row.
    pub(super) fn add(&mut self, key: &ParsedKey, value: i64) {
        self.by_key.entry(key.clone()).or_default().add(value);
        self.by_series.entry(series_of(key)).or_default().add(value);
    }
}
