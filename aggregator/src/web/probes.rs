//! Metrics for Prometheus, and the probes of a service manager: whether the process lives, and whether it is ready.

use super::content::{TEXT, of_type};
use super::embargo::PublicReader;
use super::error::{HttpError, internal};
use super::site::Site;
use crate::metrics::CONTENT_TYPE;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use std::time::Instant;

/// The addresses that are answered whatever other clients do.
const PROBES: [&str; 3] = ["/livez", "/readyz", "/metrics"];

/// True for an address that is answered whatever other clients do.
pub(super) fn is_probe(path: &str) -> bool {
    PROBES.contains(&path)
}

/// A scrape.
pub(super) async fn metrics(
    State(site): State<Site>,
    public: Option<Extension<PublicReader>>,
) -> Result<Response, HttpError> {
    let (arrived, is_public) = (Instant::now(), public.is_some());
    let text = site.scrape(move |site| {
        // What began after this request came is no older than what it would make itself: so many scrapers cost one scrape.
        let mut last = site.last_scrape.lock();
        let last = &mut last[usize::from(is_public)];
        if let Some((_, text)) = last.as_ref().filter(|(begun, _)| *begun >= arrived) {
            return Ok(text.clone());
        }
        let begun = Instant::now();
        let health = site.health.snapshot();
        site.metrics.set_degraded(&health.degraded);
        site.metrics.set_rejects(&site.health.rejects());
        let ready = health.unready().is_none();
        // A scraper without the token gets no value, target or status that is not released.
        let shows = |plan: &_| !is_public && site.shows(plan);
        let text = site.metrics.exposition(&site.plans, site.today(), ready, shows).map_err(internal)?;
        *last = Some((begun, text.clone()));
        Ok::<_, HttpError>(text)
    });
    Ok(of_type(CONTENT_TYPE, text.await?))
}

/// The process answers.
pub(super) async fn livez() -> Response {
    of_type(TEXT, "alive\n")
}

/// The pipeline has caught up, or why not; with the digest of the key list, by which two aggregators are compared.
pub(super) async fn readyz(State(site): State<Site>) -> Response {
    let health = site.health.snapshot();
    match health.unready() {
        None => {
            let keys = site.keys.as_ref().map_or(String::new(), |keys| format!(", keys {keys}"));
            let warning = health.warning().map_or(String::new(), |warning| format!("{warning}\n"));
            of_type(TEXT, format!("ready{keys}\n{warning}"))
        }
        Some(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, of_type(TEXT, format!("not ready: {reason}\n"))).into_response()
        }
    }
}
