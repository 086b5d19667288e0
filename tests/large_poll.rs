//! A poll of more figures than one transaction takes is published in parts, and arrives whole.
#![allow(clippy::unwrap_used, reason = "a test may stop at what is wrong")]

use crate::support::City;
use contract::time::date_of;
use std::fmt::Write;

const SERIES: usize = 6;
const DAYS: usize = 10_000;
/// 1995-04-01, in days since 1970.
const FIRST_DAY: i32 = 9_221;

/// A plan with a level a day in each series.
fn plan() -> String {
    let each =
        (0..SERIES).map(|n| testkit::series(&format!("s{n}"), "shape = \"level\"\ngrain = \"day\"", "d", "register"));
    let kpi = r#"
[[kpi]]
id = "sets"
policy = "policy"
name = { ja = "件数", en = "sets" }
unit = { ja = "件", en = "sets" }
kind = "level"
series = "s0"
baseline = { year = "FY2018", value = 10 }
target = { at_least = 50 }
citation = "test"
"#;
    [testkit::PLAN, testkit::POLICY].into_iter().map(str::to_owned).chain(each).chain([kpi.to_owned()]).collect()
}

fn source() -> String {
    let mut text = String::from(
        r#"
[[source]]
id = "register"
plan = "p"
kind = "register"
interval = "1d"
path = "register.csv"

[source.columns]
series = ["指標"]
period = ["期間"]
value = ["値"]

[source.series]
"#,
    );
    for series in 0..SERIES {
        writeln!(text, "\"s{series}\" = \"s{series}\"").unwrap();
    }
    text
}

fn register(value: impl Fn(usize, usize) -> usize) -> String {
    let mut text = String::from("指標,期間,値\n");
    for series in 0..SERIES {
        for (n, day) in (0..DAYS).zip(FIRST_DAY..) {
            writeln!(text, "s{series},{},{}", date_of(day), value(series, n)).unwrap();
        }
    }
    text
}

#[test]
fn sixty_thousand_figures_of_one_poll_arrive_and_are_corrected() {
    let city = City::empty();
    city.write("plans/p.toml", &plan());
    city.write("sources.d/p.toml", &source());
    city.write("register.csv", &register(|series, n| series + n));
    let log = String::from_utf8(city.run(&["run", "--once"]).stderr).unwrap();
    assert!(log.contains("p register: changed, 60000 figure(s), 0 reject(s)"), "{log}");
    let export = city.export("p", "2022-08-31");
    let closing = |series: usize, value: usize| {
        format!(
            "\"series\":\"s{series}\",\"definition\":\"d\",\"grain\":\"fiscal_year\",\"period\":\"FY2020\",\"value\":{value},"
        )
    };
    // The figure of 2021-04-01 0:00, the 9,497th, closes the year.
    for series in 0..SERIES {
        assert!(export.contains(&closing(series, series + 9_497)), "{series}");
    }
    assert_eq!(city.ok(&["quarantine", "list"]), "");

    city.write("register.csv", &register(|series, n| series + n + 1));
    let log = String::from_utf8(city.run(&["run", "--once"]).stderr).unwrap();
    assert!(log.contains("p register: changed, 60000 figure(s), 0 reject(s)"), "{log}");
    let export = city.export("p", "2022-08-31");
    for series in 0..SERIES {
        assert!(export.contains(&closing(series, series + 9_498)), "{series}");
    }
}
