use super::*;
use crate::exact::{parse as exact, whole};
use crate::time::{day_number, parse_date};

/// What follows the plan.
const SMALL: &str = r#"[[policy]]
id = "open"
name = { ja = "公開", en = "Open" }
owner = { ja = "課", en = "Section" }

[[series]]
id = "datasets"
name = { ja = "数", en = "Count" }
unit = { ja = "件", en = "sets" }
shape = "level"
grain = "day"
[[series.definition]]
id = "listed"
text = { ja = "掲載数", en = "listed" }
[[series.source]]
id = "portal"
[[series.source.rhythm]]
every = "month"
expected_by_days = 10

[[kpi]]
id = "datasets"
policy = "open"
name = { ja = "データセット数", en = "Datasets" }
unit = { ja = "件", en = "sets" }
kind = "level"
series = "datasets"
baseline = { year = "FY2017", value = 108 }
target = { at_least = 300 }
milestone = [{ year = "FY2019", value = 200.5 }]
citation = "plan, page 2"
"#;

fn small() -> String {
    format!("\n{}\n{SMALL}", testkit::PLAN)
}

fn messages(text: &str) -> Vec<String> {
    parse("p.toml", text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn a_small_catalogue_reads() {
    let catalogue = parse("p.toml", &small()).unwrap();
    let kpi = &catalogue.kpis[0];
    assert_eq!((kpi.target.clone(), kpi.direction), (whole(300), Direction::AtLeast));
    assert_eq!(kpi.milestones[0].value, exact("200.5").unwrap());
    assert_eq!(kpi.measure, Measure::Series(SeriesRef { series: 0, definition: 0 }));
    assert_eq!(catalogue.series[0].sources[0].rhythm[0].grace, Wait::Days(14));
    assert_eq!(catalogue.plan.end().to_string(), "2022-04-01T00:00:00+09:00");
}

#[test]
fn each_mistake_is_named_with_its_line_and_remedy() {
    let rows = [
        ("series = \"datasets\"", "series = \"datasts\"", "unknown series `datasts`; did you mean `datasets`?"),
        ("at_least = 300", "at_most = 300", "the direction runs against the target: from 108 to 300"),
        (
            "at_least = 300 }",
            "at_least = 300 }\nmaximum = 299",
            "`maximum` is below the target, which could then never be met",
        ),
        ("value = 200.5", "value = 90", "the milestone of FY2019 (90) is not towards the target"),
        ("value = 200.5", "value = 301", "the milestone of FY2019 (301) is not towards the target"),
        ("citation = \"plan, page 2\"\n", "", "`citation` is missing"),
        ("baseline = { year = \"FY2017\", value = 108 }\n", "", "a KPI with a path needs a `baseline`"),
        ("kind = \"level\"", "kind = \"flow_per_year\"", "cannot be fed by the level series"),
        ("kind = \"level\"", "kind = \"levle\"", "unknown kind `levle`; did you mean `level`?"),
        ("policy = \"open\"", "policy = \"opn\"", "unknown policy `opn`; did you mean `open`?"),
        ("FY2017", "FY2021", "the baseline must lie before the plan's last year"),
        ("en = \"listed\"", "eng = \"listed\"", "unknown key `eng`; did you mean `en`?"),
        ("shape = \"level\"", "shape = \"level\"\ndecrease = \"break\"", "only a counter has `decrease`"),
        ("last_year = \"FY2021\"", "last_year = \"2021\"", "must be a fiscal year such as FY2019"),
        ("expected_by_days = 10", "", "`expected_by_days` is missing"),
    ];
    for (right, wrong, message) in rows {
        assert!(small().contains(right));
        let got = messages(&small().replacen(right, wrong, 1));
        assert!(got.iter().any(|m| m.contains(message)), "{wrong}: {got:?}");
    }
}

#[test]
fn all_mistakes_come_at_once_in_line_order() {
    let text = small().replace("shape = \"level\"", "shape = \"lvel\"").replace("page 2\"", "page 2\"\nceiling = 1");
    let got = messages(&text);
    assert_eq!(got.len(), 2, "{got:?}");
    assert!(got[0].starts_with("p.toml:19: unknown shape `lvel`; did you mean `level`?"), "{got:?}");
    assert!(got[1].starts_with("p.toml:41: unknown key `ceiling`"), "{got:?}");
}

#[test]
fn a_declared_start_stands_on_a_first_of_april() {
    let start = "start = { on = \"2019-04-01\", value = 0, reason = { ja = \"無\", en = \"none\" } }";
    let text = small().replace("baseline = { year = \"FY2017\", value = 108 }", start);
    let text = text.replace("milestone = [{ year = \"FY2019\", value = 200.5 }]\n", "");
    let kpi = parse("p.toml", &text).unwrap().kpis.remove(0);
    assert_eq!(kpi.origin(), Some(&Goal { year: 2018, value: whole(0) }));
    assert!(messages(&text.replace("2019-04-01", "2019-05-01"))[0].contains("must be a 1 April"));
}

#[test]
fn a_rhythm_in_business_days_reads_and_is_refused_where_holidays_are_not_known() {
    let business = |keys: &str| small().replace("expected_by_days = 10", keys);
    let rhythm = |text: &str| parse("p.toml", text).unwrap().series[0].sources[0].rhythm[0].clone();
    let read = rhythm(&business("expected_by_business_days = 10"));
    assert_eq!((read.expected_by, read.grace), (Wait::BusinessDays(10), Wait::Days(14)));
    let read = rhythm(&business("expected_by_business_days = 10\ngrace_business_days = 0"));
    assert_eq!(read.grace, Wait::BusinessDays(0));
    let closed = rhythm(&small().replace("last_year =", "closed_days = [\"2019-07-01\"]\nlast_year =")).calendar;
    assert!(!closed.is_open(day_number(parse_date("2019-07-01").unwrap())));
    let rows = [
        ("expected_by_business_days = 0", "`expected_by_business_days` must be a whole number from 1 to 250"),
        (
            "expected_by_business_days = 1\nexpected_by_days = 1",
            "either `expected_by_days` or `expected_by_business_days`",
        ),
        (
            "expected_by_days = 1\ngrace_days = 1\ngrace_business_days = 1",
            "either `grace_days` or `grace_business_days`",
        ),
    ];
    for (keys, message) in rows {
        let got = messages(&business(keys));
        assert!(got.len() == 1 && got[0].contains(message), "{keys}: {got:?}");
    }
    // The figure of March 2031 is due in April: after the last year whose holidays are known.
    let to_2030 = |keys: &str| business(keys).replace("FY2021", "FY2030");
    let got = messages(&to_2030("expected_by_business_days = 10"));
    assert!(
        got[0].contains("business days are known from 2017 to 2030, and this rhythm is asked from 2019-04-01"),
        "{got:?}"
    );
    assert!(parse("p.toml", &to_2030("expected_by_days = 10")).is_ok());
    assert!(parse("p.toml", &to_2030("expected_by_business_days = 10\nuntil = \"2030-11-01\"")).is_ok());
    let from_2016 = business("expected_by_days = 10\ngrace_business_days = 1").replace("FY2019\"\nl", "FY2016\"\nl");
    assert!(messages(&from_2016).iter().any(|m| m.contains("is asked from 2016-04-01")), "{:?}", messages(&from_2016));
    let wrong = small().replace("last_year =", "closed_days = [\"7/1\"]\nlast_year =");
    assert!(messages(&wrong)[0].contains("`7/1` is no date such as 2019-04-01"));
}

#[test]
fn a_fed_kpi_without_a_rhythm_and_a_long_confirmation_are_warned_of() {
    let warned = |text: &str| -> Vec<String> {
        warnings("p.toml", &parse("p.toml", text).unwrap()).iter().map(ToString::to_string).collect()
    };
    assert_eq!(warned(&small()), [""; 0]);
    let rhythm = "[[series.source.rhythm]]\nevery = \"month\"\nexpected_by_days = 10\n";
    let silent = warned(&small().replace(rhythm, ""));
    assert_eq!(silent.len(), 1);
    assert!(silent[0].ends_with(
        "no source of series `datasets` has a [[series.source.rhythm]]: KPI `datasets` never becomes stale"
    ));
    let source = format!("[[series.source]]\nid = \"portal\"\n{rhythm}");
    assert_eq!(warned(&small().replace(&source, "")), [""; 0], "no source is connected yet");
    let confirm = |every: &str, n: u32| {
        let text = small().replace("every = \"month\"", &format!("every = \"{every}\""));
        warned(&text.replace("kind = \"level\"", &format!("kind = \"level\"\nconfirm = {n}"))).len()
    };
    assert_eq!([confirm("fiscal_year", 1), confirm("fiscal_year", 2)], [0, 1]);
    assert_eq!(
        [confirm("quarter", 7), confirm("quarter", 8), confirm("month", 23), confirm("month", 24)],
        [0, 1, 0, 1]
    );
}
