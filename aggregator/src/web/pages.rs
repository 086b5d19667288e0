//! The pages and the exports: each is the report of the books at the moment asked.

use super::answer::{HTML, HttpError, of_type};
use super::query::PageQuery;
use super::{Site, lookup};
use crate::health::source_health;
use crate::render::html::{self, PlanTile};
use crate::render::{PlanSheet, SourceRow, csv as csv_form, md};
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::{PlanReport, Report};
use aggregator_core::report_period::ReportPeriod;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::CONTENT_DISPOSITION;
use axum::response::Response;
use contract::period::Period;
use std::collections::BTreeMap;

/// Every plan's standing.
pub(super) async fn scoreboard(State(site): State<Site>, question: PageQuery) -> Result<Response, HttpError> {
    let page = made(site, move |site| {
        let question = PageQuery { rollups: false, ..question };
        let view = lookup::view(site, &question, None);
        let books = site.books.read().map_err(broken)?;
        let shown = || books.values().filter(|book| site.shows(book));
        let reports: Vec<PlanReport> = shown().map(|book| report(book, &question, site.today())).collect();
        let board = |(book, report)| {
            let book: &PlanState = book;
            let health = health(site, book).unwrap_or_default();
            PlanTile { sheet: PlanSheet::in_lang(&book.catalogue, report, view.lang), health }
        };
        let boards: Vec<PlanTile<'_>> = shown().zip(&reports).map(board).collect();
        html::scoreboard(&view, &boards).map_err(broken)
    });
    Ok(of_type(HTML, page.await?))
}

/// One plan.
pub(super) async fn plan(
    State(site): State<Site>,
    Path(plan): Path<String>,
    question: PageQuery,
) -> Result<Response, HttpError> {
    let page = made(site, move |site| {
        let question = PageQuery { rollups: false, ..question };
        lookup::book(site, &plan, question.known_at, |book, known| {
            let view = lookup::view(site, &question, known);
            let report = report(book, &question, site.today());
            let sheet = PlanSheet::in_lang(&book.catalogue, &report, view.lang);
            html::plan(&view, &sheet, health(site, book).as_deref()).map_err(broken)
        })
    });
    Ok(of_type(HTML, page.await?))
}

/// How a plan's sources are; `None` where the stores cannot be read: the standing is shown all the same.
fn health(site: &Site, book: &PlanState) -> Option<Vec<SourceRow>> {
    let readers = site.readers();
    let sources = readers.and_then(|readers| source_health(&readers, &book.catalogue, &book.catalogue.series));
    let sources = sources.inspect_err(|error| {
        tracing::warn!(error = %contract::error::chain(error), "the store cannot be read for a page");
    });
    let now = site.clock.now();
    Some(sources.ok()?.iter().map(|source| SourceRow::new(source, now)).collect())
}

/// One plan as Markdown.
pub(super) async fn markdown(
    State(site): State<Site>,
    Path(plan): Path<String>,
    question: PageQuery,
) -> Result<Response, HttpError> {
    let (name, text) = of_plan(site, plan, question, |sheet| Ok(md::write(std::slice::from_ref(sheet)))).await?;
    Ok(file(&name, "md", of_type("text/markdown; charset=utf-8", text)))
}

/// One plan as CSV.
pub(super) async fn csv(
    State(site): State<Site>,
    Path(plan): Path<String>,
    question: PageQuery,
) -> Result<Response, HttpError> {
    let mark = if question.bom { csv_form::BYTE_ORDER_MARK } else { "" };
    let text = move |sheet: &PlanSheet<'_>| Ok(format!("{mark}{}", csv_form::write(std::slice::from_ref(sheet))));
    let (name, text) = of_plan(site, plan, question, text).await?;
    Ok(file(&name, "csv", of_type("text/csv; charset=utf-8; header=present", text)))
}

/// One plan as canonical JSON.
pub(super) async fn json(
    State(site): State<Site>,
    Path(plan): Path<String>,
    question: PageQuery,
) -> Result<Response, HttpError> {
    let text = made(site, move |site| {
        let report = lookup::book(site, &plan, question.known_at, |book, _| Ok(report(book, &question, site.today())))?;
        Ok::<_, HttpError>(export(vec![report]))
    });
    Ok(of_type("application/json", text.await?))
}

/// The style sheet.
pub(super) async fn style() -> Response {
    of_type("text/css; charset=utf-8", html::STYLE)
}

/// Any other address.
pub(super) async fn nothing() -> HttpError {
    HttpError::NoPage
}

/// The canonical export, with the line end that the command line gives it.
pub(super) fn export(plans: Vec<PlanReport>) -> String {
    Report { plans }.canonical_json() + "\n"
}

pub(super) fn report(book: &PlanState, question: &PageQuery, today: Period) -> PlanReport {
    let on = question.on.or(book.catalogue.plan.default_on).unwrap_or(today);
    book.report(ReportPeriod(on), question.rollups)
}

/// The book of a plan that is shown here.
pub(super) fn held<'a>(
    site: &Site,
    books: &'a BTreeMap<String, PlanState>,
    plan: &str,
) -> Result<&'a PlanState, HttpError> {
    let book = books.get(plan).ok_or(HttpError::NoPlan)?;
    if site.shows(book) { Ok(book) } else { Err(HttpError::Elsewhere) }
}

/// A plan's sheet made into a text, and the name of a file that holds it.
async fn of_plan<F>(site: Site, plan: String, question: PageQuery, text: F) -> Result<(String, String), HttpError>
where
    F: FnOnce(&PlanSheet<'_>) -> Result<String, HttpError> + Send + 'static,
{
    let question = PageQuery { rollups: false, ..question };
    made(site, move |site| {
        lookup::book(site, &plan, question.known_at, |book, _| {
            let report = report(book, &question, site.today());
            let text = text(&PlanSheet::new(&book.catalogue, &report))?;
            Ok((format!("{plan}-{}", report.on), text))
        })
    })
    .await
}

/// Makes something on a thread that may block: a writer may hold the books for a while.
pub(super) async fn made<T, F>(site: Site, make: F) -> Result<T, HttpError>
where
    T: Send + 'static,
    F: FnOnce(&Site) -> Result<T, HttpError> + Send + 'static,
{
    let turn = site.turns.clone().acquire_owned().await.map_err(broken)?;
    let work = move || {
        // Held by the work, not by the request: a reader who left does not free a core that is still at work.
        let _turn = turn;
        make(&site)
    };
    tokio::task::spawn_blocking(work).await.map_err(broken)?
}

/// Logs what went wrong, once; the reader is told only that it did.
pub(super) fn broken(error: impl std::fmt::Display) -> HttpError {
    tracing::error!(%error, "a page could not be made");
    HttpError::Broken
}

/// Offers the answer under a file name.
fn file(name: &str, ending: &str, mut response: Response) -> Response {
    // Plan ids and periods are plain letters, digits, `-` and `_`; a header that is not is left out.
    if let Ok(value) = HeaderValue::from_str(&format!("attachment; filename=\"{name}.{ending}\"")) {
        response.headers_mut().insert(CONTENT_DISPOSITION, value);
    }
    response
}
