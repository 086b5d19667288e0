//! The difference of two vintages: which figures changed, when the change became known, from which file, and its effect on
//! the KPIs.
//!
//! Facts are only added, so both vintages can be computed at any time. A city learns here why a number differs from the one
//! that it published.

mod figures;
mod model;
mod text;

pub use model::{Diff, FigureChange, KpiChange, MAX_CHANGES};

use crate::explain::Vintage;
use crate::store::{StoreError, StoreReader};
use crate::vintage::{PlanVintage, SharedFacts, known_in};
use aggregator_core::report::{KpiReport, RULES_VERSION};
use aggregator_core::report_period::ReportPeriod;
use aggregator_core::target_change::TargetChangeReport;
use contract::catalogue::{Bilingual, Catalogue};
use contract::time::Micros;

/// The difference of a plan between two times. Reads all its observations three times.
pub fn diff(
    readers: &[StoreReader],
    configured: &Catalogue,
    (from, to): (Micros, Micros),
    period: ReportPeriod,
) -> Result<Diff, StoreError> {
    diff_in(&SharedFacts::of_plan(readers, &configured.plan.id)?, configured, (from, to), period)
}

/// The same from what was read for all plans.
pub fn diff_in(
    shared: &SharedFacts<'_>,
    configured: &Catalogue,
    (from, to): (Micros, Micros),
    period: ReportPeriod,
) -> Result<Diff, StoreError> {
    let (before, after) = (known_in(shared, configured, from)?, known_in(shared, configured, to)?);
    let plan = configured.plan.id.as_str();
    let between = shared.catalogues(plan).map(|(revision, _)| revision);
    let mut catalogues: Vec<Micros> = between.filter(|revision| from < *revision && *revision <= to).collect();
    catalogues.dedup();
    let (figures, more) = figures::changes(shared, (&before.state, from), (&after.state, to))?;
    Ok(Diff {
        rules_version: RULES_VERSION,
        plan: plan.to_owned(),
        on: period.0.to_string(),
        kpis: kpis(&before, &after, period),
        from: Vintage::from(&before),
        to: Vintage::from(&after),
        catalogues: catalogues.iter().map(Micros::to_string).collect(),
        targets: targets(&after, from),
        figures,
        more,
    })
}

/// What became known after `from`. A catalogue that is not recorded became known to nobody.
fn targets(after: &PlanVintage, from: Micros) -> Vec<TargetChangeReport> {
    let all = after.state.targets().all().iter();
    all.filter(|change| change.known_at.is_some_and(|known_at| known_at > from)).map(TargetChangeReport::from).collect()
}

/// KPIs whose report differs, in the later catalogue's order; those it dropped at the end.
fn kpis(before: &PlanVintage, after: &PlanVintage, period: ReportPeriod) -> Vec<KpiChange> {
    let reports = [before, after].map(|vintage| vintage.state.report(period, false).kpis);
    let [old, new] = &reports;
    let find = |reports: &[KpiReport], id: &str| reports.iter().find(|kpi| kpi.id == id).cloned();
    let dropped = old.iter().filter(|kpi| find(new, &kpi.id).is_none());
    let name = |id: &str| {
        let all = after.state.catalogue.kpis.iter().chain(&before.state.catalogue.kpis);
        all.into_iter()
            .find(|kpi| kpi.id == id)
            .map_or_else(|| Bilingual { ja: id.into(), en: id.into() }, |kpi| kpi.name.clone())
    };
    let both = new.iter().chain(dropped).map(|kpi| KpiChange {
        name: name(&kpi.id),
        before: find(old, &kpi.id),
        after: find(new, &kpi.id),
        id: kpi.id.clone(),
    });
    both.filter(|change| change.before != change.after).collect()
}
