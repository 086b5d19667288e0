//! The moment asked, and what can be seen at it.

use contract::period::{Grain, Period};
use contract::time::Moment;

/// A question: `--on DATE` (grain day), `--on YYYY-MM` (month) or `--on FYyyyy` (fiscal year).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportPeriod(pub Period);

impl ReportPeriod {
    /// What can be seen when this is asked.
    pub fn cut(self) -> Cutoff {
        Cutoff { at: self.0.end(), inclusive: self.is_closing() }
    }

    /// True for a question about a period's closings, which ignores due dates.
    pub fn is_closing(self) -> bool {
        self.0.grain != Grain::Day
    }

    /// The day asked as a day number; the last day of a longer period.
    pub fn day(self) -> i32 {
        self.0.end().day() - 1
    }

    /// The fiscal year asked about.
    pub fn year(self) -> i32 {
        self.0.within(Grain::FiscalYear).index
    }
}

/// The border between what is seen and what is not: everything before `at`, and when `inclusive` a
/// state of the instant `at` itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cutoff {
    /// The border.
    pub at: Moment,
    /// Whether a state at the border is seen (a period's closing) or not (a day's last instant).
    pub inclusive: bool,
}

impl Cutoff {
    /// True when a state of that instant is seen.
    pub fn sees_instant(self, moment: Moment) -> bool {
        moment < self.at || (self.inclusive && moment == self.at)
    }

    /// True when a flow that ends then is seen.
    pub fn sees_flow(self, end: Moment) -> bool {
        end <= self.at
    }
}
