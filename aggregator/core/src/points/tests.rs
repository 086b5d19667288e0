//! Points of figures are the rollups of the export and the states themselves; points of KPIs are its judgements.

#![allow(clippy::format_push_string, reason = "a test writes its catalogue as it reads")]

use super::{FigureCursor, FigurePoint, KpiPoint};
use crate::plan_state::PlanState;
use crate::report::CanonicalNumber;
use crate::report_period::ReportPeriod;
use contract::catalogue;
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Span, Value};
use contract::time::{Micros, Moment, parse_date};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Shape and grain of the series; the last is of a level too fine for its readers.
const SERIES: [(&str, &str); 7] = [
    ("level", "day"),
    ("flow", "day"),
    ("flow", "month"),
    ("flow", "hour"),
    ("counter", "day"),
    ("flow", "fiscal_year"),
    ("level", "hour"),
];

fn state() -> PlanState {
    let names = "name = { ja = \"a\", en = \"a\" }\nunit = { ja = \"a\", en = \"a\" }\n";
    let mut text = String::from(
        "[plan]\nid = \"p\"\nname = { ja = \"a\", en = \"a\" }\ncity = { ja = \"a\", en = \"a\" }\n\
         first_year = \"FY2019\"\nlast_year = \"FY2021\"\ncitation = \"c\"\n\
         [[policy]]\nid = \"q\"\nname = { ja = \"a\", en = \"a\" }\nowner = { ja = \"a\", en = \"a\" }\n",
    );
    for (i, (shape, grain)) in SERIES.iter().enumerate() {
        let decrease = if *shape == "counter" { "decrease = \"restart\"\n" } else { "" };
        text += &format!("[[series]]\nid = \"s{i}\"\n{names}shape = \"{shape}\"\ngrain = \"{grain}\"\n{decrease}");
        text += "[[series.definition]]\nid = \"d\"\ntext = { ja = \"a\", en = \"a\" }\n[[series.source]]\nid = \"a\"\n";
    }
    for (id, kind, series) in [("state", "level", "s0"), ("sum", "flow_per_year", "s2"), ("run", "cumulative", "s1")] {
        text += &format!(
            "[[kpi]]\nid = \"{id}\"\npolicy = \"q\"\n{names}kind = \"{kind}\"\nseries = \"{series}\"\n\
             baseline = {{ year = \"FY2017\", value = 12 }}\ntarget = {{ at_least = 60 }}\ncitation = \"c\"\n"
        );
    }
    PlanState::new(catalogue::parse("t", &text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}")))
}

fn day(text: &str) -> i32 {
    Period::day(parse_date(text).unwrap()).index
}

fn observation(series: usize, index: i32, value: Option<i64>) -> Observation {
    let (shape, grain) = SERIES[series];
    let at =
        Moment(Period { grain: Grain::Day, index: day("2018-12-01") + index }.start().0 + i64::from(index % 5) * 3600);
    let grain = Grain::named(grain).unwrap();
    let state = Span::AsOf(Period::holding(grain.instant(), at).start());
    Observation {
        plan: "p".into(),
        series: format!("s{series}"),
        definition: "d".into(),
        source: "a".into(),
        period: if shape == "flow" { Span::of(Period::holding(grain, at)) } else { state },
        value: value.map_or_else(|| Value::Unknown("missing".into()), Value::Known),
        breakdown: None,
        finality: Finality::Final,
        revision: Micros(4_000_000_000_000_000),
        visit: "v".into(),
        place: None,
    }
}

fn walk(state: &PlanState, limit: usize) -> Vec<FigurePoint> {
    let (mut all, mut place) = (Vec::new(), Some(FigureCursor::default()));
    while let Some(from) = place {
        let (points, next) = state.figure_points(from, limit);
        all.extend(points);
        place = next;
    }
    all
}

fn kpi_points(state: &PlanState, kpi: usize, today: i32, limit: usize) -> Vec<KpiPoint> {
    let (mut all, mut walk) = (Vec::new(), state.kpi_walk(kpi, today));
    while !walk.is_over() {
        all.extend(state.kpi_points(&mut walk, limit));
    }
    all.sort_by_key(|point| point.day);
    all
}

proptest! {
    #[test]
    fn a_walk_shows_each_rollup_of_the_export_and_each_state_once(
        figures in prop::collection::vec((0..SERIES.len(), 0..900_i32, prop::option::weighted(0.9, 0..1000_i64)), 0..60),
        limit in 1..40_usize,
    ) {
        let mut state = state();
        let mut states = BTreeSet::new();
        for (series, index, value) in figures {
            let observation = observation(series, index, value);
            state.insert(&observation).unwrap();
            if let (("level", _), Span::AsOf(at)) = (SERIES[series], observation.period) {
                states.insert((series, at.0));
            }
        }
        let asked = ReportPeriod(Period::parse("2030-01-01").unwrap());
        state.settle(asked.cutoff());
        let points = walk(&state, limit);
        let name = |p: &FigurePoint| (usize::from(p.key.series), p.key.period.grain.name(), p.key.period.to_string());
        let shown: BTreeSet<_> = points.iter().map(name).collect();
        prop_assert_eq!(shown.len(), points.len(), "none twice");
        let exported = state.report(asked, true).rollups.unwrap();
        for row in &exported {
            let series: usize = row.series[1..].parse().unwrap();
            let point = points.iter().find(|p| name(p) == (series, row.grain, row.period.clone()));
            let rollup = point.unwrap_or_else(|| panic!("{row:?} is not shown")).rollup;
            let value = rollup.value.map(|n| CanonicalNumber(contract::exact::whole(n)));
            prop_assert_eq!((&value, rollup.complete), (&row.value, row.complete), "{:?}", row);
        }
        prop_assert_eq!(points.len(), exported.len() + states.len());
        for point in &points {
            prop_assert_eq!(state.figure_point(point.key), Some(*point));
            let states_of = |s: usize, at: i64| states.contains(&(s, at));
            let fine = point.key.period.grain < Grain::Month && SERIES[usize::from(point.key.series)].0 == "level";
            prop_assert_eq!(fine, fine && states_of(usize::from(point.key.series), point.time.0));
        }
    }

    #[test]
    fn points_of_kpis_are_the_judgements_of_their_days(
        figures in prop::collection::vec((0..3_usize, 0..900_i32, prop::option::weighted(0.9, 0..1000_i64)), 0..40),
        today in 0..1800_i32,
        limit in 1..40_usize,
    ) {
        let (mut state, today) = (state(), day("2019-01-01") + today);
        for (series, index, value) in figures {
            state.insert(&observation(series, index, value)).unwrap();
        }
        state.settle(ReportPeriod(Period { grain: Grain::Day, index: today }).cutoff());
        for kpi in 0..3 {
            let before: BTreeSet<i32> = state.kpi_walk(kpi, today - 40).days().iter().copied().collect();
            for point in kpi_points(&state, kpi, today, limit) {
                if point.day > today {
                    prop_assert_eq!((&point.value, point.status), (&None, None));
                    continue;
                }
                let report = state.report(ReportPeriod(Period { grain: Grain::Day, index: point.day }), false);
                let judged = report.kpis.into_iter().find(|k| k.id == state.catalogue.kpis[kpi].id).unwrap();
                prop_assert_eq!(point.status.map(crate::judge::Status::name), judged.status);
                prop_assert_eq!(point.value.clone().map(CanonicalNumber), judged.value);
                prop_assert!(judged.path.is_none() || judged.path == point.path.clone().map(CanonicalNumber));
            }
            let now: BTreeSet<i32> = state.kpi_walk(kpi, today).days().iter().copied().collect();
            prop_assert!(before.is_subset(&now), "days never vanish");
        }
    }
}

#[test]
fn moments_of_figures_are_first_instants_as_ofs_and_last_days() {
    let mut state = state();
    for (series, index) in [(0, 5), (1, 5), (2, 5), (5, 5)] {
        state.insert(&observation(series, index, Some(7))).unwrap();
    }
    state.settle(ReportPeriod(Period::parse("2030-01-01").unwrap()).cutoff());
    let shown: Vec<String> = walk(&state, 100)
        .iter()
        .map(|p| format!("s{} {} {}", p.key.series, p.key.period, p.time.to_string().replace(":00:00+09:00", "")))
        .collect();
    let expected = [
        "s0 2018-12-06 2018-12-06T00",
        "s0 2018-12 2018-12-31T00",
        "s0 FY2018Q3 2018-12-31T00",
        "s0 FY2018 2019-03-31T00",
        "s1 2018-12-06 2018-12-06T00",
        "s1 2018-12 2018-12-01T00",
        "s1 FY2018Q3 2018-10-01T00",
        "s1 FY2018 2018-04-01T00",
        "s2 2018-12 2018-12-01T00",
        "s2 FY2018Q3 2018-10-01T00",
        "s2 FY2018 2018-04-01T00",
        "s5 FY2018 2018-04-01T00",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn the_path_alone_leads_to_the_target() {
    let mut state = state();
    state.settle(ReportPeriod(Period::parse("2019-05-10").unwrap()).cutoff());
    let points = kpi_points(&state, 0, day("2019-05-10"), 7);
    let on = |date: &str| points.iter().find(|p| p.day == day(date)).unwrap_or_else(|| panic!("{date}"));
    assert_eq!((points.first().unwrap().day, points.last().unwrap().day), (day("2018-03-31"), day("2022-03-31")));
    assert_eq!(on("2019-03-31").path, None, "no path before the plan");
    assert_eq!(on("2019-04-30").status.unwrap().name(), "no_data");
    assert_eq!(on("2022-03-31").path, Some(contract::exact::whole(60)));
    assert_eq!(on("2020-03-31").path, Some(contract::exact::whole(36)), "half the way after two of four years");
    assert_eq!((on("2022-03-31").status, on("2022-03-31").value.clone()), (None, None));
}
