//! Publishes the text of each plan's catalogue when it changes, so that a past evaluation can be repeated with its targets.

use crate::document::sha256;
use crate::poll::state::{ClockBehind, ClockNote};
use crate::poll::{outgoing, published};
use bus::{BusError, Checkpoint, Outbox, PublishError};
use contract::record::{CatalogueText, Record};
use contract::signing::SigningKey;
use contract::time::Clock;
use serde::{Deserialize, Serialize};

/// Name of a plan's checkpoint before its id.
const PREFIX: &str = "catalogue/";

/// What was published last for a plan.
#[derive(Default, Serialize, Deserialize)]
struct CatalogueNote {
    sha256: String,
    clock: ClockNote,
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
            Self::Clock(_) | Self::Damaged(_) => false,
        }
    }
}

/// Publishes the catalogues (plan id and text) that differ from the published ones in one transaction, and returns their
/// number.
pub async fn publish_catalogues(
    outbox: &dyn Outbox,
    clock: &dyn Clock,
    signer: Option<&SigningKey>,
    catalogues: &[(String, String)],
) -> Result<usize, CatalogueError> {
    let (mut records, mut checkpoint) = (Vec::new(), Vec::new());
    for (plan, text) in catalogues {
        let name = format!("{PREFIX}{plan}");
        let note = load(outbox, plan)?.unwrap_or_default();
        let sha256 = sha256(text.as_bytes());
        if note.sha256 == sha256 {
            continue;
        }
        let revision = note.clock.next(clock.now())?;
        records.push(Record::Catalogue(CatalogueText { plan: plan.clone(), revision, text: text.clone() }));
        let note = CatalogueNote { sha256, clock: ClockNote { last: revision.0, success: None } };
        // A plain struct of texts and numbers: writing it does not fail.
        checkpoint.push((name, Some(serde_json::to_vec(&note).unwrap_or_default())));
    }
    if !records.is_empty() {
        let outgoing = outgoing(&records, signer);
        checkpoint.extend(published::notes(&records, &outgoing));
        outbox.publish(outgoing, checkpoint).await?;
    }
    Ok(records.len())
}

/// The state in which plans are published once more whose last catalogue is not remembered, because a version of before
/// published it. Blocks.
pub fn forget(outbox: &dyn Outbox, plans: impl Iterator<Item = String>) -> Result<Checkpoint, CatalogueError> {
    let mut checkpoint = Checkpoint::new();
    for plan in plans {
        if published::remembers_catalogue(outbox, &plan)? {
            continue;
        }
        if let Some(note) = load(outbox, &plan)? {
            let note = CatalogueNote { sha256: String::new(), ..note };
            checkpoint.push((format!("{PREFIX}{plan}"), Some(serde_json::to_vec(&note).unwrap_or_default())));
        }
    }
    Ok(checkpoint)
}

/// What was published last for a plan, if anything was.
fn load(outbox: &dyn Outbox, plan: &str) -> Result<Option<CatalogueNote>, CatalogueError> {
    let name = format!("{PREFIX}{plan}");
    let notes = outbox.checkpoints(&name)?;
    let note = notes.iter().find(|(found, _)| *found == name);
    note.map(|(_, value)| serde_json::from_slice(value).map_err(|_| CatalogueError::Damaged(plan.to_owned())))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{TestClock, outbox};
    use contract::wire;

    #[tokio::test]
    async fn a_catalogue_is_published_when_its_text_changed_and_only_then() {
        let folder = tempfile::tempdir().unwrap();
        let clock = TestClock::at("2022-07-01");
        let outbox = outbox(folder.path(), &clock);
        let publish = async |texts: &[(&str, &str)]| {
            let texts: Vec<_> = texts.iter().map(|(plan, text)| ((*plan).to_owned(), (*text).to_owned())).collect();
            publish_catalogues(outbox.as_ref(), clock.as_ref(), None, &texts).await
        };
        assert_eq!(publish(&[("a", "1"), ("ab", "1")]).await.unwrap(), 2);
        assert_eq!(publish(&[("a", "1"), ("ab", "1")]).await.unwrap(), 0);
        assert_eq!(publish(&[("a", "2"), ("ab", "1")]).await.unwrap(), 1);
        assert_eq!(publish(&[("a", "1")]).await.unwrap(), 1);
        clock.pass(-3600);
        assert!(matches!(publish(&[("a", "3")]).await, Err(CatalogueError::Clock(_))));
    }

    #[test]
    fn a_catalogue_is_the_same_after_the_wire() {
        let text =
            CatalogueText { plan: "p".into(), revision: contract::time::Micros(7), text: "a = \"計\"\n".into() };
        let record = Record::Catalogue(text);
        let out = outgoing(std::slice::from_ref(&record), None);
        assert_eq!((&*out[0].key, out[0].revision.0), ("p", 7));
        assert_eq!(wire::decode(&out[0].body), Ok(record));
    }
}
