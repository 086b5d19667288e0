//! Finds a plan or a KPI, in the current state or in a vintage, and the context of its page.

use super::error::{HttpError, internal};
use super::query::PageQuery;
use super::site::Site;
use crate::render::notice::{notices, replay};
use crate::render::view::{PageContext, VintagePage};
use crate::vintage::{PlanVintage, known_at};
use aggregator_core::plan_state::PlanState;
use contract::time::Micros;

/// Looks into the state of a plan that is shown here: the current one, or the vintage of a time.
pub(super) fn plan<T, E: From<HttpError>>(
    site: &Site,
    id: &str,
    at: Option<Micros>,
    look: impl FnOnce(&PlanState, Option<&PlanVintage>) -> Result<T, E>,
) -> Result<T, E> {
    let plans = site.plans.read().map_err(internal)?;
    let current = plans.get(id).ok_or(HttpError::NoPlan)?;
    if !site.shows(current) {
        return Err(HttpError::Elsewhere.into());
    }
    let Some(at) = at else { return look(current, None) };
    let configured = std::sync::Arc::clone(&current.catalogue);
    // A vintage is read from the stores, which takes time: the pipeline must not wait for the lock meanwhile.
    drop(plans);
    let _permit = site.vintages.try_acquire().map_err(|_| HttpError::Busy)?;
    let unreadable = |error| {
        tracing::warn!(error = %contract::error::chain(&error), "the store cannot be read for a vintage");
        HttpError::Unreadable
    };
    let readers = site.readers().map_err(unreadable)?;
    let vintage = known_at(&readers, &configured, at).map_err(unreadable)?;
    look(&vintage.state, Some(&vintage))
}

/// The index of a KPI in its catalogue.
pub(super) fn kpi(plan: &PlanState, id: &str) -> Result<usize, HttpError> {
    plan.catalogue.kpis.iter().position(|kpi| kpi.id == id).ok_or(HttpError::NoKpi)
}

/// The context of a page.
pub(super) fn context(site: &Site, query: &PageQuery, vintage: Option<&PlanVintage>) -> PageContext {
    PageContext {
        lang: query.language.lang,
        asked: query.language.asked,
        path: query.path.clone(),
        on: query.on,
        today: Some(site.today()),
        known: vintage.map(|vintage| VintagePage {
            at: vintage.at.to_string(),
            doubts: vintage.doubts.iter().map(ToString::to_string).collect(),
            catalogue: vintage.catalogue.map(|revision| revision.to_string()),
        }),
        notices: site
            .replays
            .then(replay)
            .into_iter()
            .chain(notices(&site.health.snapshot(), site.clock.now()))
            .collect(),
        kept: Vec::new(),
    }
}
