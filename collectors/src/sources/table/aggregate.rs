//! Rows of one key become one figure.

use super::Rows;
use crate::sources::disclosure_control::suppressed;
use contract::record::{Breakdown, Place, Value};

/// Rows, and their greatest, from which on it is no chance that one is what the others add up to.
const MIN_ROWS: usize = 3;
const MIN_SUM: i64 = 100;

/// What the rows of one key come to so far.
#[derive(Debug)]
pub(super) struct KeyTotal {
    value: Value,
    parts: Breakdown,
    place: Place,
    /// Rows that were added up, and the greatest of them with its number in the file.
    rows: usize,
    greatest: (i64, u32),
    /// True once a row could not be read.
    pub(super) broken: bool,
}

impl KeyTotal {
    pub(super) fn new(place: Place) -> Self {
        let (value, parts) = (Value::Known(0), Breakdown::new());
        Self { value, parts, place, rows: 0, greatest: (0, 0), broken: false }
    }

    /// True when a row says the same as the only one before it.
    pub(super) fn says(&self, value: &Value) -> bool {
        !self.broken && self.value == *value
    }

    /// Adds a row's value, in the breakdown under its label.
    pub(super) fn take(&mut self, rows: Rows, value: Value, label: &str, place: Place) {
        if matches!(rows, Rows::One | Rows::Last) {
            (self.value, self.place, self.broken) = (value, place, false);
            return;
        }
        if let Value::Known(more) = value {
            self.rows += 1;
            self.greatest = self.greatest.max((more, place.row.unwrap_or_default()));
        }
        // A figure of several rows stands in none of them.
        self.place.row = None;
        match (&mut self.value, value) {
            (Value::Known(sum), Value::Known(more)) => {
                *sum = sum.saturating_add(more);
                let part = self.parts.entry(label.to_owned()).or_insert(0);
                *part = part.saturating_add(more);
            }
            (Value::Known(_), unknown) => self.value = unknown,
            (Value::Unknown(_), _) => {}
        }
    }

    /// The row that is what all others add up to, where that is no chance: the city among its wards.
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
