//! The observation that counts for each figure at both times, by the upsert rule.

use super::model::{FigureChange, MAX_CHANGES};
use crate::explain::evidence::{PollLookup, label, revision_evidence};
use crate::store::{ObservationId, StoreError, StoreReader};
use crate::vintage::SharedFacts;
use aggregator_core::plan_state::PlanState;
use contract::record::{Observation, Span};
use contract::time::Micros;
use contract::wire;
use std::collections::{BTreeMap, BTreeSet};

/// Series, definition, period, source.
type FigureKey = (String, String, Span, String);

/// The greatest (revision, canonical bytes) of a figure, and its place.
#[derive(Clone, Debug)]
struct CurrentFigure {
    revision: Micros,
    canonical: Vec<u8>,
    place: RecordPlace,
}

#[derive(Clone, Debug)]
enum RecordPlace {
    /// In the store of that number, under an id.
    Store(usize, ObservationId),
    /// In quarantine, and admitted by the catalogue of the vintage.
    Quarantine(Box<Observation>),
}

#[derive(Debug, Default)]
struct Versions {
    before: Option<CurrentFigure>,
    after: Option<CurrentFigure>,
}

/// The figures that differ, in order, and how many more there are.
pub(super) fn changes(
    shared: &SharedFacts<'_>,
    before: (&PlanState, Micros),
    after: (&PlanState, Micros),
) -> Result<(Vec<FigureChange>, usize), StoreError> {
    let (readers, plan) = (shared.readers(), after.0.catalogue.plan.id.as_str());
    let mut all: BTreeMap<FigureKey, Versions> = BTreeMap::new();
    let mut take = |observation: &Observation, place: &dyn Fn() -> RecordPlace| {
        if observation.plan != plan || observation.revision > after.1 {
            return;
        }
        let admitted_before = observation.revision <= before.1 && before.0.admit(observation).is_ok();
        let admitted_after = after.0.admit(observation).is_ok();
        if !admitted_before && !admitted_after {
            return;
        }
        let (series, definition) = (observation.series.clone(), observation.definition.clone());
        let versions = all.entry((series, definition, observation.period, observation.source.clone())).or_default();
        let canonical = wire::canonical(observation);
        for (admitted, slot) in [(admitted_before, &mut versions.before), (admitted_after, &mut versions.after)] {
            let greater = slot
                .as_ref()
                .is_none_or(|current| (observation.revision, &canonical) > (current.revision, &current.canonical));
            if admitted && greater {
                *slot = Some(CurrentFigure {
                    revision: observation.revision,
                    canonical: canonical.clone(),
                    place: place(),
                });
            }
        }
    };
    for (number, reader) in readers.iter().enumerate() {
        reader.each_observation_of(plan, |one| take(one.observation, &|| RecordPlace::Store(number, one.id)))?;
    }
    for observation in shared.quarantined(plan) {
        take(observation, &|| RecordPlace::Quarantine(Box::new(observation.clone())));
    }
    let canonical = |figure: &Option<CurrentFigure>| figure.as_ref().map(|figure| figure.canonical.clone());
    all.retain(|_, versions| canonical(&versions.before) != canonical(&versions.after));
    let more = all.len().saturating_sub(MAX_CHANGES);
    let shown: Vec<(FigureKey, Versions)> = all.into_iter().take(MAX_CHANGES).collect();
    let stored = stored(readers, &shown)?;
    let mut polls = PollLookup::new(readers);
    let mut changes = Vec::new();
    for ((series, definition, span, source), versions) in shown {
        let plans = [after.0, before.0];
        let decimals = plans.iter().find_map(|plan| plan.catalogue.decimals_named(&series, &definition));
        let mut evidence = |figure: Option<CurrentFigure>| match figure.and_then(|one| one.place.observation(&stored)) {
            Some(observation) => {
                let poll = polls.find(&observation)?;
                Ok(Some(revision_evidence(&observation, poll, decimals.unwrap_or_default())))
            }
            None => Ok::<_, StoreError>(None),
        };
        let (before_evidence, after_evidence) = (evidence(versions.before)?, evidence(versions.after)?);
        // A series that was dropped is still in the earlier catalogue.
        let found = plans.into_iter().find_map(|plan| plan.catalogue.series_named(&series));
        let period = found.map_or_else(|| format!("{span:?}"), |(_, found)| label(span, found.shape, found.grain));
        changes.push(FigureChange {
            series,
            definition,
            period,
            source,
            before: before_evidence,
            after: after_evidence,
        });
    }
    Ok((changes, more))
}

/// The observations of the figures that are shown, whole, by store.
type StoredObservations = Vec<BTreeMap<ObservationId, Observation>>;

fn stored(readers: &[StoreReader], shown: &[(FigureKey, Versions)]) -> Result<StoredObservations, StoreError> {
    let mut ids = vec![BTreeSet::new(); readers.len()];
    for figure in shown.iter().flat_map(|(_, versions)| versions.before.iter().chain(&versions.after)) {
        if let RecordPlace::Store(number, id) = figure.place {
            ids[number].insert(id);
        }
    }
    readers.iter().zip(&ids).map(|(reader, ids)| reader.observations(ids)).collect()
}

impl RecordPlace {
    /// The observation there; `None` when it went into quarantine since it was found.
    fn observation(self, stored: &StoredObservations) -> Option<Observation> {
        match self {
            Self::Store(number, id) => stored[number].get(&id).cloned(),
            Self::Quarantine(observation) => Some(*observation),
        }
    }
}
