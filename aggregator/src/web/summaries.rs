//! Keeps the summaries of all plans up to date beside the pages, so that a list of many plans never waits for them.

use super::error::{HttpError, internal};
use super::plan_list::default_period;
use super::site::Site;
use aggregator_core::plan_state::PlanState;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a list may show the statuses of before.
const INTERVAL: Duration = Duration::from_secs(1);
/// Summaries that are computed under one hold of the lock: the pipeline waits for no more than these.
const SUMMARIES_AT_ONCE: usize = 16;

impl Site {
    /// Computes summaries that are not up to date, at most some; gives how many there were.
    pub(super) fn refresh_summaries(&self, at_most: usize) -> Result<usize, HttpError> {
        let plans = self.plans.read().map_err(internal)?;
        let today = self.today();
        let outdated = plans.values().filter(|plan| self.shows(plan));
        let outdated = outdated.filter(|plan| plan.known_summary(default_period(plan, today)).is_none());
        let outdated: Vec<&PlanState> = outdated.take(at_most).collect();
        for plan in &outdated {
            plan.summary(default_period(plan, today));
        }
        Ok(outdated.len())
    }
}

/// Brings the summaries of a site up to date from time to time, until `stop`; not while the pipeline catches up, as each
/// batch would outdate them again.
pub async fn keep_summaries(site: Site, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
        while !stop.is_cancelled() && site.health.snapshot().unready().is_none() {
            let of_site = site.clone();
            let refreshed = tokio::task::spawn_blocking(move || of_site.refresh_summaries(SUMMARIES_AT_ONCE)).await;
            // Plan states that were left incomplete are reported by the pages.
            if !matches!(refreshed, Ok(Ok(SUMMARIES_AT_ONCE))) {
                break;
            }
        }
    }
}
