//! Vintages: the state of a plan from only the records, and the catalogue, that were known at a time.
//!
//! This keeps a published figure provable: facts are only ever added, so the report without the later facts is the
//! report of that time. Quarantined records are facts too and are admitted by the catalogue of that time. Reads the stores of all partitions, writes nothing, and shares nothing with the pipeline.

use crate::keys::SignatureError;
use crate::plan_states::PlanStates;
use crate::store::{QuarantinedRecord, StoreError, StoreReader};
use aggregator_core::admit::{AdmissionError, is_ahead};
use aggregator_core::plan_state::PlanState;
use contract::catalogue::{self, Catalogue};
use contract::record::{Observation, Record};
use contract::time::Micros;
use contract::wire;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Later than any record: all records are included.
pub const NOW: Micros = Micros(i64::MAX);
/// Quarantined records read at once; each has at most 1 MB.
const STEP: usize = 500;

/// The vintage of one plan.
#[derive(Debug)]
pub struct PlanVintage {
    /// The time.
    pub at: Micros,
    /// Catalogue and figures known at that time.
    pub state: PlanState,
    /// The revision of the catalogue record in force; `None` when there was none yet, and the
    /// configured catalogue is used.
    pub catalogue: Option<Micros>,
    /// Why the answer may still change; empty when it is settled.
    pub doubts: Vec<UnsettledReason>,
}

impl PlanVintage {
    /// True when no record can still arrive, or leave quarantine, that changes the answer.
    pub fn is_settled(&self) -> bool {
        self.doubts.is_empty()
    }
}

/// A reason why an answer about the past is not settled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsettledReason {
    /// No collector has delivered a poll record of this plan.
    #[error("no collector has delivered a visit yet")]
    NoCollector,
    /// A collector has not delivered a later poll record.
    #[error("the collector {collector} has delivered no visit later than {last}")]
    Silent {
        /// Its id.
        collector: String,
        /// Its latest poll record.
        last: Micros,
    },
    /// Records of that time are in quarantine.
    #[error("{records} records of by then are in quarantine")]
    Quarantine {
        /// How many.
        records: u64,
    },
}

impl Serialize for UnsettledReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The vintage of a plan at a time; `configured` replaces a catalogue record that did not exist yet.
pub fn known_at(readers: &[StoreReader], configured: &Catalogue, at: Micros) -> Result<PlanVintage, StoreError> {
    let plan = configured.plan.id.as_str();
    let (catalogue, revision) = catalogue_at(readers, configured, at)?;
    let mut state = PlanState::new(catalogue);
    let mut quarantined = 0;
    let mut collectors: BTreeMap<String, Micros> = BTreeMap::new();
    for reader in readers {
        reader.at_one_moment(|reader| {
            publish_catalogues(reader, [&mut state], at)?;
            for retraction in reader.retractions(plan, at)? {
                state.retract(&retraction);
            }
            each_fact_of(reader, plan, at, |observation| {
                // An observation that the catalogue does not admit was in quarantine at that time.
                let _ = state.insert(observation);
            })?;
            each_quarantined(reader, |one| quarantined += u64::from(blocks(one, plan, at)))?;
            for (collector, last) in reader.collectors(plan)? {
                let known = collectors.entry(collector).or_insert(last);
                *known = last.max(*known);
            }
            Ok::<_, StoreError>(())
        })?;
    }
    state.landings.compute();
    Ok(PlanVintage { at, state, catalogue: revision, doubts: doubts(collectors, quarantined, at) })
}

/// Fills empty plan states from the stores, for a report beside or without a running pipeline.
pub fn plan_states(readers: &[StoreReader], mut states: PlanStates) -> Result<PlanStates, StoreError> {
    for reader in readers {
        reader.at_one_moment(|reader| {
            publish_catalogues(reader, states.values_mut(), NOW)?;
            for (record, _) in reader.statements(NOW)? {
                let Record::Retraction(retraction) = &record else { continue };
                if let Some(state) = states.get_mut(&retraction.plan) {
                    state.retract(retraction);
                }
            }
            // The pipeline will put observations that are not admitted into quarantine.
            if states.len() == 1 {
                return states.iter_mut().try_for_each(|(plan, state)| {
                    each_fact_of(reader, plan, NOW, |observation| {
                        let _ = state.insert(observation);
                    })
                });
            }
            each_fact(reader, |observation| {
                if let Some(state) = states.get_mut(&observation.plan) {
                    let _ = state.insert(observation);
                }
            })
        })?;
    }
    for state in states.values_mut() {
        state.landings.compute();
    }
    Ok(states)
}

/// Takes the recorded catalogues up to a revision over into plan states.
pub(crate) fn publish_catalogues<'a>(
    reader: &StoreReader,
    states: impl IntoIterator<Item = &'a mut PlanState>,
    upto: Micros,
) -> Result<(), StoreError> {
    let mut states: BTreeMap<String, &mut PlanState> =
        states.into_iter().map(|state| (state.catalogue.plan.id.clone(), state)).collect();
    reader.each_recorded_catalogue(upto, |text| {
        if let Some(state) = states.get_mut(&text.plan) {
            state.publish(&text);
        }
    })
}

fn doubts(collectors: BTreeMap<String, Micros>, quarantined: u64, at: Micros) -> Vec<UnsettledReason> {
    let mut doubts = Vec::new();
    if collectors.is_empty() {
        doubts.push(UnsettledReason::NoCollector);
    }
    let silent = collectors.into_iter().filter(|(_, last)| *last <= at);
    doubts.extend(silent.map(|(collector, last)| UnsettledReason::Silent { collector, last }));
    if quarantined > 0 {
        doubts.push(UnsettledReason::Quarantine { records: quarantined });
    }
    doubts
}

/// The catalogue in force at a time, else the configured one.
fn catalogue_at(
    readers: &[StoreReader],
    configured: &Catalogue,
    at: Micros,
) -> Result<(Catalogue, Option<Micros>), StoreError> {
    let recorded = recorded_catalogue(readers, &configured.plan.id, at)?;
    Ok(recorded.map_or_else(|| (configured.clone(), None), |(revision, catalogue)| (catalogue, Some(revision))))
}

/// The recorded catalogue of a plan with the greatest (revision, text) up to a time; `None` where there is none, or where it is
/// not valid any more.
pub(crate) fn recorded_catalogue(
    readers: &[StoreReader],
    plan: &str,
    at: Micros,
) -> Result<Option<(Micros, Catalogue)>, StoreError> {
    let mut latest = None;
    for reader in readers {
        let found = reader.catalogue_at(plan, at)?;
        latest = latest.max(found.map(|found| (found.revision, found.text)));
    }
    Ok(latest.and_then(|(revision, text)| Some((revision, catalogue::parse("record", &text).ok()?))))
}

/// True when a quarantined record may belong to the plan and had arrived, or been collected, by that time.
fn blocks(one: &QuarantinedRecord, plan: &str, at: Micros) -> bool {
    // What was retracted is part of every earlier answer, and of no later one.
    if one.reason == AdmissionError::Retracted.label() {
        return false;
    }
    let record = wire::decode(&one.body).ok();
    let of_plan = record.is_none() || one.reason == "unknown_plan" || one.plan.as_deref() == Some(plan);
    of_plan && (one.at.time <= at || record.is_some_and(|record| record.revision() <= at))
}

/// Calls `each` with every observation, those in quarantine too; only those have their poll and place.
fn each_fact(reader: &StoreReader, mut each: impl FnMut(&Observation)) -> Result<(), StoreError> {
    reader.each_observation(|stored| each(stored.observation))?;
    each_quarantined(reader, |one| {
        if let Some(observation) = observation(one) {
            each(&observation);
        }
    })
}

/// The same of one plan, up to a revision; reads no observations of others.
pub(crate) fn each_fact_of(
    reader: &StoreReader,
    plan: &str,
    upto: Micros,
    mut each: impl FnMut(&Observation),
) -> Result<(), StoreError> {
    reader.each_observation_of(plan, |stored| {
        if stored.observation.revision <= upto {
            each(stored.observation);
        }
    })?;
    each_quarantined(reader, |one| {
        if let Some(observation) = observation(one).filter(|o| o.plan == plan && o.revision <= upto) {
            each(&observation);
        }
    })
}

/// Calls `each` with every quarantined record.
pub fn each_quarantined(reader: &StoreReader, mut each: impl FnMut(&QuarantinedRecord)) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let step = reader.quarantined(after, STEP)?;
        let Some(last) = step.last() else { return Ok(()) };
        after = last.id;
        step.iter().for_each(&mut each);
    }
}

/// The observation that a quarantined record is, if it is one that a catalogue may admit: its signature is in order, which is
/// no matter of time, and it was not ahead when the bus took it.
pub(crate) fn observation(one: &QuarantinedRecord) -> Option<Observation> {
    if SignatureError::is_label(&one.reason) {
        return None;
    }
    match wire::decode(&one.body) {
        Ok(Record::Observation(observation)) => {
            let is_future = one.reason == AdmissionError::Future.label();
            Some(observation).filter(|observation| !(is_future && is_ahead(observation.revision, one.at.time)))
        }
        _ => None,
    }
}
