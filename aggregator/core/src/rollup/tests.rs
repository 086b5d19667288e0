#![allow(clippy::format_push_string, reason = "a test writes its catalogue as it reads")]

use super::{LedgerView, Rollup};
use crate::plan_state::PlanState;
use crate::report_period::{Cutoff, ReportPeriod};
use contract::catalogue::{self, Catalogue, SeriesRef};
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Span, Value};
use contract::time::Micros;
use proptest::prelude::*;

const SERIES: [(&str, &str, &str); 6] = [
    ("level", "day", ""),
    ("flow", "day", ""),
    ("flow", "month", "combine = \"sum\""),
    ("flow", "hour", ""),
    ("counter", "day", "decrease = \"restart\""),
    ("flow", "fiscal_year", ""),
];

fn catalogue() -> Catalogue {
    let names = "name = { ja = \"a\", en = \"a\" }\n";
    let mut text = format!(
        "[plan]\nid = \"p\"\n{names}city = {{ ja = \"a\", en = \"a\" }}\nfirst_year = \"FY2019\"\nlast_year = \"FY2021\"\ncitation = \"c\"\n"
    );
    for (i, (shape, grain, more)) in SERIES.iter().enumerate() {
        text += &format!(
            "[[series]]\nid = \"s{i}\"\n{names}unit = {{ ja = \"a\", en = \"a\" }}\nshape = \"{shape}\"\ngrain = \"{grain}\"\n{more}\n\
             [[series.definition]]\nid = \"d\"\ntext = {{ ja = \"a\", en = \"a\" }}\n[[series.source]]\nid = \"a\"\n[[series.source]]\nid = \"b\"\n"
        );
    }
    catalogue::parse("t", &text).unwrap()
}

fn observation(series: usize, source: &str, day: i32, value: Option<i64>, settled: bool, revision: i64) -> Observation {
    let (shape, grain, _) = SERIES[series];
    let at = Period { grain: Grain::Day, index: Period::month(2019, 1).start().day() + day }.start();
    let grain = Grain::named(grain).unwrap();
    Observation {
        plan: "p".into(),
        series: format!("s{series}"),
        definition: "d".into(),
        source: source.into(),
        period: if shape == "flow" { Span::of(Period::holding(grain, at)) } else { Span::AsOf(at) },
        value: value.map_or_else(|| Value::Unknown("missing".into()), Value::Known),
        breakdown: None,
        finality: if settled { Finality::Final } else { Finality::Provisional },
        revision: Micros(4_000_000_000_000_000 + revision),
        visit: "v".into(),
        place: None,
    }
}

fn day_cut(day: i32) -> Cutoff {
    ReportPeriod(Period { grain: Grain::Day, index: Period::month(2019, 1).start().day() + day }).cutoff()
}

/// The rows as the export lists them, without the own grain of flows.
fn rows(state: &PlanState) -> Vec<(super::RollupKey, Rollup)> {
    state.rollups().rows()
}

fn computed(state: &PlanState, cut: Cutoff) -> Vec<(super::RollupKey, Rollup)> {
    let own = |key: &super::RollupKey| {
        let series = &state.catalogue.series[usize::from(key.series)];
        series.shape == catalogue::Shape::Flow && key.period.grain == series.grain
    };
    let mut rows: Vec<_> = LedgerView::new(&state.catalogue, state.ledger(), cut).all();
    rows.retain(|(key, _)| !own(key));
    rows.sort_by_key(|(key, _)| *key);
    rows
}

fn any_observations() -> impl Strategy<Value = Vec<Observation>> {
    let one = (0..SERIES.len(), any::<bool>(), 0..500, prop::option::weighted(0.9, 0_i64..50), any::<bool>(), 0_i64..4);
    prop::collection::vec(
        one.prop_map(|(series, a, day, value, settled, revision)| {
            observation(series, if a { "a" } else { "b" }, day, value, settled, revision)
        }),
        1..120,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Fails when `affected` buckets forget a period, or when time passing does not reopen one.
    #[test]
    fn refreshed_rollups_equal_those_computed_from_scratch(
        observations in any_observations(), batch in 1..40_usize, cuts in prop::collection::vec(0..560, 1..5)
    ) {
        let mut state = PlanState::new(catalogue());
        let mut cuts = cuts;
        cuts.sort_unstable();
        for (i, part) in observations.chunks(batch).enumerate() {
            state.insert_all(part);
            state.settle(day_cut(cuts[i.min(cuts.len() - 1)]));
        }
        let cut = day_cut(*cuts.last().unwrap());
        state.settle(cut);
        prop_assert_eq!(rows(&state), computed(&state, cut));
        let later = day_cut(700);
        prop_assert_eq!(state.view(later).all(), LedgerView::new(&state.catalogue, state.ledger(), later).all());
    }

    /// Fails when the upsert rule looks at anything but revision and canonical bytes.
    #[test]
    fn any_order_and_any_copies_give_the_same_rollups(
        (observations, shuffled) in any_observations().prop_flat_map(|list| {
            let copies: Vec<_> = list.iter().flat_map(|o| std::iter::repeat_n(o.clone(), usize::try_from(1 + o.revision.0 % 3).unwrap())).collect();
            (Just(list), Just(copies).prop_shuffle())
        })
    ) {
        let cut = day_cut(600);
        let (mut one, mut other) = (PlanState::new(catalogue()), PlanState::new(catalogue()));
        one.insert_all(&observations);
        for observation in &shuffled {
            other.insert(observation).unwrap();
        }
        prop_assert_eq!(one.ledger().stored(), other.ledger().stored());
        one.settle(cut);
        other.settle(cut);
        prop_assert_eq!(one.view(cut).all(), other.view(cut).all());
        prop_assert_eq!(rows(&one), rows(&other));
    }
}

fn month_state() -> (PlanState, Cutoff) {
    let mut state = PlanState::new(catalogue());
    for month in 0..24 {
        let start = Period::month(2019, 4).plus(month).start();
        let day = start.day() - Period::month(2019, 1).start().day();
        for source in ["a", "b"] {
            state.insert(&observation(2, source, day, Some(10), true, 0)).unwrap();
        }
    }
    let cut = day_cut(900);
    state.settle(cut);
    (state, cut)
}

#[test]
fn a_correction_of_one_month_changes_that_month_its_quarter_and_year_and_nothing_else() {
    let (mut state, cut) = month_state();
    let june = Period::month(2020, 6).start().day() - Period::month(2019, 1).start().day();
    let before = state.view(cut).all();
    state.insert(&observation(2, "a", june, Some(17), true, 1)).unwrap();
    let changed: Vec<String> = state.settle(cut).iter().map(|(key, _)| key.period.to_string()).collect();
    assert_eq!(changed, ["FY2020Q1", "FY2020"]);
    let after = state.view(cut).all();
    let different: Vec<String> =
        before.iter().zip(&after).filter(|(a, b)| a != b).map(|(_, (key, _))| key.period.to_string()).collect();
    assert_eq!(different, ["2020-06", "FY2020Q1", "FY2020"]);
    let of = SeriesRef { series: 2, definition: 0 };
    let year = state.view(cut).rollup(of, Period::fiscal_year(2020)).unwrap();
    assert_eq!(year, Rollup { value: Some(247), complete: true, provisional: false, restated: true });
}

#[test]
fn a_withdrawn_month_is_unknown_and_not_zero() {
    let (mut state, cut) = month_state();
    let june = Period::month(2020, 6).start().day() - Period::month(2019, 1).start().day();
    for source in ["a", "b"] {
        state.insert(&observation(2, source, june, None, true, 1)).unwrap();
    }
    state.settle(cut);
    let of = SeriesRef { series: 2, definition: 0 };
    let month = state.view(cut).rollup(of, Period::month(2020, 6)).unwrap();
    assert_eq!((month.value, month.complete), (None, false));
    let year = state.view(cut).rollup(of, Period::fiscal_year(2020)).unwrap();
    assert_eq!((year.value, year.complete), (Some(220), false));
}
