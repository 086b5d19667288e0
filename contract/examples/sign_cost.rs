//! What signing costs: CPU time of a million records of 290 bytes, with and without. `tests/bench/signed/run` runs it.

use contract::record::{Finality, Observation, Record, Span, Value};
use contract::signing::SigningKey;
use contract::time::{Micros, Moment};
use contract::wire;
use std::hint::black_box;
use testkit::bench::{LoadWatch, aim, median, spread, table};

const RECORDS: i64 = 1_000_000;
const ROUNDS: usize = 5;

/// CPU time of this thread, as Linux counts it.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

fn main() {
    let Some(key) = SigningKey::new("city-2026", [7; 32]) else { return };
    let record = |n: i64| {
        Record::Observation(Observation {
            plan: "kawasaki".into(),
            series: "eapply-applications".into(),
            definition: "received".into(),
            source: "eapply".into(),
            period: Span::AsOf(Moment(1_600_000_000 + n)),
            value: Value::Known(n),
            breakdown: None,
            finality: Finality::Final,
            revision: Micros(1_700_000_000_000_000 + n),
            visit: "local-kawasaki-eapply-1700000000000000".into(),
            place: None,
        })
    };
    let records: Vec<Record> = (0..RECORDS).map(record).collect();
    let plain: Vec<Vec<u8>> = records.iter().map(wire::encode).collect();
    let signed: Vec<Vec<u8>> = records.iter().map(|record| wire::encode_signed(record, &key)).collect();
    let verify = |line: &Vec<u8>| match wire::decode_with_signature(line) {
        Ok((record, Some(signature))) => key.verifies(&signature.covered, signature.mac).then_some(record),
        _ => None,
    };
    let timed = |work: &dyn Fn()| {
        let before = cpu_seconds();
        work();
        cpu_seconds() - before
    };
    let _watch = LoadWatch::begin();
    let mut costs: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        let round = [
            timed(&|| records.iter().for_each(|record| drop(black_box(wire::encode(record))))),
            timed(&|| records.iter().for_each(|r| drop(black_box(wire::encode_signed(r, &key))))),
            timed(&|| plain.iter().for_each(|line| drop(black_box(wire::decode(line))))),
            timed(&|| signed.iter().for_each(|line| assert!(black_box(verify(line)).is_some()))),
        ];
        costs.iter_mut().zip(round).for_each(|(costs, cost)| costs.push(cost));
    }
    for costs in &mut costs {
        costs.sort_by(f64::total_cmp);
    }
    let row = |name: &str, [without, with]: [&Vec<f64>; 2]| {
        let more = median(with) - median(without);
        let cost = |costs: &Vec<f64>| spread(costs.iter().copied(), 2);
        let shown = format!("{more:.2}");
        [name.to_owned(), cost(without), cost(with), shown.clone(), aim("0.5 more", more <= 0.5, shown)]
    };
    let rows = [row("encode, sign", [&costs[0], &costs[1]]), row("decode, verify", [&costs[2], &costs[3]])];
    println!("{}", table("signed", ["CPU s a million records", "without", "with", "more", "aim"], &rows));
}
