//! Inserts the observations of a batch into the plan states, those of a plan together: their ids are looked up once, and the
//! ledger reads ahead.

use super::decoded_batch::{BatchObservation, BatchRecord, DecodedBatch};
use super::disposition::Disposition;
use crate::plan_states::PlanStates;
use aggregator_core::admit::{AdmissionError, is_ahead};
use contract::wire::FigureIds;
use rustc_hash::FxHashMap;

/// The observations of one plan, each with its place among those of the batch.
struct OfPlan<'a> {
    plan: &'a str,
    observations: Vec<(usize, &'a BatchObservation)>,
}

/// Inserts them; gives the disposition of each, in their order. Observations of one plan are inserted in their order: of two
/// that are the same, the later is the duplicate.
pub(super) fn insert(states: &mut PlanStates, decoded: &DecodedBatch, judges_append_time: bool) -> Vec<Disposition> {
    let (by_plan, mut dispositions) = group(decoded, judges_append_time);
    let resolve = |ids: &FigureIds| {
        let state = states.get(&*ids.plan).ok_or(AdmissionError::UnknownPlan)?;
        state.resolve((&ids.plan, &ids.series, &ids.definition, &ids.source))
    };
    let resolved: Vec<_> = decoded.ids.iter().map(|ids| resolve(ids)).collect();
    for OfPlan { plan, observations } in by_plan {
        let Some(state) = states.get_mut(plan) else { continue };
        let with_ids = observations.iter().map(|(_, one)| (resolved[one.ids as usize], decoded.observation(one)));
        for ((place, _), inserted) in observations.iter().zip(state.insert_resolved(with_ids)) {
            dispositions[*place] = inserted.into();
        }
    }
    dispositions
}

/// The observations that may count by their time, by plan; and a disposition for each of the batch, which holds unless it is
/// inserted.
fn group<'a>(decoded: &'a DecodedBatch, judges_append_time: bool) -> (Vec<OfPlan<'a>>, Vec<Disposition>) {
    let (mut by_plan, mut dispositions) = (Vec::new(), Vec::with_capacity(decoded.records.len()));
    let mut group_of_plan: FxHashMap<&str, usize> = FxHashMap::default();
    let mut group_of = |plan: &'a str| {
        *group_of_plan.entry(plan).or_insert_with(|| {
            by_plan.push(OfPlan { plan, observations: Vec::new() });
            by_plan.len() - 1
        })
    };
    let group_of_ids: Vec<usize> = decoded.ids.iter().map(|ids| group_of(&ids.plan)).collect();
    for ((_, appended, _), record) in decoded.batch.iter().zip(&decoded.records) {
        let BatchRecord::Observation(one) = record else { continue };
        // Before all else, so that a copy that came too early is decided the same before and behind one that did not.
        if judges_append_time && is_ahead(one.revision, appended) {
            dispositions.push(Disposition::Quarantined(AdmissionError::Future.label()));
            continue;
        }
        by_plan[group_of_ids[one.ids as usize]].observations.push((dispositions.len(), one));
        dispositions.push(Disposition::Quarantined(AdmissionError::UnknownPlan.label()));
    }
    (by_plan, dispositions)
}
