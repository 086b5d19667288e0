//! The ledger: of every key all revisions ever stored, and the one that stands.
//!
//! Figures lie in buckets a calendar step above their grain (days of a month together), because every
//! reader walks a month or a year of one series. Nothing is dropped as late.

use contract::catalogue::{Catalogue, Shape};
use contract::period::{Grain, Period};
use contract::record::{Breakdown, Finality, Value};
use contract::time::{Micros, Moment};
use contract::wire::canonical_figure;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// What an observation is a figure of. All four are indexes into the catalogue's lists, but `index`,
/// the running number of the period (flow) or of the hour or day that starts at the instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// Index of the series.
    pub series: u16,
    /// Index of the definition in its series.
    pub definition: u8,
    /// Index of the source in its series.
    pub source: u8,
    /// Period number.
    pub index: i32,
}

/// What a source said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The integer; `None` when unknown.
    pub value: Option<i64>,
    /// Final, not provisional.
    pub settled: bool,
    /// Label to integer.
    pub breakdown: Option<Box<Breakdown>>,
    /// Why it is unknown.
    pub reason: Option<Box<str>>,
}

impl Figure {
    fn finality(&self) -> Finality {
        if self.settled { Finality::Final } else { Finality::Provisional }
    }

    /// The bytes that break a tie between equal revisions.
    pub fn canonical(&self) -> Vec<u8> {
        let value = match self.value {
            Some(n) => Value::Known(n),
            None => Value::Unknown(self.reason.as_deref().unwrap_or_default().to_owned()),
        };
        canonical_figure(&value, self.breakdown.as_deref(), self.finality())
    }

    fn digest(&self) -> u64 {
        match (self.value, &self.breakdown) {
            // The common case without building text: one tag byte, finality, eight bytes.
            (Some(n), None) => {
                let mut bytes = [0_u8; 10];
                bytes[1] = u8::from(self.settled);
                bytes[2..].copy_from_slice(&n.to_le_bytes());
                xxh3_64(&bytes)
            }
            _ => xxh3_64(&self.canonical()),
        }
    }
}

/// One revision that was stored.
#[derive(Clone, Debug)]
struct Seen {
    revision: Micros,
    digest: u64,
    value: Option<i64>,
    settled: bool,
}

/// The standing figure of one key.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Period number.
    pub index: i32,
    /// Index of the source.
    pub source: u8,
    /// The figure that stands.
    pub figure: Figure,
    /// Its revision.
    pub revision: Micros,
    digest: u64,
    /// All other revisions, in no order.
    others: Vec<Seen>,
}

impl Entry {
    /// True when a final figure was later followed by another figure.
    pub fn restated(&self) -> bool {
        if self.others.is_empty() {
            return false;
        }
        let standing = (self.revision, self.figure.value, self.figure.settled);
        let all = || self.others.iter().map(|s| (s.revision, s.value, s.settled)).chain([standing]);
        let first = all().filter(|(_, _, settled)| *settled).min_by_key(|(revision, value, _)| (*revision, *value));
        first.is_some_and(|(since, settled_at, _)| all().any(|(at, value, _)| at > since && value != settled_at))
    }

    fn revisions(&self) -> usize {
        1 + self.others.len()
    }
}

/// What became of an admitted observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The very same was stored before.
    Duplicate,
    /// Stored, and it stands.
    Stands,
    /// Stored, but a later revision stands.
    Superseded,
}

/// Figures of one series and definition, by bucket.
pub type Buckets = BTreeMap<i32, Vec<Entry>>;

#[derive(Debug)]
struct SeriesFigures {
    shape: Shape,
    grain: Grain,
    definitions: Vec<Buckets>,
}

/// All figures of one plan.
#[derive(Debug)]
pub struct Ledger {
    series: Vec<SeriesFigures>,
    keys: u64,
    stored: u64,
}

/// The grain of the buckets of a series whose figures have `grain`.
fn bucket_grain(shape: Shape, grain: Grain) -> Grain {
    let fine = if shape == Shape::Flow { grain } else { grain.instant() };
    match fine {
        Grain::Hour => Grain::Day,
        Grain::Day => Grain::Month,
        _ => Grain::FiscalYear,
    }
}

impl Ledger {
    /// An empty ledger for the series of a catalogue.
    pub fn new(catalogue: &Catalogue) -> Self {
        let figures = |s: &contract::catalogue::Series| SeriesFigures {
            shape: s.shape,
            grain: s.grain,
            definitions: vec![Buckets::new(); s.definitions.len()],
        };
        Self { series: catalogue.series.iter().map(figures).collect(), keys: 0, stored: 0 }
    }

    /// Stored revisions that do not stand.
    pub fn superseded(&self) -> u64 {
        self.stored - self.keys
    }

    /// Stored revisions.
    pub fn stored(&self) -> u64 {
        self.stored
    }

    /// Keys with at least one figure.
    pub fn keys(&self) -> u64 {
        self.keys
    }

    /// The period of a figure: the flow's own, or the hour or day that starts at the instant.
    pub fn period(&self, series: u16, index: i32) -> Period {
        let s = &self.series[usize::from(series)];
        Period { grain: if s.shape == Shape::Flow { s.grain } else { s.grain.instant() }, index }
    }

    /// The bucket that a figure lies in: the period that holds a flow, or that an instant closes.
    pub fn bucket(&self, series: u16, index: i32) -> Period {
        let s = &self.series[usize::from(series)];
        let grain = bucket_grain(s.shape, s.grain);
        let period = self.period(series, index);
        if s.shape == Shape::Flow { period.within(grain) } else { period.plus(-1).within(grain) }
    }

    /// Stores one revision.
    ///
    /// # Panics
    /// When the key was not admitted with this ledger's catalogue.
    pub fn insert(&mut self, key: Key, figure: Figure, revision: Micros) -> Stored {
        let bucket = self.bucket(key.series, key.index).index;
        let buckets = &mut self.series[usize::from(key.series)].definitions[usize::from(key.definition)];
        let entries = buckets.entry(bucket).or_default();
        let digest = figure.digest();
        let place = match entries.binary_search_by_key(&(key.index, key.source), |e| (e.index, e.source)) {
            Ok(place) => place,
            Err(place) => {
                let entry =
                    Entry { index: key.index, source: key.source, figure, revision, digest, others: Vec::new() };
                entries.insert(place, entry);
                self.keys += 1;
                self.stored += 1;
                return Stored::Stands;
            }
        };
        let outcome = revise(&mut entries[place], figure, revision, digest);
        self.stored += u64::from(outcome != Stored::Duplicate);
        outcome
    }

    /// The buckets of a series and definition, in order.
    pub fn buckets(&self, series: usize, definition: usize) -> &Buckets {
        &self.series[series].definitions[definition]
    }

    /// The grain of the buckets of a series.
    pub fn bucket_grain(&self, series: usize) -> Grain {
        bucket_grain(self.series[series].shape, self.series[series].grain)
    }

    /// All standing figures whose bucket ends after `from` and starts before `to`, in order.
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
        self.buckets(series, definition).range(first..=last.max(first)).flat_map(|(_, entries)| entries)
    }

    /// Revisions stored of one key.
    pub fn revisions(&self, key: Key) -> usize {
        let bucket = self.bucket(key.series, key.index).index;
        let buckets = self.buckets(usize::from(key.series), usize::from(key.definition));
        let entries = buckets.get(&bucket).map_or(&[][..], Vec::as_slice);
        let found = entries.iter().find(|e| e.index == key.index && e.source == key.source);
        found.map_or(0, Entry::revisions)
    }
}

/// The upsert rule: the greatest (revision, canonical bytes) stands.
fn revise(entry: &mut Entry, figure: Figure, revision: Micros, digest: u64) -> Stored {
    let same = |at: Micros, seen: u64| at == revision && seen == digest;
    let known = entry.others.iter().any(|s| same(s.revision, s.digest));
    if known || same(entry.revision, entry.digest) {
        return Stored::Duplicate;
    }
    let stands = match revision.cmp(&entry.revision) {
        std::cmp::Ordering::Equal => figure.canonical() > entry.figure.canonical(),
        order => order.is_gt(),
    };
    let others = &mut entry.others;
    if !stands {
        others.push(Seen { revision, digest, value: figure.value, settled: figure.settled });
        return Stored::Superseded;
    }
    let (value, settled) = (entry.figure.value, entry.figure.settled);
    others.push(Seen { revision: entry.revision, digest: entry.digest, value, settled });
    (entry.figure, entry.revision, entry.digest) = (figure, revision, digest);
    Stored::Stands
}
