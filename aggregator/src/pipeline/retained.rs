//! The partitions whose figures stay on show without their stores.

use crate::store::StoreTally;
use bus::Partition;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

/// How long the first partition is waited for before what the stores hold is shown without it.
const FIRST_ASSIGNMENT: Duration = Duration::from_secs(5);

/// The partitions whose stores are closed and whose figures stay on show.
#[derive(Debug)]
pub(super) struct RetainedPartitions {
    pub(super) partitions: BTreeMap<Partition, RetainedPartition>,
    /// When the first assignment counts as missing; `None` once there was one, or the stores are shown without it.
    pub(super) missing_at: Option<Instant>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct RetainedPartition {
    /// The plans whose figures are on show.
    pub(super) plans: BTreeSet<String>,
    /// What its store holds.
    pub(super) tally: StoreTally,
}

impl RetainedPartitions {
    pub(super) fn new(now: Instant) -> Self {
        Self { partitions: BTreeMap::new(), missing_at: Some(now + FIRST_ASSIGNMENT) }
    }

    pub(super) fn contains(&self, partition: Partition) -> bool {
        self.partitions.contains_key(&partition)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    /// What the retained stores hold.
    pub(super) fn tallies(&self) -> impl Iterator<Item = StoreTally> {
        self.partitions.values().map(|retained| retained.tally)
    }
}
