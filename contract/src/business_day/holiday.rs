//! National holidays by the law (国民の祝日に関する法律) and the two laws that moved days of it: the change of throne of 2019,
//! and the Olympic games of 2020 and 2021.

use crate::period::Period;
use crate::time::weekday;
use std::sync::LazyLock;

/// First year whose holidays are known.
pub const FIRST_HOLIDAY_YEAR: i32 = 2017;
/// Last year whose holidays are known.
pub const LAST_HOLIDAY_YEAR: i32 = 2030;

/// Day numbers of all holidays, in order.
static HOLIDAYS: LazyLock<Vec<i32>> = LazyLock::new(|| {
    let national: Vec<i32> = (FIRST_HOLIDAY_YEAR..=LAST_HOLIDAY_YEAR).flat_map(national).collect();
    let is_national = |day: i32| national.contains(&day);
    // Article 3.2: the nearest day after a holiday on a Sunday that is no holiday of its own.
    let substitute = |day: i32| (weekday(day) == 6).then(|| (day..day + 7).find(|d| !is_national(*d))).flatten();
    // Article 3.3: a day between two holidays.
    let between = |day: i32| (is_national(day + 2) && !is_national(day + 1)).then_some(day + 1);
    let added = national.iter().flat_map(|day| [substitute(*day), between(*day)]).flatten();
    let mut all: Vec<i32> = added.chain(national.iter().copied()).collect();
    all.sort_unstable();
    all.dedup();
    all
});

/// True on a national holiday, a substitute holiday and a day between two; false in years that are not known.
pub(super) fn is_holiday(day: i32) -> bool {
    HOLIDAYS.binary_search(&day).is_ok()
}

fn date(year: i32, month: i32, day: i32) -> i32 {
    Period::month(year, month).start().day() + day - 1
}

/// The nth Monday of a month.
fn monday(year: i32, month: i32, nth: i32) -> i32 {
    let first = date(year, month, 1);
    first + (7 - weekday(first)) % 7 + 7 * (nth - 1)
}

/// The day of the month of an equinox, for 1980 to 2099: where it fell in 1980, in millionths of a day, and the part of a
/// day by which a solar year is longer than 365. The days are announced a year ahead.
fn equinox(year: i32, millionths: i32) -> i32 {
    let years = year - 1980;
    (millionths + 242_194 * years) / 1_000_000 - years / 4
}

/// The holidays that article 2 and the special laws name.
fn national(year: i32) -> Vec<i32> {
    let (marine, mountain, sports) = match year {
        2020 => (date(year, 7, 23), date(year, 8, 10), date(year, 7, 24)),
        2021 => (date(year, 7, 22), date(year, 8, 8), date(year, 7, 23)),
        _ => (monday(year, 7, 3), date(year, 8, 11), monday(year, 10, 2)),
    };
    let fixed = [(1, 1), (2, 11), (4, 29), (5, 3), (5, 4), (5, 5), (11, 3), (11, 23)];
    let mut days: Vec<i32> = fixed.iter().map(|(month, day)| date(year, *month, *day)).collect();
    days.extend([marine, mountain, sports, monday(year, 1, 2), monday(year, 9, 3)]);
    days.extend([date(year, 3, equinox(year, 20_843_100)), date(year, 9, equinox(year, 23_248_800))]);
    // The emperor's birthday; the accession and its ceremony are holidays of 2019 alone.
    match year {
        ..2019 => days.push(date(year, 12, 23)),
        2019 => days.extend([date(year, 5, 1), date(year, 10, 22)]),
        _ => days.push(date(year, 2, 23)),
    }
    days
}
