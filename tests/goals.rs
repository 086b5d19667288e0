//! The yearly goals of the plan's 14 KPIs, row by row, from the shipped catalogue.
#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "a test may stop at what is wrong"
)]

use aggregator_core::judge::path;
use contract::catalogue::{self, KpiKind};
use contract::exact::{canonical, fixed, parse, whole};
use num_rational::BigRational;

/// Id, kind, baseline, goals of fiscal years 2018, 2019 and 2020, target.
type Row = (&'static str, KpiKind, Option<&'static str>, [&'static str; 3], &'static str);

const ROWS: [Row; 14] = [
    ("opendata-datasets", KpiKind::Level, Some("108"), ["156", "204", "252"], "300"),
    ("opendata-downloads", KpiKind::FlowPerYear, Some("2858"), ["3393.5", "3929", "4464.5"], "5000"),
    ("private-data-cases", KpiKind::Cumulative, None, ["0", "1.666667", "3.333333"], "5"),
    ("eapply-procedures", KpiKind::Level, Some("64"), ["65.5", "67", "68.5"], "70"),
    ("eapply-applications", KpiKind::FlowPerYear, Some("157589"), ["161191.75", "164794.5", "168397.25"], "172000"),
    ("app-downloads", KpiKind::Cumulative, Some("112671"), ["129253.25", "145835.5", "162417.75"], "179000"),
    ("app-accesses", KpiKind::MonthlyMean, Some("273000"), ["300250", "327500", "354750"], "382000"),
    ("ai-rpa-cases", KpiKind::Cumulative, None, ["0", "3.333333", "6.666667"], "10"),
    ("web-accessibility", KpiKind::Maintain, Some("16"), ["16", "16", "16"], "16"),
    ("wifi-access-points", KpiKind::Level, Some("1613"), ["1809.75", "2006.5", "2203.25"], "2400"),
    ("mynumber-rate", KpiKind::Ratio, Some("13.6"), ["15.2", "16.8", "18.4"], "20"),
    ("it-cost", KpiKind::Ceiling, Some("10500000000"), ["10500000000", "10500000000", "10500000000"], "10500000000"),
    ("shared-platform-systems", KpiKind::Level, Some("7"), ["8.5", "10", "11.5"], "13"),
    ("video-meetings", KpiKind::Cumulative, Some("9"), ["13", "17", "21"], "25"),
];

#[test]
fn the_goals_of_all_kpis_are_those_of_the_plan() {
    let text = include_str!("../config/plans/kawasaki.toml");
    let catalogue = catalogue::parse("kawasaki.toml", text).unwrap();
    assert_eq!(catalogue.kpis.len(), ROWS.len());
    assert_eq!(catalogue.policies.len(), 7);
    for (id, kind, baseline, goals, target) in ROWS {
        let kpi = catalogue.kpis.iter().find(|k| k.id == id).unwrap_or_else(|| panic!("no {id}"));
        assert_eq!(kpi.kind, kind, "{id}");
        assert_eq!(kpi.baseline.as_ref().map(|b| b.value.clone()), baseline.and_then(parse), "{id}");
        assert_eq!(kpi.target, parse(target).unwrap(), "{id}");
        for (year, goal) in (2018..).zip(goals) {
            let got = path::goal(kpi, &catalogue.plan, year).unwrap();
            assert_eq!(canonical(&got), goal, "{id} in FY{year}");
        }
        assert_eq!(path::goal(kpi, &catalogue.plan, 2021), Some(kpi.target.clone()), "{id}");
    }
    let printed = ["private-data-cases", "ai-rpa-cases"].map(|id| {
        let kpi = catalogue.kpis.iter().find(|k| k.id == id).unwrap();
        kpi.note.as_ref().is_some_and(|note| note.ja.contains("二件"))
    });
    assert_eq!(printed, [true, true], "the scanned text must be quoted");
}

#[test]
fn the_published_rate_is_half_up_in_every_edition() {
    let mut editions = 0;
    for line in include_str!("../config/kawasaki/mynumber-kawasaki.csv").lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let (population, cards): (i64, i64) = (cells[1].parse().unwrap(), cells[3].parse().unwrap());
        let rate: BigRational = whole(cards) * whole(100) / whole(population);
        assert_eq!(fixed(&rate, 1), cells[4], "{line}");
        editions += 1;
    }
    assert_eq!(editions, 47);
    assert_eq!(fixed(&(whole(29) * whole(100) / whole(400)), 1), "7.3");
}
