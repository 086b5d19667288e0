//! Rows of one key become one figure.

use super::Rows;
use crate::sources::small::suppressed;
use contract::record::{Breakdown, Place, Value};

/// What the rows of one key come to so far.
#[derive(Debug)]
pub(super) struct Gathered {
    value: Value,
    parts: Breakdown,
    place: Place,
    /// True once a row could not be read.
    pub(super) broken: bool,
}

impl Gathered {
    pub(super) fn new(place: Place) -> Self {
        Self { value: Value::Known(0), parts: Breakdown::new(), place, broken: false }
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

    /// The value, its breakdown and its place.
    pub(super) fn finish(self, by_label: bool, bound: i64) -> (Value, Option<Breakdown>, Place) {
        let whole = matches!(self.value, Value::Known(_)) && !self.parts.contains_key("");
        let breakdown = (by_label && whole).then(|| suppressed(self.parts, bound));
        (self.value, breakdown, self.place)
    }
}
