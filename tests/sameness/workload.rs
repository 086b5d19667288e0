//! One seeded workload: figures of several small plans, sent again, out of order, corrected, withdrawn and late.

use contract::period::{Grain, Period};
use contract::record::{Finality, Observation, PollOutcome, PollRecord, Record, Span, Value};
use contract::time::{Micros, Moment};
use contract::wire;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

/// Plans: more than partitions, so that some partitions have several and some may have none.
pub(crate) const PLANS: usize = 8;
/// Distinct revisions of figures a plan.
const FIGURES: usize = 600;
/// First day of the plans' figures, and how many days there are: 2019-04-01 to the end of FY2021.
const DAYS: std::ops::Range<i32> = 0..1096;

/// The catalogue of a plan: a flow by day, a level by day and a counter with labels, and a KPI of each kind of value.
pub(crate) fn catalogue(plan: usize) -> String {
    include_str!("plan.toml").replace("PLAN", &id(plan))
}

/// The sources that a plan names.
pub(crate) fn sources(plan: usize) -> String {
    include_str!("sources.toml").replace("PLAN", &id(plan))
}

/// The id of a plan.
pub(crate) fn id(plan: usize) -> String {
    format!("plan-{plan}")
}

/// A record as it is published: the plan's id and the wire form.
pub(crate) type Published = (String, Vec<u8>);

/// What one collector publishes: every record of the workload, in an order of its own, a part of it twice.
pub(crate) fn published(seed: u64, collector: u64) -> Vec<Published> {
    let mut records: Vec<Published> = (0..PLANS).flat_map(|plan| plan_records(seed, plan)).collect();
    let mut random = StdRng::seed_from_u64(seed ^ (collector + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let again: Vec<Published> =
        (0..records.len() / 20).map(|_| records[random.random_range(0..records.len())].clone()).collect();
    records.extend(again);
    records.shuffle(&mut random);
    records
}

fn plan_records(seed: u64, plan: usize) -> Vec<Published> {
    let mut random = StdRng::seed_from_u64(seed.wrapping_add(plan as u64));
    let mut records: Vec<Record> =
        (0..FIGURES).map(|n| Record::Observation(figure(&mut random, &id(plan), n))).collect();
    // A correction of one in ten, a withdrawal of one in twenty, both seen later than all else.
    for n in 0..FIGURES / 10 {
        let Record::Observation(mut o) = records[random.random_range(0..FIGURES)].clone() else { continue };
        o.revision = Micros(o.revision.0 + 1 + i64::try_from(n).unwrap_or(0));
        o.value =
            if n % 2 == 0 { Value::Known(random.random_range(0..900)) } else { Value::Unknown("withdrawn".into()) };
        o.breakdown = None;
        records.push(Record::Observation(o));
    }
    records.push(Record::Poll(visit(&id(plan))));
    // Polls that brought nothing: of each outcome all but two are folded.
    records.extend((1..40).map(|n| Record::Poll(quiet_visit(&id(plan), n))));
    records.iter().map(|record| (id(plan), wire::encode(record))).collect()
}

fn figure(random: &mut StdRng, plan: &str, n: usize) -> Observation {
    let since = random.random_range(DAYS);
    let day = Period { grain: Grain::Day, index: Period::parse("2019-04-01").map_or(0, |day| day.index) + since };
    let value = random.random_range(0..1000);
    // A counter that mostly rises: corrections make it fall, which breaks it.
    let read =
        [("a", i64::from(since) * 3), ("b", i64::from(since) * 5 + value % 5)].map(|(label, n)| (label.to_owned(), n));
    let (series, period, breakdown) = match n % 3 {
        0 => ("uses", Span::of(day.within(Grain::Month)), None),
        1 => ("sets", Span::AsOf(day.start()), None),
        _ => ("hits", Span::AsOf(day.start()), Some(read.clone().into())),
    };
    let value = if n % 3 == 2 { read[0].1 + read[1].1 } else { value };
    Observation {
        plan: plan.into(),
        series: series.into(),
        definition: "d".into(),
        source: if n.is_multiple_of(7) { "other" } else { "register" }.into(),
        period,
        value: Value::Known(value),
        breakdown,
        finality: if n.is_multiple_of(5) { Finality::Provisional } else { Finality::Final },
        revision: Micros(seen().micros().0 + random.random_range(0..1_000_000_000)),
        visit: format!("visit-{plan}"),
        place: None,
    }
}

fn visit(plan: &str) -> PollRecord {
    PollRecord {
        plan: plan.into(),
        source: "register".into(),
        id: format!("visit-{plan}"),
        collector: "c".into(),
        time: seen().micros(),
        outcome: PollOutcome::Changed,
        address: "https://data.example/uses.csv".into(),
        sha256: Some("ab".repeat(32)),
        bytes: Some(1),
        size: None,
    }
}

/// A poll that found nothing new, or could not read its source.
fn quiet_visit(plan: &str, n: i64) -> PollRecord {
    let outcome = if n % 5 == 0 { PollOutcome::Failed("timeout".into()) } else { PollOutcome::Unchanged };
    let (id, time) = (format!("visit-{plan}-{n}"), Micros(seen().micros().0 + n * 900_000_000));
    PollRecord { id, time, outcome, ..visit(plan) }
}

/// After every figure's period.
fn seen() -> Moment {
    Period::parse("2022-06-01").map_or(Moment(0), Period::start)
}
