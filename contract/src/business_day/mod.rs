//! Business days (営業日) of a city hall: neither Saturday, Sunday, national holiday, 29 December to 3 January, nor a day that
//! the city itself closes.
//!
//! Holidays are known from [`FIRST_HOLIDAY_YEAR`] to [`LAST_HOLIDAY_YEAR`]. In other years the rest of the rule holds; a
//! catalogue that needs them there is refused.

mod holiday;
#[cfg(test)]
mod tests;

pub use holiday::{FIRST_HOLIDAY_YEAR, LAST_HOLIDAY_YEAR};

use crate::time::{date_of, weekday};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The days on which a city hall is open. Days are day numbers (days since 1970-01-01).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BusinessCalendar {
    closed: Arc<BTreeSet<i32>>,
}

impl BusinessCalendar {
    /// A calendar with further closed days of the city's own.
    pub fn closed_on(days: impl IntoIterator<Item = i32>) -> Self {
        Self { closed: Arc::new(days.into_iter().collect()) }
    }

    /// The further closed days, in order.
    pub fn closed_days(&self) -> impl Iterator<Item = i32> + '_ {
        self.closed.iter().copied()
    }

    /// True on a business day.
    pub fn is_open(&self, day: i32) -> bool {
        let date = date_of(day);
        let year_end = matches!((date.month(), date.day()), (12, 29..) | (1, ..=3));
        weekday(day) < 5 && !year_end && !holiday::is_holiday(day) && !self.closed.contains(&day)
    }

    /// The nth business day on or after `day`.
    pub fn nth_from(&self, day: i32, n: i32) -> i32 {
        self.nth(day, n, 1)
    }

    /// The nth business day on or before `day`, counted back.
    pub fn nth_back(&self, day: i32, n: i32) -> i32 {
        self.nth(day, n, -1)
    }

    fn nth(&self, mut day: i32, n: i32, step: i32) -> i32 {
        let mut left = n.max(1);
        loop {
            left -= i32::from(self.is_open(day));
            if left == 0 {
                return day;
            }
            day += step;
        }
    }
}
