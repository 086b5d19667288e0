//! When the figures of a source are due, and when one that is not there counts as missing.
//!
//! ```text
//! period | .. expected_by ..| due day | .. grace ..| last day | late: a KPI may become stale
//!        ^ end
//! ```
//!
//! Civil days count from the civil date of the period's end, so that 0 is that date. Business days count it as the first
//! where it is one: 10 is 翌月第10営業日. Where a rhythm has business days, nothing becomes late on a closed day.

use crate::business_day::BusinessCalendar;
use crate::period::{Grain, Period};
use crate::time::Moment;

/// A time to wait for a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Civil days.
    Days(i32),
    /// Business days (営業日).
    BusinessDays(i32),
}

impl Wait {
    /// Its number of days, of either kind.
    pub fn days(self) -> i32 {
        match self {
            Self::Days(days) | Self::BusinessDays(days) => days,
        }
    }

    /// What follows the name of its key in a catalogue.
    pub fn unit(self) -> &'static str {
        match self {
            Self::Days(_) => "days",
            Self::BusinessDays(_) => "business_days",
        }
    }
}

/// A release rhythm in a range of dates.
#[derive(Clone, Debug)]
pub struct Rhythm {
    /// First instant of the range.
    pub from: Option<Moment>,
    /// First instant after it.
    pub until: Option<Moment>,
    /// A figure for every period of this grain.
    pub every: Grain,
    /// From a period's end until its figure is due.
    pub expected_by: Wait,
    /// From the due day until it counts as missing.
    pub grace: Wait,
    /// Which days are business days.
    pub calendar: BusinessCalendar,
}

impl Rhythm {
    /// True when the range holds a period wholly.
    pub fn holds(&self, period: Period) -> bool {
        self.from.is_none_or(|first| first <= period.start()) && self.until.is_none_or(|last| period.end() <= last)
    }

    /// True when it counts in business days.
    pub fn has_business_days(&self) -> bool {
        [self.expected_by, self.grace].iter().any(|wait| matches!(wait, Wait::BusinessDays(_)))
    }

    /// The civil day (day number) on which a period's figure is due.
    pub fn due_day(&self, period: Period) -> i32 {
        let end = period.end().day();
        match self.expected_by {
            Wait::Days(days) => end + days,
            Wait::BusinessDays(nth) => self.calendar.nth_from(end, nth),
        }
    }

    /// The last civil day (day number) on which a period's figure is not yet missing.
    pub fn last_day(&self, period: Period) -> i32 {
        let due = self.due_day(period);
        match self.grace {
            Wait::Days(days) if !self.has_business_days() => due + days,
            Wait::Days(days) => self.calendar.nth_from(due + days + 1, 1) - 1,
            Wait::BusinessDays(days) => self.calendar.nth_from(due + 1, days + 1) - 1,
        }
    }

    /// The last civil day (day number) on which a period may have ended whose figure counts as missing on `day`: periods
    /// that end on it or earlier have their [`Rhythm::last_day`] before `day`, later ones not.
    pub fn last_end_missing_on(&self, day: i32) -> i32 {
        let due = match self.grace {
            Wait::Days(days) if !self.has_business_days() => day - 1 - days,
            Wait::Days(days) => self.calendar.nth_back(day, 1) - 1 - days,
            Wait::BusinessDays(days) => self.calendar.nth_back(day, days + 1) - 1,
        };
        match self.expected_by {
            Wait::Days(days) => due - days,
            Wait::BusinessDays(nth) => self.calendar.nth_back(due, nth),
        }
    }

    /// The fewest civil days from a period's end to the last on which its figure is not yet missing.
    pub fn shortest_wait(&self) -> i32 {
        let expected = match self.expected_by {
            Wait::Days(days) => days,
            Wait::BusinessDays(nth) => nth - 1,
        };
        expected + self.grace.days()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{date_of, day_number, parse_date};

    fn rhythm(expected_by: Wait, grace: Wait) -> Rhythm {
        let closed = day_number(parse_date("2019-07-01").unwrap());
        let calendar = BusinessCalendar::closed_on([closed]);
        Rhythm { from: None, until: None, every: Grain::Day, expected_by, grace, calendar }
    }

    fn last_day(rhythm: &Rhythm, month: &str) -> String {
        date_of(rhythm.last_day(Period::parse(month).unwrap())).to_string()
    }

    #[test]
    fn the_tenth_business_day_and_its_grace() {
        use Wait::{BusinessDays, Days};
        let rows = [
            // Due on Friday 12 April; late from Monday on, so the weekend is still in time.
            (BusinessDays(10), BusinessDays(0), "2019-03", "2019-04-14"),
            (BusinessDays(10), BusinessDays(2), "2019-03", "2019-04-16"),
            // Due on 20 May, after ten days of closed hall.
            (BusinessDays(10), BusinessDays(0), "2019-04", "2019-05-20"),
            // Due on Friday 26 April; late on the first day after golden week.
            (BusinessDays(20), BusinessDays(0), "2019-03", "2019-05-06"),
            (BusinessDays(20), Days(3), "2019-03", "2019-05-06"),
            (BusinessDays(20), Days(14), "2019-03", "2019-05-12"),
            // Due on 20 January: 1 to 5, 11 to 13, 18 and 19 are closed.
            (BusinessDays(10), BusinessDays(0), "2019-12", "2020-01-20"),
            // The city's own closed day, a Monday.
            (BusinessDays(1), BusinessDays(0), "2019-06", "2019-07-02"),
            // Civil days until due, and a grace that ends on a closed day.
            (Days(25), BusinessDays(0), "2019-03", "2019-05-06"),
            (Days(20), Days(14), "2019-03", "2019-05-05"),
        ];
        for (expected_by, grace, month, last) in rows {
            assert_eq!(last_day(&rhythm(expected_by, grace), month), last, "{expected_by:?} {grace:?} {month}");
        }
    }

    #[test]
    fn what_is_missing_on_a_day_is_what_had_its_last_day_before() {
        let waits = |n: i32| [Wait::Days(n), Wait::BusinessDays(n)];
        let pairs = [1, 5, 10].into_iter().flat_map(waits);
        let all = pairs.flat_map(|expected| [0, 1, 7].into_iter().flat_map(waits).map(move |grace| (expected, grace)));
        for rhythm in all.map(|(expected, grace)| rhythm(expected, grace)) {
            let start = day_number(parse_date("2019-01-01").unwrap());
            for day in start..start + 400 {
                let last = rhythm.last_end_missing_on(day);
                let ended_on = |end: i32| Period { grain: Grain::Day, index: end - 1 };
                assert!(
                    rhythm.last_day(ended_on(last)) < day && rhythm.last_day(ended_on(last + 1)) >= day,
                    "{rhythm:?}"
                );
                assert!(rhythm.last_day(ended_on(last)) - last >= rhythm.shortest_wait());
                assert!(!rhythm.has_business_days() || rhythm.calendar.is_open(rhythm.last_day(ended_on(last)) + 1));
            }
        }
    }
}
