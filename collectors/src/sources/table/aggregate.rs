//! The rows of one key become one figure.

use super::config::RowAggregation;
use crate::sources::disclosure_control::suppressed;
use contract::record::{Breakdown, Place, Value};

/// Minimum rows and minimum sum for which a row that is the sum of the others is no coincidence.
const MIN_ROWS: usize = 3;
const MIN_SUM: i64 = 100;

/// The total of the rows of one key so far.
#[derive(Debug)]
pub(super) struct KeyTotal {
    value: Value,
    parts: Breakdown,
    place: Place,
    /// Number of rows added up, and the greatest figure with its row in the file.
    rows: usize,
    greatest: (i64, u32),
    /// True when a row is unreadable.
    pub(super) broken: bool,
}

impl KeyTotal {
    pub(super) fn new(place: Place) -> Self {
        let (value, parts) = (Value::Known(0), Breakdown::new());
        Self { value, parts, place, rows: 0, greatest: (0, 0), broken: false }
    }

    /// True when all rows were read and none lacks its figure.
    pub(super) fn is_known(&self) -> bool {
        !self.broken && matches!(self.value, Value::Known(_))
    }

    /// True when the value is that of the row before.
    pub(super) fn equals(&self, value: &Value) -> bool {
        !self.broken && self.value == *value
    }

    /// Adds the value of a row, in the breakdown under its label; false when the sum goes beyond 64 bits.
    pub(super) fn add(&mut self, rows: RowAggregation, value: Value, label: &str, place: Place) -> bool {
        if matches!(rows, RowAggregation::One | RowAggregation::Last) {
            (self.value, self.place, self.broken) = (value, place, false);
            return true;
        }
        if let Value::Known(more) = value {
            self.rows += 1;
            self.greatest = self.greatest.max((more, place.row.unwrap_or_default()));
        }
        // A figure of several rows has no row.
        self.place.row = None;
        match (&mut self.value, value) {
            (Value::Known(sum), Value::Known(more)) => {
                let part = self.parts.entry(label.to_owned()).or_insert(0);
                match (sum.checked_add(more), part.checked_add(more)) {
                    (Some(all), Some(own)) => (*sum, *part) = (all, own),
                    _ => self.broken = true,
                }
            }
            (Value::Known(_), unknown) => self.value = unknown,
            (Value::Unknown(_), _) => {}
        }
        !self.broken
    }

    /// The row that is the sum of all others, if that is no coincidence: the city among its wards.
    pub(super) fn sum_of_the_others(&self) -> Option<u32> {
        let (greatest, row) = self.greatest;
        let doubled = greatest.checked_mul(2).map(Value::Known) == Some(self.value.clone());
        (doubled && self.rows >= MIN_ROWS && greatest >= MIN_SUM).then_some(row)
    }

    /// The value, its breakdown and its place.
    pub(super) fn finish(self, by_label: bool, bound: i64) -> (Value, Option<Breakdown>, Place) {
        let whole = matches!(self.value, Value::Known(_)) && !self.parts.contains_key("");
        let breakdown = (by_label && whole).then(|| suppressed(self.parts, bound));
        (self.value, breakdown, self.place)
    }
}
