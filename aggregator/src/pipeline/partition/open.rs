//! Opens a partition: reads its facts into the plan states, and brings its derived rows up to them.

use super::arrivals::PollArrivals;
use super::backlog::Backlog;
use super::behind::BehindRows;
use super::derived::DerivedRows;
use super::fixed_decimals;
use super::rejudge::{self, UnadmittedObservation};
use crate::alerting::tracker::{AlertTracker, EvaluationTime, StoredJudgements};
use crate::keys::{self, Claim, KeyList, SignatureError};
use crate::pipeline::configured_plans::KEYS;
use crate::pipeline::setup::PipelineSetup;
use crate::pipeline::side_by_side::side_by_side;
use crate::plan_states::PlanStates;
use crate::store::{
    self, ObservationId, PlanNames, RollupRow, StoreError, StoreReader, StoreTally, StoreWriter, StoredObservation,
};
use crate::vintage;
use aggregator_core::admit::AdmissionError;
use aggregator_core::ledger::FigureKey;
use aggregator_core::rollup::Rollup;
use bus::{Failpoint, Partition, Position};
use contract::error::chain;
use contract::record::Record;
use contract::time::Micros;
use contract::wire;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A partition that is assigned to this instance.
#[derive(Debug)]
pub(crate) struct OpenPartition {
    pub(crate) writer: StoreWriter,
    /// Numbers of the ids of every configured plan.
    pub(crate) names: Arc<BTreeMap<String, PlanNames>>,
    /// The plans it has facts of.
    pub(crate) plans: BTreeSet<String>,
    /// What its stored derived rows lack.
    pub(crate) behind: BehindRows,
    /// The judgements it has stored.
    pub(crate) judged: StoredJudgements,
    /// Its alerts; `None` without a sink that follows alerts.
    pub(crate) alerts: Option<AlertTracker>,
    /// Whether the records of its polls have all come.
    pub(crate) arrivals: PollArrivals,
    /// What it holds.
    pub(crate) tally: StoreTally,
    /// Where reading the bus goes on.
    pub(crate) position: Option<Position>,
    /// What waited on the bus when it was assigned.
    pub(crate) backlog: Backlog,
    /// Derived rows that differed from the facts when it was opened.
    pub(crate) changed: u64,
}

/// The sinks that follow the stores.
#[derive(Clone, Debug, Default)]
pub(crate) struct SinkSubscriptions {
    /// Names of the sinks that follow changes; `None` leaves the subscriptions in the store as they are.
    pub(crate) changes: Option<Vec<&'static str>>,
    /// Names of the sinks that follow alerts; `None` leaves alerts as they are.
    pub(crate) alerts: Option<Vec<&'static str>>,
    /// True when everything must be sent to them again.
    pub(crate) resend: bool,
}

/// Opens the store of a partition and inserts its facts into the plan states. When it fails, the plan states may hold
/// a part of them and must be built again.
pub(crate) fn open(
    setup: &PipelineSetup,
    partition: Partition,
    states: &mut PlanStates,
    time: EvaluationTime,
    subscriptions: &SinkSubscriptions,
) -> Result<OpenPartition, StoreError> {
    let configured = &setup.configured;
    let mut writer = store::open_writer(&setup.data, partition)?;
    let keys = setup.keys.as_ref();
    // Nothing is written before the store is verified.
    let StoredFigures { mut plans, unadmitted, untold } =
        insert_verified(&mut writer, store::open_reader(&setup.data, partition)?, states, keys)?;
    for catalogue in configured.catalogues() {
        fixed_decimals::check(writer.read(), catalogue, states)?;
    }
    let digests = configured.digests(keys);
    // What a changed catalogue no longer has would stay with those sinks.
    let changed = writer.read().configuration()? != digests;
    writer.change(|change| {
        change.put_sinks(subscriptions.changes.as_deref(), subscriptions.resend || changed)?;
        let plans = configured.catalogues().filter(|_| changed);
        plans.map(|catalogue| &catalogue.plan.id).try_for_each(|plan| change.note_catalogue(plan))
    })?;
    let mut names = BTreeMap::new();
    writer.change(|change| {
        for catalogue in configured.catalogues() {
            let ids = change.plan_names(catalogue)?;
            change.put_decimals(&ids, catalogue)?;
            names.insert(catalogue.plan.id.clone(), ids);
        }
        Ok(())
    })?;
    if !unadmitted.is_empty() || changed {
        plans.extend(rejudge::all(&mut writer, None, states, keys, &names, partition, &unadmitted)?.plans);
    }
    plans.extend(writer.read().plans_with_facts()?);
    plans.retain(|plan| states.contains_key(plan));
    side_by_side(states.values_mut().collect(), |state| drop(state.settle(time.today.cutoff())));
    let stored = stored_derived(&mut writer)?;
    let notified = stored.1.clone();
    let mut judged = notified.clone();
    let mut derived = DerivedRows::of_difference(states, &names, &plans, time, stored);
    for (names, figures) in untold.into_iter().filter_map(|(plan, figures)| Some((names.get(&plan)?, figures))) {
        derived.tell(names, figures);
    }
    writer.change(|change| {
        derived.write(change)?;
        change.mark_derived()?;
        if changed { change.put_configuration(&digests) } else { Ok(()) }
    })?;
    let changed = derived.len() as u64;
    derived.apply_to(&mut judged);
    let tally = writer.read().conserved()?;
    let position = writer.read().position(partition)?;
    let arrivals = PollArrivals::load(writer.read())?;
    let alerts = match &subscriptions.alerts {
        Some(sinks) => track_alerts(&mut writer, (sinks, setup), notified, states, time)?,
        None => None,
    };
    let (names, backlog, behind) = (Arc::new(names), Backlog::default(), BehindRows::default());
    Ok(OpenPartition { writer, names, plans, behind, judged, alerts, arrivals, tally, position, backlog, changed })
}

/// What was found while all observations of a store were inserted.
#[derive(Debug, Default)]
pub(crate) struct StoredFigures {
    /// Plans with observations that count.
    pub(super) plans: BTreeSet<String>,
    /// Those that are not admitted any more.
    pub(super) unadmitted: Vec<UnadmittedObservation>,
    /// Those that came after the derived rows were written, by plan: no sink was told of them.
    untold: BTreeMap<String, Vec<FigureKey>>,
}

/// Loads the alerts for the sinks that follow them. The stored judgements are stepped once the partition has caught up
/// with the bus: a status may be bad from the first day on, or have changed while no pipeline ran.
fn track_alerts(
    writer: &mut StoreWriter,
    (sinks, setup): (&[&'static str], &PipelineSetup),
    notified: StoredJudgements,
    states: &PlanStates,
    time: EvaluationTime,
) -> Result<Option<AlertTracker>, StoreError> {
    writer.change(|change| change.put_alert_followers(sinks))?;
    if sinks.is_empty() {
        return Ok(None);
    }
    let mut tracker = AlertTracker::load(writer.read(), (setup.hold, Arc::clone(&setup.alerts)), notified, time.now)?;
    let has_kpi = |plan: &str, kpi: &str| states.get(plan).is_some_and(|state| state.catalogue.has_kpi(kpi));
    let transitions = tracker.resolve_removed(has_kpi, writer.read(), time.now)?;
    writer.change(|change| transitions.write(change))?;
    tracker.apply(transitions);
    Ok(Some(tracker))
}

/// Inserts all observations of a store while another thread verifies everything else in it: both take as long. Derived
/// rows are removed when only they are damaged.
fn insert_verified(
    writer: &mut StoreWriter,
    reader: StoreReader,
    states: &mut PlanStates,
    keys: &KeyList,
) -> Result<StoredFigures, StoreError> {
    let (inserted, verified) = std::thread::scope(|scope| {
        let verifying = scope.spawn(move || reader.verify());
        let inserted = insert_all(writer.read(), None, states, keys);
        (inserted, verifying.join())
    });
    let inserted = inserted?;
    if let Err(error) = verified.unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
        let why = chain(&error);
        writer.mend(error)?;
        tracing::warn!(why, "derived rows were damaged; they are computed again from the facts");
    }
    Ok(inserted)
}

/// The stored derived rows; none when one of them cannot be read: all are then computed again.
fn stored_derived(writer: &mut StoreWriter) -> Result<(BTreeMap<RollupRow, Rollup>, StoredJudgements), StoreError> {
    match (writer.read().rollups(), writer.read().judgements()) {
        (Ok(rollups), Ok(judgements)) => Ok((rollups, judgements)),
        (Err(error), _) | (_, Err(error)) if !error.is_damage() => Err(error),
        _ => {
            writer.remove_derived()?;
            Failpoint::DerivedRemoved.reached();
            Ok(Default::default())
        }
    }
}

/// Inserts all observations of a store, or those of some plans.
pub(super) fn insert_all(
    reader: &StoreReader,
    only: Option<&BTreeSet<String>>,
    states: &mut PlanStates,
    keys: &KeyList,
) -> Result<StoredFigures, StoreError> {
    take_statements(reader, states, keys)?;
    let mut found = StoredFigures::default();
    let derived = reader.derived_mark()?;
    let mut before = String::new();
    // Signatures were verified when they came, unless there were other keys.
    let other_keys = reader.configuration()?.get(KEYS) != Some(&keys.digest());
    let refused = if other_keys { refused_signatures(reader, keys)? } else { BTreeMap::new() };
    let mut insert = |StoredObservation { id, observation, signature }: StoredObservation<'_>| {
        let verified = match refused.get(&id) {
            Some(error) => Err(*error),
            None => keys.admits(Claim::of(observation), signature.as_ref()),
        };
        let outcome = match (verified, states.get_mut(&observation.plan)) {
            (Err(error), _) => Err(error.label()),
            (Ok(()), Some(state)) => state.insert(observation).map(|(key, _)| key).map_err(AdmissionError::label),
            (Ok(()), None) => Err(AdmissionError::UnknownPlan.label()),
        };
        match outcome {
            Err(reason) => {
                found.unadmitted.push(UnadmittedObservation { id, reason, signature });
            }
            Ok(key) => {
                if before != observation.plan {
                    observation.plan.clone_into(&mut before);
                    found.plans.insert(before.clone());
                }
                if id.came_after(derived) {
                    found.untold.entry(before.clone()).or_default().push(key);
                }
            }
        }
    };
    match only {
        Some(only) => only.iter().try_for_each(|plan| reader.each_observation_of(plan, &mut insert))?,
        None => reader.each_observation(insert)?,
    }
    Ok(found)
}

/// The signed observations whose signature does not hold by these keys. Each is read whole, as a signature covers all of it.
fn refused_signatures(
    reader: &StoreReader,
    keys: &KeyList,
) -> Result<BTreeMap<ObservationId, SignatureError>, StoreError> {
    let mut refused = BTreeMap::new();
    reader.each_whole_observation(|StoredObservation { id, observation, signature }| {
        if signature.is_none() {
            return;
        }
        let record = Record::Observation(observation.clone());
        if let Err(error) = keys.verify(&record, wire::signature(&keys::line(&record, signature.as_ref()))) {
            refused.insert(id, error);
        }
    })?;
    Ok(refused)
}

/// Takes the stored retractions and catalogues over into the plan states. A retraction whose signature no longer counts does not hold.
fn take_statements(reader: &StoreReader, states: &mut PlanStates, keys: &KeyList) -> Result<(), StoreError> {
    for (record, line) in reader.statements(Micros(i64::MAX))? {
        let Record::Retraction(retraction) = &record else { continue };
        if let (Ok(_), Some(state)) = (keys.verify(&record, wire::signature(&line)), states.get_mut(&retraction.plan)) {
            state.retract(retraction);
        }
    }
    vintage::publish_catalogues(reader, states.values_mut(), Micros(i64::MAX))
}

impl OpenPartition {
    /// Inserts the observations of some plans again, whose states were built anew.
    pub(crate) fn insert_again(
        &self,
        plans: &BTreeSet<String>,
        states: &mut PlanStates,
        keys: &KeyList,
    ) -> Result<(), StoreError> {
        if self.plans.is_disjoint(plans) { Ok(()) } else { insert_plans(self.writer.read(), plans, states, keys) }
    }
}

/// Inserts the observations that a store has of some plans.
pub(crate) fn insert_plans(
    reader: &StoreReader,
    plans: &BTreeSet<String>,
    states: &mut PlanStates,
    keys: &KeyList,
) -> Result<(), StoreError> {
    take_statements(reader, states, keys)?;
    for plan in plans {
        let Some(state) = states.get_mut(plan) else { continue };
        reader.each_observation_of(plan, |StoredObservation { observation, .. }| {
            // What is not admitted any more is judged when the store is opened for writing.
            let _ = state.insert(observation);
        })?;
    }
    Ok(())
}
