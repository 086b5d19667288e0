//! A batch is decided as its records are decided one by one.

use super::decoded_batch::BatchDecoder;
use super::disposition::{self, DecodedRecord, Disposition};
use super::intake::sort;
use crate::keys::KeyList;
use crate::pipeline::configured_plans::ConfiguredPlans;
use crate::plan_states::PlanStates;
use crate::store::{PlanNames, SeriesNames};
use aggregator_core::ledger::FigureKey;
use bus::{BatchBuilder, Partition};
use contract::record::{Finality, Observation, Place, Record, Span, Value};
use contract::signing::SigningKey;
use contract::time::{MAX_AHEAD, Micros, Moment};
use contract::{catalogue, wire};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// When the bus took the records.
const APPENDED: Micros = Micros(1_700_000_000_000_000);

fn configured() -> ConfiguredPlans {
    let mut configured = ConfiguredPlans::default();
    for plan in ["p", "q"] {
        let day = testkit::series("s", "shape = \"flow\"\ngrain = \"day\"", "d", "a");
        let text = format!("{}{day}{}", testkit::PLAN, day.replace("id = \"s\"", "id = \"t\""));
        let text = text.replace("id = \"p\"", &format!("id = \"{plan}\""));
        configured.add(catalogue::parse("plan", &text).unwrap(), &text);
    }
    configured
}

fn names(configured: &ConfiguredPlans) -> BTreeMap<String, PlanNames> {
    let series = || SeriesNames { id: 1, grain: None, definitions: vec![2], sources: vec![3] };
    let names = || PlanNames { plan: 0, series: vec![series(), series()], kpis: Vec::new() };
    configured.catalogues().map(|catalogue| (catalogue.plan.id.clone(), names())).collect()
}

/// Observations that often are about the same figure, from ids of which some are unknown.
fn any_observation() -> impl Strategy<Value = Observation> {
    let one_of = |ids: &'static [&'static str]| prop::sample::select(ids).prop_map(str::to_owned);
    let ids = (one_of(&["p", "p", "q", "unknown"]), one_of(&["s", "s", "t", "u"]), one_of(&["d", "d", "d", "e"]));
    let value = prop_oneof![
        8 => (-1_i64..3).prop_map(Value::Known),
        1 => prop::sample::select(vec![1, 200, 201]).prop_map(|length| Value::Unknown("x".repeat(length)))
    ];
    let revision = prop::sample::select(vec![0, 1, 2, MAX_AHEAD.0, MAX_AHEAD.0 + 1]);
    let breakdown = prop::option::weighted(0.2, prop::collection::btree_map("[ab]", 0_i64..2, 0..2));
    (ids, one_of(&["a", "a", "a", "b"]), 0_i64..4, value, breakdown, revision, any::<bool>(), "[vw]").prop_map(
        |((plan, series, definition), source, day, value, breakdown, revision, is_final, visit)| Observation {
            plan,
            series,
            definition,
            source,
            period: Span::During(Moment(86_400 * day - 9 * 3600), Moment(86_400 * (day + 1) - 9 * 3600)),
            value,
            breakdown,
            finality: if is_final { Finality::Final } else { Finality::Provisional },
            revision: Micros(APPENDED.0 + revision),
            visit,
            place: is_final.then_some(Place { sheet: None, row: Some(7) }),
        },
    )
}

/// A line of the record: as it is written, signed, with a blank that only the JSON library reads, or cut.
fn any_line() -> impl Strategy<Value = Vec<u8>> {
    let record = prop_oneof![
        9 => any_observation().prop_map(Record::Observation),
        1 => Just(testkit::poll("a", APPENDED.0))
    ];
    (record, 0..8).prop_map(|(record, form)| match form {
        0 => wire::encode_signed(&record, &SigningKey::new("k", [1; 32]).unwrap()),
        1 => String::from_utf8(wire::encode(&record)).unwrap().replace("\",\"", "\", \"").into_bytes(),
        2 => wire::encode(&record).split_last().map(|(_, cut)| cut.to_vec()).unwrap_or_default(),
        _ => wire::encode(&record),
    })
}

#[derive(Debug, Default, PartialEq)]
struct Decided {
    duplicates: u64,
    observations: Vec<(FigureKey, Observation, Option<String>)>,
    quarantined: Vec<(Option<i64>, Option<String>, &'static str)>,
    touched: BTreeSet<String>,
    plans: BTreeSet<String>,
}

fn one_by_one(states: &mut PlanStates, lines: &[Vec<u8>], judges: bool) -> Decided {
    let mut decided = Decided::default();
    for (offset, line) in (0..).zip(lines) {
        let read = disposition::decode(line, &KeyList::default());
        match (disposition::decide(states, &read, judges.then_some(APPENDED)), read) {
            (
                Disposition::Observation(key),
                Ok(DecodedRecord { record: Record::Observation(observation), signature }),
            ) => {
                decided.touched.insert(observation.plan.clone());
                decided.plans.insert(observation.plan.clone());
                decided.observations.push((key, observation, signature.map(|signature| signature.key.to_string())));
            }
            (Disposition::Duplicate, _) => decided.duplicates += 1,
            (Disposition::Quarantined(reason), read) => {
                decided.quarantined.push((Some(offset), disposition::plan(&read, line), reason));
            }
            (_, Ok(fact)) => drop(decided.plans.insert(fact.record.plan().to_owned())),
            (disposition, Err(reason)) => panic!("{disposition:?} of a line that was not read: {reason}"),
        }
    }
    decided
}

fn in_batches(states: &mut PlanStates, lines: &[Vec<u8>], (size, judges): (usize, bool)) -> Decided {
    let (configured, mut decoder, mut decided) = (configured(), BatchDecoder::default(), Decided::default());
    let (names, mut offset) = (names(&configured), 0);
    for lines in lines.chunks(size) {
        let mut batch = BatchBuilder::with_capacity(0, 0);
        for line in lines {
            batch.push(offset, APPENDED, line);
            offset += 1;
        }
        let batch = decoder.decode(batch.finish(Partition(0)).unwrap(), &KeyList::default());
        let sorted = sort((states, judges), &names, &batch);
        decided.duplicates += sorted.duplicates;
        decided.observations.extend(sorted.observations.iter().map(|row| {
            let signer = row.signature.map(|signature| signature.key.to_string());
            (row.key, row.observation.to_owned(), signer)
        }));
        decided.quarantined.extend(sorted.quarantined.iter().map(|row| (row.at.offset, row.plan.clone(), row.reason)));
        decided.touched.extend(sorted.touched.iter().map(|plan| (*plan).to_owned()));
        decided.plans.extend(sorted.plans.iter().map(|plan| (*plan).to_owned()));
    }
    decided
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn a_batch_is_decided_as_its_records_one_by_one(
        lines in prop::collection::vec(any_line(), 1..200), size in 1_usize..120, judges in any::<bool>(),
    ) {
        let (mut one, mut other) = (configured().empty_states(), configured().empty_states());
        let expected = one_by_one(&mut one, &lines, judges);
        prop_assert_eq!(in_batches(&mut other, &lines, (size, judges)), expected);
        for (one, other) in one.values().zip(other.values()) {
            prop_assert_eq!(one.ledger().superseded(), other.ledger().superseded());
            for series in 0..2 {
                let figures = |state: &aggregator_core::plan_state::PlanState| -> Vec<_> {
                    let figures = state.ledger().figures(series, 0);
                    figures.map(|entry| (entry.index, entry.figure(), entry.revision, entry.restated())).collect()
                };
                prop_assert_eq!(figures(one), figures(other));
            }
        }
    }
}
