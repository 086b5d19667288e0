//! The door to readers: a scoreboard in plain HTML, the exports, and what machines ask.
//!
//! Server-rendered, without JavaScript, addresses outside or cookies. Every page is the report of the books at the
//! moment asked; the one thing that writes is in [`api`] and needs a token. The binary passes the listener, and binds it to loopback unless
//! the city says otherwise.

mod answer;
mod api;
mod connection_limit;
mod kpi;
mod lookup;
mod pages;
mod probes;
mod query;
mod server;
#[cfg(test)]
mod server_tests;
#[cfg(test)]
mod tests;

use crate::health::Health;
use crate::metrics::Metrics;
use crate::pipeline::ControlRequests;
use crate::plan_states::SharedPlanStates;
use crate::store::{self, StoreError, StoreReader};
use aggregator_core::plan_state::PlanState;
use axum::Router;
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::get;
use contract::period::Period;
use contract::time::Clock;
use sha2::{Digest, Sha256};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

pub use api::document;
pub use server::ServerLimits;

/// Reports made at once; more wait their turn, so that readers cannot take every core from the pipeline.
const MAX_REPORTS_AT_ONCE: usize = 4;

/// What the pages are made from.
#[derive(Clone)]
pub struct Site {
    books: SharedPlanStates,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    health: Arc<Health>,
    turns: Arc<Semaphore>,
    shared: bool,
    store: Option<PathBuf>,
    writing: Option<Arc<Writing>>,
}

/// What those who have the token may do.
struct Writing {
    token: [u8; 32],
    wishes: Arc<ControlRequests>,
}

impl Site {
    /// A site over the books; the clock says which day is today.
    pub fn new(books: SharedPlanStates, clock: Arc<dyn Clock>, metrics: Arc<Metrics>, health: Arc<Health>) -> Self {
        Self {
            books,
            clock,
            metrics,
            health,
            turns: Arc::new(Semaphore::new(MAX_REPORTS_AT_ONCE)),
            shared: false,
            store: None,
            writing: None,
        }
    }

    /// A site of one among several that share the plans: it shows only those it has figures of. A plan that
    /// another keeps would look as if it had none.
    #[must_use]
    pub fn of_many(self, shared: bool) -> Self {
        Self { shared, ..self }
    }

    /// A site that also tells where figures came from and how sources are: from the stores in a folder.
    #[must_use]
    pub fn with_store(self, folder: PathBuf) -> Self {
        Self { store: Some(folder), ..self }
    }

    /// A site where the holder of a token may wish something of the pipeline.
    #[must_use]
    pub fn with_token(self, token: &str, wishes: Arc<ControlRequests>) -> Self {
        // Only its digest is kept and compared: how long a comparison takes tells nothing of the token.
        Self { writing: Some(Arc::new(Writing { token: Sha256::digest(token).into(), wishes })), ..self }
    }

    fn shows(&self, book: &PlanState) -> bool {
        !self.shared || book.ledger().keys() > 0
    }

    /// The stores, where there are any.
    fn readers(&self) -> Result<Vec<StoreReader>, StoreError> {
        self.store.as_deref().map_or_else(|| Ok(Vec::new()), store::open_readers)
    }

    fn today(&self) -> Period {
        Period::day(self.clock.now().moment().date())
    }
}

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
        // Browsers ask for it unasked.
        .route("/favicon.ico", get(|| async { StatusCode::NO_CONTENT }))
        .route("/metrics", get(probes::metrics))
        .route("/livez", get(probes::livez))
        .route("/readyz", get(probes::readyz))
        .nest("/api/v1", api::router())
        .fallback(pages::nothing)
        .layer(from_fn(answer::dressed))
        .with_state(site)
}

/// What machines ask of a process without a scoreboard, such as a collector.
pub fn probes(site: Site) -> Router {
    Router::new()
        .route("/metrics", get(probes::metrics))
        .route("/livez", get(probes::livez))
        .route("/readyz", get(probes::readyz))
        .layer(from_fn(answer::dressed))
        .with_state(site)
}

/// Serves [`router`] or [`probes`] until `shutdown` resolves, then lets answers under way end within five seconds.
pub async fn serve<F>(listener: TcpListener, router: Router, shutdown: F) -> std::io::Result<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    server::serve(listener, router, shutdown, ServerLimits::default()).await
}
