//! Follows a log on a thread of its own.

use super::collector::Collector;
use super::outcome::{PollFailure, PolledFile};
use crate::config::SourceConfig;
use crate::fetch::FetchError;
use crate::origin::Origin;
use crate::sources::{LogSource, SourceNotes};
use std::sync::Arc;

/// Bytes read in one poll; the next follows at once. So a long history is committed in parts.
const MAX_POLL_BYTES: u64 = 512 << 20;

/// Reads what is new. Returns one file that stands for all of the log, the notes afterwards, and whether there is more.
pub(super) async fn follow(
    collector: &Collector,
    source: &SourceConfig,
    log: &Arc<dyn LogSource>,
    notes: &SourceNotes,
) -> (Vec<PolledFile>, SourceNotes, bool) {
    let (origin, log, before) = (source.fetch.origin.clone(), Arc::clone(log), notes.clone());
    if let (true, Origin::Path { path, .. }) = (log.is_finished(), &origin)
        && let Err(error) = collector.fetcher.settle(path).await
    {
        return (vec![PolledFile::failed(source.address(), error.into())], before, false);
    }
    let now = collector.clock.now().moment();
    let joined = tokio::task::spawn_blocking(move || match &origin {
        Origin::Path { path, .. } => log.follow(path, &before, now, MAX_POLL_BYTES),
        _ => Err(FetchError::NotFound),
    });
    let address = source.address();
    match joined.await.map_err(|_| PollFailure::Panicked).and_then(|result| result.map_err(PollFailure::from)) {
        Ok(step) => {
            let file = PolledFile { address: address.to_owned(), content: None, result: Ok(Some(step.parsed)) };
            (vec![file], step.notes, step.more)
        }
        Err(failure) => (vec![PolledFile::failed(address, failure)], notes.clone(), false),
    }
}
