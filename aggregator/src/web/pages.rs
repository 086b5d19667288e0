//! The pages and the exports: each is a report of the plan states at the moment of the request.

use super::content::{HTML, of_type};
use super::error::{HttpError, internal};
use super::list_query::ListQuery;
use super::lookup;
use super::plan_list;
use super::query::PageQuery;
use super::site::Site;
use crate::health::{SourceHealth, source_health};
use crate::render::html::{self, PlanTile};
use crate::render::plan_index::PlanIndex;
use crate::render::view::PageContext;
use crate::render::{PlanSheet, SourceRow, csv as csv_form, md};
use crate::store::{StoreError, StoreReader};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::{PlanReport, Report};
use aggregator_core::report_period::ReportPeriod;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::{Redirect, Response};
use contract::period::Period;
use contract::time::Micros;

/// The scoreboard: the statuses of every plan.
pub(super) async fn scoreboard(State(site): State<Site>, list: ListQuery) -> Result<Response, HttpError> {
    let page = site.run(move |site| {
        let query = PageQuery { rollups: false, ..list.of_page.clone() };
        let plans = site.plans.read().map_err(internal)?;
        let all = || plans.values().filter(|plan| site.shows(plan));
        let selected = plan_list::select(all(), site.today(), &list);
        let index = PlanIndex {
            search: list.search,
            status: list.status,
            plans: all().count(),
            found: selected.found,
            page: selected.page,
            pages: selected.pages,
            counts: selected.counts,
            unknown: selected.unknown,
        };
        let view = PageContext { kept: index.kept(), ..lookup::context(site, &query, None) };
        let reports: Vec<PlanReport> = selected.plans.iter().map(|plan| report(plan, &query, site.today())).collect();
        let readers = readers(site);
        let tiles = selected.plans.iter().zip(&reports).map(|(plan, report)| PlanTile {
            sheet: PlanSheet::in_lang(&plan.catalogue, report, view.lang),
            health: readers.as_deref().and_then(|readers| sources_in(site, plan, readers)).unwrap_or_default(),
        });
        html::scoreboard(&view, &index, &tiles.collect::<Vec<_>>()).map_err(internal)
    });
    Ok(of_type(HTML, page.await?))
}

/// One plan.
pub(super) async fn plan(
    State(site): State<Site>,
    Path(plan): Path<String>,
    query: PageQuery,
) -> Result<Response, HttpError> {
    let page = site.run(move |site| {
        let query = PageQuery { rollups: false, ..query };
        lookup::plan(site, &plan, query.known_at, |plan, vintage| {
            let view = lookup::context(site, &query, vintage);
            let report = report(plan, &query, site.today());
            let sheet = PlanSheet::in_lang(&plan.catalogue, &report, view.lang);
            html::plan(&view, &sheet, sources(site, plan).as_deref()).map_err(internal)
        })
    });
    Ok(of_type(HTML, page.await?))
}

/// The health of a plan's sources; `None` where the stores cannot be read: the page shows the rest.
fn sources(site: &Site, plan: &PlanState) -> Option<Vec<SourceRow>> {
    sources_in(site, plan, &readers(site)?)
}

/// The stores; `None` where they cannot be read.
fn readers(site: &Site) -> Option<Vec<StoreReader>> {
    site.readers().inspect_err(unreadable).ok()
}

fn sources_in(site: &Site, plan: &PlanState, readers: &[StoreReader]) -> Option<Vec<SourceRow>> {
    let sources = source_health(readers, &plan.catalogue, &plan.catalogue.series).inspect_err(unreadable);
    Some(source_rows(site, plan, &sources.ok()?, site.clock.now()))
}

fn unreadable(error: &StoreError) {
    tracing::warn!(error = %contract::error::chain(error), "the store cannot be read for a page");
}

/// The rows of some sources of a plan, with what could not be read of their files.
pub(super) fn source_rows(site: &Site, plan: &PlanState, sources: &[SourceHealth], now: Micros) -> Vec<SourceRow> {
    let (board, plan) = (site.health.rejects(), &plan.catalogue.plan.id);
    sources.iter().map(|source| SourceRow::new(source, board.of(plan, &source.source), now)).collect()
}

/// One plan as Markdown.
pub(super) async fn markdown(
    State(site): State<Site>,
    Path(plan): Path<String>,
    query: PageQuery,
) -> Result<Response, HttpError> {
    let (name, text) = sheet_text(site, plan, query, |sheet| Ok(md::write(std::slice::from_ref(sheet)))).await?;
    Ok(with_file_name(&name, "md", of_type("text/markdown; charset=utf-8", text)))
}

/// One plan as CSV.
pub(super) async fn csv(
    State(site): State<Site>,
    Path(plan): Path<String>,
    query: PageQuery,
) -> Result<Response, HttpError> {
    let mark = if query.bom { csv_form::BYTE_ORDER_MARK } else { "" };
    let text = move |sheet: &PlanSheet<'_>| Ok(format!("{mark}{}", csv_form::write(std::slice::from_ref(sheet))));
    let (name, text) = sheet_text(site, plan, query, text).await?;
    Ok(with_file_name(&name, "csv", of_type("text/csv; charset=utf-8; header=present", text)))
}

/// One plan as canonical JSON.
pub(super) async fn json(
    State(site): State<Site>,
    Path(plan): Path<String>,
    query: PageQuery,
) -> Result<Response, HttpError> {
    let text = site.run(move |site| {
        let report = lookup::plan(site, &plan, query.known_at, |plan, _| Ok(report(plan, &query, site.today())))?;
        Ok::<_, HttpError>(export(vec![report]))
    });
    Ok(of_type("application/json", text.await?))
}

/// The style sheet.
pub(super) async fn style() -> Response {
    of_type("text/css; charset=utf-8", html::STYLE)
}

/// Any other address.
pub(super) async fn not_found() -> HttpError {
    HttpError::NoPage
}

/// The canonical export, with a line end like that of the command line.
pub(super) fn export(plans: Vec<PlanReport>) -> String {
    Report::from(plans).canonical_json() + "\n"
}

/// The report of a plan for the query.
pub(super) fn report(plan: &PlanState, query: &PageQuery, today: Period) -> PlanReport {
    let on = query.on.or(plan.catalogue.plan.default_on).unwrap_or(today);
    plan.report_with_landings(ReportPeriod(on), query.rollups)
}

/// A text of a plan's sheet, and the name of its file.
async fn sheet_text<F>(site: Site, plan: String, query: PageQuery, text: F) -> Result<(String, String), HttpError>
where
    F: FnOnce(&PlanSheet<'_>) -> Result<String, HttpError> + Send + 'static,
{
    let query = PageQuery { rollups: false, ..query };
    site.run(move |site| {
        lookup::plan(site, &plan, query.known_at, |state, _| {
            let report = report(state, &query, site.today());
            let text = text(&PlanSheet::new(&state.catalogue, &report))?;
            Ok((format!("{plan}-{}", report.on), text))
        })
    })
    .await
}

/// The sign-in of staff, behind the token: leads to the figures as they are.
pub(super) async fn staff() -> Redirect {
    Redirect::to("/")
}

/// Names the file of the answer.
pub(super) fn with_file_name(name: &str, ending: &str, mut response: Response) -> Response {
    // Plan ids and periods are plain letters, digits, `-` and `_`; a header that is not is left out.
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{ending}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    response
}
