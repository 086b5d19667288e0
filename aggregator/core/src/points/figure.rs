//! Points of figures: those of the own grain of flows and states, and all rollups above.

use crate::plan_state::PlanState;
use crate::rollup::{self, Rollup, RollupKey, grains};
use contract::catalogue::{Series, SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::time::{Moment, date_of};

/// One figure at its moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FigurePoint {
    /// Which figure; a state of the own grain has the hour or day that starts at it.
    pub key: RollupKey,
    /// Its moment.
    pub time: Moment,
    /// The figure. At the own grain `complete` means that it is known from every source that it needs; whether
    /// it has ended shows in `provisional`, so that no point changes by time alone.
    pub rollup: Rollup,
}

/// How far a walk over all figures of a plan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FigureCursor {
    series: usize,
    definition: usize,
    /// The last bucket that was shown.
    after: Option<i32>,
}

/// The moment of a figure.
pub fn moment(series: &Series, period: Period) -> Moment {
    if series.shape == Shape::Level && period.grain > series.grain.instant() {
        Moment::midnight(date_of(period.end().day() - 1))
    } else {
        period.start()
    }
}

/// True when a figure of this grain can be shown of a series.
pub fn has_grain(series: &Series, grain: Grain) -> bool {
    let own = series.shape == Shape::Level && grain == series.grain.instant();
    own || grains(series).any(|one| one == grain)
}

impl PlanState {
    /// A figure by its ids; `None` when the catalogue does not have them.
    pub fn key(&self, series: &str, definition: &str, period: Period) -> Option<RollupKey> {
        let (at, found) = self.catalogue.series_named(series)?;
        let definition = found.definitions.iter().position(|d| d.id == definition)?;
        Some(RollupKey { series: u16::try_from(at).ok()?, definition: u8::try_from(definition).ok()?, period })
    }

    /// A figure as it is now; `None` when there was never an observation of it.
    pub fn figure_point(&self, key: RollupKey) -> Option<FigurePoint> {
        let series = &self.catalogue.series[usize::from(key.series)];
        let (ledger, grain) = (self.ledger(), key.period.grain);
        let rollup = match series.shape {
            Shape::Flow if grain == series.grain => ledger.combined(key.series, key.definition, key.period.index),
            Shape::Level if grain == series.grain.instant() => rollup::level_rollup(series, ledger, key),
            _ => self.rollups().get(&key),
        }?;
        Some(FigurePoint { key, time: moment(series, key.period), rollup })
    }

    /// All figures after a place, about `limit` of them (whole buckets, at least one), and the place to go on
    /// from; `None` when there are no more.
    pub fn figure_points(&self, from: FigureCursor, limit: usize) -> (Vec<FigurePoint>, Option<FigureCursor>) {
        let (mut points, mut place) = (Vec::new(), from);
        while let Some(series) = self.catalogue.series.get(place.series) {
            if place.definition == series.definitions.len() {
                place = FigureCursor { series: place.series + 1, ..FigureCursor::default() };
                continue;
            }
            if points.len() >= limit {
                return (points, Some(place));
            }
            match self.ledger().bucket_after(place.series, place.definition, place.after) {
                Some(bucket) => {
                    self.bucket_points(place, bucket, &mut points);
                    place.after = Some(bucket.index);
                }
                None => place = FigureCursor { definition: place.definition + 1, after: None, ..place },
            }
        }
        (points, None)
    }

    /// The figures of a bucket and those of coarser periods that no earlier bucket belongs to.
    fn bucket_points(&self, place: FigureCursor, bucket: Period, points: &mut Vec<FigurePoint>) {
        let of = SeriesRef { series: place.series, definition: place.definition };
        let series = &self.catalogue.series[of.series];
        let (Ok(number), Ok(definition)) = (u16::try_from(of.series), u8::try_from(of.definition)) else { return };
        let before = place.after.map(|index| Period { grain: bucket.grain, index });
        let is_new = |period: &Period| before.is_none_or(|before| before.within(period.grain) != *period);
        let mut show = |period| points.extend(self.figure_point(RollupKey { series: number, definition, period }));
        if series.shape != Shape::Counter {
            self.ledger().periods_in(of.series, of.definition, bucket).into_iter().for_each(&mut show);
        }
        let own = if series.shape == Shape::Flow { Some(series.grain) } else { None };
        for grain in grains(series).filter(|grain| Some(*grain) != own) {
            if grain < bucket.grain {
                bucket.parts(grain).for_each(&mut show);
            } else {
                Some(bucket.within(grain)).filter(is_new).into_iter().for_each(&mut show);
            }
        }
    }
}
