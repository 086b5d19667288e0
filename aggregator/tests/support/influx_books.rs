//! What a bucket must hold, by the schema's letter, computed from the books without the sink's code.

use super::city::City;
use super::influx_read::Points;
use aggregator_core::landing::OutlookReport;
use aggregator_core::report::CanonicalNumber;
use aggregator_core::report_period::ReportPeriod;
use contract::exact::{self, Exact};
use contract::period::{Grain, Period};
use contract::time::{Moment, date_of};
use serde_json::json;

pub(crate) fn number(text: &str) -> f64 {
    text.parse().unwrap()
}

/// What the books say, by the schema's letter, computed without the sink's code.
pub(crate) fn expected(city: &City) -> Points {
    let today = contract::time::Clock::now(city.world.clock.as_ref()).moment().day();
    let (books, mut points) = (city.books.read().unwrap(), Points::new());
    let book = &books["p"];
    let mut put = |name: String, time: Moment, fields: serde_json::Value| {
        let fields = fields.as_object().unwrap().clone().into_iter().collect();
        assert!(points.insert((name, time.0), fields).is_none());
    };
    for row in book.report(ReportPeriod(day(today)), true).rollups.unwrap() {
        let period = parse(&row.period);
        let closing = row.series == "sets";
        let time = if closing { Moment::midnight(date_of(period.end().day() - 1)) } else { period.start() };
        let name = format!("series,definition={},grain={},plan=p,series={}", row.definition, row.grain, row.series);
        let value = number(&row.value.as_ref().map_or_else(|| "0".into(), |value| exact::canonical(&value.0)));
        let (known, complete, provisional) = (row.value.is_some(), row.complete, row.provisional);
        put(
            name,
            time,
            json!({ "value": value, "value_known": known, "complete": complete, "provisional": provisional }),
        );
    }
    let (set, _) = book.catalogue.series_named("sets").unwrap();
    let mut evidence = vec![];
    for entry in book.ledger().figures(set, 0) {
        let time = day(entry.index).start();
        let value = entry.value().map_or(0.0, |v| number(&v.to_string()));
        let known = entry.value().is_some();
        let fields = json!({ "value": value, "value_known": known, "complete": known, "provisional": false });
        put("series,definition=d,grain=day,plan=p,series=sets".into(), time, fields);
        evidence.push(entry.index);
    }
    let may = book.report(ReportPeriod(day(today)), true).rollups.unwrap();
    let may = may.into_iter().find(|row| row.series == "uses" && row.period == "2019-05").and_then(|row| row.value);
    let may = may.map(|value| exact::canonical(&value.0).parse().unwrap());
    for kpi in &book.catalogue.kpis {
        // Month ends from March 2018 (baseline FY2017) to March 2022, the day after the plan, and the one after
        // its last due day: without a rhythm the second after.
        let end = Period::fiscal_year(2021).end().day();
        let months = Period::month(2018, 3).index..=Period::month(2022, 3).index;
        let mut shown: Vec<i32> = months.map(|m| Period { grain: Grain::Month, index: m }.end().day() - 1).collect();
        shown.extend([end, end + 1]);
        if kpi.id == "sets" {
            shown.extend(&evidence);
        }
        shown.sort_unstable();
        shown.dedup();
        for on in shown {
            let name = format!("kpi,kpi={},plan=p,policy=policy", kpi.id);
            put(name, day(on).start(), judged(book, &kpi.id, (on, today), may));
        }
    }
    points
}

fn judged(
    book: &aggregator_core::plan_state::PlanState,
    kpi: &str,
    (on, today): (i32, i32),
    may: Option<i128>,
) -> serde_json::Value {
    let report = book.report_with_landings(ReportPeriod(day(on)), false);
    let judged = report.kpis.iter().find(|k| k.id == kpi).unwrap();
    let known = |n: &Option<CanonicalNumber>| {
        let value = n.as_ref().map(|n| number(&exact::canonical(&n.0)));
        (value.unwrap_or(0.0), value.is_some())
    };
    let codes = ["achieved", "on_track", "at_risk", "off_track", "missed", "stale", "no_data"];
    let status = judged.status.map_or(0, |s| codes.iter().position(|c| *c == s).unwrap() + 1);
    let phase = ["before", "running", "closing", "closed"].iter().position(|p| *p == judged.phase).unwrap();
    let (value, baseline, progress) = (known(&judged.value), known(&judged.baseline), known(&judged.progress));
    let mut path = known(&judged.path);
    // Without a value, the path alone.
    let ends = day(on).end();
    let (start, end) = (Period::fiscal_year(2019).start(), Period::fiscal_year(2021).end());
    if !path.1 && !value.1 && ends > start && ends <= end {
        path = (alone(kpi, ends, may), true);
    }
    let target = number(&exact::canonical(&judged.target.0));
    // Of the days to come nothing is said but the path.
    let landing = judged.landing.as_ref().filter(|_| on <= today).and_then(|landing| landing.target.as_ref());
    let lands = |of: fn(&OutlookReport) -> &CanonicalNumber| {
        landing.map_or(0.0, |outlook| number(&exact::canonical(&of(outlook).0)))
    };
    json!({
        "value": value.0, "value_known": value.1, "baseline": baseline.0, "baseline_known": baseline.1,
        "target": target, "path": path.0, "path_known": path.1, "progress": progress.0, "progress_known": progress.1,
        "status": number(&status.to_string()), "phase": number(&phase.to_string()), "provisional": judged.provisional,
        "landing": lands(|outlook| &outlook.expected),
        "landing_low80": lands(|outlook| &outlook.low80), "landing_high80": lands(|outlook| &outlook.high80),
        "landing_low95": lands(|outlook| &outlook.low95), "landing_high95": lands(|outlook| &outlook.high95),
        "landing_probability": lands(|outlook| &outlook.probability), "landing_known": landing.is_some(),
    })
}

/// The path of `sets` (10 to 50) and of the sum of `uses` (100 to 200 a year) without a value, written out. Years after FY2019
/// have its season: 10 in each month but for May.
fn alone(kpi: &str, ends: Moment, may: Option<i128>) -> f64 {
    let year = Period::closing(Grain::FiscalYear, ends);
    let step = |b: i32, t: i32, y: i32| Exact::new((b * 4 + (t - b) * (y - 2017)).into(), 4.into());
    let path = if kpi == "sets" {
        let days = Exact::new((ends.day() - year.start().day()).into(), year.days().into());
        let before = step(10, 50, year.index - 1);
        &before + (step(10, 50, year.index) - &before) * days
    } else {
        let months = Period::closing(Grain::Month, ends).index - Period::holding(Grain::Month, year.start()).index + 1;
        let rate = |k: i32| step(100, 200, year.index) + Exact::new((25 * (2 * k - 13)).into(), 24.into());
        match may {
            Some(may) if year.index > 2019 => {
                let nine = 1_000_000_000;
                // Half up to nine decimals.
                let share = |k: i32| {
                    let (value, sum) = (if k == 2 { may } else { 10 }, 110 + may);
                    exact::whole((2 * value * nine + sum) / (2 * sum)) / exact::whole(nine)
                };
                let expected = |months: i32| (1..=months).map(|k| share(k) * rate(k)).sum::<Exact>();
                step(100, 200, year.index) * expected(months) / expected(12)
            }
            _ => (1..=months).map(rate).sum::<Exact>() / exact::whole(12),
        }
    };
    number(&exact::canonical(&path))
}

fn day(index: i32) -> Period {
    Period { grain: Grain::Day, index }
}

fn parse(text: &str) -> Period {
    Period::parse(text).unwrap_or_else(|| {
        let (year, quarter) = text.split_once('Q').unwrap();
        Period::parse(year).unwrap().parts(Grain::Quarter).nth(quarter.parse::<usize>().unwrap() - 1).unwrap()
    })
}
