//! Every value that was ever known of a KPI, by period: a page and files of it.

use super::content::{HTML, of_type};
use super::error::{HttpError, internal};
use super::lookup;
use super::pages::with_file_name;
use super::query::PageQuery;
use super::query_error::QueryError;
use super::site::Site;
use crate::render::csv::BYTE_ORDER_MARK;
use crate::render::html;
use crate::render::vintages as form;
use crate::vintage_table::{self, PeriodVintages};
use axum::extract::{Path, State};
use axum::response::Response;
use contract::catalogue::Catalogue;
use std::sync::Arc;

/// The vintages of a KPI of a plan that is shown here, and the plan's catalogue.
pub(super) fn of_kpi(site: &Site, plan: &str, kpi: &str) -> Result<(Arc<Catalogue>, Vec<PeriodVintages>), HttpError> {
    let catalogue = lookup::plan(site, plan, None, |state, _| {
        lookup::kpi(state, kpi)?;
        Ok::<_, HttpError>(Arc::clone(&state.catalogue))
    })?;
    let _permit = site.vintages.try_acquire().map_err(|_| HttpError::Busy)?;
    let found =
        site.readers().and_then(|readers| vintage_table::of_kpi(&readers, &catalogue, kpi, site.clock.now().moment()));
    let found = found.map_err(|error| {
        tracing::warn!(error = %contract::error::chain(&error), "the store cannot be read for vintages");
        HttpError::Unreadable
    })?;
    Ok((catalogue, found.unwrap_or_default()))
}

/// The page.
pub(super) async fn page(
    State(site): State<Site>,
    Path((plan, kpi)): Path<(String, String)>,
    query: PageQuery,
) -> Result<Response, HttpError> {
    refuse_moments(&query, false)?;
    let page = site.run(move |site| {
        let (catalogue, found) = of_kpi(site, &plan, &kpi)?;
        let view = lookup::context(site, &query, None);
        let kpi = catalogue.kpis.iter().find(|one| one.id == kpi).ok_or(HttpError::NoKpi)?;
        html::vintages(&view, (&catalogue.plan, kpi), &found).map_err(internal)
    });
    Ok(of_type(HTML, page.await?))
}

/// As CSV.
pub(super) async fn csv(
    State(site): State<Site>,
    Path((plan, kpi)): Path<(String, String)>,
    query: PageQuery,
) -> Result<Response, HttpError> {
    refuse_moments(&query, true)?;
    let mark = if query.bom { BYTE_ORDER_MARK } else { "" };
    let (name, text) = site
        .run(move |site| {
            let (_, found) = of_kpi(site, &plan, &kpi)?;
            Ok::<_, HttpError>((
                format!("{plan}-{kpi}-vintages"),
                format!("{mark}{}", form::csv((&plan, &kpi), &found)),
            ))
        })
        .await?;
    Ok(with_file_name(&name, "csv", of_type("text/csv; charset=utf-8; header=present", text)))
}

/// As JSON, as the command prints it.
pub(super) async fn json(
    State(site): State<Site>,
    Path((plan, kpi)): Path<(String, String)>,
    query: PageQuery,
) -> Result<Response, HttpError> {
    refuse_moments(&query, false)?;
    let text = site.run(move |site| {
        let (_, found) = of_kpi(site, &plan, &kpi)?;
        Ok::<_, HttpError>(form::json((&plan, &kpi), &found))
    });
    Ok(of_type("application/json", text.await?))
}

/// The table has all moments and all times: it cannot be asked for one.
fn refuse_moments(query: &PageQuery, takes_bom: bool) -> Result<(), HttpError> {
    let given = [
        ("on", query.on.is_some()),
        ("known_at", query.known_at.is_some()),
        ("rollups", query.rollups),
        ("bom", query.bom && !takes_bom),
    ];
    let names = given.into_iter().filter(|(_, is_given)| *is_given).map(|(name, _)| name);
    QueryError::unknown(names, &["lang"]).map_or(Ok(()), |unknown| Err(HttpError::Query(unknown)))
}
