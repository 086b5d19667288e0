//! A page a KPI: its way, and where every figure came from.

use super::answer::{HTML, HttpError, of_type};
use super::pages::{broken, made, report};
use super::query::PageQuery;
use super::{Site, lookup};
use crate::explain::{explain, restated};
use crate::health::source_health;
use crate::render::{KpiEvidence, KpiSheet, PlanSheet, SourceRow, html};
use crate::store::StoreError;
use crate::vintage::PlanVintage;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::ReportPeriod;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::period::Period;

/// Moments of one page: a day each for five years.
const MAX_POINTS: usize = 2_000;

/// One KPI.
pub(super) async fn kpi(
    State(site): State<Site>,
    Path((plan, kpi)): Path<(String, String)>,
    question: PageQuery,
) -> Result<Response, HttpError> {
    let page = made(site, move |site| {
        let question = PageQuery { rollups: false, ..question };
        lookup::book(site, &plan, question.known_at, |book, known| page(site, book, known, &kpi, &question))
    });
    Ok(of_type(HTML, page.await?))
}

fn page(
    site: &Site,
    book: &PlanState,
    known: Option<&PlanVintage>,
    kpi: &str,
    question: &PageQuery,
) -> Result<String, HttpError> {
    let today = site.today();
    let index = book.catalogue.kpis.iter().position(|known| known.id == kpi).ok_or(HttpError::NoKpi)?;
    let report = report(book, question, today);
    let asked = Period::parse(&report.on).unwrap_or(today);
    let last = asked.end().day() - 1;
    let mut walk = book.kpi_walk(index, last);
    let mut points = book.kpi_points(&mut walk, MAX_POINTS);
    points.reverse();
    let evidence = evidence(site, book, known, index, ReportPeriod(asked)).unwrap_or_else(|error| {
        // The way and the judgement are in memory: they are shown all the same.
        tracing::warn!(error = %contract::error::chain(&error), "the store cannot be read for a page");
        KpiEvidence { unreadable: true, ..KpiEvidence::default() }
    });
    let view = lookup::view(site, question, known);
    let sheet = PlanSheet::in_lang(&book.catalogue, &report, view.lang);
    let page = KpiSheet::new(&book.catalogue, &sheet, kpi, (&points, last), evidence, view.lang);
    html::kpi(&view, &page.ok_or(HttpError::NoKpi)?).map_err(broken)
}

/// What the stores say; nothing where there are none.
fn evidence(
    site: &Site,
    book: &PlanState,
    known: Option<&PlanVintage>,
    index: usize,
    ask: ReportPeriod,
) -> Result<KpiEvidence, StoreError> {
    if site.store.is_none() {
        return Ok(KpiEvidence::default());
    }
    let (readers, kpi) = (site.readers()?, &book.catalogue.kpis[index]);
    let upto = known.map(|known| (known.at, known.doubts.as_slice()));
    let explained = explain(&readers, book, &kpi.id, ask, upto);
    let parts = kpi.measure.parts();
    let series = parts.iter().map(|of| &book.catalogue.series[of.series]);
    let sources = source_health(&readers, &book.catalogue, series)?;
    let now = site.clock.now();
    Ok(KpiEvidence {
        explained: match explained {
            Ok(explained) => Some(explained),
            Err(crate::explain::ExplainError::Store(error)) => return Err(error),
            Err(crate::explain::ExplainError::UnknownKpi { .. }) => None,
        },
        restated: restated(&readers, book, kpi, ask, known.map(|known| known.at))?,
        health: sources.iter().map(|source| SourceRow::new(source, now)).collect(),
        unreadable: false,
    })
}
