//! What became of a record of another kind than an observation.

/// What became of a record when the store took it: each record is counted as exactly one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactOutcome {
    /// It is stored.
    Stored,
    /// It was stored before.
    Duplicate,
    /// One more poll stands for itself no longer: this one, or one that this one takes the place of.
    Folded,
}

impl FactOutcome {
    /// The outcome of an `INSERT OR IGNORE`.
    pub(super) fn of_insert(rows: usize) -> Self {
        if rows == 1 { Self::Stored } else { Self::Duplicate }
    }
}
