//! What inserting costs: CPU seconds of a million observations of 40 daily series in random order, one by one, and in batches
//! whose ids are looked up once. Prints each round, then the median and range of each way.

#![allow(clippy::format_push_string, reason = "an example writes its catalogue as it reads")]

use aggregator_core::admit::{AdmissionError, ResolvedIds};
use aggregator_core::plan_state::PlanState;
use contract::catalogue;
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Span, Value};
use contract::time::Micros;

const RECORDS: usize = 1_000_000;
const SERIES: usize = 40;
const BATCH: usize = 20_000;
const ROUNDS: usize = 7;

/// CPU time of this thread, as Linux counts it.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

fn empty() -> Option<PlanState> {
    let text = "{ ja = \"x\", en = \"x\" }";
    let mut toml = format!(
        "[plan]\nid = \"p\"\nname = {text}\ncity = {text}\nfirst_year = \"FY2019\"\nlast_year = \"FY2021\"\ncitation = \"b\"\n"
    );
    for i in 0..SERIES {
        toml += &format!(
            "[[series]]\nid = \"series-{i:02}\"\nname = {text}\nunit = {text}\nshape = \"flow\"\ngrain = \"day\"\n\
             [[series.definition]]\nid = \"d\"\ntext = {text}\n[[series.source]]\nid = \"desk\"\n"
        );
    }
    catalogue::parse("example", &toml).ok().map(PlanState::new)
}

fn observation(number: usize) -> Observation {
    let figure = number * 611_953 % RECORDS;
    let first = Period::holding(Grain::Day, Period::fiscal_year(1950).start());
    Observation {
        plan: "p".into(),
        series: format!("series-{:02}", figure % SERIES),
        definition: "d".into(),
        source: "desk".into(),
        period: Span::of(first.plus(i32::try_from(figure / SERIES).unwrap_or(0))),
        value: Value::Known(i64::try_from(figure * 31 % 977).unwrap_or(0)),
        breakdown: None,
        finality: Finality::Final,
        revision: Micros(4_200_000_000_000_000),
        visit: "v".into(),
        place: None,
    }
}

fn in_batches(state: &mut PlanState, observations: &[Observation]) -> u64 {
    for batch in observations.chunks(BATCH) {
        let id = |number: usize| format!("series-{number:02}");
        let ids: Vec<Result<ResolvedIds, AdmissionError>> =
            (0..SERIES).map(|number| state.resolve(("p", &id(number), "d", "desk"))).collect();
        // The number that the decoder gives with each observation.
        let number = |one: &Observation| one.series[7..].parse::<usize>().unwrap_or(0);
        let numbered: Vec<usize> = batch.iter().map(number).collect();
        state.insert_resolved(batch.iter().zip(&numbered).map(|(one, number)| (ids[*number], one.borrowed())));
    }
    state.ledger().stored()
}

/// Its name, what it does, and the seconds that its rounds took.
type Way<'a> = (&'a str, &'a dyn Fn(&mut PlanState) -> u64, Vec<f64>);

fn main() {
    let observations: Vec<Observation> = (0..RECORDS).map(observation).collect();
    let one_by_one = |state: &mut PlanState| {
        let all_counted = observations.iter().all(|one| state.insert(one).is_ok());
        if all_counted { state.ledger().stored() } else { 0 }
    };
    let together = |state: &mut PlanState| in_batches(state, &observations);
    let mut ways: [Way<'_>; 2] = [("one by one", &one_by_one, Vec::new()), ("in batches", &together, Vec::new())];
    for round in 1..=ROUNDS {
        for (name, insert, took) in &mut ways {
            let Some(mut state) = empty() else { return };
            let before = cpu_seconds();
            assert_eq!(insert(&mut state), RECORDS as u64, "{name} stores every observation");
            took.push(cpu_seconds() - before);
            println!("round {round}: {name}: {:.3}", took.last().unwrap_or(&f64::NAN));
        }
    }
    for (name, _, took) in &mut ways {
        took.sort_by(f64::total_cmp);
        println!("{name}: {:.3} ({:.3} to {:.3}) CPU s a million", took[ROUNDS / 2], took[0], took[ROUNDS - 1]);
    }
}
