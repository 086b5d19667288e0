//! A page a KPI: its way, and where every figure came from.

use super::Site;
use super::answer::{HTML, Refusal, of_type};
use super::ask::Question;
use super::pages::{broken, held, made, report};
use crate::explain::explain;
use crate::render::{KpiSheet, Sheet, html};
use crate::store;
use aggregator_core::ask::Ask;
use axum::extract::{Path, State};
use axum::response::Response;
use contract::period::Period;

/// Moments of one page: a day each for five years.
const MAX_POINTS: usize = 2_000;

/// One KPI.
pub(super) async fn kpi(
    State(site): State<Site>,
    Path((plan, kpi)): Path<(String, String)>,
    question: Question,
) -> Result<Response, Refusal> {
    let page = made(site, move |site, books, today| {
        let book = held(site, books, &plan)?;
        let index = book.catalogue.kpis.iter().position(|known| known.id == kpi).ok_or(Refusal::NoKpi)?;
        let report = report(book, Question { rollups: false, ..question }, today);
        let asked = Period::parse(&report.on).unwrap_or(today);
        let mut walk = book.kpi_walk(index, asked.end().day() - 1);
        let mut points = book.kpi_points(&mut walk, MAX_POINTS);
        points.reverse();
        let explained = match &site.store {
            None => None,
            Some(folder) => {
                let readers = store::open_readers(folder).map_err(broken)?;
                Some(explain(&readers, book, &kpi, Ask(asked), None).map_err(broken)?)
            }
        };
        let sheet = Sheet::new(&book.catalogue, &report);
        let page = KpiSheet::new(&book.catalogue, &sheet, &kpi, &points, explained).ok_or(Refusal::NoKpi)?;
        html::kpi(&page).map_err(broken)
    });
    Ok(of_type(HTML, page.await?))
}
