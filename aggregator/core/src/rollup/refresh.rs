//! Refreshes the rollups of a plan: only the periods that a new figure touches are computed again.

use super::key::{RollupKey, grains, has_ended};
use super::plan_rollups::{PlanRollups, RollupChange, TouchedBucket};
use super::view::LedgerView;
use crate::ledger::Ledger;
use crate::report_period::Cutoff;
use contract::catalogue::{Catalogue, Series, SeriesRef, Shape};
use contract::period::{Grain, Period};

impl PlanRollups {
    /// Computes again what `touched` and the passing of time changed; gives the rows that differ, finest
    /// grain first.
    pub fn refresh(
        &mut self,
        catalogue: &Catalogue,
        ledger: &Ledger,
        touched: &mut Vec<TouchedBucket>,
        cutoff: Cutoff,
    ) -> Vec<RollupChange> {
        if cutoff != self.cutoff {
            touched.extend(std::mem::take(&mut self.open));
            self.cutoff = cutoff;
        }
        touched.sort_unstable();
        touched.dedup();
        let mut changes = Vec::new();
        for one in touched.chunk_by(|a, b| a.series == b.series && a.definition == b.definition) {
            let series = &catalogue.series[usize::from(one[0].series)];
            let grain = ledger.bucket_grain(usize::from(one[0].series));
            let year = |t: &&TouchedBucket| Period { grain, index: t.bucket }.within(Grain::FiscalYear);
            self.open.extend(one.iter().rev().take_while(|t| !has_ended(cutoff, series, year(t))));
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
            let view = LedgerView::with_rollups(catalogue, ledger, self.cutoff, self);
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
