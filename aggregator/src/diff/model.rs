//! The parts of a diff.

use crate::explain::{RevisionEvidence, Vintage};
use aggregator_core::report::KpiReport;
use aggregator_core::target_change::TargetChangeReport;
use contract::catalogue::Bilingual;
use serde::Serialize;

/// Changes that are listed, in order of series and period: a year of days of thirty series. A diff counts the others.
pub const MAX_CHANGES: usize = 10_000;

/// What changed in one plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// Version of the rules of judging; both judgements are made by it.
    pub rules_version: u32,
    /// Plan id.
    pub plan: String,
    /// The period of both judgements.
    pub on: String,
    /// The earlier time.
    pub from: Vintage,
    /// The later time.
    pub to: Vintage,
    /// When the catalogue changed between them.
    pub catalogues: Vec<String>,
    /// What the catalogues between them changed of targets, baselines, tolerances, counting rules and due days.
    pub targets: Vec<TargetChangeReport>,
    /// KPIs that are judged or valued differently.
    pub kpis: Vec<KpiChange>,
    /// Figures that were added, corrected or withdrawn; the first [`MAX_CHANGES`].
    pub figures: Vec<FigureChange>,
    /// How many more there are.
    pub more: usize,
}

/// A KPI before and after; `null` where the catalogue did not have it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KpiChange {
    /// Id.
    pub id: String,
    /// Name, as the later catalogue has it.
    pub name: Bilingual,
    /// As it was judged with what was known at the earlier time.
    pub before: Option<KpiReport>,
    /// As it was judged with what was known at the later time.
    pub after: Option<KpiReport>,
}

/// A figure before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FigureChange {
    /// Series id.
    pub series: String,
    /// Definition id.
    pub definition: String,
    /// `2019-04`, `2019-04-01`, or the instant of a state.
    pub period: String,
    /// The configured source.
    pub source: String,
    /// The figure at the earlier time; `null` where there was none.
    pub before: Option<RevisionEvidence>,
    /// The figure at the later time; `null` where the later catalogue does not admit it.
    pub after: Option<RevisionEvidence>,
}
