//! What the names of rotated files prove: which file follows which without one between them.

use contract::time::Moment;
use jiff::civil::Date;
use jiff::{Span, ToSpan};

/// Endings of packed files that are read.
const PACKED: [&str; 2] = [".gz", ".gzip"];
/// A file of lines over more hours than these is not rotated daily, or not weekly.
const MORE_THAN_A_DAY: i64 = 26;
const MORE_THAN_A_WEEK: i64 = 8 * 24;

/// A file's name, and the hours since 1970 of its first and last line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileSpan {
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) name: String,
}

/// The place of a file among those of its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rotation {
    /// The growing file.
    Live,
    /// `access.log.3`, `10.log`.
    Number(u32),
    /// `access.log-20220401`, `2022-04-01.log`; with an hour of the day where files are rotated hourly.
    Day(Date, Option<i8>),
    /// `2022-04.log`
    Month(Date),
}

impl Rotation {
    /// The place, and the name with it replaced, which files of one log share; `None` for a name without digits.
    fn of(name: &str, live: &str) -> Option<(Self, String)> {
        if name == live {
            return Some((Self::Live, live.to_owned()));
        }
        let bare = PACKED.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name);
        let runs = digit_runs(bare);
        // The date of a name, wherever it is; else its last number.
        let dated = (0..runs.len()).find_map(|at| dated(bare, &runs[at..]));
        let numbered = || {
            let (from, to) = *runs.last()?;
            Some((Self::Number(bare[from..to].parse().ok()?), from, to))
        };
        let (place, from, to) = dated.or_else(numbered)?;
        Some((place, format!("{}#{}", &bare[..from], &bare[to..])))
    }
}

/// The runs of digits of a name.
fn digit_runs(name: &str) -> Vec<(usize, usize)> {
    let (mut runs, mut at) = (Vec::new(), 0);
    let bytes = name.as_bytes();
    while let Some(from) = bytes[at..].iter().position(u8::is_ascii_digit).map(|found| at + found) {
        at = bytes[from..].iter().position(|byte| !byte.is_ascii_digit()).map_or(bytes.len(), |end| from + end);
        runs.push((from, at));
    }
    runs
}

/// The date that begins with the first of these runs, and where it stands.
fn dated(name: &str, runs: &[(usize, usize)]) -> Option<(Rotation, usize, usize)> {
    let (from, to) = *runs.first()?;
    let number = |digits: &str| digits.parse::<i16>().ok();
    let date = |year: &str, month: &str, day: &str| {
        let (month, day) = (i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?);
        Date::new(number(year).filter(|year| (1990..2200).contains(year))?, month, day).ok()
    };
    let hour =
        |digits: &str| number(digits).and_then(|hour| i8::try_from(hour).ok()).filter(|hour| (0..24).contains(hour));
    // The run after this one, when one sign is between them and it has so many digits.
    let next = |at: usize, digits: usize| {
        let (end, (from, to)) = (runs.get(at)?.1, *runs.get(at + 1)?);
        let joined = from == end + 1 && matches!(name.as_bytes()[end], b'-' | b'_' | b'.' | b'T');
        (joined && to - from == digits).then_some((&name[from..to], to))
    };
    let digits = &name[from..to];
    match digits.len() {
        8 => {
            let day = date(&digits[..4], &digits[4..6], &digits[6..])?;
            let hourly = next(0, 2).and_then(|(text, to)| Some((hour(text)?, to)));
            Some(
                hourly.map_or((Rotation::Day(day, None), from, to), |(hour, to)| {
                    (Rotation::Day(day, Some(hour)), from, to)
                }),
            )
        }
        10 | 12 | 14 => {
            let day = date(&digits[..4], &digits[4..6], &digits[6..8])?;
            Some((Rotation::Day(day, Some(hour(&digits[8..10])?)), from, to))
        }
        6 => Some((Rotation::Month(date(&digits[..4], &digits[4..], "1")?), from, to)),
        4 => {
            let (month, to) = next(0, 2)?;
            let Some((day, to)) = next(1, 2).filter(|(day, _)| date(digits, month, day).is_some()) else {
                return Some((Rotation::Month(date(digits, month, "1")?), from, to));
            };
            let hourly = next(2, 2).and_then(|(text, to)| Some((hour(text)?, to)));
            let day = date(digits, month, day)?;
            Some(
                hourly.map_or((Rotation::Day(day, None), from, to), |(hour, to)| {
                    (Rotation::Day(day, Some(hour)), from, to)
                }),
            )
        }
        _ => None,
    }
}

/// True when no file lies between `earlier` and `later`, the next file by the times of its lines, but for empty ones, which
/// hold no line. `live` is the name of the growing file.
pub(crate) fn proves(earlier: &FileSpan, later: &FileSpan, live: &str, empty: &[String]) -> bool {
    let mut current = earlier.clone();
    // Each empty file is passed once at most.
    for _ in 0..=empty.len() {
        if follows(&current, later, live) {
            return true;
        }
        let after = |name: &&String| {
            let next = FileSpan { first: current.last, last: current.last, name: (*name).clone() };
            **name != current.name && **name != live && follows(&current, &next, live)
        };
        let Some(next) = empty.iter().find(after) else { return false };
        current = FileSpan { first: current.last, last: current.last, name: next.clone() };
    }
    false
}

/// True when the names prove that `later` is the next file after `earlier`.
fn follows(earlier: &FileSpan, later: &FileSpan, live: &str) -> bool {
    let (Some((a, form)), Some((b, next_form))) = (Rotation::of(&earlier.name, live), Rotation::of(&later.name, live))
    else {
        return false;
    };
    let hours = (earlier.last - earlier.first).max(later.last - later.first);
    let after = |day: Date, step: Span| day.checked_add(step).ok();
    match (a, b) {
        (Rotation::Number(a), Rotation::Live) => a == 1 && form == format!("{live}.#"),
        (Rotation::Day(day, None), Rotation::Live) => is_open_since(earlier, day, later.first),
        (Rotation::Day(day, Some(hour)), Rotation::Live) => {
            later.first <= earlier.last.max(hour_of(day) + i64::from(hour))
        }
        _ if form != next_form => false,
        // Numbers count up by name, or grow as files get older.
        (Rotation::Number(a), Rotation::Number(b)) => a.abs_diff(b) == 1,
        (Rotation::Day(a, None), Rotation::Day(b, None)) => {
            after(a, 1.day()) == Some(b)
                || (hours >= MORE_THAN_A_DAY && after(a, 1.week()) == Some(b))
                || (hours >= MORE_THAN_A_WEEK && after(a, 1.month()) == Some(b))
        }
        (Rotation::Day(a, Some(hour)), Rotation::Day(b, Some(next))) => {
            hour_of(a) + i64::from(hour) + 1 == hour_of(b) + i64::from(next)
        }
        (Rotation::Month(a), Rotation::Month(b)) => after(a, 1.month()) == Some(b),
        _ => false,
    }
}

/// True when the growing file began before the rotation after that of `earlier`, which was on `day` or at its end: else a
/// rotated file is missing between them.
fn is_open_since(earlier: &FileSpan, day: Date, first: i64) -> bool {
    let days = if earlier.last - earlier.first >= MORE_THAN_A_DAY { 7 } else { 1 };
    first < earlier.last.max(hour_of(day)) + 24 * days
}

/// The first hour of a day.
fn hour_of(day: Date) -> i64 {
    Moment::midnight(day).0.div_euclid(3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2022-04-01 00:00 in the plan's zone.
    const START: i64 = 19_083 * 24 - 9;

    fn span(name: &str, first: i64, last: i64) -> FileSpan {
        FileSpan { first: START + first, last: START + last, name: name.to_owned() }
    }

    #[test]
    fn a_successor_has_the_next_number_or_date() {
        for (earlier, later, right) in [
            ("a.log.4.gz", "a.log.3.gz", true),
            ("a.log.3.gz", "a.log.1", false),
            ("a.log.1", "a.log", true),
            ("a.log.2", "a.log", false),
            ("10.log", "11.log.gz", true),
            ("10.log", "12.log", false),
            ("10.log", "11.txt", false),
            ("a.log-20220331.gz", "a.log-20220401", true),
            ("a.log-20220331.gz", "a.log-20220402", false),
            ("web1-2022-03-31.log", "web1-2022-04-01.log", true),
            ("web1-2022-03-31.log", "web2-2022-04-01.log", false),
            ("2022-04.log", "2022-05.log.gz", true),
            ("2021-12.log", "2022-01.log", true),
            ("202204.log", "202206.log", false),
            ("a-2022040123.log", "a-2022040200.log", true),
            ("a-20220401-22.log", "a-20220402-00.log", false),
            ("a.log", "a.log.1", false),
            ("b.log", "a.log", false),
            ("b.log", "c.log", false),
            ("a.logの写し", "a.log", false),
            ("a.log.1", "a.logの写し", false),
            ("b.log.1", "a.log", false),
        ] {
            assert_eq!(follows(&span(earlier, 0, 5), &span(later, 6, 9), "a.log"), right, "{earlier} {later}");
        }
    }

    #[test]
    fn the_growing_file_follows_a_dated_one_only_when_it_began_before_the_next_rotation() {
        let rows = [
            // Rotated at 03:00 of its date; named by the day of its lines; of a quiet log.
            (("a.log-20220402", 3, 26), 27, true),
            (("a.log-20220401", 0, 23), 24, true),
            (("a.log-20220402", 3, 9), 47, true),
            (("a.log-20220402", 3, 26), 26 + 24, false),
            (("a.log-20220401", 0, 23), 23 + 24, false),
            (("a.log-20220330", -60, -40), 24, false),
            // Hourly.
            (("a.log-2022040111", 10, 11), 11, true),
            (("a.log-2022040111", 10, 11), 12, false),
            // Weekly.
            (("a.log-20220403", -120, 50), 50 + 90, true),
            (("a.log-20220403", -120, 50), 50 + 24 * 7, false),
        ];
        for ((name, from, to), first, right) in rows {
            assert_eq!(follows(&span(name, from, to), &span("a.log", first, first), "a.log"), right, "{name} {first}");
        }
    }

    #[test]
    fn weekly_and_monthly_dates_are_next_when_their_lines_say_so() {
        for (earlier, later, right) in [
            (("a.log-20220403", 0, 47), "a.log-20220410", true),
            (("a.log-20220403", 0, 20), "a.log-20220410", false),
            (("a.log-20220401", -600, 0), "a.log-20220501", true),
            (("a.log-20220401", -100, 0), "a.log-20220501", false),
        ] {
            let (name, first, last) = earlier;
            let right_span = span(later, last + 1, last + 1);
            assert_eq!(follows(&span(name, first, last), &right_span, "a.log"), right, "{name}");
        }
    }

    #[test]
    fn empty_files_between_two_are_passed() {
        let empty = ["a.log-20220402".to_owned(), "a.log-20220403".to_owned(), "a.log.2".to_owned()];
        let proves =
            |earlier: &str, later: &str, first| proves(&span(earlier, 0, 9), &span(later, first, 90), "a.log", &empty);
        assert!(proves("a.log-20220401", "a.log-20220404", 80));
        assert!(!proves("a.log-20220401", "a.log-20220405", 80));
        assert!(proves("a.log-20220401", "a.log", 70));
        assert!(!proves("a.log-20220401", "a.log", 100));
        assert!(proves("a.log.3", "a.log.1", 80));
        assert!(!proves("a.log.4", "a.log.1", 80));
    }
}
