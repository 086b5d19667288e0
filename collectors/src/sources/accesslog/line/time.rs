//! The hour of a line's time. Lines are in order, so the last hour is nearly always the right one.

use super::super::short::{first_word, word_at};
use jiff::civil::Date;

/// Hours of a day.
pub(crate) const HOURS: usize = 24;
/// The plan's zone, nine hours before UTC.
const ZONE_HOURS: i64 = 9;
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

/// What times of one hour have in common: all but minutes, seconds and their fraction. Different forms never have the same key, as
/// they differ in their first eight bytes.
#[derive(Clone, Copy, Debug)]
struct HourKey(u64, u64, u64);

impl HourKey {
    #[inline]
    fn is(self, other: Self) -> bool {
        (self.0 ^ other.0) | (self.1 ^ other.1) | (self.2 ^ other.2) == 0
    }
}

/// Reads times, and keeps the last hour.
#[derive(Clone, Debug, Default)]
pub struct TimeReader {
    /// The last hour, of a time in a zone of whole hours.
    last: Option<(HourKey, i64)>,
}

/// The key of a usual form; `None` for a time that must be read anew.
#[inline]
fn hour_key(time: &[u8]) -> Option<HourKey> {
    let digit = |at: usize| time[at].wrapping_sub(b'0');
    let is_sixty = |at: usize| digit(at) < 6 && digit(at + 1) < 10;
    if time.len() == LOCAL_BYTES && time[2] == b'/' {
        // `10/Oct/2021:13:55:36 +0900`
        let usual = is_sixty(15) && is_sixty(18);
        return usual.then_some(HourKey(first_word(time), word_at(time, 6)?, word_at(time, 18)? >> 16));
    }
    if time.len() > 19 && time[4] == b'-' {
        // `2021-10-10T13:55:36.123+09:00`
        let usual = time[13] == b':' && is_sixty(14) && time[16] == b':' && is_sixty(17);
        let fraction =
            if time[19] == b'.' { time[20..].iter().take_while(|byte| byte.is_ascii_digit()).count() } else { 0 };
        let zone = if time[19] == b'.' { &time[20 + fraction..] } else { &time[19..] };
        let usual = usual && zone.len() < 8 && fraction <= 9 && (fraction > 0 || time[19] != b'.');
        // The zone and its length.
        let zone = first_word(zone) | u64::try_from(zone.len()).ok()? << 56;
        return usual.then_some(HourKey(first_word(time), word_at(time, 5)?, zone));
    }
    // `1633841736.123`: a hundred seconds lie in one hour.
    let usual = time.len() >= 10 && digit(8) < 10 && digit(9) < 10 && time.get(10).is_none_or(|byte| *byte == b'.');
    let usual = usual && time.iter().skip(11).all(u8::is_ascii_digit);
    usual.then(|| HourKey(first_word(time), 0, 0))
}

impl TimeReader {
    /// Hours since 1970, UTC, of `10/Oct/2021:13:55:36 +0900` (in brackets or not), an ISO 8601 time with its zone, or
    /// seconds since 1970.
    #[inline]
    pub fn read(&mut self, time: &[u8]) -> Option<i64> {
        if let Some((key, hour)) = self.last
            && hour_key(time).is_some_and(|other| other.is(key))
        {
            return Some(hour);
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
            let hour = read_iso_or_seconds(std::str::from_utf8(time).ok()?)?;
            if is_in_whole_hours(time) && [hour * 3600, hour * 3600 + 3599].into_iter().all(is_possible) {
                self.last = hour_key(time).map(|key| (key, hour));
            }
            return Some(hour);
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
            self.last = hour_key(time).map(|key| (key, hour));
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
    is_possible(seconds).then(|| seconds.div_euclid(3600))
}

/// True for a time of a year that a log may hold.
fn is_possible(seconds: i64) -> bool {
    let years = i64::from(*YEARS.start()) - 1970..=i64::from(*YEARS.end()) - 1970;
    years.contains(&(seconds / 31_556_952))
}

/// True for seconds since 1970, and for an ISO 8601 time whose zone has no minutes.
fn is_in_whole_hours(time: &[u8]) -> bool {
    let zone = match time.iter().rposition(|byte| matches!(byte, b'+' | b'-')) {
        Some(at) if at > 10 => &time[at + 1..],
        _ => return time.ends_with(b"Z") || time.get(4) != Some(&b'-'),
    };
    matches!(zone, [_, _] | [_, _, b'0', b'0'] | [_, _, b':', b'0', b'0'])
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
            ("10/Oct/2021:13:60:00 +0900", None),
            ("10/Oct/2021:13:00:00 +0000", Some(453_853)),
            ("10/Oct/2021:04:59:60 +0000", Some(453_844)),
            ("10/Oct/2021:10:29:00 +0530", Some(453_844)),
            ("10/Oct/2021:10:30:00 +0530", Some(453_845)),
            ("09/Oct/2021:23:30:00 -0530", Some(453_845)),
            ("[10/Oct/2021:14:55:36 +0900]", Some(453_845)),
            ("2021-10-10T04:55:36Z", Some(453_844)),
            ("2021-10-10T04:55:36Z\0", None),
            ("2021-10-10T04:55:3xZ", None),
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
            assert_eq!(hours.read(text.as_bytes()), right, "{text}, read twice");
        }
    }

    /// The last hour is kept, and no time is read by it that would be another one, or none, without it.
    #[test]
    fn a_kept_hour_changes_no_answer() {
        let times = [
            "10/Oct/2021:13:55:36 +0900",
            "[10/Oct/2021:13:55:36 +0900]",
            "10/Oct/2021:10:29:59 +0530",
            "2021-10-10T13:55:36.123456Z",
            "2021-10-10T13:55:36+09:00",
            "2021-10-10 13:55:36.5+0900",
            "2021-10-10T23:59:59-09",
            "2021-10-10T13:29:36+05:30",
            "1633841736.123",
            "1633841999",
            "1633842000",
            "788923800.1",
            "4133980799",
        ];
        let bytes = b"0123456789:.+-/ TZz[]ab\0";
        let mut random = 1_u64;
        let mut below = |n: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).unwrap() % n
        };
        let mut known = 0;
        for _ in 0..60_000 {
            let mut reader = TimeReader::default();
            let first = times[below(times.len())];
            reader.read(first.as_bytes());
            let mut time = times
                [if below(4) == 0 { below(times.len()) } else { times.iter().position(|t| *t == first).unwrap() }]
            .as_bytes()
            .to_vec();
            for _ in 0..below(4) {
                let at = below(time.len());
                match below(6) {
                    0 => _ = time.remove(at),
                    1 => time.insert(at, bytes[below(bytes.len())]),
                    _ => time[at] = bytes[below(bytes.len())],
                }
            }
            let alone = TimeReader::default().read(&time);
            known += usize::from(alone.is_some());
            assert_eq!(reader.read(&time), alone, "{first}, then {}", String::from_utf8_lossy(&time));
        }
        assert!(known > 10_000, "{known}");
    }
}
