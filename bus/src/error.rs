//! What can go wrong on a bus, each error born with its kind: worth another try, or not.
//!
//! No error names a library, so that every bus reports the same errors.

use crate::batch::{Partition, Position};
use crate::limits::MAX_AHEAD;
use contract::time::Micros;
use std::error::Error;
use std::sync::Arc;

/// The error of a bus's library. Shared, because one failed commit fails every request in it.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// What helps against damage. The stores go with the log, because they know what they have read of it.
const REMEDY: &str = "restore it from a backup; without one, stop what uses it and move it and the stores beside it away: \
                      what the sources still give is then collected anew";

/// Why a bus could not be opened, written or read. `bus` names the place: a file or a topic.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BusError {
    /// Another process keeps it locked for longer than we wait.
    #[error("the bus {bus} is locked by another process")]
    Locked {
        /// The place.
        bus: String,
        /// The library's error.
        source: Cause,
    },
    /// There is no room left for it.
    #[error("no room is left for the bus {bus}; nothing is lost, make room on its disk")]
    Full {
        /// The place.
        bus: String,
        /// The library's error.
        source: Cause,
    },
    /// Reading or writing failed for now.
    #[error("cannot read or write the bus {bus}")]
    Io {
        /// The place.
        bus: String,
        /// The library's error.
        source: Cause,
    },
    /// More waits to be published than is kept in memory.
    #[error("too much waits to be written to the bus {bus}")]
    Overloaded {
        /// The place.
        bus: String,
    },
    /// It was closed before it answered.
    #[error("the bus {bus} is closed")]
    Closed {
        /// The place.
        bus: String,
    },
    /// It cannot be opened: no such folder, no permission.
    #[error("cannot open the bus {bus}; its folder must exist and be writable")]
    Unopenable {
        /// The place.
        bus: String,
        /// The library's error.
        source: Cause,
    },
    /// Its content is damaged.
    #[error("the bus {bus} is damaged; {REMEDY}")]
    Corrupt {
        /// The place.
        bus: String,
        /// The library's error.
        source: Cause,
    },
    /// A row of it is not what was written, or is missing.
    #[error("the bus {bus} is damaged: {what}; {REMEDY}")]
    Damaged {
        /// The place.
        bus: String,
        /// What was found, with its offset.
        what: String,
    },
    /// It holds something else.
    #[error("{bus} is no bus of shihyo, or its beginning is damaged; name another file, or {REMEDY}")]
    Foreign {
        /// The place.
        bus: String,
    },
    /// A later version of this program has written it.
    #[error("the bus {bus} has schema version {found}, this program knows up to {known}; run a later version")]
    Schema {
        /// The place.
        bus: String,
        /// The version it has.
        found: i64,
        /// The last version this program knows.
        known: i64,
    },
    /// The library linked into this program is too old to be trusted with a bus.
    #[error("the linked library {library} is version {found}, at least {needed} is needed")]
    Library {
        /// Its name.
        library: &'static str,
        /// Its version.
        found: String,
        /// The least version.
        needed: &'static str,
    },
    /// The record before a position is not the one that was read.
    #[error(
        "the log was re-created: partition {partition} of the bus {bus}, whose last offset is {end}, no longer holds \
         before offset {} the record that was read (digest {:016x}); restore the log, or read it from the beginning \
         with a new store", .position.next, .position.last
    )]
    Recreated {
        /// The place.
        bus: String,
        /// The partition.
        partition: Partition,
        /// Where reading was to go on.
        position: Position,
        /// The offset of the last record it holds; 0 or less when it holds none.
        end: i64,
    },
    /// Records between the position and the next record are missing.
    #[error(
        "the log has a gap: partition {partition} of the bus {bus} was read up to offset {next}, but goes on at \
         {found}: {} records are missing; restore the log, or read it from the beginning with a new store", .found - .next
    )]
    Gap {
        /// The place.
        bus: String,
        /// The partition.
        partition: Partition,
        /// The offset that was to come.
        next: i64,
        /// The offset that came.
        found: i64,
    },
    /// It holds as many bytes as it may; records are taken again once the shipper has moved some on.
    #[error(
        "the bus {bus} holds {bytes} bytes that are not shipped yet, its limit is {limit}; polling stops until the bus \
         takes records again"
    )]
    OverLimit {
        /// The place.
        bus: String,
        /// Bytes it holds.
        bytes: u64,
        /// Bytes it may hold.
        limit: u64,
    },
    /// The brokers cannot be reached, or do not answer in time.
    #[error(
        "the brokers of the bus {bus} cannot be reached for now; check that they run and that `kafka.brokers` names them"
    )]
    Unreachable {
        /// The topic.
        bus: String,
        /// The library's error.
        source: Cause,
    },
    /// The brokers do not know us, or we do not trust them.
    #[error("cannot log in to the brokers of the bus {bus}; check {check}")]
    Login {
        /// The topic.
        bus: String,
        /// The settings to check.
        check: &'static str,
        /// The library's error.
        source: Cause,
    },
    /// The user lacks a right.
    #[error(
        "the brokers of the bus {bus} refuse it: the user {user} needs the right {right}; grant it as in deploy/kafka/acls.txt"
    )]
    Refused {
        /// The topic.
        bus: String,
        /// Who was refused.
        user: String,
        /// What it lacks: operation and resource.
        right: String,
        /// The library's error.
        source: Cause,
    },
    /// The topic has another number of partitions than it had, or than is configured.
    #[error(
        "the topic {bus} has {found} partition(s) instead of {wanted}: the records of a plan would lie in two of them, and \
         its figures would be wrong; make a topic of another name (`kafka.topic`, `kafka.partitions`, `shihyo topics \
         ensure`), move the stores away, and run `shihyo collect --republish` on every collector; if it had {found} from \
         the beginning, correct `kafka.partitions`"
    )]
    Partitions {
        /// The topic.
        bus: String,
        /// How many it has.
        found: i32,
        /// How many it must have.
        wanted: i32,
    },
    /// The topic is set so that it loses records, or does not prove when they came.
    #[error(
        "the topic {bus} is not as it must be: {what}; set it right (deploy/kafka/acls.md). Where records are gone \
         already, make a topic of another name (`kafka.topic`, `shihyo topics ensure`), move the stores away, and run \
         `shihyo collect --republish` on every collector"
    )]
    TopicSettings {
        /// The topic.
        bus: String,
        /// All differences.
        what: String,
    },
    /// There is no such topic.
    #[error("the topic {bus} does not exist; run `shihyo topics ensure`")]
    NoTopic {
        /// The topic.
        bus: String,
    },
    /// A setting is wrong.
    #[error("`{key}` {reason}")]
    Setting {
        /// The setting's key.
        key: &'static str,
        /// What is wrong with it, and what is right.
        reason: String,
    },
    /// The caller broke the order of calls that [`crate::Consumer`] asks for.
    #[error("{call} of partition {partition} was called out of order: {state}")]
    OutOfOrder {
        /// What was called.
        call: &'static str,
        /// The partition.
        partition: Partition,
        /// What state it is in.
        state: &'static str,
    },
}

impl BusError {
    /// True when the same call may succeed later without a change of the program or the log.
    pub fn is_retriable(&self) -> bool {
        matches!(
            self,
            Self::Locked { .. }
                | Self::Full { .. }
                | Self::Io { .. }
                | Self::Overloaded { .. }
                | Self::OverLimit { .. }
                | Self::Unreachable { .. }
                | Self::TopicSettings { .. }
        )
    }
}

/// Why nothing of a batch was published.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PublishError {
    /// A revision is from the future.
    #[error(
        "a record of {key} has the revision {revision}, more than {} min ahead of this machine's clock ({now}); set \
         the clock", MAX_AHEAD.0 / 60_000_000
    )]
    Future {
        /// The record's key.
        key: String,
        /// Its revision.
        revision: Micros,
        /// The machine's clock.
        now: Micros,
    },
    /// Something is larger than a bus takes.
    #[error("the {part} of {name} has {bytes} bytes, a bus takes {limit}")]
    TooLarge {
        /// Which part: a key, body, batch, or a checkpoint's name or value.
        part: &'static str,
        /// The key or the checkpoint's name, cut when that is what is too large.
        name: String,
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// The bus failed.
    #[error(transparent)]
    Bus(#[from] BusError),
}

impl PublishError {
    /// True when the same batch may be published later.
    pub fn is_retriable(&self) -> bool {
        matches!(self, Self::Bus(error) if error.is_retriable())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_re_created_log_is_reported_with_partition_position_and_remedy() {
        let position = Position { next: 42, last: 0xabc };
        let error = BusError::Recreated { bus: "bus.db".into(), partition: Partition(3), position, end: 7 };
        assert_eq!(
            error.to_string(),
            "the log was re-created: partition 3 of the bus bus.db, whose last offset is 7, no longer holds before \
             offset 42 the record that was read (digest 0000000000000abc); restore the log, or read it from the \
             beginning with a new store"
        );
        let error = BusError::Gap { bus: "bus.db".into(), partition: Partition(3), next: 5, found: 9 };
        assert_eq!(
            error.to_string(),
            "the log has a gap: partition 3 of the bus bus.db was read up to offset 5, but goes on at 9: 4 records are \
             missing; restore the log, or read it from the beginning with a new store"
        );
    }

    #[test]
    fn only_what_may_pass_by_itself_is_retriable() {
        let cause: Cause = Arc::new(std::io::Error::other("x"));
        let bus = || "b".to_owned();
        assert!(BusError::Locked { bus: bus(), source: cause.clone() }.is_retriable());
        assert!(BusError::Full { bus: bus(), source: cause.clone() }.is_retriable());
        assert!(BusError::Io { bus: bus(), source: cause.clone() }.is_retriable());
        assert!(PublishError::Bus(BusError::Overloaded { bus: bus() }).is_retriable());
        assert!(!BusError::Closed { bus: bus() }.is_retriable());
        assert!(!BusError::Corrupt { bus: bus(), source: cause }.is_retriable());
        assert!(!PublishError::Bus(BusError::Schema { bus: bus(), found: 2, known: 1 }).is_retriable());
        assert!(!PublishError::Future { key: bus(), revision: Micros(2), now: Micros(1) }.is_retriable());
    }
}
