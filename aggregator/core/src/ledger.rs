//! The ledger: of every key all revisions ever stored, and the one that stands.
//!
//! Figures lie in one growing list, found by a hash map from a packed key, so that a record costs one
//! look-up wherever it falls in time. Buckets, a calendar step above the grain (the month of a day), say
//! where figures lie, and of flows keep the sum of their parts. Nothing is dropped as late.

mod figure;
mod part;

pub use figure::{Entry, Figure, Key, More, Stored};
pub use part::Sum;

use crate::rollup::Rollup;
use contract::catalogue::{Catalogue, Series, Shape};
use contract::period::{Grain, Period};
use contract::time::{Micros, Moment};
use part::Mix;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::collections::hash_map::Entry as Slot;

#[derive(Debug)]
struct SeriesFigures {
    shape: Shape,
    /// Grain of the figures: the flow's own, or hour or day of the instants.
    grain: Grain,
    bucket_grain: Grain,
    mix: Mix,
    /// The buckets with figures, of each definition.
    definitions: Vec<BTreeSet<i32>>,
}

/// All figures of one plan.
#[derive(Debug)]
pub struct Ledger {
    series: Vec<SeriesFigures>,
    entries: Vec<Entry>,
    places: FxHashMap<u64, u32>,
    sums: FxHashMap<u64, Sum>,
    stored: u64,
}

/// Series, definition, source (or 0) and number in one word.
fn pack(series: u16, definition: u8, source: u8, index: i32) -> u64 {
    let high = u64::from(series) << 16 | u64::from(definition) << 8 | u64::from(source);
    high << 32 | u64::from(index.cast_unsigned())
}

impl SeriesFigures {
    fn new(series: &Series) -> Self {
        let flow = series.shape == Shape::Flow;
        let grain = if flow { series.grain } else { series.grain.instant() };
        Self {
            shape: series.shape,
            grain,
            bucket_grain: grain.coarser().unwrap_or(grain),
            mix: Mix::new(series),
            definitions: vec![BTreeSet::new(); series.definitions.len()],
        }
    }

    /// The bucket of a figure: the period that holds a flow, or that an instant closes.
    fn bucket(&self, index: i32) -> Period {
        let index = if self.shape == Shape::Flow { index } else { index.saturating_sub(1) };
        Period { grain: self.grain, index }.within(self.bucket_grain)
    }

    /// The numbers of the figures that lie in a bucket.
    fn indexes(&self, bucket: i32) -> std::ops::Range<i32> {
        let bucket = Period { grain: self.bucket_grain, index: bucket };
        let first = Period::holding(self.grain, bucket.start()).index;
        let last = Period::holding(self.grain, bucket.end()).index;
        let shift = i32::from(self.shape != Shape::Flow);
        first + shift..last + shift
    }
}

impl Ledger {
    /// An empty ledger for the series of a catalogue.
    pub fn new(catalogue: &Catalogue) -> Self {
        Self {
            series: catalogue.series.iter().map(SeriesFigures::new).collect(),
            entries: Vec::new(),
            places: FxHashMap::default(),
            sums: FxHashMap::default(),
            stored: 0,
        }
    }

    /// Stored revisions that do not stand.
    pub fn superseded(&self) -> u64 {
        self.stored - self.keys()
    }

    /// Stored revisions.
    pub fn stored(&self) -> u64 {
        self.stored
    }

    /// Keys with at least one figure.
    pub fn keys(&self) -> u64 {
        self.entries.len() as u64
    }

    /// The period of a figure: the flow's own, or the hour or day that starts at the instant.
    pub fn period(&self, series: u16, index: i32) -> Period {
        Period { grain: self.series[usize::from(series)].grain, index }
    }

    /// The bucket that a figure lies in: the period that holds a flow, or that an instant closes.
    pub fn bucket(&self, series: u16, index: i32) -> Period {
        self.series[usize::from(series)].bucket(index)
    }

    /// The grain of the buckets of a series.
    pub fn bucket_grain(&self, series: usize) -> Grain {
        self.series[series].bucket_grain
    }

    /// Stores one revision.
    ///
    /// # Panics
    /// When the key was not admitted with this ledger's catalogue.
    pub fn insert(&mut self, key: Key, figure: Figure, revision: Micros) -> Stored {
        let series = &self.series[usize::from(key.series)];
        let keeps_sums = series.shape == Shape::Flow && series.grain != series.bucket_grain;
        // With one source a new key adds its own figure, and nothing stood there before.
        let alone = series.mix.sources() <= 1;
        let fresh = Entry::new(key, figure, revision);
        let packed = pack(key.series, key.definition, key.source, key.index);
        let before = if keeps_sums && !alone { self.part(key.series, key.definition, key.index) } else { None };
        let next = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let (outcome, before) = match self.places.entry(packed) {
            Slot::Vacant(slot) => {
                slot.insert(next);
                self.entries.push(fresh);
                (Stored::Stands, before)
            }
            Slot::Occupied(slot) => {
                let place = *slot.get() as usize;
                let before = if keeps_sums && alone { self.part(key.series, key.definition, key.index) } else { before };
                (self.entries[place].revise(fresh.figure, revision), before)
            }
        };
        if outcome == Stored::Duplicate {
            return outcome;
        }
        self.stored += 1;
        self.note(key, keeps_sums, before);
        outcome
    }

    /// Brings the bucket of a key up to date; `before` is what stood at the key's period.
    fn note(&mut self, key: Key, keeps_sums: bool, before: Option<Rollup>) {
        let bucket = self.bucket(key.series, key.index).index;
        let packed = pack(key.series, key.definition, 0, bucket);
        let after = if keeps_sums { self.part(key.series, key.definition, key.index) } else { None };
        let sum = match self.sums.entry(packed) {
            Slot::Occupied(slot) => slot.into_mut(),
            Slot::Vacant(slot) => {
                let series = &mut self.series[usize::from(key.series)];
                series.definitions[usize::from(key.definition)].insert(bucket);
                slot.insert(Sum::default())
            }
        };
        if let Some(before) = before {
            sum.remove(&before);
        }
        if let Some(after) = after {
            sum.add(&after);
        }
    }

    /// What the sources of a flow say together about one own-grain period; `None` when nothing was said.
    pub fn part(&self, series: u16, definition: u8, index: i32) -> Option<Rollup> {
        let figures = &self.series[usize::from(series)];
        let period = Period { grain: figures.grain, index };
        figures.mix.together(period, self.said(series, definition, index))
    }

    /// The kept sum of a flow's bucket, whatever the moment asked.
    pub fn sum(&self, series: u16, definition: u8, bucket: i32) -> Option<&Sum> {
        self.sums.get(&pack(series, definition, 0, bucket))
    }

    /// The entries of one period or instant, in the order of sources.
    fn said(&self, series: u16, definition: u8, index: i32) -> impl DoubleEndedIterator<Item = &Entry> {
        let sources = self.series[usize::from(series)].mix.sources();
        (0..sources).filter_map(move |source| {
            let place = self.places.get(&pack(series, definition, source, index))?;
            self.entries.get(*place as usize)
        })
    }

    /// The entry of a key.
    pub fn entry(&self, key: Key) -> Option<&Entry> {
        let place = self.places.get(&pack(key.series, key.definition, key.source, key.index))?;
        self.entries.get(*place as usize)
    }

    /// The first and last bucket with figures.
    pub fn bucket_range(&self, series: usize, definition: usize) -> Option<(i32, i32)> {
        let buckets = &self.series[series].definitions[definition];
        Some((*buckets.first()?, *buckets.last()?))
    }

    /// All standing figures of a series and definition, in order of time, then of sources.
    pub fn figures(&self, series: usize, definition: usize) -> impl DoubleEndedIterator<Item = &Entry> {
        self.within(series, definition, i32::MIN, i32::MAX)
    }

    /// The standing figures in the buckets around `from` to `to`, in order: at least those between.
    pub fn between(
        &self,
        series: usize,
        definition: usize,
        from: Moment,
        to: Moment,
    ) -> impl DoubleEndedIterator<Item = &Entry> {
        let grain = self.bucket_grain(series);
        let first = Period::holding(grain, from).index.saturating_sub(1);
        let last = Period::holding(grain, to).index;
        self.within(series, definition, first, last.max(first))
    }

    fn within(
        &self,
        series: usize,
        definition: usize,
        first: i32,
        last: i32,
    ) -> impl DoubleEndedIterator<Item = &Entry> {
        let figures = &self.series[series];
        let narrow = (u16::try_from(series).unwrap_or(u16::MAX), u8::try_from(definition).unwrap_or(u8::MAX));
        let buckets = figures.definitions[definition].range(first..=last);
        let indexes = buckets.flat_map(|bucket| figures.indexes(*bucket));
        indexes.flat_map(move |index| self.said(narrow.0, narrow.1, index))
    }
}
