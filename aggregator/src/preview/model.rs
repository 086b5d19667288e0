//! The parts of a preview.

use aggregator_core::report::KpiReport;
use contract::catalogue::Bilingual;
use serde::Serialize;

/// What a changed catalogue would do to one plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CataloguePreview {
    /// Version of the rules of judging; both judgements are made by it.
    pub rules_version: u32,
    /// Plan id.
    pub plan: String,
    /// When the recorded catalogue became known; `null` where none is recorded yet.
    pub recorded: Option<String>,
    /// The period of the values of each KPI.
    pub on: String,
    /// First day that was followed.
    pub from: String,
    /// Last day that was followed.
    pub to: String,
    /// KPIs that are the same in value, status and alerts.
    pub unchanged: usize,
    /// Figures that count now and would go to quarantine.
    pub refused: u64,
    /// Figures in quarantine that would count.
    pub admitted: u64,
    /// KPIs that differ.
    pub kpis: Vec<KpiPreview>,
}

/// A KPI under both catalogues.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KpiPreview {
    /// Id.
    pub id: String,
    /// Name.
    pub name: Bilingual,
    /// As it is judged now; `null` where the recorded catalogue lacks it.
    pub before: Option<KpiReport>,
    /// As it would be judged; `null` where the changed catalogue lacks it.
    pub after: Option<KpiReport>,
    /// Days on which the status differs.
    pub statuses: Vec<StatusChange>,
    /// Alerts that differ.
    pub alerts: Vec<AlertChange>,
}

impl KpiPreview {
    /// True when anything differs.
    pub fn differs(&self) -> bool {
        self.before != self.after || !self.statuses.is_empty() || !self.alerts.is_empty()
    }
}

/// Consecutive days on which the same two statuses differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StatusChange {
    /// First day.
    pub from: String,
    /// Last day.
    pub to: String,
    /// Status word under the recorded catalogue; `null` before the plan, or where the catalogue lacks the KPI.
    pub before: Option<&'static str>,
    /// Status word under the changed one.
    pub after: Option<&'static str>,
}

/// An alert that would have fired on other days, or under one catalogue alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlertChange {
    /// The word of its rule.
    pub rule: &'static str,
    /// When it fired under the recorded catalogue; `null` where it did not.
    pub before: Option<AlertSpan>,
    /// When it would have fired under the changed one; `null` where it would not.
    pub after: Option<AlertSpan>,
}

/// The days of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AlertSpan {
    /// The day on which it fired.
    pub from: String,
    /// The last day before it was resolved; `null` while it fires.
    pub to: Option<String>,
}
