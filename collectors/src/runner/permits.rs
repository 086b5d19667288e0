//! Limits the polls that run at the same time, in all and for each host, so that a host that does not answer leaves most
//! places to the sources of other hosts.

use crate::config::SourceConfig;
use crate::origin::Origin;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Polls that run at the same time: each holds a file of up to its size cap in memory.
const MAX_POLLS: usize = 16;
/// Polls of one host at the same time. It is asked one request at a time anyway; the second poll parses meanwhile.
const MAX_POLLS_PER_HOST: usize = 2;

/// The places of running polls.
#[derive(Debug)]
pub(super) struct PollPermits {
    all: Arc<Semaphore>,
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

/// The place of one poll.
#[derive(Debug)]
pub(super) struct PollPermit {
    _host: Option<OwnedSemaphorePermit>,
    _all: OwnedSemaphorePermit,
}

impl PollPermits {
    pub(super) fn new() -> Self {
        Self { all: Arc::new(Semaphore::new(MAX_POLLS)), hosts: Mutex::default() }
    }

    /// Waits for a place; first for one of the source's host, so that waiting for the host takes none from other hosts.
    /// `None` never comes, as no semaphore is closed.
    pub(super) async fn acquire(&self, source: &SourceConfig) -> Option<PollPermit> {
        let host = match self.host(source) {
            Some(host) => Some(host.acquire_owned().await.ok()?),
            None => None,
        };
        Some(PollPermit { _host: host, _all: Arc::clone(&self.all).acquire_owned().await.ok()? })
    }

    fn host(&self, source: &SourceConfig) -> Option<Arc<Semaphore>> {
        let url = match &source.fetch.origin {
            Origin::Urls(urls) => &urls.first()?.url,
            Origin::Index { page, .. } => &page.url,
            Origin::Path { .. } | Origin::Snmp(_) => return None,
        };
        let host = url.host_str()?.to_owned();
        let new = || Arc::new(Semaphore::new(MAX_POLLS_PER_HOST));
        Some(Arc::clone(self.hosts.lock().entry(host).or_insert_with(new)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{register, source};
    use std::path::Path;
    use std::time::Duration;

    #[tokio::test]
    async fn sources_of_one_host_leave_places_to_the_others() {
        let permits = Arc::new(PollPermits::new());
        let of = |place: &str| source(Path::new("."), &register(place));
        let dead = of("url = 'https://dead.example.jp/r.csv'");
        for _ in 0..MAX_POLLS {
            let (permits, dead) = (Arc::clone(&permits), dead.clone());
            tokio::spawn(async move {
                let _permit = permits.acquire(&dead).await;
                std::future::pending::<()>().await;
            });
        }
        tokio::task::yield_now().await;
        for place in ["url = 'https://live.example.jp/r.csv'", "path = 'r.csv'"] {
            let other = of(place);
            let permit = tokio::time::timeout(Duration::from_secs(1), permits.acquire(&other)).await;
            assert!(permit.unwrap().is_some(), "{place}");
        }
        assert!(tokio::time::timeout(Duration::from_millis(50), permits.acquire(&dead)).await.is_err());
    }
}
