//! What a picture may show, over random figures, and the pictures that were wrong once.

use super::{ChartData, ChartPart, ChartRow, GapReason};
use crate::plan_state::PlanState;
use crate::report_period::ReportPeriod;
use contract::catalogue::{self, Catalogue};
use contract::exact::{canonical, parse, whole};
use contract::period::{Grain, Period};
use contract::record::{CatalogueText, Finality, Observation, Span, Value};
use contract::time::{Micros, Moment};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

const MIHON: &str = include_str!("../../../../config/plans/mihon.toml");
/// The first month of random figures.
const FIRST: (i32, i32) = (2017, 4);

fn observation(
    (plan, series, definition, source): (&str, &str, &str, &str),
    period: Span,
    value: Value,
) -> Observation {
    let end = match period {
        Span::AsOf(at) => at,
        Span::During(_, to) => to,
    };
    Observation {
        plan: plan.into(),
        series: series.into(),
        definition: definition.into(),
        source: source.into(),
        period,
        value,
        breakdown: None,
        finality: Finality::Final,
        // A day after the period, as a register does.
        revision: Micros(end.micros().0 + 86_400_000_000),
        visit: "v".into(),
        place: None,
    }
}

fn day(text: &str) -> Moment {
    Period::parse(text).unwrap().start()
}

fn chart(state: &mut PlanState, kpi: &str, on: &str) -> ChartData {
    let period = ReportPeriod(Period::parse(on).unwrap());
    state.settle(period.cutoff());
    let index = state.catalogue.kpis.iter().position(|one| one.id == kpi).unwrap();
    state.chart(index, period)
}

/// `part period value guide` of each row, gaps by their word.
fn shown(rows: &[ChartRow]) -> Vec<String> {
    let number = |value: &Option<contract::exact::Exact>| value.as_ref().map_or("-".to_owned(), canonical);
    let row = |row: &ChartRow| {
        let value = row.gap.map_or_else(|| number(&row.value), |gap| gap.name().to_owned());
        format!("{} {} {value} {}", row.part.name(), row.period, number(&row.guide))
    };
    rows.iter().map(row).collect()
}

#[test]
fn a_level_has_a_dot_where_it_was_counted_and_its_guide_is_straight() {
    let mut state = PlanState::new(catalogue::parse("mihon.toml", MIHON).unwrap());
    let key = ("mihon", "wifi-access-points", "access-points", "register");
    let counts = [("2019-03-31", 70), ("2019-06-30", 76), ("2019-09-30", 83), ("2019-12-31", 86), ("2020-03-31", 90)];
    for (date, value) in counts {
        state.insert(&observation(key, Span::AsOf(day(date)), Value::Known(value))).unwrap();
    }
    for date in ["2020-06-30", "2020-09-30"] {
        state.insert(&observation(key, Span::AsOf(day(date)), Value::Unknown("－".into()))).unwrap();
    }
    let data = chart(&mut state, "wifi-access-points", "2020-11-30");
    assert_eq!(
        shown(&data.rows),
        [
            "state 2019-03-31 70 74.958904",
            "state 2019-06-30 76 78.688525",
            "state 2019-09-30 83 82.459016",
            "state 2019-12-31 86 86.229508",
            "state 2020-03-31 90 89.959016",
            "state 2020-06-30 unknown -",
            "state 2020-09-30 unknown -",
        ]
    );
    let ends: Vec<(String, String)> =
        data.guide.iter().map(|one| (canonical(&one.values.0), canonical(&one.values.1))).collect();
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(ends, [pair("60", "60"), pair("60", "75"), pair("75", "90"), pair("90", "105"), pair("105", "120")]);
    assert_eq!(data.lines(ChartPart::State).iter().map(Vec::len).collect::<Vec<_>>(), [5]);
}

#[test]
fn a_restated_month_is_marked_where_it_stands_and_nowhere_else() {
    let mut state = PlanState::new(catalogue::parse("mihon.toml", MIHON).unwrap());
    let key = ("mihon", "eapply-applications", "accepted", "register");
    for number in 0..20 {
        let month = Period::month(2019, 4).plus(number);
        state.insert(&observation(key, Span::of(month), Value::Known(2000 + i64::from(number)))).unwrap();
    }
    let again = Observation {
        revision: Micros::parse("2020-09-24T09:00:00+09:00").unwrap(),
        ..observation(key, Span::of(Period::month(2020, 6)), Value::Known(2410))
    };
    state.insert(&again).unwrap();
    let data = chart(&mut state, "eapply-applications", "2020-11-30");
    let restated: Vec<(ChartPart, String, String)> = data
        .rows
        .iter()
        .filter_map(|row| Some((row.part, row.period.to_string(), canonical(row.restated.as_ref()?.before.as_ref()?))))
        .collect();
    let row = |part, before: &str| (part, "2020-06".to_owned(), before.to_owned());
    assert_eq!(restated, [row(ChartPart::YearToDate, "6039"), row(ChartPart::Month, "2014")]);
    let june = data.rows_of(ChartPart::Month).find(|row| row.restated.is_some()).unwrap();
    assert_eq!(june.restated.as_ref().unwrap().known_at, again.revision);
}

#[test]
fn a_ceiling_has_one_dot_a_year_at_the_value_that_is_compared() {
    let mut state = PlanState::new(catalogue::parse("mihon.toml", MIHON).unwrap());
    let key = ("mihon", "it-cost", "settled", "register-xlsx");
    for (year, value) in [(2018, 831_200_000), (2019, 843_900_000)] {
        state.insert(&observation(key, Span::of(Period::fiscal_year(year)), Value::Known(value))).unwrap();
    }
    let data = chart(&mut state, "it-cost", "2020-11-30");
    let rows: Vec<(String, String, Option<String>)> = data
        .rows
        .iter()
        .map(|row| {
            (row.period.to_string(), canonical(row.value.as_ref().unwrap()), row.compared.as_ref().map(canonical))
        })
        .collect();
    let row = |year: &str, value: &str, compared: &str| (year.to_owned(), value.to_owned(), Some(compared.to_owned()));
    assert_eq!(rows, [row("FY2018", "831200000", "830000000"), row("FY2019", "843900000", "840000000")]);
    assert_eq!((data.guide.len(), data.lines(ChartPart::Year).len()), (0, 2), "no guide, no line");
}

#[test]
fn a_changed_target_is_a_step_from_the_day_on_which_it_became_known() {
    let mut state = PlanState::new(catalogue::parse("mihon.toml", MIHON).unwrap());
    let before = MIHON.replace("target = { at_least = 30_000 }", "target = { at_least = 28_500 }");
    let times = ["2019-04-01T09:00:00+09:00", "2020-04-01T09:00:00+09:00", "2020-05-01T09:00:00+09:00"];
    for (text, time) in [before.as_str(), MIHON, MIHON].into_iter().zip(times) {
        let revision = Micros::parse(time).unwrap();
        assert!(state.publish(&CatalogueText { plan: "mihon".into(), revision, text: text.into() }));
    }
    let steps = chart(&mut state, "eapply-applications", "2020-11-30").targets;
    let steps: Vec<(Option<String>, String)> =
        steps.iter().map(|step| (step.known_at.map(|at| at.to_string()), canonical(&step.value))).collect();
    let step = |at: &str, value: &str| (Some(at.replace("+09:00", ".000000+09:00")), value.to_owned());
    assert_eq!(steps, [step(times[0], "28500"), step(times[1], "30000")]);
}

/// A KPI of each kind over one series of months, or of the ends of months.
fn of_kind(kind: &str) -> Catalogue {
    let shape = match kind {
        "level" | "maintain" => "shape = \"level\"\ngrain = \"day\"",
        _ => "shape = \"flow\"\ngrain = \"month\"",
    };
    let target = if kind == "ceiling" { "at_most" } else { "at_least" };
    let kpi = format!(
        r#"[[kpi]]
        id = "k"
        name = {{ ja = "名", en = "name" }}
        policy = "policy"
        kind = "{kind}"
        series = "s"
        unit = {{ ja = "件", en = "items" }}
        baseline = {{ year = "FY2017", value = 100 }}
        target = {{ {target} = 3000 }}
        citation = "p. 1""#
    );
    let series = testkit::series("s", shape, "d", "src");
    testkit::catalogue(&format!("{}{series}{kpi}", testkit::POLICY))
}

/// Figures by month: `None` nothing came, `Some(None)` called unknown.
type Figures = Vec<Option<Option<i64>>>;

fn state_of(kind: &str, figures: &Figures) -> PlanState {
    let mut state = PlanState::new(of_kind(kind));
    let is_level = matches!(kind, "level" | "maintain");
    for (number, figure) in (0..).zip(figures) {
        let month = Period::month(FIRST.0, FIRST.1).plus(number);
        let span = if is_level { Span::AsOf(month.end()) } else { Span::of(month) };
        let Some(value) = figure else { continue };
        let value = value.map_or_else(|| Value::Unknown("-".into()), Value::Known);
        state.insert(&observation(("p", "s", "d", "src"), span, value)).unwrap();
    }
    state
}

fn figures() -> impl Strategy<Value = Figures> {
    let one =
        prop_oneof![8 => (0_i64..400).prop_map(|value| Some(Some(value))), 1 => Just(None), 1 => Just(Some(None))];
    proptest::collection::vec(one, 1..66)
}

/// What was known of each month by the moment asked.
fn known(figures: &Figures, asked: Moment, is_level: bool) -> BTreeMap<Period, i64> {
    let months = (0..).zip(figures).map(|(number, figure)| (Period::month(FIRST.0, FIRST.1).plus(number), figure));
    let seen = |month: &Period| if is_level { month.end() < asked } else { month.end() <= asked };
    months.filter(|(month, _)| seen(month)).filter_map(|(month, figure)| Some((month, (*figure)??))).collect()
}

/// Every measured row is a figure that was known, or a sum of such figures that its months say.
fn is_measured(kind: &str, row: &ChartRow, known: &BTreeMap<Period, i64>) -> bool {
    let year = Period::closing(Grain::FiscalYear, row.at);
    let within = || known.iter().filter(|(month, _)| month.within(Grain::FiscalYear) == year && month.end() <= row.at);
    let (count, sum) = (within().count(), within().map(|(_, value)| *value).sum::<i64>());
    let value = row.value.as_ref().unwrap();
    let month = Period::closing(Grain::Month, row.at);
    match (kind, row.part) {
        ("level" | "maintain", _) => {
            known.get(&month).is_some_and(|one| whole(*one) == *value && month.end() == row.at)
        }
        ("cumulative", _) => {
            let since = Period::month(2018, 4);
            let run: Option<i64> = (since.index..=month.index).map(|index| known.get(&Period { index, ..since })).sum();
            run.is_some_and(|run| whole(run + 100) == *value) || row.incomplete
        }
        (_, ChartPart::Month) => known.get(&row.period).is_some_and(|one| whole(*one) == *value),
        (_, ChartPart::Mean) => whole(sum) / whole(count) == *value && row.months == Some(count),
        (_, ChartPart::Year) if !row.incomplete => count == 12 && whole(sum) == *value,
        _ => whole(sum) == *value && row.months == Some(count),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn only_what_was_measured_by_then_is_shown(
        figures in figures(),
        kind in proptest::sample::select(vec!["level", "cumulative", "flow_per_year", "monthly_mean", "ceiling", "maintain"]),
        asked in 0..2_400_i32,
    ) {
        let mut state = state_of(kind, &figures);
        let on = Period::day(contract::time::date_of(day("2017-06-01").day() + asked));
        let data = chart(&mut state, "k", &on.to_string());
        let known = known(&figures, on.end(), matches!(kind, "level" | "maintain"));
        for row in &data.rows {
            prop_assert!(row.value.is_some() != row.gap.is_some(), "{row:?}");
            prop_assert!(row.at <= on.end(), "{row:?} lies after the moment asked");
            prop_assert!(row.value.is_none() || is_measured(kind, row, &known), "{row:?} of {known:?}");
            prop_assert!(!row.later || row.guide.is_none(), "{row:?}");
        }
        // What is judged is a figure of the picture.
        let report = state.report(ReportPeriod(on), false);
        let value = report.kpis[0].value.as_ref().map(|value| canonical(&value.0));
        let has = |value: &String| data.rows.iter().any(|row| row.value.as_ref().map(canonical).as_ref() == Some(value));
        prop_assert!(value.as_ref().is_none_or(has), "{value:?} {:?}", shown(&data.rows));
    }

    #[test]
    fn lines_stay_inside_one_year_one_rule_and_never_cross_a_gap(figures in figures(), kind in 0..3_usize) {
        let kind = ["level", "cumulative", "flow_per_year"][kind];
        let mut state = state_of(kind, &figures);
        Arc::make_mut(&mut state.catalogue).series[0].definitions[0].from = Some(day("2020-02-01").date());
        let data = chart(&mut state, "k", "2022-09-30");
        for part in ChartPart::ALL {
            for line in data.lines(part) {
                let years: Vec<i32> = line.iter().map(|row| Period::closing(Grain::FiscalYear, row.at).index).collect();
                prop_assert!(part == ChartPart::State || part == ChartPart::YearToDate || line.len() == 1);
                prop_assert!(part != ChartPart::YearToDate || years.iter().all(|year| *year == years[0]));
                prop_assert!(line.iter().all(|row| row.value.is_some() && row.later == line[0].later));
                let (from, to) = (line[0].at, line[line.len() - 1].at);
                let crosses = |at: Moment| from < at && at <= to;
                prop_assert!(!crosses(day("2020-02-01")), "a line crosses a counting rule");
                let gaps = data.rows_of(part).filter(|row| row.gap.is_some());
                prop_assert!(gaps.into_iter().all(|gap| gap.at <= from || gap.at > to), "a line crosses a gap");
            }
        }
    }

    #[test]
    fn no_value_bends_the_guide(figures in figures(), other in 0_i64..100_000, kind in 0..5_usize) {
        let kind = ["level", "cumulative", "flow_per_year", "monthly_mean", "maintain"][kind];
        // Of sums within a year the months' shares are learnt from the years before: only that year's values are changed.
        let asked = 36..48;
        let changed: Figures = figures
            .iter()
            .enumerate()
            .map(|(n, figure)| figure.map(|value| value.map(|value| if asked.contains(&n) { other } else { value })))
            .collect();
        let guide = |figures: &Figures| chart(&mut state_of(kind, figures), "k", "2020-11-30").guide;
        let upto = |guide: Vec<super::GuideSegment>| guide.into_iter().filter(|one| one.year <= 2020).collect::<Vec<_>>();
        prop_assert_eq!(upto(guide(&figures)), upto(guide(&changed)));
    }
}

#[test]
fn a_missing_month_keeps_the_guide_level_and_the_sum_of_a_year_open() {
    let mut figures: Figures = vec![Some(Some(100)); 44];
    figures[29] = Some(None);
    let data = chart(&mut state_of("flow_per_year", &figures), "k", "2020-11-30");
    let of_2019: Vec<&ChartRow> = data
        .rows_of(ChartPart::YearToDate)
        .filter(|row| row.at > day("2019-04-01") && row.at <= day("2020-04-01"))
        .collect();
    assert_eq!(of_2019.len(), 12, "eleven sums and a gap");
    assert_eq!((of_2019[11].months, of_2019[11].value.clone()), (Some(11), Some(whole(1100))));
    assert_eq!(of_2019[5].gap, Some(GapReason::Incomplete));
    let months: Vec<String> = shown(&data.rows).into_iter().filter(|row| row.contains("unknown")).collect();
    assert_eq!(months.len(), 1);
    assert!(months[0].starts_with("month 2019-09"), "{months:?}");
    let year = data.rows_of(ChartPart::Year).find(|row| row.period.index == 2019).unwrap();
    assert_eq!((year.gap, year.months), (Some(GapReason::Incomplete), Some(11)));
    let flat = data.guide_of(ChartPart::YearToDate).find(|one| one.span.0 == day("2019-09-01")).unwrap();
    assert_eq!(flat.values.0, flat.values.1);
    assert_eq!(
        of_2019[11].guide,
        Some(
            data.guide_of(ChartPart::YearToDate).find(|one| one.span.1 == day("2020-04-01")).unwrap().values.1.clone()
        )
    );
    assert!(parse(&canonical(&flat.values.0)).is_some());
}
