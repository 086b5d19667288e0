//! The web site: a scoreboard in plain HTML, exports, the API, metrics and probes.
//!
//! Pages are rendered on the server, without JavaScript, external addresses or cookies. Every page is a report of the plan
//! states at the moment of the request. The only request that changes anything is in `api` and needs a token. The binary
//! passes the listener and binds it to loopback by default.

mod api;
mod connection_limit;
mod content;
mod error;
mod kpi;
mod lookup;
mod middleware;
#[cfg(test)]
mod month_tests;
mod pages;
mod probes;
mod progress_io;
mod query;
mod query_error;
#[cfg(test)]
mod question_tests;
#[cfg(test)]
mod reject_tests;
mod server;
#[cfg(test)]
mod server_tests;
mod site;
#[cfg(test)]
mod tests;
mod token_brake;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::get;
use std::future::Future;
use tokio::net::TcpListener;

pub use api::document;
pub use server::ServerLimits;
pub use site::Site;

/// The routes of the site.
pub fn router(site: Site) -> Router {
    Router::new()
        .route("/", get(pages::scoreboard))
        .route("/plans/{plan}", get(pages::plan))
        .route("/plans/{plan}/kpis/{kpi}", get(kpi::kpi))
        .route("/plans/{plan}/report.md", get(pages::markdown))
        .route("/plans/{plan}/report.csv", get(pages::csv))
        .route("/plans/{plan}/report.json", get(pages::json))
        .route("/style.css", get(pages::style))
        // Browsers request it on their own.
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .route("/metrics", get(probes::metrics))
        .route("/livez", get(probes::livez))
        .route("/readyz", get(probes::readyz))
        .nest("/api/v1", api::router())
        .fallback(pages::not_found)
        .layer(from_fn(middleware::finish))
        .with_state(site)
}

/// The probes and metrics of a process without a scoreboard, such as a collector.
pub fn probes(site: Site) -> Router {
    Router::new()
        .route("/metrics", get(probes::metrics))
        .route("/livez", get(probes::livez))
        .route("/readyz", get(probes::readyz))
        .layer(from_fn(middleware::finish))
        .with_state(site)
}

/// Serves [`router`] or [`probes`] until `shutdown` resolves; answers in progress may then take five more seconds.
pub async fn serve<F>(listener: TcpListener, router: Router, shutdown: F) -> std::io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    server::serve(listener, router, shutdown, ServerLimits::default()).await
}
