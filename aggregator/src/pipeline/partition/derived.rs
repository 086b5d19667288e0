//! The rows derived from the figures, rollups and judgements, as differences from what is stored.

use crate::alerting::tracker::{EvaluationTime, StoredJudgements};
use crate::pipeline::side_by_side::side_by_side;
use crate::plan_states::PlanStates;
use crate::store::{PlanNames, RollupRow, StoreError, StoreTransaction};
use aggregator_core::ledger::FigureKey;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::KpiReport;
use aggregator_core::report_period::ReportPeriod;
use aggregator_core::rollup::{Rollup, RollupKey};
use contract::period::{Grain, Period};
use contract::time::Micros;
use rustc_hash::FxHashSet;
use std::collections::{BTreeMap, BTreeSet};

/// Derived rows to write: new, different, or gone (`None`).
#[derive(Clone, Debug, Default)]
pub(crate) struct DerivedRows {
    rollups: Vec<(RollupRow, Option<Rollup>)>,
    judgements: Vec<((i64, i64), Option<String>)>,
    /// Figures that came: not derived, but told to sinks like those that are.
    figures: Vec<RollupRow>,
}

/// Plans whose judgements are held at once before they are compared with those that are stored.
const JUDGED_AT_ONCE: usize = 64;

/// The report period of a moment: its civil day.
pub(crate) fn report_day(now: Micros) -> ReportPeriod {
    ReportPeriod(Period { grain: Grain::Day, index: now.moment().day() })
}

/// The judgements of a plan.
fn judge(state: &PlanState, names: &PlanNames, time: EvaluationTime) -> Vec<((i64, i64), String)> {
    let index = |id: &str| state.catalogue.kpis.iter().position(|kpi| kpi.id == id);
    let json = |kpi| serde_json::to_string(kpi).unwrap_or_default();
    // A judgement is stored when figures change. Recorded catalogues change none, so what they changed is not part of it.
    let plain = |kpi| KpiReport { first_target: None, target_changes: Vec::new(), ..kpi };
    let kpis: Vec<KpiReport> = state.report(time.period(state), false).kpis.into_iter().map(plain).collect();
    kpis.iter().filter_map(|kpi| Some(((names.plan, names.kpis[index(&kpi.id)?]), json(kpi)))).collect()
}

impl DerivedRows {
    /// What settling changed of a plan, compared with the stored judgements. In the order of the table, which makes writing
    /// cheap.
    pub(crate) fn of_plan(
        (state, names): (&PlanState, &PlanNames),
        changed: FxHashSet<RollupKey>,
        time: EvaluationTime,
        stored: &StoredJudgements,
    ) -> Self {
        let judgements = judge(state, names, time).into_iter().filter(|(row, json)| stored.get(row) != Some(json));
        let rollups = changed.into_iter().map(|key| (names.row(key), state.rollups().get(&key)));
        let mut fresh = Self {
            rollups: rollups.collect(),
            judgements: judgements.map(|(row, json)| (row, Some(json))).collect(),
            figures: Vec::new(),
        };
        fresh.rollups.sort_unstable_by_key(|(row, _)| *row);
        fresh
    }

    /// Has sinks told of figures.
    pub(crate) fn tell(&mut self, names: &PlanNames, figures: impl IntoIterator<Item = FigureKey>) {
        self.figures.extend(figures.into_iter().filter_map(|key| names.figure_row(key)));
        self.figures.sort_unstable();
        self.figures.dedup();
    }

    /// What differs between the settled plan states and all that is stored.
    pub(crate) fn of_difference(
        states: &PlanStates,
        names: &BTreeMap<String, PlanNames>,
        plans: &BTreeSet<String>,
        time: EvaluationTime,
        (mut rollups, mut judged): (BTreeMap<RollupRow, Rollup>, StoredJudgements),
    ) -> Self {
        let mut found = Self::default();
        let wanted = states.iter().filter(|(plan, _)| plans.contains(*plan));
        let wanted: Vec<_> = wanted.filter_map(|(plan, state)| Some((state, names.get(plan)?))).collect();
        for some in wanted.chunks(JUDGED_AT_ONCE) {
            let judgements = side_by_side(some.to_vec(), |(state, names)| judge(state, names, time));
            for ((state, names), judgements) in some.iter().zip(judgements) {
                for (key, rollup) in state.rollups().rows() {
                    let row = names.row(key);
                    if rollups.remove(&row) != Some(rollup) {
                        found.rollups.push((row, Some(rollup)));
                    }
                }
                for (row, json) in judgements {
                    if judged.remove(&row).as_ref() != Some(&json) {
                        found.judgements.push((row, Some(json)));
                    }
                }
            }
        }
        // The rest belongs to no configured plan of this store.
        found.rollups.extend(rollups.into_keys().map(|row| (row, None)));
        found.judgements.extend(judged.into_keys().map(|row| (row, None)));
        found
    }

    /// The judgement to be written of a KPI, by the numbers of plan and KPI.
    pub(crate) fn judgement(&self, row: (i64, i64)) -> Option<&str> {
        self.judgements.iter().find(|(of, _)| *of == row)?.1.as_deref()
    }

    /// How many rows differ.
    pub(crate) fn len(&self) -> usize {
        self.rollups.len() + self.judgements.len()
    }

    /// Writes the rows.
    pub(crate) fn write(&self, change: &mut StoreTransaction<'_>) -> Result<(), StoreError> {
        for row in &self.figures {
            change.note_rollup(*row)?;
        }
        for (row, rollup) in &self.rollups {
            change.put_rollup(*row, *rollup)?;
        }
        for ((plan, kpi), report) in &self.judgements {
            change.put_judgement(*plan, *kpi, report.as_deref())?;
        }
        Ok(())
    }

    /// Takes over the judgements that were written.
    pub(crate) fn apply_to(self, stored: &mut StoredJudgements) {
        for (row, report) in self.judgements {
            match report {
                Some(report) => stored.insert(row, report),
                None => stored.remove(&row),
            };
        }
    }
}
