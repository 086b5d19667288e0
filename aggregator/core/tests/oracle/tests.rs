//! The tables of KPIS.md, and one row for each rule that a slip of the oracle would hide in.

use super::*;
use contract::exact::{canonical, parse, whole};
use contract::record::{Breakdown, Finality, Span, Value};
use contract::time::{Micros, parse_date};

struct Row {
    id: &'static str,
    kind: &'static str,
    shape: &'static str,
    grain: &'static str,
    origin: &'static str,
    target: &'static str,
    more: &'static str,
    rhythm: &'static str,
}

const B17: &str = "FY2017";
const MONTHLY: &str = "every = \"month\"\nexpected_by_days = 14\ngrace_days = 14";
const YEARLY: &str = "every = \"fiscal_year\"\nexpected_by_days = 90\ngrace_days = 14";

fn row(
    id: &'static str,
    kind: &'static str,
    shape: &'static str,
    grain: &'static str,
    origin: &'static str,
    target: &'static str,
) -> Row {
    let rhythm = if grain == "fiscal_year" { YEARLY } else { MONTHLY };
    Row { id, kind, shape, grain, origin, target, more: "", rhythm }
}

fn rows() -> Vec<Row> {
    vec![
        row("opendata-datasets", "level", "level", "day", "108", "at_least = 300"),
        row("opendata-downloads", "flow_per_year", "flow", "month", "2858", "at_least = 5000"),
        row("private-data-cases", "cumulative", "flow", "fiscal_year", "start", "at_least = 5"),
        row("eapply-procedures", "level", "level", "day", "64", "at_least = 70"),
        row("eapply-applications", "flow_per_year", "flow", "month", "157589", "at_least = 172000"),
        row("app-downloads", "cumulative", "flow", "month", "112671", "at_least = 179000"),
        row("app-accesses", "monthly_mean", "flow", "day", "273000", "at_least = 382000"),
        row("ai-rpa-cases", "cumulative", "flow", "fiscal_year", "start", "at_least = 10"),
        row("web-accessibility", "maintain", "flow", "fiscal_year", "16", "at_least = 16"),
        row("wifi-access-points", "level", "level", "day", "1613", "at_least = 2400"),
        Row {
            more: "round_to = 100_000_000",
            ..row("it-cost", "ceiling", "flow", "fiscal_year", "10500000000", "at_most = 10500000000")
        },
        row("shared-platform-systems", "level", "level", "day", "7", "at_least = 13"),
        row("video-meetings", "cumulative", "counter", "day", "9", "at_least = 25"),
    ]
}

fn series(id: &str, shape: &str, grain: &str, more: &str, sources: &[(&str, &str)]) -> String {
    let mut out = format!(
        "[[series]]\nid = \"{id}\"\nname = {{ ja = \"a\", en = \"a\" }}\nunit = {{ ja = \"a\", en = \"a\" }}\nshape = \"{shape}\"\ngrain = \"{grain}\"\n{more}\n[[series.definition]]\nid = \"d\"\ntext = {{ ja = \"a\", en = \"a\" }}\n"
    );
    for (source, rest) in sources {
        out += &format!("[[series.source]]\nid = \"{source}\"\n{rest}\n");
    }
    out
}

fn rhythm(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("[[series.source.rhythm]]\n{text}\n") }
}

fn kpi_text(id: &str, kind: &str, origin: &str, target: &str, measure: &str, more: &str) -> String {
    let start = "start = { on = \"2019-04-01\", value = 0, reason = { ja = \"a\", en = \"a\" } }".to_owned();
    let origin = match origin {
        "start" => start,
        value => format!("baseline = {{ year = \"{B17}\", value = {value} }}"),
    };
    format!(
        "[[kpi]]\nid = \"{id}\"\npolicy = \"p\"\nname = {{ ja = \"a\", en = \"a\" }}\nunit = {{ ja = \"a\", en = \"a\" }}\nkind = \"{kind}\"\n{measure}\n{origin}\ntarget = {{ {target} }}\ncitation = \"c\"\n{more}\n"
    )
}

fn plan_text(rest: &str) -> String {
    format!(
        "[plan]\nid = \"p\"\nname = {{ ja = \"a\", en = \"a\" }}\ncity = {{ ja = \"a\", en = \"a\" }}\nfirst_year = \"FY2019\"\nlast_year = \"FY2021\"\ncitation = \"c\"\n[[policy]]\nid = \"p\"\nname = {{ ja = \"a\", en = \"a\" }}\nowner = {{ ja = \"a\", en = \"a\" }}\n{rest}"
    )
}

fn catalogue(rest: &str) -> Catalogue {
    contract::catalogue::parse("p.toml", &plan_text(rest)).unwrap_or_else(|e| panic!("{e:?}\n{rest}"))
}

/// A plan of one KPI `k` over one series `k` with the source `s`.
fn one(r: &Row) -> Catalogue {
    let series = series("k", r.shape, r.grain, "", &[("s", &rhythm(r.rhythm))]);
    catalogue(&(series + &kpi_text("k", r.kind, r.origin, r.target, "series = \"k\"", r.more)))
}

fn named(id: &str) -> Row {
    rows().into_iter().find(|r| r.id == id).unwrap()
}

fn whole_plan() -> Catalogue {
    let (mut all, mut kpis) = (String::new(), String::new());
    for r in rows() {
        all += &series(r.id, r.shape, r.grain, "", &[("s", &rhythm(r.rhythm))]);
        kpis += &kpi_text(r.id, r.kind, r.origin, r.target, &format!("series = \"{}\"", r.id), r.more);
    }
    let irregular = "until = \"2020-04-01\"\nevery = \"fiscal_year\"\nexpected_by_days = 90\n[[series.source.rhythm]]\nfrom = \"2020-04-01\"\n";
    let editions = rhythm(&format!("{irregular}{MONTHLY}"));
    for id in ["cards", "population"] {
        all += &series(id, "level", "day", "", &[("s", &editions)]);
    }
    let measure = "numerator = { series = \"cards\" }\ndenominator = { series = \"population\" }\nper = 100";
    kpis += &kpi_text("mynumber-rate", "ratio", "13.6", "at_least = 20", measure, "");
    catalogue(&(all + &kpis))
}

fn midnight(date: &str) -> Moment {
    Moment::midnight(parse_date(date).unwrap())
}

fn seen(span: Span, series: &str, value: Value) -> Observation {
    let revision = match span {
        Span::AsOf(at) => at.micros(),
        Span::During(_, to) => to.micros(),
    };
    Observation {
        plan: "p".into(),
        series: series.into(),
        definition: "d".into(),
        source: "s".into(),
        period: span,
        value,
        breakdown: None,
        finality: Finality::Final,
        revision,
        visit: "v".into(),
        place: None,
    }
}

fn level(series: &str, date: &str, n: i64) -> Observation {
    seen(Span::AsOf(midnight(date)), series, Value::Known(n))
}

fn flow(series: &str, period: &str, n: i64) -> Observation {
    seen(Span::of(Period::parse(period).unwrap()), series, Value::Known(n))
}

fn at(catalogue: &Catalogue, observations: &[Observation], on: &str, id: &str) -> KpiAnswer {
    let answer = report(catalogue, observations, Period::parse(on).unwrap());
    answer.kpis.into_iter().find(|k| k.id == id).unwrap()
}

const STATUSES: [&str; 7] = ["no_data", "stale", "achieved", "on_track", "at_risk", "off_track", "missed"];

fn status(k: &KpiAnswer) -> &'static str {
    k.status.as_deref().map_or("null", |s| STATUSES.into_iter().find(|known| *known == s).unwrap())
}

fn shown(value: &Option<Exact>) -> String {
    value.as_ref().map_or("null".to_owned(), canonical)
}

#[test]
fn yearly_goals_are_those_of_the_table() {
    let plan = whole_plan();
    let table = [
        ("opendata-datasets", "156 204 252 300"),
        ("opendata-downloads", "3393.5 3929 4464.5 5000"),
        ("private-data-cases", "0 1.666667 3.333333 5"),
        ("eapply-procedures", "65.5 67 68.5 70"),
        ("eapply-applications", "161191.75 164794.5 168397.25 172000"),
        ("app-downloads", "129253.25 145835.5 162417.75 179000"),
        ("app-accesses", "300250 327500 354750 382000"),
        ("ai-rpa-cases", "0 3.333333 6.666667 10"),
        ("wifi-access-points", "1809.75 2006.5 2203.25 2400"),
        ("mynumber-rate", "15.2 16.8 18.4 20"),
        ("shared-platform-systems", "8.5 10 11.5 13"),
        ("video-meetings", "13 17 21 25"),
    ];
    for (id, goals) in table {
        let kpi = plan.kpis.iter().find(|k| k.id == id).unwrap();
        let got: Vec<String> = (2018..=2021).map(|y| canonical(&path::goal(&plan.plan, kpi, y))).collect();
        assert_eq!(got.join(" "), goals, "{id}");
        assert_eq!(path::goal(&plan.plan, kpi, 2025), kpi.target);
        let origin = kpi.origin().unwrap();
        assert_eq!(path::goal(&plan.plan, kpi, origin.year), origin.value);
        let sum = (1..=12).fold(whole(0), |sum, k| sum + path::rate(&plan.plan, kpi, 2019, k));
        assert_eq!(sum / whole(12), path::goal(&plan.plan, kpi, 2019), "{id}: twelve months are g");
    }
}

fn editions() -> Vec<Observation> {
    EDITIONS
        .iter()
        .flat_map(|(date, population, cards)| [level("cards", date, *cards), level("population", date, *population)])
        .collect()
}

#[test]
fn my_number_is_judged_as_the_table_says() {
    let plan = whole_plan();
    let all = editions();
    let ask = |observations: &[Observation], on: &str| at(&plan, observations, on, "mynumber-rate");
    let line = |k: &KpiAnswer| {
        let two = |v: &Option<Exact>| v.as_ref().map_or("null".to_owned(), |v| contract::exact::fixed(v, 2));
        format!("{} {} {} {}", k.phase, status(k), two(&k.value), two(&k.path))
    };
    assert_eq!(line(&ask(&all, "2018-06-30")), "before null 13.46 null");
    assert_eq!(line(&ask(&all, "2019-03-31")), "before null 15.67 null");
    assert_eq!(line(&ask(&all, "2019-10-31")), "running on_track 17.97 15.93");
    assert_eq!(line(&ask(&all, "2020-04-30")), "running on_track 19.92 16.80");
    assert_eq!(line(&ask(&all, "FY2019")), "running on_track 19.92 16.80");
    assert_eq!(line(&ask(&all, "2020-05-02")), "running achieved 20.28 16.93");
    let without: Vec<Observation> =
        all.iter().filter(|o| o.period != Span::AsOf(midnight("2022-04-01"))).cloned().collect();
    let closing = ask(&without, "2022-04-10");
    assert_eq!(line(&closing), "closing achieved 47.02 19.86");
    assert_eq!(closing.required_pace, None);
    let today = ask(&all, "2026-01-01");
    assert_eq!(line(&today), "closed achieved 47.98 20.00");
    let (later, when) = today.later.unwrap();
    assert_eq!((contract::exact::fixed(&later, 2), when), ("57.95".to_owned(), midnight("2022-12-31")));
    assert_eq!(shown(&today.value), "47.984834");
    // Without the edition of 1 April that of 1 March serves once due and grace are over.
    assert_eq!(line(&ask(&without, "2022-04-29")), "closing achieved 47.02 19.86");
    assert_eq!(line(&ask(&without, "2022-04-30")), "closed achieved 47.02 19.86");
}

#[test]
fn closings_take_the_end_boundary() {
    let plan = whole_plan();
    let all = editions();
    let answer = report(&plan, &all, Period::parse("2022-12-31").unwrap());
    let find = |grain, period: &str| {
        let r = answer.rollups.iter().find(|r| r.series == "cards" && r.grain == grain && r.period == period).unwrap();
        (shown(&r.value), r.complete)
    };
    assert_eq!(find(Grain::FiscalYear, "FY2019"), ("298886".into(), true));
    assert_eq!(find(Grain::Month, "2022-05"), ("755255".into(), true));
    assert_eq!(find(Grain::Month, "2022-06"), ("764120".into(), true));
    // As of 31 December 0:00 is seen; the boundary of December is not.
    assert_eq!(find(Grain::Month, "2022-12"), ("882240".into(), false));
}

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
    assert_eq!((status(&k), k.progress, k.required_pace), ("at_risk", None, None));
    // Tolerance 214.2 * 3 / 12 = 53.55: from 878.5 on.
    assert_eq!(status(&at(&plan, &months(293, &["2019-04", "2019-05", "2019-06"]), "2019-06-30", "k")), "at_risk");
    assert_eq!(status(&at(&plan, &months(292, &["2019-04", "2019-05", "2019-06"]), "2019-06-30", "k")), "off_track");
    assert_eq!(status(&at(&plan, &months(300, &["2019-04", "2019-05"]), "2019-06-30", "k")), "no_data");
    let year: Vec<String> =
        (4..=12).map(|m| format!("2021-{m:02}")).chain((1..=3).map(|m| format!("2022-{m:02}"))).collect();
    let year: Vec<&str> = year.iter().map(String::as_str).collect();
    assert_eq!(status(&at(&plan, &months(2000, &year[..3]), "2021-06-30", "k")), "achieved");
    assert_eq!(status(&at(&plan, &months(500, &year), "2022-04-01", "k")), "achieved");
    assert_eq!(status(&at(&plan, &months(400, &year), "2022-04-01", "k")), "missed");
    let eleven = at(&plan, &months(500, &year[..11]), "2022-04-02", "k");
    assert_eq!(
        (status(&eleven), eleven.value, eleven.carried),
        ("no_data", None, Some((whole(5500), midnight("2022-03-01"))))
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
    assert_eq!(
        (status(&k), shown(&k.value), shown(&k.path), k.baseline),
        ("on_track", "2".into(), "1.666667".into(), None)
    );
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
    let answer = report(&plan, &input, Period::parse("2018-12-31").unwrap());
    let find = |grain, period: &str| {
        answer.rollups.iter().find(|r| r.grain == grain && r.period == period).map(|r| shown(&r.value))
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
    let answer = report(&plan, &input, Period::parse("2018-12-31").unwrap());
    let months: Vec<String> =
        answer.rollups.iter().filter(|r| r.grain == Grain::Month).map(|r| shown(&r.value)).collect();
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
    assert_eq!(ask(&input, "2019-06-05"), "achieved");
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
        let answer = report(plan, &input, Period::parse("2019-06-30").unwrap());
        answer
            .rollups
            .iter()
            .map(|r| format!("{}={}{}", r.period, shown(&r.value), if r.complete { "" } else { "?" }))
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

/// 総務省 「マイナンバーカード交付状況」, Kawasaki: as-of date, population of the edition, cards issued.
const EDITIONS: [(&str, i64, i64); 47] = [
    ("2017-03-08", 1459768, 145166),
    ("2017-05-15", 1459768, 158834),
    ("2017-08-31", 1474167, 174321),
    ("2017-12-01", 1474167, 186524),
    ("2018-03-01", 1474167, 198381),
    ("2018-07-01", 1488031, 214967),
    ("2018-12-01", 1488031, 233104),
    ("2019-04-01", 1488031, 248651),
    ("2019-07-01", 1488031, 260194),
    ("2019-09-16", 1500460, 269641),
    ("2019-11-01", 1500460, 274853),
    ("2020-01-20", 1500460, 285368),
    ("2020-03-01", 1500460, 292475),
    ("2020-04-01", 1500460, 298886),
    ("2020-05-01", 1500460, 304220),
    ("2020-06-01", 1500460, 310778),
    ("2020-07-01", 1500460, 325067),
    ("2020-08-01", 1500460, 339122),
    ("2020-09-01", 1514299, 350261),
    ("2020-10-01", 1514299, 359525),
    ("2020-11-01", 1514299, 374492),
    ("2020-12-01", 1514299, 390299),
    ("2021-01-01", 1514299, 405968),
    ("2021-02-01", 1514299, 427605),
    ("2021-03-01", 1514299, 448623),
    ("2021-04-01", 1514299, 471242),
    ("2021-05-01", 1514299, 495673),
    ("2021-06-01", 1514299, 525418),
    ("2021-07-01", 1514299, 562626),
    ("2021-08-01", 1521562, 597549),
    ("2021-09-01", 1521562, 628974),
    ("2021-10-01", 1521562, 643657),
    ("2021-11-01", 1521562, 654675),
    ("2021-12-01", 1521562, 670595),
    ("2022-01-01", 1521562, 690733),
    ("2022-02-01", 1521562, 703354),
    ("2022-03-01", 1521562, 715489),
    ("2022-04-01", 1521562, 730119),
    ("2022-05-01", 1521562, 744810),
    ("2022-06-01", 1521562, 755255),
    ("2022-06-30", 1521562, 764120),
    ("2022-07-31", 1521562, 772790),
    ("2022-08-31", 1522390, 787543),
    ("2022-09-30", 1522390, 803048),
    ("2022-10-31", 1522390, 822610),
    ("2022-11-30", 1522390, 848325),
    ("2022-12-31", 1522390, 882240),
];
