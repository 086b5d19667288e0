//! What both sides remember, as checkpoints of their outbox: `bundle/write/<id>` and `bundle/read/<id>`.

use super::error::BundleError;
use super::limits::KEPT_BUNDLES;
use crate::batch::Position;
use crate::outbox::{Checkpoint, Outbox};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// What the writing side knows of its last bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WriteCheckpoint {
    pub(super) sequence: u32,
    /// The last that reached a folder.
    pub(super) sent: u32,
    pub(super) chain: String,
    pub(super) sha256: String,
    /// The position behind it: the digest is kept as text, because JSON readers cut large numbers.
    pub(super) next: i64,
    pub(super) digest: String,
}

/// What the reading side knows of a collector's bundles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadCheckpoint {
    pub(super) sequence: u32,
    pub(super) chain: String,
    /// SHA-256 of the last bundles, the last is the one of `sequence`.
    pub(super) sha256: Vec<String>,
}

/// The offset up to which the log was bundled by that collector, `None` before its first bundle. When the
/// log of a zone without a network path is trimmed, everything behind it must stay, and the record itself.
pub fn bundled(outbox: &dyn Outbox, collector: &str) -> Result<Option<i64>, BundleError> {
    let note: Option<WriteCheckpoint> = load(outbox, &write_name(collector))?;
    Ok(note.map(|note| note.next - 1))
}

impl WriteCheckpoint {
    /// Where the next bundle begins.
    pub(super) fn position(&self) -> Option<Position> {
        let last = u64::from_str_radix(&self.digest, 16).ok()?;
        Some(Position { next: self.next, last })
    }
}

impl ReadCheckpoint {
    /// Remembers the next bundle.
    pub(super) fn add(&mut self, chain: &str, sha256: String) {
        self.sequence += 1;
        chain.clone_into(&mut self.chain);
        self.sha256.push(sha256);
        if self.sha256.len() > KEPT_BUNDLES as usize {
            self.sha256.remove(0);
        }
    }

    /// The SHA-256 of a bundle that was read, unless that is too long ago.
    pub(super) fn of(&self, sequence: u32) -> Option<&String> {
        let back = usize::try_from(self.sequence.checked_sub(sequence)?).ok()?;
        self.sha256.iter().nth_back(back)
    }
}

/// Name of the writing side's note.
pub(super) fn write_name(collector: &str) -> String {
    format!("bundle/write/{collector}")
}

/// Name of the reading side's note.
pub(super) fn read_name(collector: &str) -> String {
    format!("bundle/read/{collector}")
}

/// Reads a note.
pub(super) fn load<T: DeserializeOwned>(outbox: &dyn Outbox, name: &str) -> Result<Option<T>, BundleError> {
    let notes = outbox.checkpoints(name)?;
    let Some((_, value)) = notes.into_iter().find(|(found, _)| found == name) else { return Ok(None) };
    serde_json::from_slice(&value).map(Some).map_err(|_| BundleError::Damaged(name.to_owned()))
}

/// The change that leaves a note.
pub(super) fn change(name: String, note: &impl Serialize) -> Checkpoint {
    // Plain structs of texts and numbers: nothing in them can fail to be written.
    vec![(name, Some(serde_json::to_vec(note).unwrap_or_default()))]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_hashes_are_known_and_no_older_ones() {
        let mut last_read = ReadCheckpoint::default();
        for sequence in 1..=KEPT_BUNDLES + 2 {
            last_read.add("c", sequence.to_string());
        }
        assert_eq!(last_read.of(KEPT_BUNDLES + 2), Some(&(KEPT_BUNDLES + 2).to_string()));
        assert_eq!(last_read.of(3), Some(&"3".to_owned()));
        assert_eq!((last_read.of(2), last_read.of(KEPT_BUNDLES + 3)), (None, None));
    }
}
