//! Conservation: received = stored + duplicate + quarantined + folded, always.

use crate::store::{StoreError, StoreReader, StoreTally};
use serde::Serialize;

/// Where all records went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RecordCounts {
    /// Records that came from the bus.
    pub received: u64,
    /// Facts of all kinds.
    pub stored: u64,
    /// Records that were stored already.
    pub duplicate: u64,
    /// Records in quarantine.
    pub quarantined: u64,
    /// Quiet polls that no row stands for any more.
    pub folded: u64,
    /// Of the stored observations those that a later revision replaced.
    pub superseded: u64,
}

impl RecordCounts {
    /// True when no record was lost or counted twice.
    pub fn is_conserved(&self) -> bool {
        self.received == self.stored + self.duplicate + self.quarantined + self.folded
    }

    pub(super) fn add(&mut self, tally: StoreTally) {
        self.received += tally.received;
        self.stored += tally.stored;
        self.duplicate += tally.duplicate;
        self.quarantined += tally.quarantined;
        self.folded += tally.folded;
    }
}

/// A store whose records do not add up, or that cannot be counted.
#[derive(Debug, thiserror::Error)]
pub enum ConservationError {
    /// It does not add up.
    #[error("the store {path} does not add up: {counts:?}; received must be stored + duplicate + quarantined + folded")]
    Records {
        /// The store.
        path: String,
        /// What was counted.
        counts: RecordCounts,
    },
    /// It cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Counts a store row by row and proves that no record is missing. `superseded` is not counted: it needs the plan states.
pub fn check(reader: &StoreReader) -> Result<RecordCounts, ConservationError> {
    let mut counts = RecordCounts::default();
    counts.add(reader.at_one_moment(StoreReader::tally)?);
    if counts.is_conserved() {
        return Ok(counts);
    }
    Err(ConservationError::Records { path: reader.path().display().to_string(), counts })
}
