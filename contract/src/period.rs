//! Periods of the plan's calendar: hour, day, month, quarter, fiscal year (April to March).
//!
//! A period is half open, `[start, end)`, for what flows during it. For a state it is `(start, end]`:
//! the figure of 「4月1日現在」 closes March. A period is its grain and a running number, so that
//! the next one is `+ 1` and the coarser one a division.

use crate::era;
use crate::time::{DAY, FIRST_YEAR, HOUR, LAST_YEAR, Moment, OFFSET_SECONDS, date_of, day_number, month_of};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The length of a period, finest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Grain {
    /// 60 minutes, on the hour.
    Hour,
    /// A civil day.
    Day,
    /// A civil month.
    Month,
    /// Three months from April, July, October or January.
    Quarter,
    /// April to March, named by the year it starts in.
    FiscalYear,
}

impl Grain {
    /// All grains, finest first.
    pub const ALL: [Self; 5] = [Self::Hour, Self::Day, Self::Month, Self::Quarter, Self::FiscalYear];

    /// The word used in records, catalogues and exports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::FiscalYear => "fiscal_year",
        }
    }

    /// The grain of a word; `None` for another word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grain| grain.name() == word)
    }

    /// The next coarser grain.
    pub fn coarser(self) -> Option<Self> {
        Self::ALL.into_iter().find(|grain| *grain > self)
    }

    /// The grain that instants of a series of this grain are cut to: hours stay, the rest are days.
    #[must_use]
    pub fn instant(self) -> Self {
        self.min(Self::Day)
    }
}

/// One period: a grain and its running number.
///
/// Hours and days count from 1970-01-01 in the plan's zone, months from January of year 0, quarters are
/// `months / 3`, fiscal years are the year they start in.
///
/// ```
/// use contract::period::{Grain, Period};
///
/// let year = Period::parse("FY2020").unwrap();
/// assert_eq!((year.grain, year.index), (Grain::FiscalYear, 2020));
/// assert_eq!(year.start().to_string(), "2020-04-01T00:00:00+09:00");
/// assert_eq!(year.end(), Period::fiscal_year(2021).start());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    /// Its length.
    pub grain: Grain,
    /// Its running number among the periods of this grain.
    pub index: i32,
}

fn first_day(month: i32) -> i32 {
    let year = i16::try_from(month.div_euclid(12)).unwrap_or(i16::MAX);
    let month = i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
    day_number(Date::new(year, month, 1).unwrap_or(Date::MAX))
}

impl Period {
    /// The fiscal year that starts on 1 April of `year`.
    pub fn fiscal_year(year: i32) -> Self {
        Self { grain: Grain::FiscalYear, index: year }
    }

    /// The month `month` (1 to 12) of `year`.
    pub fn month(year: i32, month: i32) -> Self {
        Self { grain: Grain::Month, index: year * 12 + month - 1 }
    }

    /// The civil day of a date.
    pub fn day(date: Date) -> Self {
        Self { grain: Grain::Day, index: day_number(date) }
    }

    /// The period that holds an instant as flows see it: `start <= moment < end`.
    pub fn holding(grain: Grain, moment: Moment) -> Self {
        let index = match grain {
            Grain::Hour => i32::try_from((moment.0 + OFFSET_SECONDS).div_euclid(HOUR)).unwrap_or(i32::MAX),
            Grain::Day => moment.day(),
            Grain::Month => month_of(moment.day()),
            Grain::Quarter => month_of(moment.day()).div_euclid(3),
            Grain::FiscalYear => (month_of(moment.day()) - 3).div_euclid(12),
        };
        Self { grain, index }
    }

    /// The period that an instant closes or falls in, as states see it: `start < moment <= end`.
    pub fn closing(grain: Grain, moment: Moment) -> Self {
        Self::holding(grain, Moment(moment.0 - 1))
    }

    /// Its first instant.
    pub fn start(self) -> Moment {
        let day = match self.grain {
            Grain::Hour => return Moment(i64::from(self.index) * HOUR - OFFSET_SECONDS),
            Grain::Day => self.index,
            Grain::Month => first_day(self.index),
            Grain::Quarter => first_day(self.index * 3),
            Grain::FiscalYear => first_day(self.index * 12 + 3),
        };
        Moment(i64::from(day) * DAY - OFFSET_SECONDS)
    }

    /// The first instant after it.
    pub fn end(self) -> Moment {
        self.next().start()
    }

    /// The period after it.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus(1)
    }

    /// The period `n` later (earlier when negative).
    #[must_use]
    pub fn plus(self, n: i32) -> Self {
        Self { grain: self.grain, index: self.index.saturating_add(n) }
    }

    /// Civil days in it (0 for an hour).
    pub fn days(self) -> i32 {
        self.end().day() - self.start().day()
    }

    /// The period of a coarser (or the same) grain that holds this one.
    #[must_use]
    pub fn within(self, grain: Grain) -> Self {
        let months = |index: i32| match grain {
            Grain::Quarter => index.div_euclid(3),
            Grain::FiscalYear => (index - 3).div_euclid(12),
            _ => index,
        };
        match (self.grain, grain) {
            (a, b) if a >= b => self,
            (Grain::Hour, Grain::Day) => Self { grain, index: self.index.div_euclid(24) },
            (Grain::Day, _) => Self { grain, index: months(month_of(self.index)) },
            (Grain::Month, _) => Self { grain, index: months(self.index) },
            (Grain::Quarter, _) => Self { grain, index: months(self.index * 3) },
            (_, _) => Self::holding(grain, self.start()),
        }
    }

    /// The periods of a finer (or the same) grain that it consists of, in order.
    pub fn parts(self, grain: Grain) -> impl Iterator<Item = Self> {
        let first = Self::holding(grain, self.start()).index;
        let last = Self::holding(grain, self.end()).index;
        (first..last).map(move |index| Self { grain, index })
    }

    /// The period of this grain that starts at `from` and ends at `to`; `None` when there is none.
    pub fn between(grain: Grain, from: Moment, to: Moment) -> Option<Self> {
        let period = Self::holding(grain, from);
        (period.start() == from && period.end() == to).then_some(period)
    }

    /// Reads `FY2019`, `2020-03` or `2020-03-31`; `None` for anything else or a year out of range.
    pub fn parse(text: &str) -> Option<Self> {
        let in_range = |year: i32| (i32::from(FIRST_YEAR)..=i32::from(LAST_YEAR)).contains(&year).then_some(year);
        if let Some(year) = text.strip_prefix("FY") {
            let plain = year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
            return Some(Self::fiscal_year(in_range(plain.then(|| year.parse().ok())??)?));
        }
        if let Some(date) = crate::time::parse_date(text) {
            return Some(Self::day(date));
        }
        let first = crate::time::parse_date(&format!("{text}-01"))?;
        Some(Self::month(i32::from(first.year()), i32::from(first.month())))
    }

    /// `2019年度 = 平成31年度/令和元年度` and the like, as Japanese readers expect it.
    pub fn label_ja(self) -> String {
        let start = self.start().date();
        match self.grain {
            Grain::FiscalYear => {
                let era = era::fiscal_year_label(i16::try_from(self.index).unwrap_or(LAST_YEAR));
                format!("{}年度（{era}）", self.index)
            }
            Grain::Quarter => {
                let quarter = (self.index - 1).rem_euclid(4) + 1;
                format!("{}年度第{quarter}四半期", self.within(Grain::FiscalYear).index)
            }
            Grain::Month => format!("{}年{}月", start.year(), start.month()),
            Grain::Day => format!("{}年{}月{}日", start.year(), start.month(), start.day()),
            Grain::Hour => self.to_string(),
        }
    }
}

impl fmt::Display for Period {
    /// `FY2019`, `FY2019Q1`, `2019-04`, `2019-04-01`, or the first instant of an hour.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.grain {
            Grain::FiscalYear => write!(f, "FY{}", self.index),
            Grain::Quarter => {
                let quarter = (self.index - 1).rem_euclid(4) + 1;
                write!(f, "FY{}Q{quarter}", self.within(Grain::FiscalYear).index)
            }
            Grain::Month => write!(f, "{:04}-{:02}", self.index.div_euclid(12), self.index.rem_euclid(12) + 1),
            Grain::Day => write!(f, "{}", date_of(self.index)),
            Grain::Hour => write!(f, "{}", self.start()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        Moment::parse(text).unwrap()
    }

    #[test]
    fn an_end_boundary_closes_the_period_it_ends() {
        let april_first = at("2020-04-01T00:00:00+09:00");
        assert_eq!(Period::closing(Grain::Month, april_first).to_string(), "2020-03");
        assert_eq!(Period::closing(Grain::FiscalYear, april_first).to_string(), "FY2019");
        assert_eq!(Period::holding(Grain::FiscalYear, april_first).to_string(), "FY2020");
        let june_end = at("2022-06-30T00:00:00+09:00");
        assert_eq!(Period::closing(Grain::Month, june_end).to_string(), "2022-06");
        assert_eq!(Period::closing(Grain::Month, at("2022-06-01T00:00:00+09:00")).to_string(), "2022-05");
    }

    #[test]
    fn every_grain_nests_and_round_trips() {
        for grain in Grain::ALL {
            for offset in [0_i64, 1, 86_399, 86_400, 9_000_000, 50_000_000, 1_600_000_000] {
                let period = Period::holding(grain, Moment(offset));
                assert!(period.start().0 <= offset && offset < period.end().0);
                assert_eq!(Period::between(grain, period.start(), period.end()), Some(period));
                for coarse in Grain::ALL.into_iter().filter(|coarse| *coarse >= grain) {
                    let above = period.within(coarse);
                    assert_eq!(above, Period::holding(coarse, period.start()), "{period} in {coarse:?}");
                    assert!(above.parts(grain).any(|part| part == period));
                }
            }
        }
        assert_eq!(Period::fiscal_year(2019).parts(Grain::Month).count(), 12);
        assert_eq!(Period::fiscal_year(2019).days(), 366);
        assert_eq!(Period::fiscal_year(2019).parts(Grain::Quarter).map(|q| q.to_string()).last().unwrap(), "FY2019Q4");
    }

    #[test]
    fn texts_and_labels() {
        for text in ["FY2019", "2020-03", "2020-03-31"] {
            assert_eq!(Period::parse(text).unwrap().to_string(), text);
        }
        for text in ["FY19", "FY+019", "2020-13", "2020-02-30", "2020", "", "FY9999", "20-1"] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
        assert_eq!(Period::fiscal_year(2019).label_ja(), "2019年度（平成31年度/令和元年度）");
        assert_eq!(Period::holding(Grain::Quarter, at("2020-02-01T00:00:00+09:00")).label_ja(), "2019年度第4四半期");
    }
}
