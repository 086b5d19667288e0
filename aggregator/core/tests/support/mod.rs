//! Reads scenario files: a KPI, its figures and what is expected of it, as a non-programmer can read them.
//! `scenarios/README.md` explains the form.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::format_push_string, reason = "a test may stop at what is wrong")]

use contract::catalogue::{self, Catalogue, Shape};
use contract::exact::{self, Exact};
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Span, Value};
use contract::time::{Micros, Moment, parse_date};
use std::collections::BTreeMap;

/// A scenario, read.
pub struct Scenario {
    pub catalogue: Catalogue,
    /// The figures, each with the word of the reason why it must be refused, or an empty one.
    pub observations: Vec<(Observation, String)>,
    pub expects: Vec<Expect>,
}

/// One line of the part `expect`.
pub struct Expect {
    pub line: String,
    pub on: Period,
    pub phase: String,
    pub status: String,
    pub value: String,
    pub more: BTreeMap<String, String>,
}

const NAMES: &str = "name = { ja = \"名\", en = \"name\" }\nunit = { ja = \"件\", en = \"items\" }\n";

impl Scenario {
    pub fn parse(file: &str, text: &str) -> Self {
        let mut toml = format!("{}{}", testkit::PLAN, testkit::POLICY);
        let (mut figures, mut expects) = (Vec::new(), Vec::new());
        let mut part = "";
        let mut kpi = format!("[[kpi]]\nid = \"k\"\npolicy = \"policy\"\ncitation = \"scenario\"\n{NAMES}");
        let mut definitions = Vec::new();
        for line in text.lines() {
            let line = line.split(" #").next().unwrap_or_default();
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(head) = line.strip_prefix("--- ") {
                part = head.split(' ').next().unwrap_or_default();
                if part == "series" {
                    let id = head.trim_start_matches("series ").trim();
                    toml.push_str(&format!("[[series]]\nid = \"{id}\"\n{NAMES}"));
                }
                continue;
            }
            match part {
                "series" => {
                    if line.starts_with("[[series.definition]]") {
                        definitions.push(());
                    }
                    toml.push_str(line);
                    toml.push('\n');
                    if line.starts_with("[[series.definition]]") {
                        toml.push_str("text = { ja = \"数え方\", en = \"rule\" }\n");
                    }
                }
                "kpi" => {
                    kpi.push_str(line);
                    kpi.push('\n');
                }
                "figures" => figures.push(line.to_owned()),
                "expect" => expects.push(expect(line)),
                other => panic!("{file}: unknown part `{other}`"),
            }
        }
        let catalogue = catalogue::parse(file, &format!("{toml}\n{kpi}"))
            .unwrap_or_else(|mistakes| panic!("{file}: {mistakes:#?}\n{toml}\n{kpi}"));
        let observations = figures.iter().enumerate().map(|(i, line)| figure(&catalogue, i, line)).collect();
        Self { catalogue, observations, expects }
    }
}

fn columns(line: &str) -> Vec<&str> {
    line.split('|').map(str::trim).collect()
}

/// Reads `name value, name value` pairs; a name alone has an empty value.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let pair = |text: &str| {
        let (name, value) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
        (name.to_owned(), value.trim().to_owned())
    };
    text.split(',').filter(|t| !t.trim().is_empty()).map(pair).collect()
}

fn expect(line: &str) -> Expect {
    let columns = columns(line);
    assert!(columns.len() >= 4, "expect needs on | phase | status | value: {line}");
    Expect {
        line: line.to_owned(),
        on: Period::parse(columns[0]).unwrap_or_else(|| panic!("no moment asked: {line}")),
        phase: columns[1].to_owned(),
        status: columns[2].to_owned(),
        value: columns[3].to_owned(),
        more: columns.get(4).map(|text| pairs(text)).unwrap_or_default(),
    }
}

/// A later line is a later revision, unless it says `seen N`.
fn figure(catalogue: &Catalogue, order: usize, line: &str) -> (Observation, String) {
    let columns = columns(line);
    let notes = columns.get(2).map(|text| pairs(text)).unwrap_or_default();
    let series = match notes.get("series") {
        Some(id) => catalogue.series_named(id).unwrap_or_else(|| panic!("unknown series: {line}")).1,
        None => &catalogue.series[0],
    };
    let source = notes.get("from").cloned().unwrap_or_else(|| series.sources[0].id.clone());
    let definition = notes.get("counted").cloned().unwrap_or_else(|| series.definitions[0].id.clone());
    let order = notes.get("seen").map_or(order, |n| n.parse().expect("seen takes a number"));
    let (value, breakdown) = value(columns[1]);
    // Far enough in the future that no period of a scenario lies ahead of it.
    let revision =
        Micros(Moment::midnight(parse_date("2030-01-01").unwrap()).micros().0 + i64::try_from(order).unwrap());
    let refused = notes.get("refused").cloned().unwrap_or_default();
    let observation = Observation {
        plan: "p".into(),
        series: series.id.clone(),
        definition,
        source,
        period: span(series.shape, series.grain, columns[0]),
        value,
        breakdown,
        finality: if notes.contains_key("provisional") { Finality::Provisional } else { Finality::Final },
        revision,
        visit: "v".into(),
        place: None,
    };
    (observation, refused)
}

fn value(text: &str) -> (Value, Option<BTreeMap<String, i64>>) {
    if text == "unknown" {
        return (Value::Unknown("missing".into()), None);
    }
    if text.contains(':') {
        let label = |pair: &str| {
            let (label, count) = pair.split_once(':').expect("label:count");
            (label.to_owned(), count.parse().expect("count"))
        };
        let labels: BTreeMap<String, i64> = text.split_whitespace().map(label).collect();
        return (Value::Known(labels.values().sum()), Some(labels));
    }
    (Value::Known(text.replace(['_', ','], "").parse().unwrap_or_else(|_| panic!("no figure: {text}"))), None)
}

fn span(shape: Shape, grain: Grain, text: &str) -> Span {
    if let Some(moment) = Moment::parse(text) {
        return match shape {
            Shape::Flow => Span::of(Period::holding(grain, moment)),
            _ => Span::AsOf(moment),
        };
    }
    if let Some((year, quarter)) = text.strip_prefix("FY").and_then(|t| t.split_once('Q')) {
        let first = Period::fiscal_year(year.parse().unwrap()).parts(Grain::Quarter).next().unwrap();
        return Span::of(first.plus(quarter.parse::<i32>().unwrap() - 1));
    }
    let period = Period::parse(text).unwrap_or_else(|| panic!("no period: {text}"));
    match shape {
        Shape::Flow => Span::of(period),
        Shape::Level | Shape::Counter => Span::AsOf(period.start()),
    }
}

/// `47.98` with as many decimals as the expectation has, `-` for none.
pub fn shown(value: Option<&Exact>, like: &str) -> String {
    let decimals = like.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    value.map_or_else(|| "-".into(), |v| exact::fixed(v, u32::try_from(decimals).unwrap()))
}
