//! Opening a partition: its facts into the states, and its derived rows brought up to them.

use super::ConfiguredPlans;
use super::alert_tracker::AlertTracker;
use super::derived::{Derived, Judged};
use super::rejudge::{self, UnadmittedObservation};
use crate::plan_states::PlanStates;
use crate::store::{self, PlanNames, RollupRow, StoreError, StoreReader, StoreTally, StoreWriter};
use aggregator_core::admit::AdmissionError;
use aggregator_core::report_period::ReportPeriod;
use aggregator_core::rollup::Rollup;
use bus::{Failpoint, Partition, Position};
use contract::error::chain;
use contract::time::Micros;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A partition that is ours.
#[derive(Debug)]
pub(super) struct OpenPartition {
    pub(super) writer: StoreWriter,
    /// Numbers of the ids of every configured plan.
    pub(super) names: BTreeMap<String, PlanNames>,
    /// The plans it has facts of.
    pub(super) plans: BTreeSet<String>,
    /// The judgements it has stored.
    pub(super) judged: Judged,
    /// The judgements that stood when it was opened, of which people may have been told; the watch takes them.
    pub(super) judged_before: Judged,
    /// The alerts that stand; `None` when nobody is told of any.
    pub(super) alerts: Option<AlertTracker>,
    /// What it holds.
    pub(super) tally: StoreTally,
    /// Where reading the bus goes on.
    pub(super) position: Option<Position>,
    /// Derived rows that differed from the facts when it was opened.
    pub(super) changed: u64,
}

/// Who follows the stores, as [`super::Setup`] says.
#[derive(Clone, Debug, Default)]
pub(super) struct SinkSubscriptions {
    /// Names of the sinks that follow changes; `None` leaves those that follow as they are.
    pub(super) changes: Option<Vec<&'static str>>,
    /// Names of those that follow alerts; `None` leaves alerts as they are.
    pub(super) alerts: Option<Vec<&'static str>>,
    /// True when they are to be told everything anew.
    pub(super) resend: bool,
}

/// Opens the store of a partition and enters its facts in the states. When it fails, the states may hold
/// a part of them and must be made again.
pub(super) fn open(
    dir: &Path,
    partition: Partition,
    configured: &ConfiguredPlans,
    states: &mut PlanStates,
    today: ReportPeriod,
    followers: &SinkSubscriptions,
) -> Result<OpenPartition, StoreError> {
    let mut writer = store::open_writer(dir, partition)?;
    // Nothing is written before it is known to be whole.
    let (mut plans, unwanted) = insert_verified(&mut writer, store::open_reader(dir, partition)?, states)?;
    let digests = configured.digests();
    // What a changed catalogue no longer has would stay with those who were told of it.
    let changed = writer.read().configuration()? != digests;
    writer.change(|change| {
        change.put_sinks(followers.changes.as_deref(), followers.resend || changed)?;
        let plans = configured.catalogues().filter(|_| changed);
        plans.map(|catalogue| &catalogue.plan.id).try_for_each(|plan| change.note_catalogue(plan))
    })?;
    let mut names = BTreeMap::new();
    writer.change(|change| {
        for catalogue in configured.catalogues() {
            names.insert(catalogue.plan.id.clone(), change.plan_names(catalogue)?);
        }
        Ok(())
    })?;
    if !unwanted.is_empty() || changed {
        plans.extend(rejudge::all(&mut writer, states, &names, partition, &unwanted)?);
    }
    plans.extend(writer.read().plans_visited()?);
    plans.retain(|plan| states.contains_key(plan));
    for state in states.values_mut() {
        state.settle(today.cutoff());
    }
    let stored = stored_derived(&mut writer)?;
    let told = stored.1.clone();
    let mut judged = told.clone();
    let derived = Derived::of_difference(states, &names, &plans, today, stored);
    writer.change(|change| {
        derived.write(change)?;
        change.put_configuration(&digests)
    })?;
    let changed = derived.len() as u64;
    derived.apply_to(&mut judged);
    let tally = writer.read().conserved()?;
    let position = writer.read().position(partition)?;
    Ok(OpenPartition { writer, names, plans, judged, judged_before: told, alerts: None, tally, position, changed })
}

/// Enters all observations of a store while another thread has a look at everything else in it: both take as long. What
/// is derived is made again when only that is damaged.
fn insert_verified(
    writer: &mut StoreWriter,
    reader: StoreReader,
    states: &mut PlanStates,
) -> Result<(BTreeSet<String>, Vec<UnadmittedObservation>), StoreError> {
    let (entered, verified) = std::thread::scope(|scope| {
        let verifying = scope.spawn(move || reader.verify());
        let entered = insert_all(writer, states);
        (entered, verifying.join())
    });
    let entered = entered?;
    if let Err(error) = verified.unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
        let why = chain(&error);
        writer.mend(error)?;
        tracing::warn!(why, "what is derived was damaged; it is made again from the facts");
    }
    Ok(entered)
}

/// The derived rows that are stored; none when one of them cannot be read: all are then made again.
fn stored_derived(writer: &mut StoreWriter) -> Result<(BTreeMap<RollupRow, Rollup>, Judged), StoreError> {
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

/// Enters all observations of a store. Gives the plans of those, and the ones that are not admitted any more.
fn insert_all(
    writer: &StoreWriter,
    states: &mut PlanStates,
) -> Result<(BTreeSet<String>, Vec<UnadmittedObservation>), StoreError> {
    let (mut plans, mut unwanted) = (BTreeSet::new(), Vec::new());
    let mut before = String::new();
    writer.read().each_observation(Micros(i64::MAX), |id, observation| {
        let outcome = match states.get_mut(&observation.plan) {
            Some(state) => state.insert(observation).map(drop),
            None => Err(AdmissionError::UnknownPlan),
        };
        match outcome {
            Err(refusal) => unwanted.push(UnadmittedObservation { id, reason: refusal.label() }),
            Ok(()) if before != observation.plan => {
                observation.plan.clone_into(&mut before);
                plans.insert(before.clone());
            }
            Ok(()) => {}
        }
    })?;
    Ok((plans, unwanted))
}

impl OpenPartition {
    /// Enters the observations of some plans again, whose states were made anew.
    pub(super) fn insert_again(&self, plans: &BTreeSet<String>, states: &mut PlanStates) -> Result<(), StoreError> {
        if self.plans.is_disjoint(plans) {
            return Ok(());
        }
        self.writer.read().each_observation(Micros(i64::MAX), |_, observation| {
            if let Some(state) = states.get_mut(&observation.plan).filter(|_| plans.contains(&observation.plan)) {
                // It was admitted when this store was opened, by the same catalogue.
                let _ = state.insert(observation);
            }
        })
    }
}
