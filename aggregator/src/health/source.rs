//! How the sources of a plan are: the last poll of each, and when it was last read.

use crate::store::{StoreError, StoreReader};
use contract::catalogue::{Bilingual, Catalogue, Series};
use contract::record::{PollOutcome, PollRecord};
use contract::time::Micros;
use std::collections::BTreeMap;

/// Microseconds for which a server may answer that nothing has changed: collectors ask for a whole answer once a day.
const MAX_CONFIRMED: i64 = 2 * 86_400 * 1_000_000;

/// How a source was at its last poll.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceHealth {
    /// Its id.
    pub source: String,
    /// The names of the series that it feeds.
    pub feeds: Vec<Bilingual>,
    /// The last poll; `None` when it was never polled.
    pub last_poll: Option<PollRecord>,
    /// When it was last read whole.
    pub last_read: Option<Micros>,
}

impl SourceHealth {
    /// True when the last poll did not fail, but the source was not read whole for long before it: its server may hide
    /// what is newer.
    pub fn is_only_confirmed(&self) -> bool {
        let poll = self.last_poll.as_ref().filter(|_| !self.failed());
        poll.zip(self.last_read).is_some_and(|(poll, read)| poll.time.0.saturating_sub(read.0) > MAX_CONFIRMED)
    }

    /// True when the last poll failed.
    pub fn failed(&self) -> bool {
        matches!(&self.last_poll, Some(PollRecord { outcome: PollOutcome::Failed(_), .. }))
    }
}

/// The sources of some series of a plan, in the order of the series.
pub fn source_health<'a>(
    readers: &[StoreReader],
    catalogue: &Catalogue,
    series: impl IntoIterator<Item = &'a Series>,
) -> Result<Vec<SourceHealth>, StoreError> {
    let plan = catalogue.plan.id.as_str();
    let (mut polls, mut reads) = (Vec::new(), BTreeMap::<String, Micros>::new());
    for reader in readers {
        polls.extend(reader.last_polls(plan)?);
        for (source, time) in reader.last_read(plan)? {
            let latest = reads.entry(source).or_insert(time);
            *latest = time.max(*latest);
        }
    }
    let mut sources: Vec<SourceHealth> = Vec::new();
    for series in series {
        for source in &series.sources {
            if let Some(listed) = sources.iter_mut().find(|listed| listed.source == source.id) {
                listed.feeds.push(series.name.clone());
                continue;
            }
            let of_source = polls.iter().filter(|poll: &&PollRecord| poll.source == source.id);
            sources.push(SourceHealth {
                source: source.id.clone(),
                feeds: vec![series.name.clone()],
                last_poll: of_source.max_by_key(|poll| poll.time).cloned(),
                last_read: reads.get(&source.id).copied(),
            });
        }
    }
    Ok(sources)
}
