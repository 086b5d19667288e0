//! The date or period that a label names.

use jiff::civil::Date;

/// The period of a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelledPeriod {
    /// A civil day.
    Date(Date),
    /// A month of a civil year.
    Month {
        /// Civil year.
        year: i16,
        /// 1 to 12.
        month: i8,
    },
    /// A quarter of a fiscal year; the first is April to June.
    Quarter {
        /// Civil year in which the fiscal year begins.
        fiscal_year: i16,
        /// 1 to 4.
        quarter: u8,
    },
    /// A fiscal year, by the civil year in which it begins.
    FiscalYear(i16),
    /// A year of unspecified kind (`R8`, `2026年`): the meaning of the column decides.
    Year(i16),
}

/// A label and its period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateLabel {
    /// The period.
    pub when: LabelledPeriod,
    /// True when the era ended before the period (H31.5, H33), as in plans written before 2019.
    pub plan_label: bool,
}

impl LabelledPeriod {
    /// First and last day. A year of unspecified kind begins in January.
    pub fn days(self) -> (Date, Date) {
        let first = |year: i16, month: i8| Date::new(year, month, 1).unwrap_or(Date::MAX);
        let last = |year: i16, month: i8| first(year, month).last_of_month();
        match self {
            Self::Date(date) => (date, date),
            Self::Month { year, month } => (first(year, month), last(year, month)),
            Self::Quarter { fiscal_year, quarter } => {
                let (year, month) = match quarter {
                    4 => (fiscal_year.saturating_add(1), 1),
                    3 => (fiscal_year, 10),
                    2 => (fiscal_year, 7),
                    _ => (fiscal_year, 4),
                };
                (first(year, month), last(year, month + 2))
            }
            Self::FiscalYear(year) => (first(year, 4), last(year.saturating_add(1), 3)),
            Self::Year(year) => (first(year, 1), last(year, 12)),
        }
    }
}
