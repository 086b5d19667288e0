//! One row for each rule that a slip of the oracle would hide in.

use super::tests::*;
use super::*;
use contract::exact::{canonical, parse, whole};
use contract::record::{Breakdown, Span, Value};
use contract::time::Micros;

#[test]
fn a_level_gets_every_status() {
    let plan = one(&Row { rhythm: "", ..named("opendata-datasets") });
    // Path at 2019-10-01: 156 + 48 * 183 / 366 = 180; tolerance 19.2.
    for (n, right) in [(300, "achieved"), (180, "on_track"), (179, "at_risk"), (161, "at_risk"), (160, "off_track")] {
        let k = at(&plan, &[level("k", "2019-10-01", n)], "2019-12-31", "k");
        assert_eq!((status(&k), shown(&k.path).as_str()), (right, "180"), "{n}");
    }
    let k = at(&plan, &[level("k", "2019-10-01", 180)], "2019-12-31", "k");
    assert_eq!((shown(&k.progress), shown(&k.required_pace)), ("0.375".into(), "4".into()));
    let none = at(&plan, &[], "2019-12-31", "k");
    assert_eq!((status(&none), none.value), ("no_data", None));
    let month = at(&plan, &[level("k", "2019-10-01", 180)], "2019-10", "k");
    assert_eq!((status(&month), month.carried), ("no_data", Some((whole(180), midnight("2019-10-01")))));
    assert_eq!(status(&at(&plan, &[level("k", "2019-10-01", 180)], "2019-09", "k")), "on_track");
    assert_eq!(at(&plan, &[], "2022-03-31", "k").phase, "running");
    assert_eq!(at(&plan, &[], "2022-04-01", "k").phase, "closing");
    assert_eq!(at(&plan, &[], "2022-04-02", "k").phase, "closed");
}

#[test]
fn a_due_figure_that_is_missing_makes_stale() {
    let plan = one(&named("opendata-datasets"));
    let input = [level("k", "2019-10-01", 190)];
    // September closes with 1 October; October is due on 15 November, with grace 29 November.
    assert_eq!(status(&at(&plan, &input, "2019-11-29", "k")), "on_track");
    assert_eq!(status(&at(&plan, &input, "2019-11-30", "k")), "stale");
    let input = [level("k", "2019-10-02", 190)];
    assert_eq!(status(&at(&plan, &input, "2019-11-30", "k")), "on_track");
}

#[test]
fn flows_are_judged_by_their_months() {
    let plan = one(&Row { rhythm: "", ..named("opendata-downloads") });
    let months = |n: i64, list: &[&str]| list.iter().map(|m| flow("k", m, n)).collect::<Vec<_>>();
    // g 3393.5 -> 3929, step 535.5: e1..e3 = 3929 - 535.5 * (5.5 + 4.5 + 3.5)/36 = 3728.1875 on average; /4 of it.
    let k = at(&plan, &months(300, &["2019-04", "2019-05", "2019-06"]), "2019-06-30", "k");
    assert_eq!((shown(&k.value), shown(&k.path)), ("900".into(), "932.046875".into()));
    let pace = (whole(3929) - whole(900)) / whole(9);
    assert_eq!((status(&k), k.progress, k.required_pace), ("at_risk", None, Some(pace)));
    // Tolerance 214.2 * 3 / 12 = 53.55: from 878.5 on.
    assert_eq!(status(&at(&plan, &months(293, &["2019-04", "2019-05", "2019-06"]), "2019-06-30", "k")), "at_risk");
    // Below it too, as there is no past year; off_track is less than half of 932.
    assert_eq!(status(&at(&plan, &months(292, &["2019-04", "2019-05", "2019-06"]), "2019-06-30", "k")), "at_risk");
    assert_eq!(status(&at(&plan, &months(155, &["2019-04", "2019-05", "2019-06"]), "2019-06-30", "k")), "off_track");
    assert_eq!(status(&at(&plan, &months(300, &["2019-04", "2019-05"]), "2019-06-30", "k")), "no_data");
    let year: Vec<String> =
        (4..=12).map(|m| format!("2021-{m:02}")).chain((1..=3).map(|m| format!("2022-{m:02}"))).collect();
    let year: Vec<&str> = year.iter().map(String::as_str).collect();
    assert_eq!(status(&at(&plan, &months(2000, &year[..3]), "2021-06-30", "k")), "achieved");
    assert_eq!(status(&at(&plan, &months(500, &year), "2022-04-01", "k")), "achieved");
    assert_eq!(status(&at(&plan, &months(400, &year), "2022-04-01", "k")), "missed");
    let eleven = at(&plan, &months(400, &year[..11]), "2022-04-02", "k");
    assert_eq!(
        (status(&eleven), eleven.value, eleven.carried),
        ("no_data", None, Some((whole(4400), midnight("2022-03-01"))))
    );
}

#[test]
fn a_monthly_mean_needs_twelve_months_for_its_verdict() {
    let plan = one(&Row { grain: "month", rhythm: "", ..named("app-accesses") });
    let year: Vec<Observation> = (0..12)
        .map(|m| {
            let month = Period::month(2021, 4).plus(m);
            seen(Span::of(month), "k", Value::Known(382_000))
        })
        .collect();
    assert_eq!(status(&at(&plan, &year, "FY2021", "k")), "achieved");
    assert_eq!(status(&at(&plan, &year[1..], "FY2021", "k")), "no_data");
    // Never achieved while running: the path of April to July is below the target.
    assert_eq!(status(&at(&plan, &year, "2021-07-31", "k")), "on_track");
}

#[test]
fn cumulative_flows_stop_at_a_gap() {
    let plan = one(&Row { rhythm: "", ..named("private-data-cases") });
    assert_eq!(status(&at(&plan, &[], "2020-04-30", "k")), "no_data");
    let input = [flow("k", "FY2019", 2), flow("k", "FY2021", 4)];
    let k = at(&plan, &input, "2020-04-30", "k");
    assert_eq!((status(&k), shown(&k.value), shown(&k.path)), ("on_track", "2".into(), "1.666667".into()));
    // A bound does not ask for the gap: 2 + 4 is more than 5.
    assert_eq!(status(&at(&plan, &input, "FY2021", "k")), "achieved");
    let input = [flow("k", "FY2019", 2), flow("k", "FY2021", 2)];
    let k = at(&plan, &input, "FY2021", "k");
    assert_eq!((status(&k), k.carried), ("no_data", Some((whole(2), midnight("2020-04-01")))));
    let input = [flow("k", "FY2019", 2), flow("k", "FY2020", 0), flow("k", "FY2021", 4)];
    assert_eq!(status(&at(&plan, &input, "FY2021", "k")), "achieved");
}

#[test]
fn ceilings_round_and_floors_hold() {
    let cost = one(&named("it-cost"));
    for (yen, right) in [(10_549_999_999, "achieved"), (10_550_000_000, "missed")] {
        assert_eq!(status(&at(&cost, &[flow("k", "FY2021", yen)], "FY2021", "k")), right);
    }
    let input = [flow("k", "FY2019", 10_549_999_999)];
    let k = at(&cost, &input, "2020-12-31", "k");
    assert_eq!((status(&k), shown(&k.value), shown(&k.path)), ("on_track", "10549999999".into(), "10500000000".into()));
    assert_eq!((k.progress, k.required_pace), (None, None));
    let floor = one(&named("web-accessibility"));
    assert_eq!(status(&at(&floor, &[flow("k", "FY2019", 15)], "2020-05-01", "k")), "off_track");
    assert_eq!(status(&at(&floor, &[flow("k", "FY2019", 16)], "2020-05-01", "k")), "on_track");
    assert_eq!(status(&at(&floor, &[flow("k", "FY2020", 18)], "FY2021", "k")), "no_data");
}

fn labelled(date: &str, labels: &[(&str, i64)]) -> Observation {
    let breakdown: Breakdown = labels.iter().map(|(l, n)| ((*l).to_owned(), *n)).collect();
    let total = breakdown.values().sum();
    Observation { breakdown: Some(breakdown), ..level("k", date, total) }
}

#[test]
fn counters_flow_between_border_readings() {
    let text = series("k", "counter", "day", "decrease = \"restart\"", &[("s", "")]);
    let plan = catalogue(&(text + &kpi_text("k", "cumulative", "9", "at_least = 25", "series = \"k\"", "")));
    let input = [
        labelled("2018-04-01", &[("a", 5)]),
        labelled("2018-05-01", &[("a", 7), ("b", 2)]),
        labelled("2018-05-20", &[("b", 1)]),
        labelled("2018-06-01", &[("a", 8), ("b", 1)]),
        level("k", "2018-07-01", 90),
    ];
    let rollups = rolled_up(&plan, &input, "2018-12-31");
    let find = |grain, period: &str| {
        rollups.iter().find(|r| r.grain == grain && r.period == period).map(|r| whole_number(r.value))
    };
    // 2018-03 has only the first reading ever; April a 2 and b 2 from 0; May b restarts with 1, a 1; June has no closing.
    assert_eq!(find(Grain::Month, "2018-03"), Some("null".into()));
    assert_eq!(find(Grain::Month, "2018-04"), Some("4".into()));
    assert_eq!(find(Grain::Month, "2018-05"), Some("2".into()));
    assert_eq!(find(Grain::Month, "2018-06"), Some("null".into()));
    assert_eq!(find(Grain::Quarter, "FY2018Q1"), Some("null".into()));
    let k = at(&plan, &input, "2018-12-31", "k");
    assert_eq!((shown(&k.value), k.as_of), ("15".into(), Some(midnight("2018-06-01"))));
    // A break makes the month that spans it unknown.
    let plan = one(&Row { rhythm: "", ..named("video-meetings") });
    let input = [level("k", "2018-04-01", 5), level("k", "2018-05-01", 3), level("k", "2018-06-01", 4)];
    let rollups = rolled_up(&plan, &input, "2018-12-31");
    let months: Vec<String> =
        rollups.iter().filter(|r| r.grain == Grain::Month).map(|r| whole_number(r.value)).collect();
    assert_eq!(months, ["null", "null", "1"]);
}

#[test]
fn the_greatest_revision_stands_and_ties_go_by_canonical_bytes() {
    let plan = one(&Row { rhythm: "", ..named("opendata-datasets") });
    let old = level("k", "2019-10-01", 300);
    let new = Observation { value: Value::Known(100), revision: Micros(old.revision.0 + 1), ..old.clone() };
    let tie = Observation { value: Value::Known(99), ..new.clone() };
    for input in [[old.clone(), new.clone(), tie.clone()], [tie, new, old.clone()]] {
        // "[99,..]" is greater than "[100,..]" by bytes.
        assert_eq!(shown(&at(&plan, &input, "2019-12-31", "k").value), "99");
    }
    let early = Observation { revision: Micros(old.revision.0 - 86_400_000_000), ..old.clone() };
    assert!(!quarantined(&plan, &early));
    assert!(quarantined(&plan, &Observation { revision: Micros(early.revision.0 - 1), ..early }));
    assert!(quarantined(&plan, &Observation { source: "t".into(), ..old.clone() }));
    assert!(quarantined(&plan, &Observation { period: Span::AsOf(Moment(midnight("2019-10-01").0 + 3600)), ..old }));
}

#[test]
fn a_change_of_side_waits_for_its_confirmation() {
    let plan = one(&Row { rhythm: "", more: "confirm = 2", ..named("opendata-datasets") });
    let ask = |input: &[Observation], on: &str| status(&at(&plan, input, on, "k")).to_owned();
    // Path at the ends of April, May, June 2019: below 170; 100 is off_track, 200 on_track.
    let input = [level("k", "2019-04-01", 200), level("k", "2019-05-01", 100), level("k", "2019-06-01", 100)];
    assert_eq!(ask(&input[..1], "2019-05-05"), "on_track");
    assert_eq!(ask(&input[..2], "2019-05-05"), "on_track");
    assert_eq!(ask(&input, "2019-06-05"), "off_track");
    let input = [level("k", "2019-04-01", 100), level("k", "2019-05-01", 300), level("k", "2019-06-01", 100)];
    assert_eq!(ask(&input[..1], "2019-05-05"), "off_track");
    assert_eq!(ask(&input[..2], "2019-05-05"), "achieved");
    assert_eq!(ask(&input, "2019-06-05"), "on_track");
}

#[test]
fn sources_go_in_order_or_are_added() {
    let plan = |more: &str| {
        let text = series("k", "flow", "month", more, &[("s", ""), ("t", "from = \"2019-05-01\"")]);
        catalogue(&(text + &kpi_text("k", "flow_per_year", "10", "at_least = 20", "series = \"k\"", "")))
    };
    let t = |o: Observation| Observation { source: "t".into(), ..o };
    let unknown = seen(Span::of(Period::parse("2019-06").unwrap()), "k", Value::Unknown("-".into()));
    let input = [
        flow("k", "2019-04", 1),
        t(flow("k", "2019-04", 50)),
        flow("k", "2019-05", 2),
        t(flow("k", "2019-05", 60)),
        unknown,
        t(flow("k", "2019-06", 70)),
    ];
    let months = |plan: &Catalogue| {
        let rollups = rolled_up(plan, &input, "2019-06-30");
        rollups
            .iter()
            .map(|r| format!("{}={}{}", r.period, whole_number(r.value), if r.complete { "" } else { "?" }))
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(months(&plan("")), "2019-04=1 2019-05=2 2019-06=70 FY2019Q1=73 FY2019=73?");
    assert_eq!(months(&plan("combine = \"sum\"")), "2019-04=1 2019-05=62 2019-06=70? FY2019Q1=133? FY2019=133?");
}

#[test]
fn exact_decimals_are_what_the_tables_print() {
    assert_eq!(parse("47.984834").map(|v| canonical(&v)), Some("47.984834".into()));
}
