//! Plans the writes of some changes: figures to write, KPIs to write, and obsolete points to remove.

use super::schema::ObsoleteShape;
use crate::plan_states::PlanStates;
use crate::store::{ChangeRow, ChangedFigure};
use aggregator_core::plan_state::PlanState;
use aggregator_core::points::{FigureCursor, KpiWalk, figure};
use aggregator_core::rollup::RollupKey;
use contract::catalogue::SeriesRef;
use contract::period::Period;
use std::collections::{BTreeMap, BTreeSet};

/// A piece of the work, in order.
#[derive(Debug)]
pub(super) enum WriteStep {
    /// Remove obsolete points.
    Remove(ObsoleteShape),
    /// Write all figures of a plan from a place on.
    Figures(String, FigureCursor),
    /// Write a KPI (plan, index in its catalogue) on the days that are left, all when the walk has not begun.
    Kpi(String, usize, Option<KpiWalk>),
}

/// The writes that some changes need.
#[derive(Debug, Default)]
pub(super) struct PlannedWrites {
    /// Figures to write, by plan.
    pub(super) figures: BTreeMap<String, BTreeSet<RollupKey>>,
    /// KPIs to write (plan, index), and whether all their earlier points are to be removed first.
    pub(super) kpis: BTreeMap<(String, usize), bool>,
    /// Plans with another catalogue, of which all figures are to be written: its words stand in their points.
    pub(super) whole: BTreeSet<String>,
    plans: BTreeSet<String>,
    rules: BTreeSet<(String, String, String)>,
    grains: BTreeSet<(String, String, String, Period)>,
    single: BTreeSet<(String, String, String, Period)>,
    judged: BTreeSet<(String, String)>,
}

impl PlannedWrites {
    /// Adds a change of a plan's figures or judgements; `state` is `None` when the plan is not configured.
    pub(super) fn add(&mut self, state: Option<&PlanState>, changed: &ChangeRow) {
        let plan = || changed.plan.clone();
        let Some(state) = state else {
            self.plans.insert(plan());
            return;
        };
        let kpis = || state.catalogue.kpis.iter().enumerate();
        match (&changed.figure, &changed.kpi) {
            (Some(figure), _) => self.add_figure(state, plan(), figure),
            (None, Some(kpi)) => match kpis().find(|(_, k)| k.id == *kpi) {
                Some((index, _)) => drop(self.kpis.entry((plan(), index)).or_default()),
                None => drop(self.judged.insert((plan(), kpi.clone()))),
            },
            (None, None) => {
                self.whole.insert(plan());
                self.kpis.extend(kpis().map(|(index, _)| ((plan(), index), true)));
            }
        }
    }

    fn add_figure(&mut self, state: &PlanState, plan: String, changed: &ChangedFigure) {
        let ChangedFigure { series, definition, period } = changed.clone();
        let Some(key) = state.key(&series, &definition, period) else {
            self.rules.insert((plan, series, definition));
            return;
        };
        let of = SeriesRef { series: usize::from(key.series), definition: usize::from(key.definition) };
        if !figure::has_grain(&state.catalogue.series[of.series], period.grain) {
            // One period stands for its grain.
            self.grains.insert((plan, series, definition, Period { index: 0, ..period }));
            return;
        }
        let takes =
            |(index, kpi): (usize, &contract::catalogue::Kpi)| kpi.measure.parts().contains(&of).then_some(index);
        for kpi in state.catalogue.kpis.iter().enumerate().filter_map(takes) {
            self.kpis.entry((plan.clone(), kpi)).or_default();
        }
        if state.figure_point(key).is_some() {
            self.figures.entry(plan).or_default().insert(key);
        } else {
            self.single.insert((plan, series, definition, period));
        }
    }

    /// Obsolete points, in as few removals as select nothing else. `moment` gives the moment of a figure.
    pub(super) fn obsolete(
        &self,
        moment: impl Fn(&str, &str, Period) -> Option<contract::time::Moment>,
    ) -> Vec<ObsoleteShape> {
        let mut obsolete: Vec<ObsoleteShape> =
            self.plans.iter().map(|plan| ObsoleteShape::Plan(plan.clone())).collect();
        obsolete.extend(self.judged.iter().map(|(plan, kpi)| ObsoleteShape::Kpi(plan.clone(), kpi.clone())));
        let rule = |(p, s, d): &(String, String, String)| ObsoleteShape::Rule(p.clone(), s.clone(), d.clone(), None);
        obsolete.extend(self.rules.iter().map(rule));
        obsolete.extend(
            self.grains.iter().map(|(p, s, d, g)| ObsoleteShape::Rule(p.clone(), s.clone(), d.clone(), Some(g.grain))),
        );
        let mut before: Option<&(String, String, String, Period)> = None;
        for one in &self.single {
            let (plan, series, definition, period) = one;
            let Some(at) = moment(plan, series, *period) else { continue };
            let follows = |b: &(String, String, String, Period)| {
                (&b.0, &b.1, &b.2, b.3.next()) == (plan, series, definition, *period)
            };
            match obsolete.last_mut() {
                // Nothing can lie between neighbours, so one removal selects both.
                Some(ObsoleteShape::Figures(.., last)) if before.is_some_and(follows) => *last = at,
                _ => {
                    let (p, s, d) = (plan.clone(), series.clone(), definition.clone());
                    obsolete.push(ObsoleteShape::Figures(p, s, d, period.grain, at, at));
                }
            }
            before = Some(one);
        }
        obsolete
    }
}

/// Removes all points of a KPI that is there.
pub(super) fn remove_kpi(states: &PlanStates, (plan, kpi): &(String, usize)) -> Option<WriteStep> {
    let kpi = states.get(plan)?.catalogue.kpis.get(*kpi)?;
    Some(WriteStep::Remove(ObsoleteShape::Kpi(plan.clone(), kpi.id.clone())))
}

/// All KPIs of some plans, none of them anew.
pub(super) fn all_kpis(states: &PlanStates, plans: &[String]) -> BTreeMap<(String, usize), bool> {
    let of = |plan: &String| {
        let count = states.get(plan).map_or(0, |state| state.catalogue.kpis.len());
        (0..count).map(|kpi| ((plan.clone(), kpi), false)).collect::<Vec<_>>()
    };
    plans.iter().flat_map(of).collect()
}

/// What planned writes say is obsolete.
pub(super) fn obsolete(planned: &PlannedWrites, plans: &PlanStates) -> Vec<ObsoleteShape> {
    planned.obsolete(|plan, series, period| {
        let (_, series) = plans.get(plan)?.catalogue.series_named(series)?;
        Some(figure::moment(series, period))
    })
}
