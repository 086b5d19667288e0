//! The targets that were published of a KPI, as steps of a picture.

use crate::target_change::TargetHistory;
use contract::catalogue::Catalogue;
use contract::exact::Exact;
use contract::time::Micros;

/// A target, from when on it was known.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetStep {
    /// When it became known; `None` for the first one of a KPI whose catalogue is not recorded, and for one that is not recorded yet.
    pub known_at: Option<Micros>,
    /// In the KPI's unit.
    pub value: Exact,
    /// The fiscal year at whose end it holds.
    pub year: i32,
}

/// The targets of a KPI of the configured catalogue, each that differs from the one before; the last one is that of `catalogue`.
pub(super) fn steps(history: &TargetHistory, catalogue: &Catalogue, id: &str) -> Vec<TargetStep> {
    let published = history.published(id).iter().cloned();
    let mut steps: Vec<TargetStep> =
        published.map(|(known_at, value, year)| TargetStep { known_at, value, year }).collect();
    let current = catalogue.kpis.iter().find(|kpi| kpi.id == id);
    steps.extend(current.map(|kpi| TargetStep {
        known_at: None,
        value: kpi.target.clone(),
        year: catalogue.plan.last_year,
    }));
    steps.dedup_by(|after, before| after.value == before.value && after.year == before.year);
    steps
}
