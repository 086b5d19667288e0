//! Instants, the plan's civil calendar and the clock as a value handed in.
//!
//! An instant of the data is a [`Moment`] (whole seconds), an instant of our own work is [`Micros`].
//! Civil dates are those of [`OFFSET_SECONDS`]: every plan lives in Asia/Tokyo, which has had one
//! fixed offset since 1951, so a calendar needs no time zone database. This file reads no clock.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Seconds that the plan's zone, Asia/Tokyo, is ahead of UTC.
pub const OFFSET_SECONDS: i64 = 9 * 3600;
/// Seconds in an hour.
pub const HOUR: i64 = 3600;
/// Seconds in a civil day of the plan's zone.
pub const DAY: i64 = 24 * HOUR;
/// The only zone a plan can name.
pub const ZONE: &str = "Asia/Tokyo";
/// First civil year that a figure, a date or a plan may name.
pub const FIRST_YEAR: i16 = 1900;
/// Last civil year that a figure, a date or a plan may name.
pub const LAST_YEAR: i16 = 2200;

/// How far a record's revision may be ahead of the clock that takes it. Clocks of one city differ by seconds; a revision
/// from further ahead would stand above every honest correction until then.
pub const MAX_AHEAD: Micros = Micros(5 * 60 * 1_000_000);

/// Microseconds since 1970-01-01T00:00:00Z: when something of ours happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Micros(pub i64);

/// Reads the machine's time. Implemented once, in the binary; tests hand in their own.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> Micros;
}

/// An instant a figure describes, in whole seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(pub i64);

/// The day number of a civil date: days since 1970-01-01.
pub fn day_number(date: Date) -> i32 {
    // Written out because subtracting jiff dates goes by spans, which are slower and fallible.
    let (y, m, d) = (i32::from(date.year()), i32::from(date.month()), i32::from(date.day()));
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let yoe = y.rem_euclid(400);
    let doy = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
    era * 146_097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719_468
}

/// Year, month (1 to 12) and day of the month of a day number.
fn civil(day: i32) -> (i32, i32, i32) {
    let z = day + 719_468;
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + z.div_euclid(146_097) * 400 + i32::from(month <= 2);
    (year, month, doy - (153 * mp + 2) / 5 + 1)
}

/// The day of the week of a day number, Monday 0 to Sunday 6.
pub fn weekday(day: i32) -> i32 {
    (day + 3).rem_euclid(7)
}

/// The number of the month that holds a day number: months since January of year 0.
pub fn month_of(day: i32) -> i32 {
    let (year, month, _) = civil(day);
    year * 12 + month - 1
}

/// The civil date of a day number.
pub fn date_of(day: i32) -> Date {
    let (year, month, day_of_month) = civil(day);
    let narrow = |n: i32| i8::try_from(n).unwrap_or(1);
    Date::new(i16::try_from(year).unwrap_or(i16::MAX), narrow(month), narrow(day_of_month)).unwrap_or(Date::MAX)
}

impl Moment {
    /// 00:00 of a civil date.
    pub fn midnight(date: Date) -> Self {
        Self(i64::from(day_number(date)) * DAY - OFFSET_SECONDS)
    }

    /// The day number (days since 1970-01-01) of the civil day that holds this instant.
    pub fn day(self) -> i32 {
        i32::try_from((self.0 + OFFSET_SECONDS).div_euclid(DAY)).unwrap_or(i32::MAX)
    }

    /// The civil date that holds this instant.
    pub fn date(self) -> Date {
        date_of(self.day())
    }

    /// The same instant in microseconds.
    pub fn micros(self) -> Micros {
        Micros(self.0.saturating_mul(1_000_000))
    }

    /// Reads RFC 3339 with any offset; `None` when it is no such text, has a fraction of a second, or
    /// lies outside [`FIRST_YEAR`]..=[`LAST_YEAR`].
    pub fn parse(text: &str) -> Option<Self> {
        let stamp: jiff::Timestamp = text.parse().ok()?;
        if stamp.subsec_nanosecond() != 0 {
            return None;
        }
        let moment = Self(stamp.as_second());
        (FIRST_YEAR..=LAST_YEAR).contains(&moment.date().year()).then_some(moment)
    }
}

impl fmt::Display for Moment {
    /// RFC 3339 with the plan's offset: `2020-04-01T00:00:00+09:00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = (self.0 + OFFSET_SECONDS).rem_euclid(DAY);
        let (hour, minute, second) = (second / HOUR, second / 60 % 60, second % 60);
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}+09:00", self.date())
    }
}

impl Micros {
    /// The whole second that holds this time.
    pub fn moment(self) -> Moment {
        Moment(self.0.div_euclid(1_000_000))
    }

    /// Reads RFC 3339 with any offset, or a whole number of microseconds; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse() {
            return Some(Self(number));
        }
        text.parse::<jiff::Timestamp>().ok().map(|stamp| Self(stamp.as_microsecond()))
    }
}

impl fmt::Display for Micros {
    /// RFC 3339 with the plan's offset and six decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.moment().to_string();
        let (stamp, offset) = text.split_at(19.min(text.len()));
        write!(f, "{stamp}.{:06}{offset}", self.0.rem_euclid(1_000_000))
    }
}

/// English names of the months, from January.
const MONTH_NAMES: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The English name of a month of the civil calendar, 1 to 12; empty for another number.
pub fn month_name(month: i8) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|index| MONTH_NAMES.get(index)).unwrap_or(&"")
}

/// Reads `2020-04-01`; `None` when it is no such date or its year is out of range.
pub fn parse_date(text: &str) -> Option<Date> {
    if text.len() != 10 {
        return None;
    }
    let date: Date = text.parse().ok()?;
    (FIRST_YEAR..=LAST_YEAR).contains(&date.year()).then_some(date)
}

/// Reads a duration of whole `s`, `m`, `h` or `d`: `30s`, `15m`, `6h`, `1d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u64 = text.strip_suffix(unit)?.parse().ok()?;
    Some(Duration::from_secs(number.checked_mul(seconds)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_numbers_agree_with_the_calendar_library_over_three_centuries() {
        let mut date = Date::new(1900, 1, 1).unwrap();
        let mut day = day_number(date);
        while date.year() <= LAST_YEAR {
            assert_eq!(day_number(date), day);
            assert_eq!(date_of(day), date);
            assert_eq!(month_of(day), i32::from(date.year()) * 12 + i32::from(date.month()) - 1);
            date = date.tomorrow().unwrap();
            day += 1;
        }
        assert_eq!(day_number(Date::new(1970, 1, 1).unwrap()), 0);
    }

    #[test]
    fn one_instant_is_one_moment_whatever_its_offset() {
        let moment = Moment::parse("2020-04-01T00:00:00+09:00").unwrap();
        assert_eq!(Moment::parse("2020-03-31T15:00:00Z"), Some(moment));
        assert_eq!(moment.to_string(), "2020-04-01T00:00:00+09:00");
        assert_eq!(Moment::parse("2020-04-01T00:00:00.5+09:00"), None);
        assert_eq!(Moment::parse("2020-04-01"), None);
        assert_eq!(Micros(moment.0 * 1_000_000 + 5).to_string(), "2020-04-01T00:00:00.000005+09:00");
    }
}
