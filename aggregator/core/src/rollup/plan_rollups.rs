//! The rollups of a plan, kept between batches.

use super::key::{RollupKey, has_ended};
use crate::ledger::{FigureKey, Rollup};
use crate::report_period::Cutoff;
use contract::catalogue::{Series, Shape};
use contract::period::Period;
use contract::time::Moment;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// A bucket of figures in which a standing figure changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TouchedBucket {
    pub(super) series: u16,
    pub(super) definition: u8,
    pub(super) bucket: i32,
}

impl TouchedBucket {
    /// The bucket that the ledger put a key's figure in.
    pub fn by(key: FigureKey, bucket: i32) -> Self {
        Self { series: key.series, definition: key.definition, bucket }
    }
}

/// A rollup that is new, different, or gone (`None`).
pub type RollupChange = (RollupKey, Option<Rollup>);

/// All rollups of a plan but the own grain of flows, which the ledger itself holds.
#[derive(Debug)]
pub struct PlanRollups {
    pub(super) cutoff: Cutoff,
    pub(super) rows: FxHashMap<RollupKey, Rollup>,
    /// Buckets whose fiscal year had not ended at `cutoff`: time alone changes them.
    pub(super) open: BTreeSet<TouchedBucket>,
}

impl Default for PlanRollups {
    fn default() -> Self {
        let cutoff = Cutoff { at: Moment(i64::MIN / 2), inclusive: false };
        Self { cutoff, rows: FxHashMap::default(), open: BTreeSet::new() }
    }
}

impl PlanRollups {
    /// One row.
    pub fn get(&self, key: &RollupKey) -> Option<Rollup> {
        self.rows.get(key).copied()
    }

    /// All rows in order.
    pub fn rows(&self) -> Vec<(RollupKey, Rollup)> {
        let mut rows: Vec<_> = self.rows.iter().map(|(key, rollup)| (*key, *rollup)).collect();
        rows.sort_unstable_by_key(|(key, _)| *key);
        rows
    }

    /// True when the row of a period is valid at `cutoff`: the rows are of the same cutoff, or the period has ended at both.
    pub(super) fn answers(&self, cutoff: Cutoff, series: &Series, period: Period) -> bool {
        let own_flow = series.shape == Shape::Flow && period.grain <= series.grain;
        !own_flow
            && (cutoff == self.cutoff || (has_ended(cutoff, series, period) && has_ended(self.cutoff, series, period)))
    }
}
