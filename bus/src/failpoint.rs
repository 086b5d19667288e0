//! Named points at which a test makes the process abort, to prove that nothing is lost at any of them.
//!
//! They act only with the feature `failpoints`, which no release has. All of them are listed here, so that a test can go
//! through the list.

/// A place between two steps of which a crash may leave only the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Failpoint {
    /// The tables of a log are made, or brought to this version, and not committed.
    LogMigrated,
    /// Records and checkpoints are in the outbox's transaction, which is not committed.
    OutboxWritten,
    /// They are committed, and the publisher has no answer yet.
    OutboxCommitted,
    /// A source was asked, and nothing of it is published.
    PollRead,
    /// All of it is published.
    PollPublished,
    /// Kafka has taken records that are not noted as shipped.
    ShipperArrived,
    /// The tables of a store are made, or brought to this version, and not committed.
    StoreMigrated,
    /// A batch was read from the bus, and nothing of it is stored.
    BatchRead,
    /// A change of the store is in its transaction, which is not committed.
    StoreWritten,
    /// A batch is stored, and its sinks do not know.
    BatchStored,
    /// Only the facts of a batch are stored; derived rows, sinks and alerts are behind.
    FactsStored,
    /// What is derived was removed, and is not made again.
    DerivedRemoved,
    /// A sink's server took what the sink has not noted yet.
    SinkWritten,
}

impl Failpoint {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::LogMigrated,
        Self::OutboxWritten,
        Self::OutboxCommitted,
        Self::PollRead,
        Self::PollPublished,
        Self::ShipperArrived,
        Self::StoreMigrated,
        Self::BatchRead,
        Self::StoreWritten,
        Self::BatchStored,
        Self::FactsStored,
        Self::DerivedRemoved,
        Self::SinkWritten,
    ];

    /// Does nothing without the feature `failpoints`.
    #[cfg(not(feature = "failpoints"))]
    #[inline]
    pub const fn reached(self) {}

    /// Aborts the process when `SHIHYO_DIE_AT` is this failpoint and its hit count (`OutboxWritten:2`), as kill -9 does:
    /// nothing is flushed or closed.
    #[cfg(feature = "failpoints")]
    pub fn reached(self) {
        use std::sync::atomic::{AtomicU32, Ordering};
        static HITS: [AtomicU32; Failpoint::ALL.len()] = [const { AtomicU32::new(0) }; Failpoint::ALL.len()];
        let hit = HITS[self as usize].fetch_add(1, Ordering::SeqCst) + 1;
        if std::env::var("SHIHYO_DIE_AT").is_ok_and(|at| at == format!("{self:?}:{hit}")) {
            std::process::abort();
        }
    }
}
