//! The hour of a line's time. Lines are in order, so the last hour is nearly always the right one.

use jiff::civil::Date;

/// Hours of a day.
pub(crate) const HOURS: usize = 24;
/// The plan's zone, nine hours before UTC.
const ZONE_HOURS: i64 = 9;
/// Bytes of `10/Oct/2021:13`, which name an hour.
const HOUR_BYTES: usize = 14;
/// Bytes of `10/Oct/2021:13:55:36 +0900`.
pub(super) const LOCAL_BYTES: usize = 26;
const MONTHS: [&[u8]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];
/// Years that a log may hold; a time of another year comes from a clock that was not set.
const YEARS: std::ops::RangeInclusive<i16> = 1995..=2100;

/// The day of an hour in the plan's zone; hours are counted from 1970, UTC.
pub(crate) fn day_of(hour: i64) -> i64 {
    (hour + ZONE_HOURS).div_euclid(24)
}

/// The first hour of a day.
pub(crate) fn first_hour(day: i64) -> i64 {
    day * 24 - ZONE_HOURS
}

/// Reads times, and keeps the last hour.
#[derive(Clone, Debug, Default)]
pub struct TimeReader {
    /// `10/Oct/2021:13` and ` +0900` of the last time with a zone of whole hours.
    last: [u8; HOUR_BYTES + 6],
    hour: i64,
}

impl TimeReader {
    /// Hours since 1970, UTC, of `10/Oct/2021:13:55:36 +0900` (in brackets or not), an ISO 8601 time with its zone, or
    /// seconds since 1970.
    #[inline]
    pub fn read(&mut self, time: &[u8]) -> Option<i64> {
        if time.len() == LOCAL_BYTES
            && time[..HOUR_BYTES] == self.last[..HOUR_BYTES]
            && time[LOCAL_BYTES - 6..] == self.last[HOUR_BYTES..]
        {
            return Some(self.hour);
        }
        self.read_new_hour(time)
    }

    /// The hour of the first time in brackets of a line that cannot be read otherwise.
    pub(crate) fn find(&mut self, line: &[u8]) -> Option<i64> {
        let from = memchr::memchr(b'[', line)?;
        let time = line.get(from..from + LOCAL_BYTES + 2).filter(|time| time.ends_with(b"]"))?;
        self.read(time)
    }

    #[cold]
    fn read_new_hour(&mut self, time: &[u8]) -> Option<i64> {
        if let Some(inner) = time.strip_prefix(b"[") {
            return self.read(inner.strip_suffix(b"]")?);
        }
        if time.len() != LOCAL_BYTES || time[2] != b'/' {
            return read_iso_or_seconds(std::str::from_utf8(time).ok()?);
        }
        let number = |from: usize, to: usize| -> Option<i64> {
            let digits = &time[from..to];
            digits.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
        };
        let month = MONTHS.iter().position(|name| *name == &time[3..6])? + 1;
        let year = i16::try_from(number(7, 11)?).ok().filter(|year| YEARS.contains(year))?;
        let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(number(0, 2)?).ok()?).ok()?;
        let (hours, minutes, seconds) = (number(12, 14)?, number(15, 17)?, number(18, 20)?);
        let sign = match &time[20..22] {
            b" +" => 1,
            b" -" => -1,
            _ => return None,
        };
        let (zone_hours, zone_minutes) = (number(22, 24)?, number(24, 26)?);
        if hours > 23 || minutes > 59 || seconds > 60 || zone_hours > 14 || zone_minutes > 59 {
            return None;
        }
        let days = i64::from(contract::time::day_number(date));
        let seconds = days * 86_400 + hours * 3600 + minutes * 60 - sign * (zone_hours * 3600 + zone_minutes * 60);
        let hour = seconds.div_euclid(3600);
        if zone_minutes == 0 {
            self.last[..HOUR_BYTES].copy_from_slice(&time[..HOUR_BYTES]);
            self.last[HOUR_BYTES..].copy_from_slice(&time[LOCAL_BYTES - 6..]);
            self.hour = hour;
        }
        Some(hour)
    }
}

/// ISO 8601 with a zone, or seconds since 1970.
fn read_iso_or_seconds(text: &str) -> Option<i64> {
    let seconds = if text.as_bytes().get(4) == Some(&b'-') {
        text.parse::<jiff::Timestamp>().ok()?.as_second()
    } else {
        let whole = text.split('.').next()?;
        let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        whole.parse().ok().filter(|_| is_number)?
    };
    let years = i64::from(*YEARS.start()) - 1970..=i64::from(*YEARS.end()) - 1970;
    years.contains(&(seconds / 31_556_952)).then(|| seconds.div_euclid(3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_all_forms_and_zones_are_read_as_hours() {
        let mut hours = TimeReader::default();
        let rows = [
            ("10/Oct/2021:13:55:36 +0900", Some(453_844)),
            ("10/Oct/2021:13:00:00 +0900", Some(453_844)),
            ("10/Oct/2021:13:00:00 +0000", Some(453_853)),
            ("10/Oct/2021:04:59:60 +0000", Some(453_844)),
            ("10/Oct/2021:10:29:00 +0530", Some(453_844)),
            ("10/Oct/2021:10:30:00 +0530", Some(453_845)),
            ("09/Oct/2021:23:30:00 -0530", Some(453_845)),
            ("[10/Oct/2021:14:55:36 +0900]", Some(453_845)),
            ("2021-10-10T04:55:36Z", Some(453_844)),
            ("2021-10-10T13:55:36.123+09:00", Some(453_844)),
            ("2021-10-10T13:55:36+0900", Some(453_844)),
            ("2021-10-10 13:55:36+09:00", Some(453_844)),
            ("1633841736", Some(453_844)),
            ("1633841736.999", Some(453_844)),
            ("31/Feb/2021:13:55:36 +0900", None),
            ("10/Okt/2021:13:55:36 +0900", None),
            ("10/Oct/2021:24:55:36 +0900", None),
            ("10/Oct/1921:13:55:36 +0900", None),
            ("10/Oct/2021:13:55:36 0900x", None),
            ("2021-10-10T13:55:36", None),
            ("1", None),
            ("", None),
        ];
        for (text, right) in rows {
            assert_eq!(hours.read(text.as_bytes()), right, "{text}");
        }
    }
}
