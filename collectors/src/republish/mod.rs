//! Publishes again what was published last, for a topic that was made anew.
//!
//! Every poll leaves, beside its state, the last record of each figure as it was published, and the poll records that
//! these came from. Published again they are the very same records, with their revisions: where they are known already
//! they are duplicates. What a version of before published is not remembered; its sources are made to give it once more.

mod forget;
#[cfg(test)]
mod tests;

pub use forget::{UnknownFigures, forget};

use crate::poll::published;
use bus::{BusError, MAX_AHEAD, Outbox, Outgoing, PublishError};
use contract::record::{PollRecord, Record};
use contract::signing::SigningKey;
use contract::time::Micros;
use contract::wire::{self, WireError};

/// Records of one transaction of the outbox: at most a few MB.
const BATCH: usize = 5_000;

/// What was published again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Republished {
    /// Records.
    pub records: usize,
    /// Records that are dated later than the clock allows; they can be published once it has passed them.
    pub ahead: usize,
}

/// Why not everything was published again.
#[derive(Debug, thiserror::Error)]
pub enum RepublishError {
    /// The outbox could not be read.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The outbox did not accept the records.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A note that this version cannot read.
    #[error("the checkpoint {name} cannot be read: {source}; delete it, its figure will be published once more")]
    Damaged {
        /// The checkpoint.
        name: String,
        /// Why not.
        source: WireError,
    },
}

/// Publishes again what is remembered of some sources, by plan and source (a catalogue has none), a batch at a time.
pub async fn republish(
    outbox: &dyn Outbox,
    signer: Option<&SigningKey>,
    now: Micros,
    is_chosen: impl Fn(&str, &str) -> bool,
    publish: impl AsyncFn(Vec<Outgoing>) -> Result<(), PublishError>,
) -> Result<Republished, RepublishError> {
    let (mut done, mut batch) = (Republished::default(), Vec::with_capacity(BATCH));
    for (name, body) in outbox.checkpoints(published::PREFIX)? {
        if !published::owner(&name).is_some_and(|(plan, source)| is_chosen(plan, source)) {
            continue;
        }
        let out = again(body, signer).map_err(|source| RepublishError::Damaged { name, source })?;
        if out.revision.0 > now.0.saturating_add(MAX_AHEAD.0) {
            done.ahead += 1;
            continue;
        }
        batch.push(out);
        done.records += 1;
        if batch.len() == BATCH {
            publish(std::mem::take(&mut batch)).await?;
        }
    }
    publish(batch).await?;
    Ok(done)
}

/// A record as it is published again: to the byte as it was. Only a poll record no longer says how many records belong to it,
/// because those that others have replaced do not come.
fn again(body: Vec<u8>, signer: Option<&SigningKey>) -> Result<Outgoing, WireError> {
    if let Record::Poll(poll @ PollRecord { size: Some(_), .. }) = wire::decode(&body)? {
        let poll = Record::Poll(PollRecord { size: None, ..poll });
        let (key, revision) = (poll.plan().to_owned(), poll.revision());
        let body = signer.map_or_else(|| wire::encode(&poll), |key| wire::encode_signed(&poll, key));
        return Ok(Outgoing { key, revision, body });
    }
    let envelope = wire::envelope(&body)?;
    Ok(Outgoing { key: envelope.plan, revision: envelope.revision, body })
}
