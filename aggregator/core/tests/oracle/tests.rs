//! The tables of KPIS.md.

use super::editions::EDITIONS;
use super::*;
use contract::exact::{canonical, whole};
use contract::record::{Finality, Span, Value};
use contract::time::parse_date;

pub struct Row {
    pub id: &'static str,
    pub kind: &'static str,
    pub shape: &'static str,
    pub grain: &'static str,
    pub origin: &'static str,
    pub target: &'static str,
    pub more: &'static str,
    pub rhythm: &'static str,
}

pub const B17: &str = "FY2017";
const MONTHLY: &str = "every = \"month\"\nexpected_by_days = 14\ngrace_days = 14";
const YEARLY: &str = "every = \"fiscal_year\"\nexpected_by_days = 90\ngrace_days = 14";

pub fn row(
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

pub fn series(id: &str, shape: &str, grain: &str, more: &str, sources: &[(&str, &str)]) -> String {
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

pub fn kpi_text(id: &str, kind: &str, origin: &str, target: &str, measure: &str, more: &str) -> String {
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

pub fn catalogue(rest: &str) -> Catalogue {
    contract::catalogue::parse("p.toml", &plan_text(rest)).unwrap_or_else(|e| panic!("{e:?}\n{rest}"))
}

/// A plan of one KPI `k` over one series `k` with the source `s`.
pub fn one(r: &Row) -> Catalogue {
    let series = series("k", r.shape, r.grain, "", &[("s", &rhythm(r.rhythm))]);
    catalogue(&(series + &kpi_text("k", r.kind, r.origin, r.target, "series = \"k\"", r.more)))
}

pub fn named(id: &str) -> Row {
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

pub fn midnight(date: &str) -> Moment {
    Moment::midnight(parse_date(date).unwrap())
}

pub fn seen(span: Span, series: &str, value: Value) -> Observation {
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

pub fn level(series: &str, date: &str, n: i64) -> Observation {
    seen(Span::AsOf(midnight(date)), series, Value::Known(n))
}

pub fn flow(series: &str, period: &str, n: i64) -> Observation {
    seen(Span::of(Period::parse(period).unwrap()), series, Value::Known(n))
}

pub fn report(catalogue: &Catalogue, observations: &[Observation], on: &str) -> Answer {
    Oracle::of(catalogue, observations).report(Period::parse(on).unwrap())
}

pub fn rolled_up(catalogue: &Catalogue, observations: &[Observation], on: &str) -> Vec<RollupAnswer> {
    Oracle::of(catalogue, observations).rollups(Period::parse(on).unwrap())
}

pub fn at(catalogue: &Catalogue, observations: &[Observation], on: &str, id: &str) -> KpiAnswer {
    let answer = report(catalogue, observations, on);
    answer.kpis.into_iter().find(|k| k.id == id).unwrap()
}

const STATUSES: [&str; 7] = ["no_data", "stale", "achieved", "on_track", "at_risk", "off_track", "missed"];

pub fn status(k: &KpiAnswer) -> &'static str {
    k.status.as_deref().map_or("null", |s| STATUSES.into_iter().find(|known| *known == s).unwrap())
}

pub fn shown(value: &Option<Exact>) -> String {
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
        let got: Vec<String> = (2018..=2021).map(|y| canonical(&path::goal(&plan.plan, kpi, y).unwrap())).collect();
        assert_eq!(got.join(" "), goals, "{id}");
        assert_eq!(path::goal(&plan.plan, kpi, 2025), Some(kpi.target.clone()));
        let origin = kpi.origin().unwrap();
        assert_eq!(path::goal(&plan.plan, kpi, origin.year), Some(origin.value.clone()));
        let sum = (1..=12).fold(whole(0), |sum, k| sum + path::rate(&plan.plan, kpi, 2019, k));
        assert_eq!(Some(sum / whole(12)), path::goal(&plan.plan, kpi, 2019), "{id}: twelve months are g");
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
    let rollups = rolled_up(&plan, &all, "2022-12-31");
    let find = |grain, period: &str| {
        let r = rollups.iter().find(|r| r.series == "cards" && r.grain == grain && r.period == period).unwrap();
        (r.value.unwrap().to_string(), r.complete)
    };
    assert_eq!(find(Grain::FiscalYear, "FY2019"), ("298886".into(), true));
    assert_eq!(find(Grain::Month, "2022-05"), ("755255".into(), true));
    assert_eq!(find(Grain::Month, "2022-06"), ("764120".into(), true));
    // As of 31 December 0:00 is seen; the boundary of December is not.
    assert_eq!(find(Grain::Month, "2022-12"), ("882240".into(), false));
}

pub fn whole_number(value: Option<i128>) -> String {
    value.map_or("null".to_owned(), |n| n.to_string())
}
