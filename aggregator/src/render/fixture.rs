//! A small plan with a few figures, for the tests of everything that shows a report.

use crate::plan_states::SharedPlanStates;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::PlanReport;
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue;
use contract::period::Period;
use contract::record::{Finality, Observation, Span, Value};
use contract::time::{Micros, Moment, parse_date};
use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

pub(crate) const CATALOGUE: &str = include_str!("fixture.toml");

pub(crate) fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

pub(crate) fn observation(series: &str, definition: &str, period: Span, value: i64, finality: Finality) -> Observation {
    Observation {
        plan: "small".to_owned(),
        series: series.to_owned(),
        definition: definition.to_owned(),
        source: "portal".to_owned(),
        period,
        value: Value::Known(value),
        breakdown: None,
        finality,
        revision: Micros(1_900_000_000_000_000),
        visit: "v".to_owned(),
        place: None,
    }
}

/// The state of a small plan; `sample` marks the plan 見本.
pub(crate) fn plan_state(sample: bool) -> PlanState {
    let text = if sample {
        CATALOGUE.replacen("id = \"small\"", "id = \"small\"\nsample = true", 1)
    } else {
        CATALOGUE.to_owned()
    };
    let mut state = PlanState::new(catalogue::parse("fixture.toml", &text).unwrap());
    let levels = [("2019-03-01", 150), ("2020-06-01", 215), ("2022-04-01", 310), ("2023-04-01", 333)];
    for (date, value) in levels {
        let at = Span::AsOf(Moment::midnight(parse_date(date).unwrap()));
        state.insert(&observation("datasets", "listed", at, value, Finality::Final)).unwrap();
    }
    for (month, value, finality) in
        [("2020-04", 300, Finality::Final), ("2020-05", 301, Finality::Final), ("2020-06", 302, Finality::Provisional)]
    {
        let during = Span::of(period(month));
        state.insert(&observation("downloads", "all", during, value, finality)).unwrap();
    }
    state
}

pub(crate) fn report(state: &PlanState, on: &str) -> PlanReport {
    state.report(ReportPeriod(period(on)), false)
}

/// Plan states with this plan only.
pub(crate) fn plan_states(state: PlanState) -> SharedPlanStates {
    Arc::new(RwLock::new(BTreeMap::from([(state.catalogue.plan.id.clone(), state)])))
}
