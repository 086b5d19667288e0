//! The interface for machines, `/api/v1`: what the pages show, and the records behind it, as JSON.
//!
//! One table ([`routes::ROUTES`]) is the router and the OpenAPI document, so that neither can say what the other
//! does not. Answers are typed by structs whose schemas are derived; errors are problems (RFC 9457); every answer
//! has an ETag. Reading is open to whoever reaches the address; a token is needed for what came and could hold
//! anything (a record in quarantine, as it came), and for the one thing that writes.

mod openapi;
mod plans;
mod problem;
mod quarantine;
mod records;
mod request;
mod response;
mod routes;
#[cfg(test)]
mod tests;

use super::Site;
use axum::Router;
use axum::extract::{OriginalUri, RawPathParams, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{MethodFilter, on};
pub(super) use problem::Problem;
use request::ApiRequest;
use routes::{ROUTES, Route};

pub use openapi::document;

/// Where it is found.
pub(super) const PREFIX: &str = "/api/v1";

/// The routes below [`PREFIX`].
pub(super) fn router() -> Router<Site> {
    let mut router = Router::new().route("/openapi.json", axum::routing::get(openapi::serve));
    for route in ROUTES {
        let handler = move |State(site): State<Site>,
                            params: RawPathParams,
                            OriginalUri(uri): OriginalUri,
                            headers: HeaderMap| async move {
            let instance = uri.path().to_owned();
            let call = ApiRequest::read(site, &params, &uri, headers);
            let answered = match call {
                Ok(call) => answered(route, call).await,
                Err(problem) => Err(problem),
            };
            answered.unwrap_or_else(|problem| problem.at(&instance))
        };
        let filter = if route.writes { MethodFilter::POST } else { MethodFilter::GET };
        router = router.route(route.path, on(filter, handler));
    }
    router.fallback(nothing).method_not_allowed_fallback(not_so)
}

async fn answered(route: &'static Route, call: ApiRequest) -> Result<Response, Problem> {
    if route.token {
        call.allowed()?;
    }
    call.only(route)?;
    let turn = call.site.turns.clone().acquire_owned().await.map_err(Problem::broken)?;
    let work = move || {
        // Held by the work, not by the request: a reader who left does not free a core that is still at work.
        let _turn = turn;
        let body = (route.answer)(&call)?;
        Ok(response::answer(route, &call, body))
    };
    tokio::task::spawn_blocking(work).await.map_err(Problem::broken)?
}

async fn nothing(OriginalUri(uri): OriginalUri) -> Response {
    Problem::NoSuchAddress.at(uri.path())
}

async fn not_so(OriginalUri(uri): OriginalUri) -> Response {
    Problem::NoSuchMethod.at(uri.path())
}
