//! The first fill: what was there before the sink was, written a piece at a time beside the changes.
//!
//! Plan by plan in the order of their ids, of each its figures, then its KPIs. After each plan the store notes how far it is, so
//! that a killed process goes on there; a plan that was begun is written again. Only places are held, never points.

use super::plan::{WriteStep, remove_kpi};
use crate::plan_states::PlanStates;
use crate::sinks::sink::FillProgress;
use aggregator_core::points::FigureCursor;
use std::collections::{BTreeSet, VecDeque};

/// A fill under way.
#[derive(Debug)]
pub(super) struct Fill {
    /// Plans that were not begun, in order.
    plans: VecDeque<String>,
    /// The plan at work.
    at: Option<String>,
    /// What is left of it.
    pub(super) steps: VecDeque<WriteStep>,
    progress: FillProgress,
    /// KPIs (plan, index) whose earlier points are removed first; `None` is all.
    anew: Option<BTreeSet<(String, usize)>>,
}

impl Fill {
    /// What is left of `plans`, which are in order, once those up to `place` are written. One that another process began knows
    /// no more which points are obsolete: all KPIs are written `anew`.
    pub(super) fn behind(plans: Vec<String>, place: &str, anew: Option<BTreeSet<(String, usize)>>) -> Self {
        let total = plans.len();
        let plans: VecDeque<String> = plans.into_iter().filter(|plan| plan.as_str() > place).collect();
        let progress = FillProgress { plans: total, written: total - plans.len() };
        Self { plans, at: None, steps: VecDeque::new(), progress, anew }
    }

    /// How far it is.
    pub(super) fn progress(&self) -> FillProgress {
        self.progress
    }

    /// True of a plan that will be written yet.
    pub(super) fn is_due(&self, plan: &str) -> bool {
        self.at.as_deref() == Some(plan) || self.plans.binary_search_by(|due| due.as_str().cmp(plan)).is_ok()
    }

    /// The plan of which nothing is left; the next is begun after it.
    pub(super) fn finish_plan(&mut self) -> Option<String> {
        let done = if self.steps.is_empty() { self.at.take() } else { None };
        self.progress.written += usize::from(done.is_some());
        done
    }

    /// Begins the next plan when none is at work; false when none is left.
    pub(super) fn begin_plan(&mut self, states: &PlanStates) -> bool {
        if self.at.is_none() {
            let Some(plan) = self.plans.pop_front() else { return false };
            self.steps.push_back(WriteStep::Figures(plan.clone(), FigureCursor::default()));
            for kpi in 0..states.get(&plan).map_or(0, |state| state.catalogue.kpis.len()) {
                let of = (plan.clone(), kpi);
                if self.anew.as_ref().is_none_or(|anew| anew.contains(&of)) {
                    self.steps.extend(remove_kpi(states, &of));
                }
                self.steps.push_back(WriteStep::Kpi(of.0, kpi, None));
            }
            self.at = Some(plan);
        }
        true
    }

    /// Begins a plan again whose catalogue is another one: places in its KPIs are those of the one before.
    pub(super) fn begin_again(&mut self, plan: &str) {
        if let Some(plan) = self.at.take_if(|at| at == plan) {
            self.steps.clear();
            self.plans.push_front(plan);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fill_goes_on_behind_the_last_plan_that_is_whole() {
        let plans = || ["a", "b", "c"].map(str::to_owned).to_vec();
        let mut fill = Fill::behind(plans(), "a", None);
        assert_eq!(fill.progress(), FillProgress { plans: 3, written: 1 });
        assert!(!fill.is_due("a") && fill.is_due("b") && fill.is_due("c") && !fill.is_due("d"));
        let states = PlanStates::default();
        assert!(fill.begin_plan(&states) && fill.begin_plan(&states) && fill.is_due("b"));
        assert_eq!((fill.steps.len(), fill.finish_plan()), (1, None));
        // Of another catalogue: all of it again.
        fill.steps.push_back(WriteStep::Kpi("b".to_owned(), 0, None));
        fill.begin_again("c");
        assert_eq!(fill.steps.len(), 2);
        fill.begin_again("b");
        assert!(fill.steps.is_empty() && fill.is_due("b") && fill.begin_plan(&states));
        fill.steps.clear();
        assert_eq!((fill.finish_plan().as_deref(), fill.finish_plan()), (Some("b"), None));
        assert!(fill.begin_plan(&states) && !fill.is_due("b"));
        fill.steps.clear();
        assert_eq!(fill.finish_plan().as_deref(), Some("c"));
        assert!(!fill.begin_plan(&states));
        assert_eq!(fill.progress(), FillProgress { plans: 3, written: 3 });
        // One plan later than before: it came with its changes, or is written too.
        assert_eq!(Fill::behind(plans(), "bb", None).progress(), FillProgress { plans: 3, written: 2 });
    }
}
