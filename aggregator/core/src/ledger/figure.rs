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
    /// Label to integer, where the source gives a breakdown.
    pub fn breakdown(&self) -> Option<&Breakdown> {
        self.extras.as_ref()?.breakdown.as_ref()
    }

    /// The bytes that break a tie between equal revisions.
    pub fn canonical(&self) -> Vec<u8> {
        let reason = self.extras.as_ref().and_then(|extras| extras.reason.clone());
        let value = self.value.map_or_else(|| Value::Unknown(reason.unwrap_or_default()), Value::Known);
        let finality = if self.is_final { Finality::Final } else { Finality::Provisional };
        canonical_figure(&value, self.breakdown(), finality)
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

/// The standing figure of one key, with all revisions ever stored. There are millions of them: 32 bytes each, which a test
/// holds.
#[derive(Clone, Debug)]
pub struct LedgerEntry {
    /// Period number.
    pub index: i32,
    /// Index of the source.
    pub source: u8,
    is_known: bool,
    is_final: bool,
    /// 0 when unknown.
    value: i64,
    /// Its revision.
    pub revision: Micros,
    rare: Option<Box<Rare>>,
}

/// What few keys have.
#[derive(Clone, Debug, Default)]
struct Rare {
    extras: Option<Box<FigureExtras>>,
    /// All revisions that do not stand, in no order.
    others: Vec<StoredRevision>,
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
        let Figure { value, is_final, extras } = figure;
        let rare = extras.is_some().then(|| Box::new(Rare { extras, others: Vec::new() }));
        let (is_known, value) = (value.is_some(), value.unwrap_or_default());
        Self { index: key.index, source: key.source, is_known, is_final, value, revision, rare }
    }

    /// The integer of the figure that stands; `None` when unknown.
    pub fn value(&self) -> Option<i64> {
        self.is_known.then_some(self.value)
    }

    /// Whether it is final, not provisional.
    pub fn is_final(&self) -> bool {
        self.is_final
    }

    /// Its breakdown, where the source gives one.
    pub fn breakdown(&self) -> Option<&Breakdown> {
        self.rare.as_ref()?.extras.as_ref()?.breakdown.as_ref()
    }

    /// The figure that stands, copied.
    pub fn figure(&self) -> Figure {
        let extras = self.rare.as_ref().and_then(|rare| rare.extras.clone());
        Figure { value: self.value(), is_final: self.is_final, extras }
    }

    fn others(&self) -> &[StoredRevision] {
        self.rare.as_ref().map_or(&[], |rare| &rare.others)
    }

    /// True when a final figure was later followed by another figure.
    pub fn restated(&self) -> bool {
        let others = self.others();
        if others.is_empty() {
            return false;
        }
        let standing = (self.revision, self.value(), self.is_final);
        let all = || others.iter().map(|s| (s.revision, s.value, s.is_final)).chain([standing]);
        let first = all().filter(|(_, _, is_final)| *is_final).min_by_key(|(revision, value, _)| (*revision, *value));
        first.is_some_and(|(since, final_value, _)| all().any(|(at, value, _)| at > since && value != final_value))
    }

    /// What stood before a final figure was changed, and since when the figure of now is known; `None` of one that was not changed.
    pub(crate) fn change(&self) -> Option<(Option<i64>, Micros)> {
        if !self.restated() {
            return None;
        }
        let mut all: Vec<(Micros, Option<i64>)> = self.others().iter().map(|one| (one.revision, one.value)).collect();
        all.retain(|(revision, _)| *revision <= self.revision);
        all.sort_unstable();
        let same = all.iter().rev().take_while(|(_, value)| *value == self.value()).count();
        let (earlier, since) = all.split_at(all.len() - same);
        let known_at = since.first().map_or(self.revision, |(revision, _)| *revision);
        Some((earlier.last()?.1, known_at))
    }

    /// The value that an earlier revision gave at a moment, and whether it was final; `None` without a revision up to then.
    pub(crate) fn earlier(&self, moment: Micros) -> Option<(Option<i64>, bool)> {
        let seen = self.others().iter().filter(|other| other.revision <= moment);
        let latest = seen.max_by_key(|other| (other.revision, other.value, other.is_final))?;
        Some((latest.value, latest.is_final))
    }

    /// The upsert rule: the greatest (revision, canonical bytes) stands.
    pub(super) fn revise(&mut self, figure: Figure, revision: Micros) -> InsertOutcome {
        let (digest, standing) = (figure.digest(), self.figure());
        let own_digest = standing.digest();
        let same = |at: Micros, other: u64| at == revision && other == digest;
        if self.others().iter().any(|s| same(s.revision, s.digest)) || same(self.revision, own_digest) {
            return InsertOutcome::Duplicate;
        }
        let stands = match revision.cmp(&self.revision) {
            std::cmp::Ordering::Equal => figure.canonical() > standing.canonical(),
            order => order.is_gt(),
        };
        let rare = self.rare.get_or_insert_default();
        if rare.others.is_empty() {
            // Most corrected figures are corrected once.
            rare.others.reserve_exact(1);
        }
        if !stands {
            rare.others.push(StoredRevision { revision, digest, value: figure.value, is_final: figure.is_final });
            return InsertOutcome::Superseded;
        }
        let (value, is_final) = (standing.value, standing.is_final);
        rare.others.push(StoredRevision { revision: self.revision, digest: own_digest, value, is_final });
        rare.extras = figure.extras;
        (self.is_known, self.value) = (figure.value.is_some(), figure.value.unwrap_or_default());
        (self.is_final, self.revision) = (figure.is_final, revision);
        InsertOutcome::Stands
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_has_32_bytes() {
        assert_eq!(size_of::<LedgerEntry>(), 32);
    }
}
