//! The page of a KPI: its pictures with their rows, and the evidence of every figure.

use super::content::{HTML, of_type};
use super::error::{HttpError, internal};
use super::lookup;
use super::pages::{report, source_rows, with_file_name};
use super::query::PageQuery;
use super::site::Site;
use crate::explain::ExplanationDraft;
use crate::health::source_health;
use crate::render::csv::BYTE_ORDER_MARK;
use crate::render::view::PageContext;
use crate::render::{KpiEvidence, KpiSheet, PlanSheet, chart, html};
use crate::store::StoreError;
use crate::vintage::PlanVintage;
use aggregator_core::chart::{ChartData, ChartReport};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::PlanReport;
use aggregator_core::report_period::ReportPeriod;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::period::Period;

/// One KPI.
pub(super) async fn kpi(
    State(site): State<Site>,
    Path((plan, kpi)): Path<(String, String)>,
    query: PageQuery,
) -> Result<Response, HttpError> {
    let page = site.run(move |site| {
        let query = PageQuery { rollups: false, ..query };
        let look = |plan: &PlanState, vintage: Option<&PlanVintage>| KpiContent::of(site, plan, vintage, &kpi, &query);
        // The lock of the plan states is free again before a store is read.
        page(site, &lookup::plan(site, &plan, query.known_at, look)?)
    });
    Ok(of_type(HTML, page.await?))
}

/// The rows of its pictures as CSV.
pub(super) async fn chart_csv(
    State(site): State<Site>,
    Path((plan, kpi)): Path<(String, String)>,
    query: PageQuery,
) -> Result<Response, HttpError> {
    let mark = if query.bom { BYTE_ORDER_MARK } else { "" };
    let (name, text) = site
        .run(move |site| {
            lookup::plan(site, &plan, query.known_at, |state, _| {
                let index = lookup::kpi(state, &kpi)?;
                let on = query.on.or(state.catalogue.plan.default_on).unwrap_or(site.today());
                let rows = ChartReport::from(&state.chart(index, ReportPeriod(on))).rows;
                let text = chart::csv::write((&plan, &kpi), &rows);
                Ok::<_, HttpError>((format!("{plan}-{kpi}-{on}"), format!("{mark}{text}")))
            })
        })
        .await?;
    Ok(with_file_name(&name, "csv", of_type("text/csv; charset=utf-8; header=present", text)))
}

/// What memory knows of a KPI.
struct KpiContent {
    view: PageContext,
    report: PlanReport,
    /// Its picture, and the last day of the report.
    chart: (ChartData, i32),
    draft: ExplanationDraft,
}

impl KpiContent {
    fn of(
        site: &Site,
        plan: &PlanState,
        vintage: Option<&PlanVintage>,
        kpi: &str,
        query: &PageQuery,
    ) -> Result<Self, HttpError> {
        let today = site.today();
        let index = lookup::kpi(plan, kpi)?;
        let report = report(plan, query, today);
        let period = Period::parse(&report.on).unwrap_or(today);
        let last = period.end().day() - 1;
        let data = plan.chart(index, ReportPeriod(period));
        let known = vintage.map(|vintage| (vintage.at, vintage.doubts.as_slice()));
        let draft = ExplanationDraft::new(plan, kpi, ReportPeriod(period), known).map_err(|_| HttpError::NoKpi)?;
        Ok(Self { view: lookup::context(site, query, vintage), report, chart: (data, last), draft })
    }
}

fn page(site: &Site, content: &KpiContent) -> Result<String, HttpError> {
    let evidence = evidence(site, &content.draft).unwrap_or_else(|error| {
        // History and judgement are in memory: the page shows them without the store.
        tracing::warn!(error = %contract::error::chain(&error), "the store cannot be read for a page");
        KpiEvidence { unreadable: true, ..KpiEvidence::default() }
    });
    let (catalogue, view) = (&content.draft.plan().catalogue, &content.view);
    let sheet = PlanSheet::in_lang(catalogue, &content.report, view.lang);
    let (data, last) = &content.chart;
    let page = KpiSheet::new(catalogue, &sheet, &content.draft.kpi().id, (data, *last), evidence, view.lang);
    html::kpi(view, &page.ok_or(HttpError::NoKpi)?).map_err(internal)
}

/// The evidence in the stores; empty where there are none.
fn evidence(site: &Site, draft: &ExplanationDraft) -> Result<KpiEvidence, StoreError> {
    if site.store.is_none() {
        return Ok(KpiEvidence::default());
    }
    let (readers, plan) = (site.readers()?, draft.plan());
    let parts = draft.kpi().measure.parts();
    let series = parts.iter().map(|of| &plan.catalogue.series[of.series]);
    let sources = source_health(&readers, &plan.catalogue, series)?;
    Ok(KpiEvidence {
        explained: Some(draft.read(&readers)?),
        restated: draft.restated(&readers)?,
        health: source_rows(site, plan, &sources, site.clock.now()),
        unreadable: false,
    })
}
