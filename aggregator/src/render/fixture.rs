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

const CATALOGUE: &str = include_str!("fixture.toml");

pub(crate) fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

fn observation(series: &str, definition: &str, period: Span, value: i64, finality: Finality) -> Observation {
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

/// The book; `sample` marks the plan 見本.
pub(crate) fn book(sample: bool) -> PlanState {
    let text = if sample {
        CATALOGUE.replacen("id = \"small\"", "id = \"small\"\nsample = true", 1)
    } else {
        CATALOGUE.to_owned()
    };
    let mut book = PlanState::new(catalogue::parse("fixture.toml", &text).unwrap());
    let levels = [("2019-03-01", 150), ("2020-06-01", 215), ("2022-04-01", 310), ("2023-04-01", 333)];
    for (date, value) in levels {
        let at = Span::AsOf(Moment::midnight(parse_date(date).unwrap()));
        book.insert(&observation("datasets", "listed", at, value, Finality::Final)).unwrap();
    }
    for (month, value, finality) in
        [("2020-04", 300, Finality::Final), ("2020-05", 301, Finality::Final), ("2020-06", 302, Finality::Provisional)]
    {
        let during = Span::of(period(month));
        book.insert(&observation("downloads", "all", during, value, finality)).unwrap();
    }
    book
}

pub(crate) fn report(book: &PlanState, on: &str) -> PlanReport {
    book.report(ReportPeriod(period(on)), false)
}

/// The shared books that hold only this one.
pub(crate) fn books(book: PlanState) -> SharedPlanStates {
    Arc::new(RwLock::new(BTreeMap::from([(book.catalogue.plan.id.clone(), book)])))
}
