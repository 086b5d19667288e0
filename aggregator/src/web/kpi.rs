//! The page of a KPI: its history, and the evidence of every figure.

use super::content::{HTML, of_type};
use super::error::{HttpError, internal};
use super::lookup;
use super::pages::{report, source_rows};
use super::query::PageQuery;
use super::site::Site;
use crate::explain::{ExplainError, explain, restated};
use crate::health::source_health;
use crate::render::{KpiEvidence, KpiSheet, PlanSheet, html};
use crate::store::StoreError;
use crate::vintage::PlanVintage;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::period::Period;

/// Days of one page: five years.
const MAX_POINTS: usize = 2_000;

/// One KPI.
pub(super) async fn kpi(
    State(site): State<Site>,
    Path((plan, kpi)): Path<(String, String)>,
    query: PageQuery,
) -> Result<Response, HttpError> {
    let page = site.run(move |site| {
        let query = PageQuery { rollups: false, ..query };
        lookup::plan(site, &plan, query.known_at, |plan, vintage| page(site, plan, vintage, &kpi, &query))
    });
    Ok(of_type(HTML, page.await?))
}

fn page(
    site: &Site,
    plan: &PlanState,
    vintage: Option<&PlanVintage>,
    kpi: &str,
    query: &PageQuery,
) -> Result<String, HttpError> {
    let today = site.today();
    let index = lookup::kpi(plan, kpi)?;
    let report = report(plan, query, today);
    let period = Period::parse(&report.on).unwrap_or(today);
    let last = period.end().day() - 1;
    let mut walk = plan.kpi_walk(index, last);
    let mut points = plan.kpi_points(&mut walk, MAX_POINTS);
    points.reverse();
    let evidence = evidence(site, plan, vintage, index, ReportPeriod(period)).unwrap_or_else(|error| {
        // History and judgement are in memory: the page shows them without the store.
        tracing::warn!(error = %contract::error::chain(&error), "the store cannot be read for a page");
        KpiEvidence { unreadable: true, ..KpiEvidence::default() }
    });
    let view = lookup::context(site, query, vintage);
    let sheet = PlanSheet::in_lang(&plan.catalogue, &report, view.lang);
    let page = KpiSheet::new(&plan.catalogue, &sheet, kpi, (&points, last), evidence, view.lang);
    html::kpi(&view, &page.ok_or(HttpError::NoKpi)?).map_err(internal)
}

/// The evidence in the stores; empty where there are none.
fn evidence(
    site: &Site,
    plan: &PlanState,
    vintage: Option<&PlanVintage>,
    index: usize,
    period: ReportPeriod,
) -> Result<KpiEvidence, StoreError> {
    if site.store.is_none() {
        return Ok(KpiEvidence::default());
    }
    let (readers, kpi) = (site.readers()?, &plan.catalogue.kpis[index]);
    let upto = vintage.map(|vintage| (vintage.at, vintage.doubts.as_slice()));
    let explained = explain(&readers, plan, &kpi.id, period, upto);
    let parts = kpi.measure.parts();
    let series = parts.iter().map(|of| &plan.catalogue.series[of.series]);
    let sources = source_health(&readers, &plan.catalogue, series)?;
    let now = site.clock.now();
    Ok(KpiEvidence {
        explained: match explained {
            Ok(explained) => Some(explained),
            Err(ExplainError::Store(error)) => return Err(error),
            Err(ExplainError::UnknownKpi { .. }) => None,
        },
        restated: restated(&readers, plan, kpi, period, vintage.map(|vintage| vintage.at))?,
        health: source_rows(site, plan, &sources, now),
        unreadable: false,
    })
}
