//! The state of a source between two polls, stored as checkpoints of the outbox.
//!
//! It changes in the transaction of the records, so that a crash cannot separate the two. Losing it is harmless: the next poll
//! publishes everything once more.
//!
//! ```text
//! source/<plan>/<id>/clock                          last revision and last success
//! source/<plan>/<id>/file/<hash of the address>     hash, validators
//! source/<plan>/<id>/own/<name>                     notes of its kind
//! source/<plan>/<id>/key/<series>/<definition>/<period>   digest of the figure, and the file that gave it
//! ```

use crate::document::{Validators, sha256};
use crate::sources::{ParsedFigure, ParsedKey, SourceNotes};
use bus::{BusError, Checkpoint, Outbox};
use contract::record::{Observation, Span};
use contract::time::{Micros, Moment};
use contract::wire::canonical_figure;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

/// A wall clock that is further behind the last revision stops the source: it was set back, and new figures would get older
/// revisions than published ones.
pub const MAX_BEHIND: Micros = bus::MAX_AHEAD;
/// Hexadecimal digits of a figure's digest: 128 bits.
const DIGEST_DIGITS: usize = 32;
/// Hexadecimal digits of an address's hash, as an address may be longer than a checkpoint's name.
const ADDRESS_DIGITS: usize = 32;

/// The state of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceState {
    /// Revision and success.
    pub clock: ClockNote,
    /// The files that were read, by address.
    pub files: BTreeMap<String, FileNote>,
    /// The keys that were published.
    pub keys: BTreeMap<ParsedKey, KeyNote>,
    /// The notes of its kind.
    pub own: SourceNotes,
}

/// The revision clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockNote {
    /// The last revision, in microseconds; 0 before the first.
    pub last: i64,
    /// The last poll without a failure, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<i64>,
    /// [`crate::config::SourceConfig::identity`] of the source that the last poll has read whole; `None` when it failed, or
    /// left something to read, and in states of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished: Option<u64>,
}

/// A file as it was when it was last read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileNote {
    /// Where it is.
    pub address: String,
    /// SHA-256 of its content.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// What the next request repeats.
    #[serde(default)]
    pub validators: Validators,
    /// Seconds since 1970 at which a file with validators was last answered whole; `None` in states of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<i64>,
    /// [`crate::config::SourceConfig::fingerprint`] of the configuration that parsed it.
    pub fingerprint: String,
    /// The digest of the last record of the last version that was read whole, if it had its line end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_record: Option<u16>,
    /// Whether its last record may be cut; `None` in states of earlier versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubted: Option<bool>,
    /// Seconds since 1970 from which on the same content gives other figures, because a period has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
    /// Rows that could not be read.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejects: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// A published key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyNote {
    /// The file that gave it.
    pub address: String,
    /// Digest of the figure.
    pub digest: String,
    /// True once it was withdrawn.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub withdrawn: bool,
}

/// The wall clock is behind the last revision of this source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the machine's clock ({now}) is more than {} min behind the last revision ({last}) of this source; set the clock, or, if it is right, take back the polls that were ahead: `shihyo retract PLAN/SOURCE --ahead`", MAX_BEHIND.0 / 60_000_000)]
pub struct ClockBehind {
    /// The wall clock.
    pub now: Micros,
    /// The last revision.
    pub last: Micros,
}

/// Why there is no state.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The outbox failed.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// A checkpoint that this version cannot read.
    #[error(
        "the checkpoint {0} cannot be read; delete the checkpoints of this source, it will publish everything once more"
    )]
    Damaged(String),
}

/// The digest of a figure, to detect changes.
pub fn digest(figure: &ParsedFigure) -> String {
    let mut digest = sha256(&canonical_figure(&figure.value, figure.breakdown.as_ref(), figure.finality));
    digest.truncate(DIGEST_DIGITS);
    digest
}

impl ClockNote {
    /// The next revision: the wall clock, or just after the last revision where that is later.
    pub fn next(self, now: Micros) -> Result<Micros, ClockBehind> {
        if self.last.saturating_sub(now.0) >= MAX_BEHIND.0 {
            return Err(ClockBehind { now, last: Micros(self.last) });
        }
        Ok(Micros(now.0.max(self.last.saturating_add(1))))
    }
}

/// The checkpoint of an observation's key.
pub(super) fn checkpoint_name(observation: &Observation) -> String {
    let key = ParsedKey {
        series: observation.series.clone(),
        definition: observation.definition.clone(),
        span: observation.period,
    };
    format!("{}key/{}", prefix(&observation.plan, &observation.source), key_name(&key))
}

/// True of the checkpoint that holds the last revision.
pub(super) fn is_clock(name: &str) -> bool {
    name.ends_with("/clock") && name.matches('/').count() == 3
}

/// The prefix of a source's checkpoints.
fn prefix(plan: &str, source: &str) -> String {
    format!("source/{plan}/{source}/")
}

/// A checkpoint of a clock without the end of its poll: what follows may never be published.
pub(super) fn unfinished((name, value): (String, Option<Vec<u8>>)) -> (String, Option<Vec<u8>>) {
    let read = value.as_deref().and_then(note::<ClockNote>);
    let value = read.map_or(value, |clock| Some(json(&ClockNote { finished: None, ..clock })));
    (name, value)
}

impl SourceState {
    /// The clock of a source alone, if it was ever polled and can be read. Blocks.
    pub fn clock(outbox: &dyn Outbox, plan: &str, source: &str) -> Option<ClockNote> {
        let name = format!("{}clock", prefix(plan, source));
        outbox.checkpoints(&name).ok()?.iter().find(|(found, _)| *found == name).and_then(|(_, value)| note(value))
    }

    /// Reads the state of a source from an outbox. Blocks.
    pub fn load(outbox: &dyn Outbox, plan: &str, source: &str) -> Result<Self, StateError> {
        let prefix = prefix(plan, source);
        let mut state = Self::default();
        for (name, value) in outbox.checkpoints(&prefix)? {
            let rest = name.strip_prefix(&prefix).unwrap_or_default();
            if state.take(rest, &value).is_none() {
                return Err(StateError::Damaged(name));
            }
        }
        Ok(state)
    }

    fn take(&mut self, name: &str, value: &[u8]) -> Option<()> {
        match name.split_once('/') {
            None if name == "clock" => self.clock = note(value)?,
            Some(("file", _)) => {
                let file: FileNote = note(value)?;
                self.files.insert(file.address.clone(), file);
            }
            Some(("key", key)) => {
                self.keys.insert(read_key(key)?, note(value)?);
            }
            Some(("own", name)) => {
                self.own.insert(name.to_owned(), value.to_vec());
            }
            _ => return None,
        }
        Some(())
    }

    /// The checkpoint that turns this state into `next`.
    pub fn changes(&self, next: &Self, plan: &str, source: &str) -> Checkpoint {
        let prefix = prefix(plan, source);
        let mut checkpoint = Vec::new();
        if self.clock != next.clock {
            checkpoint.push((format!("{prefix}clock"), Some(json(&next.clock))));
        }
        let file = |address: &String| format!("{prefix}file/{}", &sha256(address.as_bytes())[..ADDRESS_DIGITS]);
        compare(&self.files, &next.files, file, json, &mut checkpoint);
        compare(&self.keys, &next.keys, |key| format!("{prefix}key/{}", key_name(key)), json, &mut checkpoint);
        compare(&self.own, &next.own, |name| format!("{prefix}own/{name}"), Vec::clone, &mut checkpoint);
        checkpoint
    }
}

fn compare<K: Ord, V: PartialEq>(
    old: &BTreeMap<K, V>,
    new: &BTreeMap<K, V>,
    name: impl Fn(&K) -> String,
    value: impl Fn(&V) -> Vec<u8>,
    checkpoint: &mut Checkpoint,
) {
    let gone = old.keys().filter(|key| !new.contains_key(*key));
    checkpoint.extend(gone.map(|key| (name(key), None)));
    let differ = new.iter().filter(|(key, note)| old.get(*key) != Some(*note));
    checkpoint.extend(differ.map(|(key, note)| (name(key), Some(value(note)))));
}

fn json<T: Serialize>(note: &T) -> Vec<u8> {
    // Plain structs of texts and numbers: writing them does not fail.
    serde_json::to_vec(note).unwrap_or_default()
}

fn note<T: DeserializeOwned>(value: &[u8]) -> Option<T> {
    serde_json::from_slice(value).ok()
}

/// Ids hold no `/`.
pub(crate) fn key_name(key: &ParsedKey) -> String {
    let span = match key.span {
        Span::AsOf(moment) => moment.to_string(),
        Span::During(from, to) => format!("{from}/{to}"),
    };
    format!("{}/{}/{span}", key.series, key.definition)
}

fn read_key(name: &str) -> Option<ParsedKey> {
    let parts: Vec<&str> = name.split('/').collect();
    let (series, definition, span) = match parts[..] {
        [series, definition, as_of] => (series, definition, Span::AsOf(Moment::parse(as_of)?)),
        [series, definition, from, to] => (series, definition, Span::During(Moment::parse(from)?, Moment::parse(to)?)),
        _ => return None,
    };
    Some(ParsedKey { series: series.to_owned(), definition: definition.to_owned(), span })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(last: i64, digest: &str) -> SourceState {
        let at = |text| Moment::parse(text).unwrap();
        let as_of = Span::AsOf(at("2020-04-01T00:00:00+09:00"));
        let during = Span::During(at("2020-04-01T00:00:00+09:00"), at("2020-05-01T00:00:00+09:00"));
        let key = |span| ParsedKey { series: "s".into(), definition: "d".into(), span };
        let note = |withdrawn| KeyNote { address: "a.csv".into(), digest: digest.into(), withdrawn };
        let file = FileNote {
            address: "a.csv".into(),
            sha256: "00".into(),
            bytes: 3,
            validators: Validators { etag: Some("\"1\"".into()), last_modified: None },
            fetched: Some(5),
            fingerprint: "f".into(),
            last_record: Some(9),
            doubted: Some(false),
            until: Some(7),
            rejects: 2,
        };
        SourceState {
            clock: ClockNote { last, ..ClockNote::default() },
            files: [("a.csv".to_owned(), file)].into(),
            keys: [(key(as_of), note(false)), (key(during), note(true))].into(),
            own: [("log".to_owned(), b"{}".to_vec())].into(),
        }
    }

    #[test]
    fn a_state_is_read_back_and_only_differences_are_written() {
        let old = state(1, "x");
        let mut read = SourceState::default();
        for (name, value) in SourceState::default().changes(&old, "p", "s") {
            read.take(name.strip_prefix("source/p/s/").unwrap(), &value.unwrap()).unwrap();
        }
        assert_eq!(read, old);
        assert_eq!(old.changes(&old, "p", "s"), []);
        let names: Vec<String> = old.changes(&state(2, "x"), "p", "s").into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["source/p/s/clock"]);
        let gone = old.changes(&SourceState { clock: old.clock, ..SourceState::default() }, "p", "s");
        assert_eq!(gone.iter().filter(|(_, value)| value.is_none()).count(), 4);
    }

    #[test]
    fn a_checkpoint_of_another_version_is_no_state() {
        for (name, value) in [("clock", "7"), ("key/s/d", "{}"), ("key/s/d/x", "{}"), ("other", "{}"), ("file/x", "{}")]
        {
            assert_eq!(SourceState::default().take(name, value.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn the_revision_clock_never_goes_back_and_stops_when_the_wall_clock_does() {
        let clock = ClockNote { last: 1_000_000_000, ..ClockNote::default() };
        assert_eq!(clock.next(Micros(2_000_000_000)), Ok(Micros(2_000_000_000)));
        assert_eq!(clock.next(Micros(1_000_000_000)), Ok(Micros(1_000_000_001)));
        let edge = 1_000_000_000 - MAX_BEHIND.0;
        assert_eq!(clock.next(Micros(edge + 1)), Ok(Micros(1_000_000_001)));
        let behind = clock.next(Micros(edge)).unwrap_err();
        assert!(behind.to_string().contains("more than 5 min behind"), "{behind}");
    }
}
