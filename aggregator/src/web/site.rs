//! What all answers share: plan states, clock, metrics, health, stores, and the access of the token's holder.

use super::error::{HttpError, internal};
use super::token_brake::TokenBrake;
use crate::health::Health;
use crate::keys::KeyList;
use crate::metrics::Metrics;
use crate::pipeline::ControlRequests;
use crate::plan_states::SharedPlanStates;
use crate::store::{self, StoreError, StoreReader};
use aggregator_core::plan_state::PlanState;
use contract::period::Period;
use contract::time::Clock;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::Semaphore;

/// Reports made at once; further requests wait, so that readers cannot take every core from the pipeline.
const MAX_REPORTS_AT_ONCE: usize = 4;

/// Scrapes made at once: they have a place of their own, which no report takes.
const MAX_SCRAPES_AT_ONCE: usize = 1;

/// Vintages read at once; further questions are answered 503. Each reads a whole store, so that the reports of the current
/// figures and the metrics keep the other places.
const MAX_VINTAGES_AT_ONCE: usize = 2;

/// When a scrape began, and its text.
pub(super) type Scrape = (Instant, String);

/// What the pages are made of.
#[derive(Clone)]
pub struct Site {
    pub(super) plans: SharedPlanStates,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) metrics: Arc<Metrics>,
    /// Digest of the key list, where records are verified.
    pub(super) keys: Option<String>,
    pub(super) health: Arc<Health>,
    reports: Arc<Semaphore>,
    scrapes: Arc<Semaphore>,
    /// The last scrape with all figures, and the last one without those that are not released.
    pub(super) last_scrape: Arc<Mutex<[Option<Scrape>; 2]>>,
    pub(super) vintages: Arc<Semaphore>,
    shared: bool,
    pub(super) replays: bool,
    pub(super) store: Option<PathBuf>,
    pub(super) control: Option<Arc<ControlAccess>>,
    /// True when the public sees only what was published.
    pub(super) embargo: bool,
}

/// What the holder of the token may request of the pipeline.
pub(super) struct ControlAccess {
    pub(super) token_digest: [u8; 32],
    pub(super) brake: TokenBrake,
    pub(super) requests: Arc<ControlRequests>,
}

impl ControlAccess {
    /// True for the token.
    pub(super) fn accepts(&self, token: &str) -> bool {
        <[u8; 32]>::from(Sha256::digest(token)) == self.token_digest
    }
}

impl Site {
    /// A site of these plan states; the clock gives the day of today.
    pub fn new(plans: SharedPlanStates, clock: Arc<dyn Clock>, metrics: Arc<Metrics>, health: Arc<Health>) -> Self {
        Self {
            plans,
            clock,
            metrics,
            keys: None,
            health,
            reports: Arc::new(Semaphore::new(MAX_REPORTS_AT_ONCE)),
            scrapes: Arc::new(Semaphore::new(MAX_SCRAPES_AT_ONCE)),
            last_scrape: Arc::default(),
            vintages: Arc::new(Semaphore::new(MAX_VINTAGES_AT_ONCE)),
            shared: false,
            replays: false,
            store: None,
            control: None,
            embargo: false,
        }
    }

    /// The site of one of several instances that share the plans: it shows only the plans of which it has figures, since
    /// a plan that another instance processes would look as if it had none.
    #[must_use]
    pub fn of_many(self, shared: bool) -> Self {
        Self { shared, ..self }
    }

    /// The site of a replay: its pages say that their day is not today.
    #[must_use]
    pub fn of_replay(self, replays: bool) -> Self {
        Self { replays, ..self }
    }

    /// The site of an instance that verifies records by these keys.
    #[must_use]
    pub fn with_keys(self, keys: &KeyList) -> Self {
        if keys.is_empty() {
            return self;
        }
        let digest = format!("{:016x}", keys.digest());
        self.metrics.set_keys(&digest);
        Self { keys: Some(digest), ..self }
    }

    /// A site that also shows evidence and the health of sources, from the stores in a folder.
    #[must_use]
    pub fn with_store(self, folder: PathBuf) -> Self {
        Self { store: Some(folder), ..self }
    }

    /// A site where the holder of a token may send requests to the pipeline.
    #[must_use]
    pub fn with_token(self, token: &str, requests: Arc<ControlRequests>) -> Self {
        // Only digests are compared: the duration of a comparison reveals nothing of the token.
        let access =
            ControlAccess { token_digest: Sha256::digest(token).into(), brake: TokenBrake::default(), requests };
        Self { control: Some(Arc::new(access)), ..self }
    }

    /// A site that shows only what was published to readers without the token.
    #[must_use]
    pub fn with_embargo(self, embargo: bool) -> Self {
        Self { embargo, ..self }
    }

    /// True when this instance shows the plan.
    pub(super) fn shows(&self, plan: &PlanState) -> bool {
        !self.shared || plan.ledger().keys() > 0
    }

    /// The stores, where there are any.
    pub(super) fn readers(&self) -> Result<Vec<StoreReader>, StoreError> {
        self.store.as_deref().map_or_else(|| Ok(Vec::new()), store::open_readers)
    }

    /// The day of today.
    pub(super) fn today(&self) -> Period {
        Period::day(self.clock.now().moment().date())
    }

    /// Makes an answer on a thread that may block, since a writer may hold the plan states for a while.
    pub(super) async fn run<T, E>(self, make: impl FnOnce(&Self) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<HttpError> + Send + 'static,
    {
        let places = Arc::clone(&self.reports);
        self.run_in(places, make).await
    }

    /// The same for a scrape, which reports do not hold up.
    pub(super) async fn scrape<T, E>(self, make: impl FnOnce(&Self) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<HttpError> + Send + 'static,
    {
        let places = Arc::clone(&self.scrapes);
        self.run_in(places, make).await
    }

    async fn run_in<T, E>(
        self,
        places: Arc<Semaphore>,
        make: impl FnOnce(&Self) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<HttpError> + Send + 'static,
    {
        let permit = places.acquire_owned().await.map_err(internal)?;
        let work = move || {
            // Held by the work, not by the request: a reader who left does not free a core that is still at work.
            let _permit = permit;
            make(&self)
        };
        tokio::task::spawn_blocking(work).await.map_err(internal)?
    }
}
