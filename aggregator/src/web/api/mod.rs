//! The API, `/api/v1`: plans, KPIs, rollups, observations, sources, quarantine and health as JSON.
//!
//! One table ([`routes::ROUTES`]) makes both the router and the OpenAPI document, so that they cannot differ. Answers are
//! structs whose schemas are derived; errors are problems (RFC 9457); every answer has an ETag. Reading needs no token. A
//! token is needed for the content of a quarantined record, which may be anything, and for the only request that changes
//! something.

mod openapi;
mod parameter;
mod plans;
pub(super) mod problem;
mod publications;
mod quarantine;
mod records;
mod request;
mod response;
pub(super) mod routes;
mod sources;
#[cfg(test)]
mod tests;

use super::embargo::{self, Access};
use super::site::Site;
use super::token_brake::PeerAddress;
use axum::extract::{OriginalUri, RawPathParams, State};
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{MethodFilter, on};
use axum::{Extension, Router};
use problem::Problem;
use request::ApiRequest;
use routes::{ROUTES, Route};

pub use openapi::document;

/// The routes below [`routes::PREFIX`].
pub(super) fn router(site: &Site) -> Router<Site> {
    let gated = |access| from_fn_with_state((site.clone(), access), embargo::gate);
    let document = axum::routing::get(openapi::serve).layer(gated(Access::Public));
    let mut router = Router::new().route("/openapi.json", document);
    for route in ROUTES {
        let handler = move |State(site): State<Site>,
                            params: RawPathParams,
                            OriginalUri(uri): OriginalUri,
                            headers: HeaderMap,
                            peer: Option<Extension<PeerAddress>>| async move {
            let peer = peer.map(|Extension(peer)| peer).unwrap_or_default();
            let response = match ApiRequest::read(site, route.query, &params, &uri, (headers, peer)) {
                Ok(request) => respond(route, request).await,
                Err(problem) => Err(problem),
            };
            response.unwrap_or_else(|problem| problem.at(uri.path()))
        };
        let filter = if route.writes { MethodFilter::POST } else { MethodFilter::GET };
        router = router.route(route.path, on(filter, handler).layer(gated(route.access)));
    }
    router.fallback(no_address).method_not_allowed_fallback(no_method)
}

async fn respond(route: &'static Route, request: ApiRequest) -> Result<Response, Problem> {
    if route.token {
        request.check_token().await?;
    }
    request.check_parameters()?;
    let site = request.site.clone();
    site.run(move |_| Ok(response::respond(route.status(), &request, (route.answer)(&request)?))).await
}

async fn no_address(OriginalUri(uri): OriginalUri) -> Response {
    Problem::NoSuchAddress.at(uri.path())
}

async fn no_method(OriginalUri(uri): OriginalUri) -> Response {
    Problem::NoSuchMethod.at(uri.path())
}
