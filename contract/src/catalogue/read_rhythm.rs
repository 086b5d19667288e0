//! Reads when the figures of a source are due.

use super::model::Plan;
use super::rhythm::{Rhythm, Wait};
use crate::business_day::{FIRST_HOLIDAY_YEAR, LAST_HOLIDAY_YEAR};
use crate::period::{Grain, Period};
use crate::reader::TomlTable;
use crate::time::{Moment, date_of};

/// Grace after the due day where a rhythm names none.
const DEFAULT_GRACE: Wait = Wait::Days(14);
/// Longest wait in civil days: ten years.
const MAX_DAYS: i64 = 3660;
/// Longest wait in business days: about a year.
const MAX_BUSINESS_DAYS: i64 = 250;

/// The words for grains.
pub(super) const GRAINS: [(&str, Grain); 5] = [
    ("hour", Grain::Hour),
    ("day", Grain::Day),
    ("month", Grain::Month),
    ("quarter", Grain::Quarter),
    ("fiscal_year", Grain::FiscalYear),
];

/// `from` and `until` of a source or a rhythm.
pub(super) fn range(r: &TomlTable<'_>) -> (Option<Moment>, Option<Moment>) {
    let (from, until) = (r.date_if("from"), r.date_if("until"));
    if from.zip(until).is_some_and(|(from, until)| until <= from) {
        r.mistake("until", "`until` must lie after `from`");
    }
    (from.map(Moment::midnight), until.map(Moment::midnight))
}

/// A rhythm of a source that takes part from and until some dates.
pub(super) fn rhythm(r: &TomlTable<'_>, plan: &Plan, source: (Option<Moment>, Option<Moment>)) -> Rhythm {
    let (from, until) = range(r);
    let expected_by = wait(r, "expected_by_days", "expected_by_business_days", 1);
    if expected_by.is_none() && !r.has("expected_by_days") && !r.has("expected_by_business_days") {
        let message = "`expected_by_days` is missing: days after a period's end; or `expected_by_business_days`";
        r.mistake("expected_by_days", message);
    }
    let rhythm = Rhythm {
        from,
        until,
        every: r.word("every", &GRAINS),
        expected_by: expected_by.unwrap_or(Wait::Days(0)),
        grace: wait(r, "grace_days", "grace_business_days", 0).unwrap_or(DEFAULT_GRACE),
        calendar: plan.calendar.clone(),
    };
    let first = [Some(plan.start()), source.0, from].into_iter().flatten().max();
    let last = [Some(plan.end()), source.1, until].into_iter().flatten().min();
    if let Some((first, last)) = first.zip(last).filter(|(first, last)| first < last && rhythm.has_business_days()) {
        holidays_known(r, &rhythm, first, last);
    }
    rhythm
}

/// A wait in civil or business days, of which `least` is the least number.
fn wait(r: &TomlTable<'_>, civil: &'static str, business: &'static str, least: i64) -> Option<Wait> {
    let days = |n: i64| i32::try_from(n).unwrap_or(i32::MAX);
    let in_days = r.integer_if(civil, 0..=MAX_DAYS).map(|n| Wait::Days(days(n)));
    let in_business_days = r.integer_if(business, least..=MAX_BUSINESS_DAYS).map(|n| Wait::BusinessDays(days(n)));
    if in_days.is_some() && in_business_days.is_some() {
        r.mistake(business, format!("either `{civil}` or `{business}`, not both"));
    }
    in_business_days.or(in_days)
}

/// All days between the first period and the last due day must lie in years whose holidays are known.
fn holidays_known(r: &TomlTable<'_>, rhythm: &Rhythm, first: Moment, last: Moment) {
    let last = date_of(rhythm.last_day(Period::closing(rhythm.every, last)));
    let years = FIRST_HOLIDAY_YEAR..=LAST_HOLIDAY_YEAR;
    if !years.contains(&i32::from(first.date().year())) || !years.contains(&i32::from(last.year())) {
        let key = if r.has("expected_by_business_days") { "expected_by_business_days" } else { "grace_business_days" };
        let message = format!(
            "business days are known from {FIRST_HOLIDAY_YEAR} to {LAST_HOLIDAY_YEAR}, and this rhythm is asked from \
             {} to {last}: set its `from` and `until`, and `expected_by_days` in a rhythm for the other time",
            first.date()
        );
        r.mistake(key, message);
    }
}
