//! What was known at a time: a state of only the records, and the catalogue, of by then.
//!
//! A published figure stays provable because of this: facts are only ever added, so leaving out the later
//! ones gives back what was said. Quarantined records are facts too and are judged by the catalogue of
//! that time. Reads the stores of all partitions, writes nothing, and shares nothing with the pipeline.

use crate::pipeline::ConfiguredPlans;
use crate::plan_states::PlanStates;
use crate::store::{QuarantinedRecord, StoreError, StoreReader};
use aggregator_core::plan_state::PlanState;
use contract::catalogue::{self, Catalogue};
use contract::record::{Observation, Record};
use contract::time::Micros;
use contract::wire;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Later than any record: everything is known.
pub const NOW: Micros = Micros(i64::MAX);
/// Quarantined records read at once; each has at most 1 MB.
const STEP: usize = 500;

/// What was known of one plan at a time.
#[derive(Debug)]
pub struct PlanVintage {
    /// The time.
    pub at: Micros,
    /// Catalogue and figures as of then.
    pub state: PlanState,
    /// The revision of the catalogue record in force; `None` when none had come yet, and the
    /// configured one stands in.
    pub catalogue: Option<Micros>,
    /// Why the answer may still change; empty when it is settled and never will.
    pub doubts: Vec<UnsettledReason>,
}

impl PlanVintage {
    /// True when no record can still come, or come out of quarantine, that changes the answer.
    pub fn is_settled(&self) -> bool {
        self.doubts.is_empty()
    }
}

/// A reason why an answer about the past is not settled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsettledReason {
    /// Nobody has delivered a visit of this plan.
    #[error("no collector has delivered a visit yet")]
    NoCollector,
    /// A collector has not delivered a later visit.
    #[error("the collector {collector} has delivered no visit later than {last}")]
    Silent {
        /// Its id.
        collector: String,
        /// Its latest visit.
        last: Micros,
    },
    /// Records of by then wait in quarantine.
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

/// What was known of a plan at a time; `configured` stands in for a catalogue record that had not come yet.
pub fn known_at(readers: &[StoreReader], configured: &Catalogue, at: Micros) -> Result<PlanVintage, StoreError> {
    let plan = configured.plan.id.as_str();
    let (catalogue, revision) = catalogue_at(readers, configured, at)?;
    let mut state = PlanState::new(catalogue);
    let mut waiting = 0;
    let mut collectors: BTreeMap<String, Micros> = BTreeMap::new();
    for reader in readers {
        reader.at_one_moment(|reader| {
            each_fact(reader, at, |observation| {
                if observation.plan == plan {
                    // What that catalogue did not admit was in quarantine then.
                    let _ = state.insert(observation);
                }
            })?;
            each_quarantined(reader, |one| waiting += u64::from(blocks(one, plan, at)))?;
            for (collector, last) in reader.collectors(plan)? {
                let known = collectors.entry(collector).or_insert(last);
                *known = last.max(*known);
            }
            Ok::<_, StoreError>(())
        })?;
    }
    Ok(PlanVintage { at, state: state, catalogue: revision, doubts: doubts(collectors, waiting, at) })
}

/// The states of all configured plans as the stores hold them now, for a report beside or without a
/// running pipeline.
pub fn plan_states(readers: &[StoreReader], configured: &ConfiguredPlans) -> Result<PlanStates, StoreError> {
    let mut states = configured.empty_states();
    for reader in readers {
        reader.at_one_moment(|reader| {
            each_fact(reader, NOW, |observation| {
                if let Some(state) = states.get_mut(&observation.plan) {
                    // What is not admitted belongs into quarantine, and will be put there by the pipeline.
                    let _ = state.insert(observation);
                }
            })
        })?;
    }
    Ok(states)
}

fn doubts(collectors: BTreeMap<String, Micros>, waiting: u64, at: Micros) -> Vec<UnsettledReason> {
    let mut doubts = Vec::new();
    if collectors.is_empty() {
        doubts.push(UnsettledReason::NoCollector);
    }
    let silent = collectors.into_iter().filter(|(_, last)| *last <= at);
    doubts.extend(silent.map(|(collector, last)| UnsettledReason::Silent { collector, last }));
    if waiting > 0 {
        doubts.push(UnsettledReason::Quarantine { records: waiting });
    }
    doubts
}

/// The catalogue with the greatest (revision, text) up to a time, else the configured one.
fn catalogue_at(
    readers: &[StoreReader],
    configured: &Catalogue,
    at: Micros,
) -> Result<(Catalogue, Option<Micros>), StoreError> {
    let mut latest = None;
    for reader in readers {
        let found = reader.catalogue_at(&configured.plan.id, at)?;
        latest = latest.max(found.map(|found| (found.revision, found.text)));
    }
    // Only texts that could be read were stored; one that no longer can be is answered by the configured one.
    let read = |(revision, text): (Micros, String)| Some((catalogue::parse("record", &text).ok()?, Some(revision)));
    Ok(latest.and_then(read).unwrap_or_else(|| (configured.clone(), None)))
}

/// True when a quarantined record may belong to the plan and was there, or was seen, by then.
fn blocks(one: &QuarantinedRecord, plan: &str, at: Micros) -> bool {
    let record = wire::decode(&one.body).ok();
    let ours = record.is_none() || one.reason == "unknown_plan" || one.plan.as_deref() == Some(plan);
    ours && (one.at.time <= at || record.is_some_and(|record| record.revision() <= at))
}

/// Hands every observation up to a revision to `each`, those in quarantine too; without visit and place
/// unless it comes from there.
fn each_fact(reader: &StoreReader, upto: Micros, mut each: impl FnMut(&Observation)) -> Result<(), StoreError> {
    reader.each_observation(upto, |_, observation| each(observation))?;
    each_quarantined(reader, |one| {
        if let Some(observation) = observation(one).filter(|o| o.revision <= upto) {
            each(&observation);
        }
    })
}

/// Hands every quarantined record to `each`.
pub fn each_quarantined(reader: &StoreReader, mut each: impl FnMut(&QuarantinedRecord)) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let step = reader.quarantined(after, STEP)?;
        let Some(last) = step.last() else { return Ok(()) };
        after = last.id;
        step.iter().for_each(&mut each);
    }
}

/// The observation that a quarantined record is, if it is one.
pub(crate) fn observation(one: &QuarantinedRecord) -> Option<Observation> {
    match wire::decode(&one.body) {
        Ok(Record::Observation(observation)) => Some(observation),
        _ => None,
    }
}
