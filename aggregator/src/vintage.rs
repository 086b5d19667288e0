//! Vintages: the state of a plan from only the records, and the catalogue, that were known at a time.
//!
//! This keeps a published figure provable: facts are only ever added, so the report without the later facts is the
//! report of that time. Quarantined records are facts too and are admitted by the catalogue of that time. Reads the stores of all partitions, writes nothing, and shares nothing with the pipeline.

pub use crate::shared_facts::{SharedFacts, each_quarantined};

use crate::plan_states::PlanStates;
pub(crate) use crate::shared_facts::observation;
use crate::store::{StoreError, StoreReader};
use aggregator_core::plan_state::PlanState;
use contract::catalogue::{self, Catalogue};
use contract::record::{CatalogueText, Observation, Record};
use contract::time::Micros;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// Later than any record: all records are included.
pub const NOW: Micros = Micros(i64::MAX);

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
    known_in(&SharedFacts::of_plan(readers, &configured.plan.id)?, configured, at)
}

/// The same from what was read for all plans; reads the observations of this one alone.
pub fn known_in(shared: &SharedFacts<'_>, configured: &Catalogue, at: Micros) -> Result<PlanVintage, StoreError> {
    let plan = configured.plan.id.as_str();
    let recorded = shared.catalogue_at(plan, at);
    let (catalogue, revision) =
        recorded.map_or_else(|| (configured.clone(), None), |(revision, catalogue)| (catalogue, Some(revision)));
    let mut state = PlanState::new(catalogue);
    for (revision, text) in shared.catalogues(plan).filter(|(revision, _)| *revision <= at) {
        state.publish(&CatalogueText { plan: plan.to_owned(), revision, text: text.to_owned() });
    }
    for retraction in shared.retractions(plan).iter().filter(|retraction| retraction.revision <= at) {
        state.retract(retraction);
    }
    let mut collectors: BTreeMap<String, Micros> = BTreeMap::new();
    for reader in shared.readers() {
        reader.each_observation_of(plan, |stored| {
            if stored.observation.revision <= at {
                // An observation that the catalogue does not admit was in quarantine at that time.
                let _ = state.insert(stored.observation);
            }
        })?;
        for (collector, last) in reader.collectors(plan)? {
            let known = collectors.entry(collector).or_insert(last);
            *known = last.max(*known);
        }
    }
    for observation in shared.quarantined(plan).iter().filter(|observation| observation.revision <= at) {
        let _ = state.insert(observation);
    }
    state.landings.compute();
    let doubts = doubts(collectors, shared.waiting(plan, at), at);
    Ok(PlanVintage { at, state, catalogue: revision, doubts })
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
