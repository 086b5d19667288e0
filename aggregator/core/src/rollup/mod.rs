//! Rollups: the figures of hours to fiscal years, at one cutoff.

mod counter;
mod counter_readings;
mod counter_total;
mod delivered;
mod flow;
mod key;
mod level;
mod plan_rollups;
mod refresh;
#[cfg(test)]
mod tests;
mod view;

pub use crate::ledger::Rollup;
pub use key::{RollupKey, grains};
pub use level::LevelReading;
pub(crate) use level::level_rollup;
pub use plan_rollups::{PlanRollups, RollupChange, TouchedBucket};
pub use view::LedgerView;

use crate::ledger::LedgerEntry;
use contract::catalogue::{SeriesRef, Shape};
use contract::period::{Grain, Period};
use key::key;
use std::collections::BTreeSet;

impl LedgerView<'_> {
    /// The rollup of a period; `None` when the view includes no observation of it.
    pub fn rollup(&self, of: SeriesRef, period: Period) -> Option<Rollup> {
        let series = self.series(of);
        if let Some(rollups) = self.rollups.filter(|rollups| rollups.answers(self.cutoff, series, period)) {
            return rollups.get(&key(of, period));
        }
        self.compute(of, period)
    }

    fn compute(&self, of: SeriesRef, period: Period) -> Option<Rollup> {
        match self.series(of).shape {
            Shape::Flow => self.flow(of, period),
            Shape::Level => self.closing(of, period),
            Shape::Counter => self.increase(of, period),
        }
    }

    /// Every rollup of every series that the view includes, in the order of the canonical export.
    pub fn all(&self) -> Vec<(RollupKey, Rollup)> {
        let mut rows = Vec::new();
        let by_id = |ids: Vec<&str>| {
            let mut order: Vec<usize> = (0..ids.len()).collect();
            order.sort_by(|a, b| ids[*a].cmp(ids[*b]));
            order
        };
        for series in by_id(self.catalogue.series.iter().map(|s| s.id.as_str()).collect()) {
            let definitions = self.catalogue.series[series].definitions.iter().map(|d| d.id.as_str()).collect();
            for definition in by_id(definitions) {
                let of = SeriesRef { series, definition };
                let rollups = self.periods(of).into_iter().filter_map(|p| Some((key(of, p), self.rollup(of, p)?)));
                rows.extend(rollups);
            }
        }
        rows
    }

    /// The periods in every grain that hold at least one included observation, finest grain first.
    fn periods(&self, of: SeriesRef) -> BTreeSet<Period> {
        let series = self.series(of);
        let finest = grains(series).next().unwrap_or(Grain::Month);
        let entries = self.ledger.figures(of.series, of.definition);
        let own = entries.filter(|e| self.sees(of, e)).map(|e| self.home(of, e, finest));
        let own: BTreeSet<Period> = own.collect();
        grains(series).flat_map(|grain| own.iter().map(move |p| p.within(grain))).collect()
    }

    /// The period of `grain` that a figure falls in: flows as they run, instants as they close.
    fn home(&self, of: SeriesRef, entry: &LedgerEntry, grain: Grain) -> Period {
        let period = self.period(of, entry);
        match self.series(of).shape {
            Shape::Flow => period.within(grain),
            Shape::Level | Shape::Counter => Period::closing(grain, period.start()),
        }
    }
}
