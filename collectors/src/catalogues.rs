//! Publishes the text of each plan's catalogue when it changes, so that a past evaluation can be repeated with its targets.

use crate::document::sha256;
use crate::poll::state::{ClockBehind, ClockNote};
use crate::poll::{outgoing, published};
use bus::{BusError, Checkpoint, Outbox, PublishError};
use contract::catalogue::{self, DecimalsChange, KnownDecimals};
use contract::record::{CatalogueText, Record};
use contract::signing::SigningKey;
use contract::time::Clock;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Name of a plan's checkpoint before its id.
const PREFIX: &str = "catalogue/";

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
        records.push(Record::Catalogue(CatalogueText { plan: plan.clone(), revision, text: text.clone() }));
        let note = CatalogueNote { sha256, clock: ClockNote { last: revision.0, success: None }, decimals };
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
        if let Some(note) = load(&|name| outbox.checkpoints(name), &plan)? {
            let note = CatalogueNote { sha256: String::new(), ..note };
            checkpoint.push((format!("{PREFIX}{plan}"), Some(serde_json::to_vec(&note).unwrap_or_default())));
        }
    }
    Ok(checkpoint)
}

/// Reads the checkpoints whose name starts with a prefix.
type ReadCheckpoints<'a> = &'a dyn Fn(&str) -> Result<Vec<(String, Vec<u8>)>, BusError>;

/// Digits after the point of the definitions of a plan, as the outbox in a file has published them. Reads alone; blocks.
pub fn published_decimals(outbox: &Path, plan: &str) -> Result<KnownDecimals, CatalogueError> {
    let read = |name: &str| bus::checkpoints_in(outbox, name);
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

    fn with_decimals(digits: u32) -> String {
        let series = testkit::series("s", "shape = \"level\"\ngrain = \"day\"", "d", "a");
        let series = series.replace("id = \"d\"\n", &format!("id = \"d\"\ndecimals = {digits}\n"));
        format!("{}{series}", testkit::PLAN)
    }

    #[tokio::test]
    async fn a_catalogue_that_changes_decimals_is_never_published_even_after_an_absence() {
        let folder = tempfile::tempdir().unwrap();
        let clock = TestClock::at("2022-07-01");
        let outbox = outbox(folder.path(), &clock);
        let publish = async |text: &str| {
            clock.pass(1);
            let texts = [("p".to_owned(), text.to_owned())];
            publish_catalogues(outbox.as_ref(), clock.as_ref(), None, &texts).await
        };
        let changed = |error: Result<usize, CatalogueError>| match error {
            Err(CatalogueError::Decimals(plan, change)) => (plan, change.was, change.is),
            other => panic!("{other:?}"),
        };
        assert_eq!(publish(&with_decimals(1)).await.unwrap(), 1);
        assert_eq!(changed(publish(&with_decimals(0)).await), ("p".into(), 1, 0));
        assert_eq!(publish(testkit::PLAN).await.unwrap(), 1);
        assert_eq!(changed(publish(&with_decimals(2)).await), ("p".into(), 1, 2));
        assert_eq!(publish(&with_decimals(1)).await.unwrap(), 1);
        assert_eq!(published_decimals(&folder.path().join("bus.db"), "p").unwrap().get("s", "d"), Some(1));
    }

    #[tokio::test]
    async fn a_note_of_a_version_before_knows_the_catalogue_that_was_published() {
        let folder = tempfile::tempdir().unwrap();
        let clock = TestClock::at("2022-07-01");
        let outbox = outbox(folder.path(), &clock);
        let texts = [("p".to_owned(), with_decimals(0))];
        publish_catalogues(outbox.as_ref(), clock.as_ref(), None, &texts).await.unwrap();
        let (name, note) = outbox.checkpoints("catalogue/p").unwrap().remove(0);
        let mut note: serde_json::Value = serde_json::from_slice(&note).unwrap();
        assert!(note.as_object_mut().unwrap().remove("decimals").is_some());
        outbox.publish(vec![], vec![(name, Some(serde_json::to_vec(&note).unwrap()))]).await.unwrap();
        let texts = [("p".to_owned(), with_decimals(1))];
        let refused = publish_catalogues(outbox.as_ref(), clock.as_ref(), None, &texts).await;
        assert!(matches!(refused, Err(CatalogueError::Decimals(_, change)) if (change.was, change.is) == (0, 1)));
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
