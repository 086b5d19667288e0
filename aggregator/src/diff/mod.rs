//! What changed between two times at which something was known: which figures, when that became known, from which
//! file, and what it did to the KPIs.
//!
//! Facts are only ever added, so both states are still there; nothing has to be kept for this question. A city that published
//! on one day and is asked on another reads here why the number differs.

mod standing;
mod text;

use crate::explain::{Bilingual, RevisionEvidence, Vintage};
use crate::store::{StoreError, StoreReader};
use crate::vintage::{PlanVintage, known_at};
use aggregator_core::report::KpiReport;
use aggregator_core::report_period::ReportPeriod;
use contract::catalogue::Catalogue;
use contract::time::Micros;
use serde::Serialize;

/// Changes that are listed, in order of series and period: a year of days of thirty series. How many are left out is said.
pub const MAX_CHANGES: usize = 10_000;

/// What changed in one plan.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// Plan id.
    pub plan: String,
    /// The moment asked, for both judgements.
    pub on: String,
    /// The earlier time.
    pub from: Vintage,
    /// The later time.
    pub to: Vintage,
    /// When other texts of the catalogue came between them.
    pub catalogues: Vec<String>,
    /// KPIs that are judged or valued differently.
    pub kpis: Vec<KpiChange>,
    /// Figures that came, were corrected or withdrawn; the first [`MAX_CHANGES`].
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
    /// What stood; `null` where nothing was known.
    pub before: Option<RevisionEvidence>,
    /// What stands; `null` where the later catalogue does not admit it.
    pub after: Option<RevisionEvidence>,
}

/// What changed in the plan of a configured catalogue from one time to another. Reads the log of observations whole: may take a
/// second or two at a million of them.
pub fn diff(
    readers: &[StoreReader],
    configured: &Catalogue,
    (from, to): (Micros, Micros),
    ask: ReportPeriod,
) -> Result<Diff, StoreError> {
    let (before, after) = (known_at(readers, configured, from)?, known_at(readers, configured, to)?);
    let plan = configured.plan.id.as_str();
    let mut catalogues = Vec::new();
    for reader in readers {
        catalogues.extend(reader.catalogues_between(plan, from, to)?);
    }
    catalogues.sort();
    catalogues.dedup();
    let (figures, more) = standing::changes(readers, (&before.state, from), (&after.state, to))?;
    Ok(Diff {
        plan: plan.to_owned(),
        on: ask.0.to_string(),
        kpis: kpis(&before, &after, ask),
        from: told(before),
        to: told(after),
        catalogues: catalogues.iter().map(Micros::to_string).collect(),
        figures,
        more,
    })
}

fn told(known: PlanVintage) -> Vintage {
    Vintage { time: known.at.to_string(), settled: known.is_settled(), doubts: known.doubts }
}

/// KPIs whose report differs, in the later catalogue's order; those it dropped at the end.
fn kpis(before: &PlanVintage, after: &PlanVintage, ask: ReportPeriod) -> Vec<KpiChange> {
    let reports = [before, after].map(|known| known.state.report(ask, false).kpis);
    let [old, new] = &reports;
    let find = |reports: &[KpiReport], id: &str| reports.iter().find(|kpi| kpi.id == id).cloned();
    let dropped = old.iter().filter(|kpi| find(new, &kpi.id).is_none());
    let name = |id: &str| {
        let all = after.state.catalogue.kpis.iter().chain(&before.state.catalogue.kpis);
        all.into_iter()
            .find(|kpi| kpi.id == id)
            .map_or_else(|| Bilingual { ja: id.into(), en: id.into() }, |kpi| (&kpi.name).into())
    };
    let both = new.iter().chain(dropped).map(|kpi| KpiChange {
        name: name(&kpi.id),
        before: find(old, &kpi.id),
        after: find(new, &kpi.id),
        id: kpi.id.clone(),
    });
    both.filter(|change| change.before != change.after).collect()
}
