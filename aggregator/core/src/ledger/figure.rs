//! One figure, and the revisions of one key.

use contract::record::{Breakdown, Finality, Value};
use contract::time::Micros;
use contract::wire::canonical_figure;
use xxhash_rust::xxh3::xxh3_64;

/// What an observation is a figure of. All four are indexes into the catalogue's lists, but `index`,
/// the running number of the period (flow) or of the hour or day that starts at the instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FigureKey {
    /// Index of the series.
    pub series: u16,
    /// Index of the definition in its series.
    pub definition: u8,
    /// Index of the source in its series.
    pub source: u8,
    /// Period number.
    pub index: i32,
}

/// A figure as a source gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// The integer; `None` when unknown.
    pub value: Option<i64>,
    /// Final, not provisional.
    pub is_final: bool,
    /// What few figures have; boxed so that the others stay small.
    pub extras: Option<Box<FigureExtras>>,
}

/// What few figures have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FigureExtras {
    /// Label to integer.
    pub breakdown: Option<Breakdown>,
    /// Why it is unknown.
    pub reason: Option<String>,
}

impl Figure {
    fn finality(&self) -> Finality {
        if self.is_final { Finality::Final } else { Finality::Provisional }
    }

    /// Label to integer, where the source gives a breakdown.
    pub fn breakdown(&self) -> Option<&Breakdown> {
        self.extras.as_ref()?.breakdown.as_ref()
    }

    /// Why the figure is unknown.
    pub fn reason(&self) -> &str {
        self.extras.as_ref().and_then(|extras| extras.reason.as_deref()).unwrap_or_default()
    }

    /// The bytes that break a tie between equal revisions.
    pub fn canonical(&self) -> Vec<u8> {
        let value = match self.value {
            Some(n) => Value::Known(n),
            None => Value::Unknown(self.reason().to_owned()),
        };
        canonical_figure(&value, self.breakdown(), self.finality())
    }

    fn digest(&self) -> u64 {
        match (self.value, self.breakdown()) {
            // The common case without building text: finality and eight bytes.
            (Some(n), None) => {
                let mut bytes = [0_u8; 9];
                bytes[0] = u8::from(self.is_final);
                bytes[1..].copy_from_slice(&n.to_le_bytes());
                xxh3_64(&bytes)
            }
            _ => xxh3_64(&self.canonical()),
        }
    }
}

/// One revision that was stored.
#[derive(Clone, Debug)]
struct StoredRevision {
    revision: Micros,
    digest: u64,
    value: Option<i64>,
    is_final: bool,
}

/// The standing figure of one key, with all revisions ever stored.
#[derive(Clone, Debug)]
pub struct LedgerEntry {
    /// Period number.
    pub index: i32,
    /// Index of the source.
    pub source: u8,
    /// The figure that stands.
    pub figure: Figure,
    /// Its revision.
    pub revision: Micros,
    digest: u64,
    /// All other revisions, in no order; boxed because few keys have any.
    #[expect(clippy::box_collection, reason = "8 bytes in every entry instead of 24")]
    others: Option<Box<Vec<StoredRevision>>>,
}

/// The outcome of inserting an admitted observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsertOutcome {
    /// The same revision with the same figure is stored already.
    Duplicate,
    /// Stored, and it stands.
    Stands,
    /// Stored, but a later revision stands.
    Superseded,
}

impl LedgerEntry {
    /// The first revision of a key.
    pub(super) fn new(key: FigureKey, figure: Figure, revision: Micros) -> Self {
        let digest = figure.digest();
        Self { index: key.index, source: key.source, figure, revision, digest, others: None }
    }

    /// True when a final figure was later followed by another figure.
    pub fn restated(&self) -> bool {
        let Some(others) = &self.others else { return false };
        let standing = (self.revision, self.figure.value, self.figure.is_final);
        let all = || others.iter().map(|s| (s.revision, s.value, s.is_final)).chain([standing]);
        let first = all().filter(|(_, _, is_final)| *is_final).min_by_key(|(revision, value, _)| (*revision, *value));
        first.is_some_and(|(since, final_value, _)| all().any(|(at, value, _)| at > since && value != final_value))
    }

    /// The value that an earlier revision gave at a moment, and whether it was final; `None` without a revision up to then.
    pub(crate) fn earlier(&self, moment: Micros) -> Option<(Option<i64>, bool)> {
        let others = self.others.iter().flat_map(|others| others.iter());
        let seen = others.filter(|other| other.revision <= moment);
        let latest = seen.max_by_key(|other| (other.revision, other.value, other.is_final))?;
        Some((latest.value, latest.is_final))
    }

    /// The upsert rule: the greatest (revision, canonical bytes) stands.
    pub(super) fn revise(&mut self, figure: Figure, revision: Micros) -> InsertOutcome {
        let digest = figure.digest();
        let same = |at: Micros, other: u64| at == revision && other == digest;
        let known = self.others.as_ref().is_some_and(|others| others.iter().any(|s| same(s.revision, s.digest)));
        if known || same(self.revision, self.digest) {
            return InsertOutcome::Duplicate;
        }
        let stands = match revision.cmp(&self.revision) {
            std::cmp::Ordering::Equal => figure.canonical() > self.figure.canonical(),
            order => order.is_gt(),
        };
        let others = self.others.get_or_insert_default();
        if !stands {
            others.push(StoredRevision { revision, digest, value: figure.value, is_final: figure.is_final });
            return InsertOutcome::Superseded;
        }
        let (value, is_final) = (self.figure.value, self.figure.is_final);
        others.push(StoredRevision { revision: self.revision, digest: self.digest, value, is_final });
        (self.figure, self.revision, self.digest) = (figure, revision, digest);
        InsertOutcome::Stands
    }
}
