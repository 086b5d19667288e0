//! The period a report is about, and the cutoff of its figures.

use contract::period::{Grain, Period};
use contract::time::Moment;

/// The period of a report: `--on DATE` (grain day), `--on YYYY-MM` (month) or `--on FYyyyy` (fiscal year).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportPeriod(pub Period);

impl ReportPeriod {
    /// The cutoff of the figures that the report takes into account.
    pub fn cutoff(self) -> Cutoff {
        Cutoff { at: self.0.end(), inclusive: self.is_closing() }
    }

    /// True for a month or a fiscal year: the report is about its closings, and ignores due dates.
    pub fn is_closing(self) -> bool {
        self.0.grain != Grain::Day
    }

    /// The day as a day number; the last day of a longer period.
    pub fn day(self) -> i32 {
        self.0.end().day() - 1
    }

    /// The fiscal year that holds the period.
    pub fn year(self) -> i32 {
        self.0.within(Grain::FiscalYear).index
    }
}

/// Up to when figures are taken into account: everything before `at`, and when `inclusive` a
/// state of the instant `at` itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cutoff {
    /// The border.
    pub at: Moment,
    /// Whether a state at the border is included (a period's closing) or not (a day's last instant).
    pub inclusive: bool,
}

impl Cutoff {
    /// The cutoff that includes everything up to an instant, and the instant itself.
    pub fn including(at: Moment) -> Self {
        Self { at, inclusive: true }
    }

    /// True when a state of that instant is included.
    pub fn sees_instant(self, moment: Moment) -> bool {
        moment < self.at || (self.inclusive && moment == self.at)
    }

    /// True when a flow that ends then is included.
    pub fn sees_flow(self, end: Moment) -> bool {
        end <= self.at
    }
}
