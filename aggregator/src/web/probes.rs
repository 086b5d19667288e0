//! What machines ask: metrics, whether the process lives, whether it has caught up.

use super::Site;
use super::answer::{HttpError, TEXT, of_type};
use crate::metrics::CONTENT_TYPE;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

/// A scrape.
pub(super) async fn metrics(State(site): State<Site>) -> Result<Response, HttpError> {
    let turn = site.turns.clone().acquire_owned().await.map_err(|error| broken(&error))?;
    let work = move || {
        let _turn = turn;
        let health = site.health.snapshot();
        site.metrics.set_degraded(&health.degraded);
        site.metrics.exposition(&site.books, site.today(), health.unready().is_none(), |book| site.shows(book))
    };
    let made = tokio::task::spawn_blocking(work).await;
    match made {
        Ok(Ok(text)) => Ok(of_type(CONTENT_TYPE, text)),
        Ok(Err(error)) => Err(broken(&error)),
        Err(error) => Err(broken(&error)),
    }
}

fn broken(error: &dyn std::error::Error) -> HttpError {
    tracing::error!(%error, "metrics could not be written");
    HttpError::Broken
}

/// The process answers.
pub(super) async fn livez() -> Response {
    of_type(TEXT, "alive\n")
}

/// The pipeline has caught up, or why not.
pub(super) async fn readyz(State(site): State<Site>) -> Response {
    match site.health.snapshot().unready() {
        None => of_type(TEXT, "ready\n"),
        Some(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, of_type(TEXT, format!("not ready: {reason}\n"))).into_response()
        }
    }
}
