//! What follows from the figures: rollups and judgements, as differences to what is stored.

use crate::plan_states::PlanStates;
use crate::store::{PlanNames, RollupRow, StoreError, StoreTransaction};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use aggregator_core::rollup::{self, Rollup};
use contract::period::{Grain, Period};
use contract::time::Micros;
use std::collections::{BTreeMap, BTreeSet};

/// Judgements as they are stored: JSON by the numbers of plan and KPI.
pub(super) type Judged = BTreeMap<(i64, i64), String>;

/// Derived rows to write: new, different, or gone (`None`).
#[derive(Debug, Default)]
pub(super) struct Derived {
    rollups: Vec<(RollupRow, Option<Rollup>)>,
    judgements: Vec<((i64, i64), Option<String>)>,
}

/// The question that today asks.
pub(super) fn report_day(now: Micros) -> ReportPeriod {
    ReportPeriod(Period { grain: Grain::Day, index: now.moment().day() })
}

/// The question that the stored judgements of a plan answer: its default moment asked, else today.
pub(super) fn report_period(state: &PlanState, today: ReportPeriod) -> ReportPeriod {
    state.catalogue.plan.default_on.map_or(today, ReportPeriod)
}

/// The judgements of a plan.
fn judge(state: &PlanState, names: &PlanNames, today: ReportPeriod) -> Vec<((i64, i64), String)> {
    let ask = report_period(state, today);
    let index = |id: &str| state.catalogue.kpis.iter().position(|kpi| kpi.id == id);
    let json = |kpi| serde_json::to_string(kpi).unwrap_or_default();
    let kpis = state.report(ask, false).kpis;
    kpis.iter().filter_map(|kpi| Some(((names.plan, names.kpis[index(&kpi.id)?]), json(kpi)))).collect()
}

impl Derived {
    /// What a settling changed of a plan, compared with the judgements stored.
    pub(super) fn of_changes(
        state: &PlanState,
        names: &PlanNames,
        today: ReportPeriod,
        changes: &[rollup::RollupChange],
        stored: &Judged,
    ) -> Self {
        let judgements = judge(state, names, today).into_iter().filter(|(row, json)| stored.get(row) != Some(json));
        Self {
            rollups: changes.iter().map(|(key, rollup)| (names.row(*key), *rollup)).collect(),
            judgements: judgements.map(|(row, json)| (row, Some(json))).collect(),
        }
    }

    /// What differs between the settled states and all that is stored.
    pub(super) fn of_difference(
        states: &PlanStates,
        names: &BTreeMap<String, PlanNames>,
        plans: &BTreeSet<String>,
        today: ReportPeriod,
        (mut rollups, mut judged): (BTreeMap<RollupRow, Rollup>, Judged),
    ) -> Self {
        let mut found = Self::default();
        for (plan, state) in states.iter().filter(|(plan, _)| plans.contains(*plan)) {
            let Some(names) = names.get(plan) else { continue };
            for (key, rollup) in state.rollups().rows() {
                let row = names.row(key);
                if rollups.remove(&row) != Some(rollup) {
                    found.rollups.push((row, Some(rollup)));
                }
            }
            for (row, json) in judge(state, names, today) {
                if judged.remove(&row).as_ref() != Some(&json) {
                    found.judgements.push((row, Some(json)));
                }
            }
        }
        // What is left belongs to nothing that is configured and known.
        found.rollups.extend(rollups.into_keys().map(|row| (row, None)));
        found.judgements.extend(judged.into_keys().map(|row| (row, None)));
        found
    }

    /// The judgement to be written of a KPI, by the numbers of plan and KPI.
    pub(super) fn judgement(&self, row: (i64, i64)) -> Option<&str> {
        self.judgements.iter().find(|(of, _)| *of == row)?.1.as_deref()
    }

    /// How many rows differ.
    pub(super) fn len(&self) -> usize {
        self.rollups.len() + self.judgements.len()
    }

    /// Writes the rows.
    pub(super) fn write(&self, change: &mut StoreTransaction<'_>) -> Result<(), StoreError> {
        for (row, rollup) in &self.rollups {
            change.put_rollup(*row, *rollup)?;
        }
        for ((plan, kpi), report) in &self.judgements {
            change.put_judgement(*plan, *kpi, report.as_deref())?;
        }
        Ok(())
    }

    /// Brings the memory of what is stored up to what was written.
    pub(super) fn apply_to(self, stored: &mut Judged) {
        for (row, report) in self.judgements {
            match report {
                Some(report) => stored.insert(row, report),
                None => stored.remove(&row),
            };
        }
    }
}
