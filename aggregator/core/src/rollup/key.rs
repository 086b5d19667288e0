//! The key of a rollup, the grains of a series, and whether a period has ended at a cutoff.

use crate::report_period::Cutoff;
use contract::catalogue::{Series, SeriesRef, Shape};
use contract::period::{Grain, Period};

/// Which rollup: series, definition and period, in the order of the canonical export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RollupKey {
    /// Index of the series.
    pub series: u16,
    /// Index of the definition.
    pub definition: u8,
    /// Period.
    pub period: Period,
}

/// The grains in which a series is rolled up.
pub fn grains(series: &Series) -> impl Iterator<Item = Grain> {
    let finest = match series.shape {
        Shape::Level => Grain::Month,
        Shape::Flow | Shape::Counter => series.grain,
    };
    Grain::ALL.into_iter().filter(move |grain| *grain >= finest)
}

/// True when a period of a series has ended at a cutoff.
pub(super) fn has_ended(cutoff: Cutoff, series: &Series, period: Period) -> bool {
    match series.shape {
        Shape::Flow => cutoff.sees_flow(period.end()),
        Shape::Level | Shape::Counter => cutoff.sees_instant(period.end()),
    }
}

/// The indexes of a reference as the ledger packs them.
pub(super) fn narrow(of: SeriesRef) -> (u16, u8) {
    (u16::try_from(of.series).unwrap_or(u16::MAX), u8::try_from(of.definition).unwrap_or(u8::MAX))
}

pub(super) fn key(of: SeriesRef, period: Period) -> RollupKey {
    let (series, definition) = narrow(of);
    RollupKey { series, definition, period }
}
