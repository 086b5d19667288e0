//! A page a KPI: its way, and where every figure came from.

use super::answer::{HTML, Refusal, of_type};
use super::ask::Question;
use super::pages::{broken, made, report};
use super::{Site, health, seen};
use crate::explain::{explain, restated};
use crate::known_at::Known;
use crate::render::{Evidence, KpiSheet, Sheet, html};
use crate::store::StoreError;
use aggregator_core::ask::Ask;
use aggregator_core::book::Book;
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
    let page = made(site, move |site| {
        let question = Question { rollups: false, ..question };
        seen::book(site, &plan, question.known_at, |book, known| page(site, book, known, &kpi, &question))
    });
    Ok(of_type(HTML, page.await?))
}

fn page(site: &Site, book: &Book, known: Option<&Known>, kpi: &str, question: &Question) -> Result<String, Refusal> {
    let today = site.today();
    let index = book.catalogue.kpis.iter().position(|known| known.id == kpi).ok_or(Refusal::NoKpi)?;
    let report = report(book, question, today);
    let asked = Period::parse(&report.on).unwrap_or(today);
    let last = asked.end().day() - 1;
    let mut walk = book.kpi_walk(index, last);
    let mut points = book.kpi_points(&mut walk, MAX_POINTS);
    points.reverse();
    let evidence = evidence(site, book, known, index, Ask(asked)).unwrap_or_else(|error| {
        // The way and the judgement are in memory: they are shown all the same.
        tracing::warn!(error = %crate::pipeline::chain(&error), "the store cannot be read for a page");
        Evidence { unreadable: true, ..Evidence::default() }
    });
    let view = seen::view(site, question, known);
    let sheet = Sheet::in_lang(&book.catalogue, &report, view.lang);
    let page = KpiSheet::new(&book.catalogue, &sheet, kpi, (&points, last), evidence, view.lang);
    html::kpi(&view, &page.ok_or(Refusal::NoKpi)?).map_err(broken)
}

/// What the stores say; nothing where there are none.
fn evidence(site: &Site, book: &Book, known: Option<&Known>, index: usize, ask: Ask) -> Result<Evidence, StoreError> {
    if site.store.is_none() {
        return Ok(Evidence::default());
    }
    let (readers, kpi) = (site.readers()?, &book.catalogue.kpis[index]);
    let upto = known.map(|known| (known.at, known.doubts.as_slice()));
    let explained = explain(&readers, book, &kpi.id, ask, upto);
    let series: Vec<_> = kpi.measure.parts().iter().map(|of| &book.catalogue.series[of.series]).collect();
    Ok(Evidence {
        explained: match explained {
            Ok(explained) => Some(explained),
            Err(crate::explain::ExplainError::Store(error)) => return Err(error),
            Err(crate::explain::ExplainError::UnknownKpi { .. }) => None,
        },
        restated: restated(&readers, book, kpi, ask, known.map(|known| known.at))?,
        health: health::among(&readers, &book.catalogue, &series, site.clock.now())?,
        unreadable: false,
    })
}
