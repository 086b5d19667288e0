use super::*;
use crate::time::{day_number, parse_date};

fn day(text: &str) -> i32 {
    day_number(parse_date(text).unwrap())
}

#[test]
fn holidays_are_those_of_an_independent_list() {
    let list = include_str!("holidays.csv").lines().filter(|line| !line.starts_with('#'));
    let listed: BTreeSet<i32> = list.map(|line| day(line.split_once(',').unwrap().0)).collect();
    assert_eq!(listed.len(), 256);
    for day in day("2016-01-01")..day("2032-01-01") {
        assert_eq!(holiday::is_holiday(day), listed.contains(&day), "{}", date_of(day));
    }
}

#[test]
fn open_days_around_golden_week_and_the_new_year() {
    let calendar = BusinessCalendar::default();
    let open = |from: &str, to: &str| -> Vec<String> {
        (day(from)..=day(to)).filter(|d| calendar.is_open(*d)).map(|d| date_of(d).to_string()).collect()
    };
    assert_eq!(open("2019-04-26", "2019-05-07"), ["2019-04-26", "2019-05-07"]);
    assert_eq!(open("2019-12-27", "2020-01-06"), ["2019-12-27", "2020-01-06"]);
    assert_eq!(open("2020-12-28", "2021-01-04"), ["2020-12-28", "2021-01-04"]);
    // A Tuesday between the days of respect for the aged and of the equinox.
    assert_eq!(open("2026-09-18", "2026-09-24"), ["2026-09-18", "2026-09-24"]);
    // Where holidays are not known, the other rules hold: 3 May 2032 is a Monday.
    assert_eq!(open("2032-05-01", "2032-05-03"), ["2032-05-03"]);
}

#[test]
fn the_nth_business_day_counts_the_first_day_where_it_is_open() {
    let calendar = BusinessCalendar::default();
    assert_eq!(calendar.nth_from(day("2019-04-01"), 10), day("2019-04-12"));
    assert_eq!(calendar.nth_from(day("2019-05-01"), 1), day("2019-05-07"));
    assert_eq!(calendar.nth_from(day("2020-01-01"), 10), day("2020-01-20"));
    assert_eq!(calendar.nth_back(day("2020-01-05"), 1), day("2019-12-27"));
    let own = BusinessCalendar::closed_on([day("2019-07-01")]);
    assert_eq!(
        (own.nth_from(day("2019-07-01"), 1), own.nth_back(day("2019-07-01"), 1)),
        (day("2019-07-02"), day("2019-06-28"))
    );
}

#[test]
fn counting_back_undoes_counting() {
    let calendar = BusinessCalendar::closed_on([day("2019-07-01"), day("2019-07-02")]);
    for from in day("2018-12-20")..day("2019-08-10") {
        for n in 1..25 {
            let nth = calendar.nth_from(from, n);
            let back = calendar.nth_back(nth, n);
            assert!(back >= from && (from..back).all(|d| !calendar.is_open(d)), "{} {n}", date_of(from));
        }
    }
}
