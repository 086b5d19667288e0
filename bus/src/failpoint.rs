//! Named points at which a process can be made to die, for the test that proves that nothing is lost at any of them.
//!
//! Only the feature `failpoints` makes them do anything, and no release has it. The list stands here, so that a test
//! can go through it and none is forgotten.

/// A place between two steps of which a crash may leave only the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Failpoint {
    /// The tables of a log are made, or brought to this version, and not committed.
    LogMigrated,
    /// Records and checkpoints are in the outbox's transaction, which is not committed.
    OutboxWritten,
    /// They are committed, and whoever published them does not know.
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
    /// What is derived was removed, and is not made again.
    DerivedRemoved,
    /// A sink's server has taken what the sink has not noted.
    SinkWritten,
}

impl Failpoint {
    /// All of them.
    pub const ALL: [Self; 12] = [
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
        Self::DerivedRemoved,
        Self::SinkWritten,
    ];

    /// Says that it is reached.
    #[cfg(not(feature = "failpoints"))]
    #[inline]
    pub const fn reached(self) {}

    /// Dies when `SHIHYO_DIE_AT` names this point and the how-manieth time it is reached (`OutboxWritten:2`), as after
    /// kill -9: nothing is flushed, closed or told.
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
