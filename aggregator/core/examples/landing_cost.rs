//! What a landing costs: the question, the answer on new evidence, and the same answer asked again.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement may stop at what is wrong")]

use aggregator_core::landing::{KnownLandings, KpiLandings, LandingQuestion, evidence};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use contract::period::Period;
use contract::record::{Finality, Observation, Span, Value};
use contract::time::Micros;
use std::hint::black_box;
use std::time::Instant;
use testkit::bench::{LoadWatch, aim, median, table};

/// Months of figures; a plan of three years seldom has more.
const MONTHS: i32 = 72;
const ROUNDS: usize = 200;

fn state(shape: &str, kind: &str) -> PlanState {
    let series = testkit::series("s", shape, "d", "src");
    let kpi = format!(
        r#"[[kpi]]
        id = "k"
        name = {{ ja = "名", en = "name" }}
        policy = "policy"
        kind = "{kind}"
        series = "s"
        unit = {{ ja = "件", en = "items" }}
        baseline = {{ year = "FY2018", value = 1000 }}
        target = {{ at_least = 900000 }}
        citation = "p. 1""#
    );
    let mut state = PlanState::new(testkit::catalogue(&format!("{}{series}{kpi}", testkit::POLICY)));
    for number in 0..MONTHS {
        let month = Period::month(2015, 4).plus(number);
        let period = if kind == "level" { Span::AsOf(month.end()) } else { Span::of(month) };
        let value = i64::from(1000 + 7 * number + 40 * (number % 12) + number * number % 11);
        let observation = Observation {
            plan: "p".into(),
            series: "s".into(),
            definition: "d".into(),
            source: "src".into(),
            period,
            value: Value::Known(value),
            breakdown: None,
            finality: Finality::Final,
            revision: Micros(month.end().micros().0 + 1),
            visit: "v".into(),
            place: None,
        };
        state.insert(&observation).unwrap();
    }
    state.settle(day().cutoff());
    state
}

fn day() -> ReportPeriod {
    ReportPeriod(Period::parse("2021-04-10").unwrap())
}

/// Milliseconds of each round, sorted.
fn timed<T>(mut work: impl FnMut() -> T) -> Vec<f64> {
    let mut took: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let started = Instant::now();
            black_box(work());
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    took.sort_by(f64::total_cmp);
    took
}

fn shown(took: &[f64]) -> String {
    format!("{:.2}, {:.2}", median(took), took[ROUNDS * 95 / 100])
}

fn main() {
    let _watch = LoadWatch::begin();
    let kinds =
        [("shape = \"level\"\ngrain = \"day\"", "level"), ("shape = \"flow\"\ngrain = \"month\"", "flow_per_year")];
    let rows = kinds.map(|(shape, kind)| {
        let state = state(shape, kind);
        let ask = || -> LandingQuestion { evidence(&state.view(day().cutoff()), &state.catalogue.kpis[0], day()) };
        let question = ask();
        let (mut known, mut landings) = (KnownLandings::default(), KpiLandings::default());
        landings.add(question.key(), question.answer());
        known.set(0, landings);
        let (asking, answering) = (timed(ask), timed(|| question.answer()));
        let refreshing = timed(|| known.answer(&ask()));
        let middle = median(&refreshing);
        let aim = aim("refresh 5 ms", middle <= 5.0, format!("{middle:.2} ms"));
        [kind.to_owned(), shown(&asking), shown(&answering), shown(&refreshing), aim]
    });
    let columns = [
        "one KPI, 72 months",
        "question in ms: median, 95 of 100 within",
        "selecting and forecasting on new evidence",
        "refreshing: question asked again, answer known",
        "aim",
    ];
    println!("{}", table("landing-cost", columns, &rows));
}
