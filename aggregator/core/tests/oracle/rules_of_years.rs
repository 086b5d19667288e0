//! Seasons, bounds, gaps and pace, worked out by hand.

use super::tests::*;
use super::*;
use contract::exact::{parse, whole};

/// 1,200 a year and no rise: what a month expects is its share of past years alone.
fn steady(more: &'static str, rhythm: &'static str) -> Catalogue {
    one(&Row { more, rhythm, ..row("k", "flow_per_year", "flow", "month", "1200", "at_least = 1200") })
}

/// A fiscal year whose April to January have 50 each and whose February and March 250: shares of 5 % and 25 %.
fn past_year(year: i32) -> Vec<Observation> {
    let months = Period::fiscal_year(year).parts(Grain::Month).enumerate();
    months.map(|(k, month)| flow("k", &month.to_string(), if k < 10 { 50 } else { 250 })).collect()
}

fn with(past: &[Observation], more: &[(&str, i64)]) -> Vec<Observation> {
    past.iter().cloned().chain(more.iter().map(|(month, n)| flow("k", month, *n))).collect()
}

#[test]
fn months_expect_their_share_of_past_years() {
    let plan = steady("", "");
    let input = |last| with(&past_year(2018), &[("2019-04", 60), ("2019-05", 60), ("2019-06", last)]);
    // 1200 x 15 % = 180; the tolerance is 3 % of it, 5.4, as only one year is known.
    for (last, right) in [(60, "on_track"), (55, "at_risk"), (54, "off_track")] {
        let k = at(&plan, &input(last), "2019-06-30", "k");
        assert_eq!((status(&k), shown(&k.path)), (right, "180".into()), "{last}");
        assert_eq!(k.months, Some((3, 12)));
        assert_eq!((k.required_pace, k.required_pace_for), (Some(whole(1020 - (last - 60)) / whole(9)), Some("guide")));
    }
    // Two years: the tolerance is that of the catalogue, 1 x 15 %.
    let two = [past_year(2017), past_year(2018)].concat();
    let k = at(&plan, &with(&two, &[("2019-04", 60), ("2019-05", 60), ("2019-06", 59)]), "2019-06-30", "k");
    assert_eq!(status(&k), "off_track");
}

#[test]
fn without_past_years_nothing_is_off_track_that_is_not_far_off() {
    let plan = steady("", "");
    for (last, right) in [(100, "on_track"), (50, "at_risk"), (49, "off_track")] {
        let months: Vec<Observation> = ["2019-04", "2019-05", "2019-06"].iter().map(|m| flow("k", m, last)).collect();
        let k = at(&plan, &months, "2019-06-30", "k");
        assert_eq!((status(&k), shown(&k.path)), (right, "300".into()), "{last}");
    }
}

#[test]
fn known_parts_settle_a_sum_that_lacks_others() {
    let plan = steady("confirm = 3", "every = \"month\"\nexpected_by_days = 10\ngrace_days = 0");
    let input = with(&[], &[("2021-04", 500), ("2021-05", 500), ("2021-07", 300)]);
    let k = at(&plan, &input, "2021-09-30", "k");
    assert_eq!((status(&k), shown(&k.value), k.required_pace.clone()), ("achieved", "1300".into(), None));
    assert_eq!(k.missing, ["2021-06", "2021-08", "2021-09"]);
    assert!(k.incomplete);
    assert_eq!((k.months, k.progress_year), (Some((3, 12)), None));
    let k = at(&plan, &input, "FY2021", "k");
    assert_eq!((status(&k), shown(&k.value), k.incomplete), ("achieved", "1300".into(), true));
    // One less, and the verdict needs all twelve months.
    let less = with(&[], &[("2021-04", 500), ("2021-05", 399), ("2021-07", 300)]);
    assert_eq!(status(&at(&plan, &less, "2021-09-30", "k")), "stale");
    let k = at(&plan, &less, "FY2021", "k");
    assert_eq!((status(&k), k.value, k.months), ("no_data", None, Some((3, 12))));
}

#[test]
fn a_day_of_an_incomplete_month_counts_for_a_bound() {
    let plan = one(&Row { rhythm: "", ..row("k", "ceiling", "flow", "day", "100", "at_most = 100") });
    let k = at(&plan, &with(&[], &[("2020-07-05", 101)]), "2020-07-05", "k");
    assert_eq!((status(&k), shown(&k.value), k.incomplete), ("off_track", "101".into(), true));
    assert_eq!((k.as_of, k.missing.len()), (Some(midnight("2020-07-06")), 3));
    let k = at(&plan, &with(&[], &[("2020-07-05", 100)]), "2020-07-05", "k");
    assert_eq!((status(&k), k.value), ("no_data", None));
}

#[test]
fn a_running_total_names_the_first_period_behind_its_run() {
    let rhythm = "every = \"month\"\nexpected_by_days = 10\ngrace_days = 5";
    let plan = one(&Row { rhythm, ..row("k", "cumulative", "flow", "month", "0", "at_least = 1000") });
    let year: Vec<Observation> =
        Period::fiscal_year(2018).parts(Grain::Month).map(|month| flow("k", &month.to_string(), 50)).collect();
    let input = with(&year, &[("2019-04", 50), ("2019-06", 300)]);
    // June is not over: May, due on 11 June with grace 16 June.
    assert_eq!(status(&at(&plan, &input[..13], "2019-06-16", "k")), "on_track");
    let k = at(&plan, &input, "2019-06-30", "k");
    assert_eq!((status(&k), shown(&k.value), k.missing), ("stale", "650".into(), vec!["2019-05".to_owned()]));
    // All that is known settles it: 650 + 300 + 100.
    let k = at(&plan, &with(&input, &[("2019-07", 50)]), "2019-07-31", "k");
    assert_eq!((status(&k), shown(&k.value), k.incomplete), ("achieved", "1000".into(), true));
}

#[test]
fn figures_before_the_baseline_year_are_carried() {
    let plan = catalogue(&(series("k", "level", "day", "", &[("s", "")]) + &kpi_2019()));
    let k = at(&plan, &[level("k", "2019-04-01", 90)], "2019-05-01", "k");
    assert_eq!((status(&k), k.value, k.carried), ("no_data", None, Some((whole(90), midnight("2019-04-01")))));
    let k = at(&plan, &[level("k", "2019-04-01", 90)], "2019-03", "k");
    assert_eq!((k.phase.as_str(), k.status, k.value), ("before", None, Some(whole(90))));
    // Inside the baseline year the path is b; then 50 a year.
    let k = at(&plan, &[level("k", "2019-10-01", 100)], "2019-12-01", "k");
    assert_eq!((status(&k), shown(&k.path)), ("on_track", "100".into()));
    let k = at(&plan, &[level("k", "2021-04-01", 149)], "2021-05-01", "k");
    assert_eq!((status(&k), shown(&k.path), k.progress), ("at_risk", "150".into(), parse("0.49")));
}

fn kpi_2019() -> String {
    kpi_text("k", "level", "100", "at_least = 200", "series = \"k\"", "").replace(B17, "FY2019")
}
