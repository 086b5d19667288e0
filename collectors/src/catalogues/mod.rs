//! Publishes the text of each plan's catalogue when it changes, so that a past evaluation can be repeated with its targets.

use crate::document::sha256;
use crate::poll::state::{ClockBehind, ClockNote};
use crate::poll::{outgoing, published};
use bus::{BusError, Checkpoint, CheckpointReader, Outbox, PublishError};
use contract::catalogue::{self, DecimalsChange, KnownDecimals};
use contract::record::{CatalogueText, Record};
use contract::signing::SigningKey;
use contract::time::Clock;
use serde::{Deserialize, Serialize};

/// Name of a plan's checkpoint before its id.
const PREFIX: &str = "catalogue/";
/// Bytes of the texts that are published at once. As lines, and again as notes, they take a few times that; a bus takes
/// [`bus::MAX_PUBLISH_BYTES`].
const PART_BYTES: usize = 4 << 20;

/// What was published last for a plan.
#[derive(Default, Serialize, Deserialize)]
struct CatalogueNote {
    sha256: String,
    clock: ClockNote,
    /// Digits after the point of every definition that was ever published.
    #[serde(default)]
    decimals: KnownDecimals,
}

/// Why the catalogues were not published.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The clock was set back.
    #[error(transparent)]
    Clock(#[from] ClockBehind),
    /// The outbox could not be read.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The outbox did not accept them.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// It would give figures that were published another meaning.
    #[error("the catalogue of plan {0} is refused: {1}")]
    Decimals(String, DecimalsChange),
    /// A checkpoint that this version cannot read.
    #[error("the checkpoint {PREFIX}{0} cannot be read; delete it, the catalogue will be published once more")]
    Damaged(String),
}

impl CatalogueError {
    /// True when a later try may succeed.
    pub fn is_retriable(&self) -> bool {
        match self {
            Self::Bus(error) => error.is_retriable(),
            Self::Publish(error) => error.is_retriable(),
            Self::Clock(_) | Self::Damaged(_) | Self::Decimals(..) => false,
        }
    }
}

/// Publishes the catalogues (plan id and text) that differ from the published ones, and returns their number. All are
/// checked before the first is published; they go out in parts, each with its notes in one transaction, and what an
/// interruption left is published by the next call.
pub async fn publish_catalogues(
    outbox: &dyn Outbox,
    clock: &dyn Clock,
    signer: Option<&SigningKey>,
    catalogues: &[(String, impl AsRef<str>)],
) -> Result<usize, CatalogueError> {
    let mut changed = Vec::new();
    for (plan, text) in catalogues {
        let text = text.as_ref();
        let name = format!("{PREFIX}{plan}");
        let note = load(&|name| outbox.checkpoints(name), plan)?.unwrap_or_default();
        let sha256 = sha256(text.as_bytes());
        if note.sha256 == sha256 {
            continue;
        }
        let mut decimals = known(&|name| outbox.checkpoints(name), plan, note.decimals)?;
        // What is published was checked before; a text that is no catalogue has no definitions.
        if let Ok(catalogue) = catalogue::parse("plan", text) {
            if let Some(change) = decimals.changed_by(&catalogue).into_iter().next() {
                return Err(CatalogueError::Decimals(plan.clone(), change));
            }
            decimals.learn(&catalogue);
        }
        let revision = note.clock.next(clock.now())?;
        let record = CatalogueText { plan: plan.clone(), revision, text: text.to_owned() };
        let note = CatalogueNote { sha256, clock: ClockNote { last: revision.0, ..ClockNote::default() }, decimals };
        // A plain struct of texts and numbers: writing it does not fail.
        changed.push((record, (name, Some(serde_json::to_vec(&note).unwrap_or_default()))));
    }
    let count = changed.len();
    let mut changed = changed.into_iter().peekable();
    while changed.peek().is_some() {
        let (mut records, mut checkpoint, mut bytes) = (Vec::new(), Vec::new(), 0);
        while let Some((record, note)) =
            changed.next_if(|(next, _)| bytes == 0 || bytes + next.text.len() <= PART_BYTES)
        {
            bytes += record.text.len();
            records.push(Record::Catalogue(record));
            checkpoint.push(note);
        }
        let outgoing = outgoing(&records, signer);
        checkpoint.extend(published::notes(&records, &outgoing));
        outbox.publish(outgoing, checkpoint).await?;
    }
    Ok(count)
}

/// The state in which plans are published once more whose last catalogue is not remembered, because a version of before
/// published it. Blocks.
pub fn forget(outbox: &dyn Outbox, plans: impl Iterator<Item = String>) -> Result<Checkpoint, CatalogueError> {
    let mut checkpoint = Checkpoint::new();
    for plan in plans {
        if published::remembers_catalogue(outbox, &plan)? {
            continue;
        }
        if let Some(note) = load(&|name| outbox.checkpoints(name), &plan)? {
            let note = CatalogueNote { sha256: String::new(), ..note };
            checkpoint.push((format!("{PREFIX}{plan}"), Some(serde_json::to_vec(&note).unwrap_or_default())));
        }
    }
    Ok(checkpoint)
}

/// Reads the checkpoints whose name starts with a prefix.
type ReadCheckpoints<'a> = &'a dyn Fn(&str) -> Result<Vec<(String, Vec<u8>)>, BusError>;

/// Digits after the point of the definitions of a plan, as an outbox has published them. Blocks.
pub fn published_decimals(outbox: &CheckpointReader, plan: &str) -> Result<KnownDecimals, CatalogueError> {
    let read = |name: &str| outbox.checkpoints(name);
    let note = load(&read, plan)?.unwrap_or_default();
    known(&read, plan, note.decimals)
}

/// What a note knows, or of a note of a version before the catalogue that was published last.
fn known(read: ReadCheckpoints<'_>, plan: &str, noted: KnownDecimals) -> Result<KnownDecimals, CatalogueError> {
    if noted != KnownDecimals::default() {
        return Ok(noted);
    }
    let last = published::catalogue_in(&read(&published::catalogue(plan))?);
    let catalogue = last.and_then(|text| catalogue::parse("record", &text).ok());
    Ok(catalogue.as_ref().map(KnownDecimals::of).unwrap_or_default())
}

/// What was published last for a plan, if anything was.
fn load(read: ReadCheckpoints<'_>, plan: &str) -> Result<Option<CatalogueNote>, CatalogueError> {
    let name = format!("{PREFIX}{plan}");
    let notes = read(&name)?;
    let note = notes.iter().find(|(found, _)| *found == name);
    note.map(|(_, value)| serde_json::from_slice(value).map_err(|_| CatalogueError::Damaged(plan.to_owned())))
        .transpose()
}

#[cfg(test)]
mod tests;
