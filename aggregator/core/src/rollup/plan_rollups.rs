//! Rollups kept between batches: only the periods that a new figure touches are computed again.

use super::{LedgerView, Rollup, RollupKey, ended, grains};
use crate::ledger::{FigureKey, Ledger};
use crate::report_period::Cutoff;
use contract::catalogue::{Catalogue, Series, SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::time::Moment;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;

/// A bucket of figures in which a standing figure changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TouchedBucket {
    series: u16,
    definition: u8,
    bucket: i32,
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
    cut: Cutoff,
    rows: FxHashMap<RollupKey, Rollup>,
    /// Buckets whose fiscal year had not ended at `cut`: time alone changes them.
    open: BTreeSet<TouchedBucket>,
}

impl Default for PlanRollups {
    fn default() -> Self {
        let cut = Cutoff { at: Moment(i64::MIN / 2), inclusive: false };
        Self { cut, rows: FxHashMap::default(), open: BTreeSet::new() }
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

    /// True when a kept row answers for a period at `cut`: asked at the very same cut, or seen whole then and now.
    pub(super) fn holds(&self, cut: Cutoff, series: &Series, period: Period) -> bool {
        let own_flow = series.shape == Shape::Flow && period.grain <= series.grain;
        !own_flow && (cut == self.cut || (ended(cut, series, period) && ended(self.cut, series, period)))
    }

    /// Computes again what `touched` and the passing of time changed, and says what is different, finest
    /// grain first.
    pub fn refresh(
        &mut self,
        catalogue: &Catalogue,
        ledger: &Ledger,
        touched: &mut Vec<TouchedBucket>,
        cut: Cutoff,
    ) -> Vec<RollupChange> {
        if cut != self.cut {
            touched.extend(std::mem::take(&mut self.open));
            self.cut = cut;
        }
        touched.sort_unstable();
        touched.dedup();
        let mut changes = Vec::new();
        for one in touched.chunk_by(|a, b| a.series == b.series && a.definition == b.definition) {
            let series = &catalogue.series[usize::from(one[0].series)];
            let grain = ledger.bucket_grain(usize::from(one[0].series));
            let year = |t: &&TouchedBucket| Period { grain, index: t.bucket }.within(Grain::FiscalYear);
            self.open.extend(one.iter().rev().take_while(|t| !ended(cut, series, year(t))));
            self.recompute(catalogue, ledger, one, &mut changes);
        }
        touched.clear();
        changes
    }

    /// Recomputes the periods above touched buckets of one series and definition, finest first.
    fn recompute(
        &mut self,
        catalogue: &Catalogue,
        ledger: &Ledger,
        touched: &[TouchedBucket],
        changes: &mut Vec<RollupChange>,
    ) {
        let (series, definition) = (touched[0].series, touched[0].definition);
        let of = SeriesRef { series: usize::from(series), definition: usize::from(definition) };
        let described = &catalogue.series[of.series];
        let own_flow = described.shape == Shape::Flow;
        let buckets = buckets(ledger, described, of, touched);
        for grain in grains(described).filter(|grain| !own_flow || *grain > described.grain) {
            // Coarser periods keep the order of finer ones, so neighbours are enough to compare.
            let mut periods: Vec<Period> = buckets.iter().flat_map(|bucket| above(*bucket, grain)).collect();
            periods.dedup();
            let view = LedgerView::over(catalogue, ledger, self.cut, self);
            let fresh: Vec<_> = periods.into_iter().map(|period| (period, view.compute(of, period))).collect();
            for (period, rollup) in fresh {
                let key = RollupKey { series, definition, period };
                let before = match rollup {
                    Some(rollup) => self.rows.insert(key, rollup),
                    None => self.rows.remove(&key),
                };
                if before != rollup {
                    changes.push((key, rollup));
                }
            }
        }
    }
}

/// The buckets to compute again. A counter's reading also changes what later readings rose by, as far as
/// its labels go: all later buckets.
fn buckets(ledger: &Ledger, series: &Series, of: SeriesRef, touched: &[TouchedBucket]) -> Vec<Period> {
    let grain = ledger.bucket_grain(of.series);
    let bucket = |index: i32| Period { grain, index };
    if series.shape != Shape::Counter {
        return touched.iter().map(|t| bucket(t.bucket)).collect();
    }
    let last = ledger.bucket_range(of.series, of.definition).map_or(touched[0].bucket, |(_, last)| last);
    (touched[0].bucket..=last).map(bucket).collect()
}

/// The periods of a grain in or around a bucket.
fn above(bucket: Period, grain: Grain) -> Vec<Period> {
    if grain < bucket.grain { bucket.parts(grain).collect() } else { vec![bucket.within(grain)] }
}
