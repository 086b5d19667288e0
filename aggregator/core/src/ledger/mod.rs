//! The ledger: every revision ever stored of each key, and the one that stands.
//!
//! Figures lie in one growing list. Buckets, a calendar step above the grain (the month of a day), give
//! the place in it: one slot a source and period, so that a record costs one look-up in a small map wherever
//! it falls in time. A flow's bucket also has the sum of its parts. Nothing is dropped as late.

mod figure;
mod part;

pub use figure::{Figure, FigureExtras, FigureKey, InsertOutcome, LedgerEntry};
pub use part::{PartialSum, Rollup};

use contract::catalogue::{Catalogue, Series, Shape};
use contract::period::{Grain, Period};
use contract::time::{Micros, Moment};
use part::SourceCombination;
use rustc_hash::FxHashMap;
use std::collections::BTreeSet;
use std::ops::Bound;

/// Records that [`Ledger::read_ahead`] looks at in one call.
pub const READ_AHEAD: usize = 64;

#[derive(Debug)]
struct SeriesFigures {
    shape: Shape,
    /// Grain of the figures: the flow's own, or hour or day of the instants.
    grain: Grain,
    bucket_grain: Grain,
    combination: SourceCombination,
    /// The buckets with figures, of each definition.
    definitions: Vec<BTreeSet<i32>>,
}

/// All figures of one plan.
///
/// ```
/// use aggregator_core::ledger::{Figure, FigureKey, InsertOutcome, Ledger};
/// use contract::period::Period;
/// use contract::time::Micros;
///
/// let catalogue = testkit::catalogue(r#"
///     [[series]]
///     id = "downloads"
///     name = { ja = "回数", en = "Downloads" }
///     unit = { ja = "回", en = "downloads" }
///     shape = "flow"
///     grain = "month"
///     [[series.definition]]
///     id = "all"
///     text = { ja = "全数", en = "all" }
///     [[series.source]]
///     id = "portal"
/// "#);
/// let mut ledger = Ledger::new(&catalogue);
/// let april = FigureKey { series: 0, definition: 0, source: 0, index: Period::month(2019, 4).index };
/// let figure = |value| Figure { value: Some(value), is_final: true, extras: None };
///
/// assert_eq!(ledger.insert(april, figure(10), Micros(1)).0, InsertOutcome::Stands);
/// assert_eq!(ledger.insert(april, figure(12), Micros(2)).0, InsertOutcome::Stands);
/// assert_eq!(ledger.insert(april, figure(10), Micros(1)).0, InsertOutcome::Duplicate);
/// assert_eq!((ledger.stored(), ledger.superseded()), (2, 1));
/// assert_eq!(ledger.combined(0, 0, april.index).and_then(|rollup| rollup.value), Some(12));
/// ```
#[derive(Debug)]
pub struct Ledger {
    series: Vec<SeriesFigures>,
    entries: Vec<LedgerEntry>,
    buckets: Vec<Bucket>,
    bucket_indexes: FxHashMap<u64, u32>,
    stored: u64,
    /// Keys of which a final figure was changed.
    restated: BTreeSet<FigureKey>,
}

/// Where the figures of one bucket lie.
#[derive(Debug)]
struct Bucket {
    sum: PartialSum,
    /// Number of the first figure that the bucket can hold.
    first: i32,
    /// Place in the list plus 1, or 0; sources of one period lie side by side.
    slots: Box<[u32]>,
}

/// Series, definition and bucket number in one word.
fn pack(series: u16, definition: u8, bucket: i32) -> u64 {
    (u64::from(series) << 8 | u64::from(definition)) << 32 | u64::from(bucket.cast_unsigned())
}

impl SeriesFigures {
    fn new(series: &Series) -> Self {
        let flow = series.shape == Shape::Flow;
        let grain = if flow { series.grain } else { series.grain.instant() };
        Self {
            shape: series.shape,
            grain,
            bucket_grain: grain.coarser().unwrap_or(grain),
            combination: SourceCombination::new(series),
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
            buckets: Vec::new(),
            bucket_indexes: FxHashMap::default(),
            stored: 0,
            restated: BTreeSet::new(),
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

    /// Stores one revision; gives the outcome and the bucket.
    ///
    /// # Panics
    /// When the key was not admitted with this ledger's catalogue.
    pub fn insert(&mut self, key: FigureKey, figure: Figure, revision: Micros) -> (InsertOutcome, i32) {
        let series = &self.series[usize::from(key.series)];
        let bucket = series.bucket(key.index).index;
        let keeps_sums = series.shape == Shape::Flow && series.grain != series.bucket_grain;
        // With one source a key's own entry is all there is, so nothing else needs to be looked up.
        let alone = series.combination.sources() <= 1;
        let period = Period { grain: series.grain, index: key.index };
        let all = |ledger: &Self| ledger.combined(key.series, key.definition, key.index);
        let mut before = if keeps_sums && !alone { all(self) } else { None };
        let mut after;
        let place = self.bucket_index(key, bucket);
        let series = &self.series[usize::from(key.series)];
        let bucket_of = &mut self.buckets[place];
        let own = |entry: &LedgerEntry| {
            if keeps_sums && alone { series.combination.combine(period, [entry].into_iter()) } else { None }
        };
        let slot = &mut bucket_of.slots[slot(series, bucket_of.first, key.source, key.index)];
        let outcome = match self.entries.get_mut((*slot as usize).wrapping_sub(1)) {
            None => {
                let entry = LedgerEntry::new(key, figure, revision);
                after = own(&entry);
                self.entries.push(entry);
                *slot = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
                InsertOutcome::Stands
            }
            Some(entry) => {
                before = before.or_else(|| own(entry));
                let is_final = figure.is_final || entry.is_final();
                let outcome = entry.revise(figure, revision);
                if is_final && entry.restated() {
                    self.restated.insert(key);
                }
                after = own(entry);
                outcome
            }
        };
        if outcome != InsertOutcome::Duplicate {
            self.stored += 1;
            if keeps_sums && !alone {
                after = all(self);
            }
            self.buckets[place].sum.replace(before.as_ref(), after.as_ref());
        }
        (outcome, bucket)
    }

    /// Fetches what the next inserts will need. Records in random order miss the processor's caches at three
    /// steps that wait for each other; a few dozen such walks side by side cost little more than one.
    pub fn read_ahead(&self, keys: impl Iterator<Item = FigureKey>) {
        let mut places = [None; READ_AHEAD];
        for (place, key) in places.iter_mut().zip(keys) {
            let bucket = self.bucket(key.series, key.index).index;
            *place = self.bucket_indexes.get(&pack(key.series, key.definition, bucket)).map(|p| (*p as usize, key));
        }
        let slots = places.iter().flatten().filter_map(|(place, key)| {
            let bucket = self.buckets.get(*place)?;
            bucket.slots.get(slot(&self.series[usize::from(key.series)], bucket.first, key.source, key.index))
        });
        std::hint::black_box(slots.fold(0, |all, slot| all ^ slot));
    }

    /// The place of a bucket in the list of buckets, made when it is new.
    fn bucket_index(&mut self, key: FigureKey, bucket: i32) -> usize {
        let next = u32::try_from(self.buckets.len()).unwrap_or(u32::MAX);
        let place = *self.bucket_indexes.entry(pack(key.series, key.definition, bucket)).or_insert(next);
        if place == next {
            let series = &mut self.series[usize::from(key.series)];
            series.definitions[usize::from(key.definition)].insert(bucket);
            let indexes = series.indexes(bucket);
            let slots = indexes.len() * usize::from(series.combination.sources());
            let slots = vec![0; slots].into_boxed_slice();
            self.buckets.push(Bucket { sum: PartialSum::default(), first: indexes.start, slots });
        }
        place as usize
    }

    /// The keys of which a final figure was changed, in order.
    pub(crate) fn restated(&self) -> impl Iterator<Item = FigureKey> {
        self.restated.iter().copied()
    }

    /// The entry of a key.
    pub(crate) fn entry(&self, key: FigureKey) -> Option<&LedgerEntry> {
        self.entries_at(key.series, key.definition, key.index).find(|entry| entry.source == key.source)
    }

    /// The figures of all sources of a flow about one period of its own grain, combined; `None` when there is none.
    pub fn combined(&self, series: u16, definition: u8, index: i32) -> Option<Rollup> {
        let figures = &self.series[usize::from(series)];
        let period = Period { grain: figures.grain, index };
        figures.combination.combine(period, self.entries_at(series, definition, index))
    }

    fn bucket_at(&self, series: u16, definition: u8, bucket: i32) -> Option<&Bucket> {
        self.buckets.get(*self.bucket_indexes.get(&pack(series, definition, bucket))? as usize)
    }

    /// The sum over all figures of a flow's bucket.
    pub fn sum(&self, series: u16, definition: u8, bucket: i32) -> Option<&PartialSum> {
        self.bucket_at(series, definition, bucket).map(|b| &b.sum)
    }

    /// The entries of one period or instant, in the order of sources.
    pub(crate) fn entries_at(
        &self,
        series: u16,
        definition: u8,
        index: i32,
    ) -> impl DoubleEndedIterator<Item = &LedgerEntry> {
        let figures = &self.series[usize::from(series)];
        let bucket = self.bucket_at(series, definition, figures.bucket(index).index);
        let slots = bucket.map_or(&[][..], |b| {
            let first = slot(figures, b.first, 0, index);
            &b.slots[first..first + usize::from(figures.combination.sources())]
        });
        slots.iter().filter_map(|slot| self.entries.get((*slot as usize).wrapping_sub(1)))
    }

    /// The first and last bucket with figures.
    pub fn bucket_range(&self, series: usize, definition: usize) -> Option<(i32, i32)> {
        let buckets = &self.series[series].definitions[definition];
        Some((*buckets.first()?, *buckets.last()?))
    }

    /// The first bucket with figures after one, or of all; of one series and definition.
    pub(crate) fn bucket_after(&self, series: usize, definition: usize, after: Option<i32>) -> Option<Period> {
        let figures = &self.series[series];
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let index = *figures.definitions[definition].range((from, Bound::Unbounded)).next()?;
        Some(Period { grain: figures.bucket_grain, index })
    }

    /// The own-grain periods (of an instant the hour or day that starts at it) of which a bucket has figures.
    pub(crate) fn periods_in(&self, series: usize, definition: usize, bucket: Period) -> Vec<Period> {
        let grain = self.series[series].grain;
        let entries = self.within(series, definition, bucket.index, bucket.index);
        let mut periods: Vec<Period> = entries.map(|entry| Period { grain, index: entry.index }).collect();
        periods.dedup();
        periods
    }

    /// All standing figures of a series and definition, in order of time, then of sources.
    pub fn figures(&self, series: usize, definition: usize) -> impl DoubleEndedIterator<Item = &LedgerEntry> {
        self.within(series, definition, i32::MIN, i32::MAX)
    }

    /// The standing figures in the buckets around `from` to `to`, in order: at least those between.
    pub fn between(
        &self,
        series: usize,
        definition: usize,
        from: Moment,
        to: Moment,
    ) -> impl DoubleEndedIterator<Item = &LedgerEntry> {
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
    ) -> impl DoubleEndedIterator<Item = &LedgerEntry> {
        let figures = &self.series[series];
        let narrow = (u16::try_from(series).unwrap_or(u16::MAX), u8::try_from(definition).unwrap_or(u8::MAX));
        let buckets = figures.definitions[definition].range(first..=last);
        let slots = buckets.filter_map(move |bucket| self.bucket_at(narrow.0, narrow.1, *bucket));
        let slots = slots.flat_map(|bucket| bucket.slots.iter());
        slots.filter_map(|slot| self.entries.get((*slot as usize).wrapping_sub(1)))
    }
}

/// The slot of a source and number in a bucket that starts at `first`.
fn slot(series: &SeriesFigures, first: i32, source: u8, index: i32) -> usize {
    let period = usize::try_from(index - first).unwrap_or(usize::MAX);
    period * usize::from(series.combination.sources()) + usize::from(source)
}
