//! Which landings the written points of each KPI have. A landing is computed after its figures were written, and no change in
//! the store names it.

use crate::plan_states::PlanStates;
use aggregator_core::plan_state::PlanState;
use rustc_hash::FxHashMap;

/// How often the landings of each KPI (plan, index) had been set when its points were made.
#[derive(Debug, Default)]
pub(super) struct WrittenLandings(FxHashMap<(String, usize), u64>);

impl WrittenLandings {
    /// The points of a KPI are made now.
    pub(super) fn note(&mut self, plan: &str, kpi: usize, state: &PlanState) {
        self.0.insert((plan.to_owned(), kpi), state.landings.revision(kpi));
    }

    /// KPIs that have other landings since.
    pub(super) fn changed(&self, states: &PlanStates) -> Vec<(String, usize)> {
        let other = |((plan, kpi), before): (&(String, usize), &u64)| {
            let state = states.get(plan)?;
            (state.landings.revision(*kpi) != *before).then(|| (plan.clone(), *kpi))
        };
        self.0.iter().filter_map(other).collect()
    }
}
