//! What reading costs: CPU seconds of a million observations as the Kafka bench has them, by the JSON library, one by one, and
//! in batches. Prints each round, then the median and range of each way.

use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Place, Record, Span, Value};
use contract::time::Micros;
use contract::wire::{self, ObservationReader};
use std::hint::black_box;

const RECORDS: usize = 1_000_000;
const BATCH: usize = 20_000;
const ROUNDS: usize = 9;

/// CPU time of this thread, as Linux counts it.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

/// The figure of a number: 12 plans with 40 series, in an order that is not one of ids or time.
fn observation(number: usize) -> Observation {
    let figure = number * 611_953 % RECORDS;
    let first = Period::holding(Grain::Day, Period::fiscal_year(2017).start());
    Observation {
        plan: format!("city-{}", figure % 12),
        series: format!("series-{:02}", figure / 12 % 40),
        definition: "d".into(),
        source: "desk".into(),
        period: Span::of(first.plus(i32::try_from(figure / 480).unwrap_or(0))),
        value: Value::Known(i64::try_from(figure * 31 % 977).unwrap_or(0)),
        breakdown: None,
        finality: Finality::Final,
        revision: Micros(1_690_000_000_000_000),
        visit: format!("c1/desk/{}", figure / 1000),
        place: Some(Place { sheet: None, row: u32::try_from(figure % 1000).ok() }),
    }
}

/// Its name, what it does, and the seconds that its rounds took.
type Way<'a> = (&'a str, &'a mut dyn FnMut() -> usize, Vec<f64>);

fn main() {
    let lines: Vec<Vec<u8>> = (0..RECORDS).map(|n| wire::encode(&Record::Observation(observation(n)))).collect();
    // A blank that `encode` does not write leaves a line to the JSON library.
    let library: Vec<Vec<u8>> = lines.iter().map(|line| [&line[..line.len() - 1], b" }"].concat()).collect();
    let mut reader = ObservationReader::default();
    let mut batches = || {
        let mut known = 0;
        for batch in lines.chunks(BATCH) {
            known += batch.iter().filter(|line| black_box(reader.read(line)).is_some()).count();
            black_box(reader.end_batch());
        }
        known
    };
    let decoded = |lines: &[Vec<u8>]| lines.iter().filter(|line| black_box(wire::decode(line)).is_ok()).count();
    let mut ways: [Way<'_>; 3] = [
        ("JSON library", &mut || decoded(&library), Vec::new()),
        ("one by one", &mut || decoded(&lines), Vec::new()),
        ("in batches", &mut batches, Vec::new()),
    ];
    for round in 1..=ROUNDS {
        for (name, read, took) in &mut ways {
            let before = cpu_seconds();
            assert_eq!(read(), RECORDS, "{name} reads every line");
            took.push(cpu_seconds() - before);
            println!("round {round}: {name}: {:.3}", took.last().unwrap_or(&f64::NAN));
        }
    }
    for (name, _, took) in &mut ways {
        took.sort_by(f64::total_cmp);
        println!("{name}: {:.3} ({:.3} to {:.3}) CPU s a million", took[ROUNDS / 2], took[0], took[ROUNDS - 1]);
    }
}
