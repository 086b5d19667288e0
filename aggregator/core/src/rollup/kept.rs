//! Rollups kept between batches: only the periods that a new figure touches are computed again.

use super::{Rollup, RollupKey, View, ended, grains, key};
use crate::ask::Cut;
use crate::ledger::{Key, Ledger};
use contract::catalogue::{Catalogue, Series, SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::time::Moment;
use std::collections::{BTreeMap, BTreeSet};

/// A bucket of figures in which a standing figure changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Touched {
    series: u16,
    definition: u8,
    bucket: i32,
}

impl Touched {
    /// The bucket of a key.
    pub fn by(ledger: &Ledger, key: Key) -> Self {
        let bucket = ledger.bucket(key.series, key.index).index;
        Self { series: key.series, definition: key.definition, bucket }
    }
}

/// A rollup that is new, different, or gone (`None`).
pub type Change = (RollupKey, Option<Rollup>);

/// All rollups of a plan but the own grain of flows, which the ledger itself holds.
#[derive(Debug)]
pub struct Rollups {
    cut: Cut,
    rows: BTreeMap<RollupKey, Rollup>,
    /// Buckets whose fiscal year had not ended at `cut`: time alone changes them.
    open: BTreeSet<Touched>,
}

impl Default for Rollups {
    fn default() -> Self {
        let cut = Cut { at: Moment(i64::MIN / 2), inclusive: false };
        Self { cut, rows: BTreeMap::new(), open: BTreeSet::new() }
    }
}

impl Rollups {
    pub(super) fn get(&self, key: &RollupKey) -> Option<Rollup> {
        self.rows.get(key).copied()
    }

    /// All rows in order.
    pub fn rows(&self) -> &BTreeMap<RollupKey, Rollup> {
        &self.rows
    }

    /// True when a kept row answers for a period at `cut`: asked at the very same cut, or seen whole then and now.
    pub(super) fn holds(&self, cut: Cut, series: &Series, period: Period) -> bool {
        let own_flow = series.shape == Shape::Flow && period.grain <= series.grain;
        !own_flow && (cut == self.cut || (ended(cut, series, period) && ended(self.cut, series, period)))
    }

    /// Computes again what `touched` and the passing of time changed, and says what is different.
    pub fn refresh(
        &mut self,
        catalogue: &Catalogue,
        ledger: &Ledger,
        touched: &BTreeSet<Touched>,
        cut: Cut,
    ) -> Vec<Change> {
        let mut todo = touched.clone();
        if cut != self.cut {
            todo.extend(std::mem::take(&mut self.open));
            self.cut = cut;
        }
        let mut periods: BTreeSet<(Grain, RollupKey)> = BTreeSet::new();
        for one in &todo {
            let series = &catalogue.series[usize::from(one.series)];
            let grain = ledger.bucket_grain(usize::from(one.series));
            let bucket = Period { grain, index: one.bucket };
            if !ended(cut, series, bucket.within(Grain::FiscalYear)) {
                self.open.insert(*one);
            }
            affected(ledger, series, *one, bucket, &mut periods);
        }
        let mut changes = Vec::new();
        for grain in Grain::ALL {
            let keys = periods.iter().filter(|(g, _)| *g == grain).map(|(_, key)| *key);
            let view = View::over(catalogue, ledger, cut, self);
            let fresh: Vec<Change> = keys.map(|key| (key, view.compute(reference(key), key.period))).collect();
            for (key, rollup) in fresh {
                let before = match rollup {
                    Some(rollup) => self.rows.insert(key, rollup),
                    None => self.rows.remove(&key),
                };
                if before != rollup {
                    changes.push((key, rollup));
                }
            }
        }
        changes
    }
}

fn reference(key: RollupKey) -> SeriesRef {
    SeriesRef { series: usize::from(key.series), definition: usize::from(key.definition) }
}

/// The periods that a change in a bucket can change.
fn affected(
    ledger: &Ledger,
    series: &Series,
    one: Touched,
    bucket: Period,
    periods: &mut BTreeSet<(Grain, RollupKey)>,
) {
    let of = SeriesRef { series: usize::from(one.series), definition: usize::from(one.definition) };
    // A counter's reading also changes what later readings rose by, as far as its labels go.
    let last = match series.shape {
        Shape::Counter => ledger.buckets(of.series, of.definition).keys().next_back().copied(),
        Shape::Level | Shape::Flow => None,
    };
    let kept = grains(series).filter(|grain| series.shape != Shape::Flow || *grain > series.grain);
    for grain in kept {
        for index in bucket.index..=last.unwrap_or(bucket.index) {
            let bucket = Period { index, ..bucket };
            if grain < bucket.grain {
                periods.extend(bucket.parts(grain).map(|p| (grain, key(of, p))));
            } else {
                periods.insert((grain, key(of, bucket.within(grain))));
            }
        }
    }
}
