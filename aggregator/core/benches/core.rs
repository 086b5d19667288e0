//! The core alone, from memory: admitted observations into the ledger and the rollups, beside a bare loop that
//! keeps the greatest revision of each key in a hash map and sums months.
//!
//! One million observations of 40 daily series in random order, 5 % duplicates and 5 % corrections.

#![allow(clippy::format_push_string, reason = "a bench writes its catalogue as it reads")]

use aggregator_core::ledger::{Figure, FigureKey, InsertOutcome, Ledger, READ_AHEAD};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::{Cutoff, ReportPeriod};
use aggregator_core::rollup::{PlanRollups, TouchedBucket};
use contract::catalogue::{self, Catalogue};
use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, Span, Value};
use contract::time::Micros;
use criterion::{BatchSize, Criterion, Throughput, criterion_group};
use std::collections::HashMap;
use testkit::bench::LoadWatch;

const OBSERVATIONS: usize = 1_000_000;
const SERIES: usize = 40;
/// Records that one settling covers while a backlog is worked off.
const BATCH: usize = 100_000;

fn catalogue() -> Catalogue {
    let text = |ja: &str| format!("{{ ja = \"{ja}\", en = \"x\" }}");
    let mut toml = format!(
        "[plan]\nid = \"p\"\nname = {0}\ncity = {0}\nfirst_year = \"FY2019\"\nlast_year = \"FY2021\"\ncitation = \"b\"\n",
        text("x")
    );
    for i in 0..SERIES {
        toml += &format!(
            "[[series]]\nid = \"s{i}\"\nname = {0}\nunit = {0}\nshape = \"flow\"\ngrain = \"day\"\n",
            text("x")
        );
        toml += &format!("[[series.definition]]\nid = \"d\"\ntext = {}\n[[series.source]]\nid = \"a\"\n", text("x"));
    }
    catalogue::parse("bench", &toml).expect("the bench catalogue reads")
}

/// A small generator, so that every run and every machine sees the same order.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % n
    }
}

fn workload() -> Vec<(FigureKey, i64, i64)> {
    let first = Period::holding(Grain::Day, Period::fiscal_year(1950).start()).index;
    let fresh = OBSERVATIONS / 10 * 9;
    let row = |i: usize| {
        let day = i32::try_from(i / SERIES).unwrap_or(0);
        let series = u16::try_from(i % SERIES).unwrap_or(0);
        let value = i64::try_from(i % 977).unwrap_or(0);
        (FigureKey { series, definition: 0, source: 0, index: first + day }, value, 1)
    };
    let mut rows: Vec<_> = (0..fresh).map(row).collect();
    let mut random = Random(7);
    for i in 0..OBSERVATIONS / 10 {
        let (key, value, revision) = rows[random.below(fresh)];
        rows.push(if i % 2 == 0 { (key, value, revision) } else { (key, value + 1, revision + 1) });
    }
    for i in (1..rows.len()).rev() {
        rows.swap(i, random.below(i + 1));
    }
    rows
}

fn figure(value: i64) -> Figure {
    Figure { value: Some(value), is_final: true, extras: None }
}

fn today() -> Cutoff {
    ReportPeriod(Period::fiscal_year(2100)).cutoff()
}

/// Returns the sum of all months, so that both sides prove that they counted the same.
fn ledger_and_rollups(catalogue: &Catalogue, rows: &[(FigureKey, i64, i64)]) -> i128 {
    let (mut ledger, mut rollups) = (Ledger::new(catalogue), PlanRollups::default());
    for batch in rows.chunks(BATCH) {
        let mut touched = Vec::new();
        for ahead in batch.chunks(READ_AHEAD) {
            ledger.read_ahead(ahead.iter().map(|(key, ..)| *key));
            for (key, value, revision) in ahead {
                let (stored, bucket) = ledger.insert(*key, figure(*value), Micros(*revision));
                if stored != InsertOutcome::Duplicate {
                    touched.push(TouchedBucket::by(*key, bucket));
                }
            }
        }
        rollups.refresh(catalogue, &ledger, &mut touched, today());
    }
    rollups.rows().into_iter().filter(|(k, _)| k.period.grain == Grain::Month).filter_map(|(_, r)| r.value).sum()
}

fn bare_loop(rows: &[(FigureKey, i64, i64)]) -> i128 {
    let mut standing: HashMap<FigureKey, (i64, i64)> = HashMap::new();
    for (key, value, revision) in rows {
        let entry = standing.entry(*key).or_insert((*revision, *value));
        *entry = (*entry).max((*revision, *value));
    }
    let mut months: HashMap<(u16, i32), i128> = HashMap::new();
    for (key, (_, value)) in &standing {
        let month = Period { grain: Grain::Day, index: key.index }.within(Grain::Month);
        *months.entry((key.series, month.index)).or_default() += i128::from(*value);
    }
    months.values().sum()
}

fn observations(catalogue: &Catalogue, rows: &[(FigureKey, i64, i64)]) -> Vec<Observation> {
    let of = |(key, value, revision): &(FigureKey, i64, i64)| Observation {
        plan: "p".into(),
        series: catalogue.series[usize::from(key.series)].id.clone(),
        definition: "d".into(),
        source: "a".into(),
        period: Span::of(Period { grain: Grain::Day, index: key.index }),
        value: Value::Known(*value),
        breakdown: None,
        finality: Finality::Final,
        revision: Micros(*revision + 4_200_000_000_000_000),
        visit: "v".into(),
        place: None,
    };
    rows.iter().map(of).collect()
}

fn core(c: &mut Criterion) {
    let (catalogue, rows) = (catalogue(), workload());
    assert_eq!(ledger_and_rollups(&catalogue, &rows), bare_loop(&rows), "both sides must count the same");
    let mut group = c.benchmark_group("core");
    group.sample_size(10).throughput(Throughput::Elements(rows.len() as u64));
    group.bench_function("bare_loop", |b| b.iter(|| bare_loop(&rows)));
    group.bench_function("ledger_and_rollups", |b| b.iter(|| ledger_and_rollups(&catalogue, &rows)));
    let observations = observations(&catalogue, &rows);
    group.bench_function("admission_ledger_and_rollups", |b| {
        b.iter_batched(
            || PlanState::new(catalogue.clone()),
            |mut state| {
                for batch in observations.chunks(BATCH) {
                    assert!(state.insert_all(batch).iter().all(Result::is_ok), "the bench workload is admitted");
                    state.settle(today());
                }
                state
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, core);

fn main() {
    let _watch = LoadWatch::begin();
    benches();
    Criterion::default().configure_from_args().final_summary();
}
