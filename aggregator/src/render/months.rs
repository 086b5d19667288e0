//! How many months of its year a figure holds, and which are missing, in words.

use aggregator_core::report::KpiReport;
use contract::period::{Grain, Period};
use contract::time::month_name;

/// Runs of missing months that are named; the number of further months follows.
const MAX_RUNS: usize = 6;

/// A text in Japanese and in English.
type Text = (String, String);

/// `12か月のうち7か月`, where there is a value that is made of months.
pub(super) fn known(judged: &KpiReport) -> Option<Text> {
    let months = judged.months.filter(|_| judged.value.is_some())?;
    let (known, of) = (months.known, months.of);
    Some((format!("{of}か月のうち{known}か月"), format!("{known} of {of} months")))
}

/// `欠けている月：2020年5月、8月〜10月`; `None` where none is missing.
pub(super) fn missing(judged: &KpiReport) -> Option<Text> {
    let months: Vec<Period> = judged.missing.iter().filter_map(|month| Period::parse(month)).collect();
    if months.is_empty() {
        return None;
    }
    let runs: Vec<&[Period]> = months.chunk_by(|a, b| a.index + 1 == b.index).collect();
    let more: usize = runs.iter().skip(MAX_RUNS).map(|run| run.len()).sum();
    let (mut ja, mut en): (Vec<String>, Vec<String>) = runs.iter().take(MAX_RUNS).map(|run| named(run)).unzip();
    if more > 0 {
        ja.push(format!("ほか{more}か月"));
        en.push(format!("{more} more"));
    }
    let (settled_ja, settled_en) =
        if judged.incomplete { ("（欠けていても確定）", " (settled without)") } else { ("", "") };
    Some((format!("欠けている月：{}{settled_ja}", ja.join("、")), format!("missing: {}{settled_en}", en.join(", "))))
}

/// Months that follow each other, by the first and the last.
fn named(run: &[Period]) -> Text {
    let [first, .., last] = run else { return run.first().map_or_else(Text::default, |only| (ja(*only), en(*only))) };
    let to = if first.start().date().year() == last.start().date().year() {
        format!("{}月", last.start().date().month())
    } else {
        ja(*last)
    };
    (format!("{}〜{to}", ja(*first)), format!("{} to {}", en(*first), en(*last)))
}

fn ja(month: Period) -> String {
    debug_assert_eq!(month.grain, Grain::Month);
    let date = month.start().date();
    format!("{}年{}月", date.year(), date.month())
}

fn en(month: Period) -> String {
    let date = month.start().date();
    format!("{} {}", month_name(date.month()), date.year())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{plan_state, report};
    use super::*;

    fn texts(missing_months: &[&str]) -> Option<Text> {
        let state = plan_state(false);
        let mut judged = report(&state, "2020-06-30").kpis.into_iter().find(|kpi| kpi.id == "downloads").unwrap();
        judged.missing = missing_months.iter().map(|month| (*month).to_owned()).collect();
        missing(&judged)
    }

    #[test]
    fn months_that_follow_each_other_are_one_run() {
        let pair = |ja: &str, en: &str| Some((ja.to_owned(), en.to_owned()));
        assert_eq!(texts(&[]), None);
        assert_eq!(texts(&["2020-05"]), pair("欠けている月：2020年5月", "missing: May 2020"));
        assert_eq!(
            texts(&["2019-04", "2019-12", "2020-01", "2020-08", "2020-09", "2020-10"]),
            pair(
                "欠けている月：2019年4月、2019年12月〜2020年1月、2020年8月〜10月",
                "missing: April 2019, December 2019 to January 2020, August 2020 to October 2020"
            )
        );
    }

    #[test]
    fn a_long_list_ends_with_a_number() {
        let every_other: Vec<String> = (0..9).map(|n| format!("20{:02}-04", 10 + n)).collect();
        let (ja, en) = texts(&every_other.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        assert!(ja.ends_with("、2015年4月、ほか3か月") && en.ends_with(", April 2015, 3 more"), "{ja} {en}");
    }

    #[test]
    fn the_known_months_are_counted() {
        let state = plan_state(false);
        let found = report(&state, "2020-06-30").kpis.iter().map(known).collect::<Vec<_>>();
        let of_sum = Some(("12か月のうち3か月".to_owned(), "3 of 12 months".to_owned()));
        assert_eq!(found, [None, None, of_sum], "a cost without a value, a state, a sum");
    }
}
