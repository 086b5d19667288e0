//! Through what a page is seen: the book of what is known, or of what was known at a time, and what is told above it.

use super::Site;
use super::answer::HttpError;
use super::pages::{broken, held};
use super::query::PageQuery;
use crate::render::notice::notices;
use crate::render::view::{self, PageContext};
use crate::vintage::{PlanVintage, known_at};
use aggregator_core::plan_state::PlanState;
use contract::time::Micros;

/// Looks into the book of a plan that is shown here, as known now or at a time.
pub(super) fn book<T, E: From<HttpError>>(
    site: &Site,
    plan: &str,
    at: Option<Micros>,
    look: impl FnOnce(&PlanState, Option<&PlanVintage>) -> Result<T, E>,
) -> Result<T, E> {
    let books = site.books.read().map_err(broken)?;
    let now = held(site, &books, plan)?;
    let Some(at) = at else { return look(now, None) };
    let configured = now.catalogue.clone();
    // What was known is read from the stores, which takes its time: the pipeline should not wait for the books.
    drop(books);
    let unreadable = |error| {
        tracing::warn!(error = %contract::error::chain(&error), "the store cannot be read for what was known at a time");
        HttpError::Unreadable
    };
    let readers = site.readers().map_err(unreadable)?;
    let known = known_at(&readers, &configured, at).map_err(unreadable)?;
    look(&known.state, Some(&known))
}

/// What a page is seen through.
pub(super) fn view(site: &Site, question: &PageQuery, known: Option<&PlanVintage>) -> PageContext {
    PageContext {
        lang: question.tongue.lang,
        asked: question.tongue.asked,
        path: question.path.clone(),
        on: question.on,
        today: Some(site.today()),
        known: known.map(|known| view::VintagePage {
            at: known.at.to_string(),
            doubts: known.doubts.iter().map(ToString::to_string).collect(),
            catalogue: known.catalogue.map(|revision| revision.to_string()),
        }),
        notices: notices(&site.health.snapshot(), site.clock.now()),
    }
}
