//! The web site: a scoreboard in plain HTML, exports, the API, metrics and probes.
//!
//! Pages are rendered on the server, without JavaScript, external addresses or cookies. Every page is a report of the plan
//! states at the moment of the request. The only request that changes anything is in `api` and needs a token. The binary
//! passes the listener and binds it to loopback by default.

mod api;
mod base64;
mod connection_limit;
mod content;
mod content_policy;
#[cfg(test)]
mod degraded_tests;
mod embargo;
#[cfg(test)]
mod embargo_tests;
mod error;
mod kpi;
mod list_query;
mod lookup;
mod middleware;
#[cfg(test)]
mod month_tests;
mod pages;
mod plan_list;
#[cfg(test)]
mod plan_list_tests;
mod probes;
mod progress_io;
mod publications;
mod query;
mod query_error;
#[cfg(test)]
mod question_tests;
#[cfg(test)]
mod reject_tests;
mod search;
mod server;
#[cfg(test)]
mod server_tests;
mod site;
mod summaries;
#[cfg(test)]
mod tests;
mod token_brake;
mod vintages;

use axum::Router;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get};
use embargo::Access;
use std::future::Future;
use tokio::net::TcpListener;

pub use api::document;
pub use server::ServerLimits;
pub use site::Site;
pub use summaries::keep_summaries;

/// An address outside the API, who may read it under an embargo, and its handler.
type PageRoute = (&'static str, Access, MethodRouter<Site>);

/// All of them.
fn page_routes() -> Vec<PageRoute> {
    use Access::{Index, Public, Released, Staff};
    vec![
        ("/", Index, get(pages::scoreboard)),
        ("/plans/{plan}", Released("report.html"), get(pages::plan)),
        ("/plans/{plan}/kpis/{kpi}", Staff, get(kpi::kpi)),
        ("/plans/{plan}/kpis/{kpi}/chart.csv", Staff, get(kpi::chart_csv)),
        ("/plans/{plan}/kpis/{kpi}/vintages", Staff, get(vintages::page)),
        ("/plans/{plan}/kpis/{kpi}/vintages.csv", Staff, get(vintages::csv)),
        ("/plans/{plan}/kpis/{kpi}/vintages.json", Staff, get(vintages::json)),
        ("/plans/{plan}/report.md", Released("report.md"), get(pages::markdown)),
        ("/plans/{plan}/report.csv", Released("report.csv"), get(pages::csv)),
        ("/plans/{plan}/report.json", Released("report.json"), get(pages::json)),
        ("/publications", Public, get(publications::page)),
        ("/plans/{plan}/publications/{id}/{file}", Public, get(publications::file)),
        ("/staff", Staff, get(pages::staff)),
        ("/style.css", Public, get(pages::style)),
        // Browsers request it on their own.
        ("/favicon.ico", Public, get(|| async { StatusCode::NO_CONTENT })),
        ("/metrics", Public, get(probes::metrics)),
        ("/livez", Public, get(probes::livez)),
        ("/readyz", Public, get(probes::readyz)),
    ]
}

/// The routes of the site.
pub fn router(site: Site) -> Router {
    let gated = |access| from_fn_with_state((site.clone(), access), embargo::gate);
    let mut router = Router::new();
    for (path, access, handler) in page_routes() {
        router = router.route(path, handler.layer(gated(access)));
    }
    router
        .nest("/api/v1", api::router(&site))
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
