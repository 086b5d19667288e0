//! Every value that was ever known of a KPI, by period: when it was first released, how it was revised, and what stands now.
//!
//! Each row is what `report --on PERIOD --known-at TIME` answers; a row is made only where that answer changes.

use crate::store::{StoreError, StoreReader};
use crate::vintage::{NOW, each_fact_of, known_at};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::CanonicalNumber;
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue::Catalogue;
use contract::period::{Grain, Period};
use contract::record::{Observation, Record};
use contract::time::{Micros, Moment};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The vintages of one period.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PeriodVintages {
    /// The month or fiscal year, as `--on` takes it.
    pub period: String,
    /// What was known, by time; the first is the first release, the last stands now.
    pub releases: Vec<Release>,
}

/// What was known of a period from a time on.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Release {
    /// From when on it was known.
    pub known_at: String,
    /// The value in the KPI's unit.
    pub value: Option<CanonicalNumber>,
    /// The value as it is shown.
    pub value_text: Option<String>,
    /// The status word.
    pub status: Option<&'static str>,
    /// True when some part was provisional.
    pub provisional: bool,
}

impl Release {
    fn says_same(&self, other: &Self) -> bool {
        let says = |one: &Self| (one.value.clone(), one.value_text.clone(), one.status, one.provisional);
        says(self) == says(other)
    }
}

/// The vintages of a KPI for the months and fiscal years of its plan that have ended by `now`; `None` when the configured plan
/// has no such KPI. Periods of which nothing was ever known are left out. Reads all observations of the plan.
pub fn of_kpi(
    readers: &[StoreReader],
    configured: &Catalogue,
    kpi: &str,
    now: Moment,
) -> Result<Option<Vec<PeriodVintages>>, StoreError> {
    if !configured.kpis.iter().any(|one| one.id == kpi) {
        return Ok(None);
    }
    let facts = Facts::read(readers, &configured.plan.id)?;
    let periods = periods(configured, now);
    let mut found: Vec<PeriodVintages> = Vec::new();
    for period in &periods {
        found.push(PeriodVintages { period: period.to_string(), releases: Vec::new() });
    }
    let mut state: Option<PlanState> = None;
    for time in &facts.times {
        let mut current = match state.take() {
            Some(mut state) if !facts.turns.contains(time) => {
                for observation in facts.observations.get(time).into_iter().flatten() {
                    // One that the catalogue of that time does not admit was in quarantine.
                    let _ = state.insert(observation);
                }
                state
            }
            _ => known_at(readers, configured, *time)?.state,
        };
        for (period, vintages) in periods.iter().zip(&mut found) {
            let report = ReportPeriod(*period);
            current.settle(report.cutoff());
            let Some(one) = current.report(report, false).kpis.into_iter().find(|one| one.id == kpi) else { continue };
            let release = Release {
                known_at: time.to_string(),
                value: one.value,
                value_text: one.value_text,
                status: one.status,
                provisional: one.provisional,
            };
            let is_first = vintages.releases.is_empty() && release.value.is_some();
            let is_other = vintages.releases.last().is_some_and(|last| !last.says_same(&release));
            if is_first || is_other {
                vintages.releases.push(release);
            }
        }
        state = Some(current);
    }
    found.retain(|vintages| !vintages.releases.is_empty());
    Ok(Some(found))
}

/// The months and fiscal years of a plan that have ended, by their ends.
fn periods(catalogue: &Catalogue, now: Moment) -> Vec<Period> {
    let plan = &catalogue.plan;
    let mut periods = Vec::new();
    for year in plan.first_year..=plan.last_year {
        let year = Period::fiscal_year(year);
        periods.extend(year.parts(Grain::Month).chain([year]));
    }
    periods.retain(|period| period.end() <= now);
    periods
}

/// The facts of a plan by the time at which they became known.
struct Facts {
    observations: BTreeMap<Micros, Vec<Observation>>,
    /// Times at which what was known before may count otherwise: a catalogue, a retraction.
    turns: BTreeSet<Micros>,
    /// All times.
    times: BTreeSet<Micros>,
}

impl Facts {
    fn read(readers: &[StoreReader], plan: &str) -> Result<Self, StoreError> {
        let mut observations: BTreeMap<Micros, Vec<Observation>> = BTreeMap::new();
        let mut turns = BTreeSet::new();
        for reader in readers {
            each_fact_of(reader, plan, NOW, |observation| {
                observations.entry(observation.revision).or_default().push(observation.clone());
            })?;
            turns.extend(reader.catalogues_between(plan, Micros(i64::MIN), NOW)?);
            for (record, _) in reader.statements(NOW)? {
                if let Record::Retraction(retraction) = record
                    && retraction.plan == plan
                {
                    turns.insert(retraction.revision);
                }
            }
        }
        let times = observations.keys().copied().chain(turns.iter().copied()).collect();
        Ok(Self { observations, turns, times })
    }
}
