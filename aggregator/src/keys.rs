//! The keys that sign records: which source each may speak for, and which sources must sign.

use contract::record::{Observation, Record};
use contract::signing::{MAC_BYTES, SigningKey};
use contract::time::Micros;
use contract::wire;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// A key as the configuration lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// Id and secret.
    pub key: SigningKey,
    /// What it may speak for.
    pub sources: Vec<SourcePattern>,
    /// Last revision that it may sign; `None` while it is in use. A retired key stays listed to verify older records.
    pub until: Option<Micros>,
}

/// `plan/source`, `plan/*` for all of a plan and its catalogue, or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourcePattern(String);

impl SourcePattern {
    /// Reads a pattern.
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = |id: &str| !id.is_empty() && !id.contains(['/', '*']);
        let fits = text == "*" || text.split_once('/').is_some_and(|(p, s)| is_id(p) && (s == "*" || is_id(s)));
        fits.then(|| Self(text.to_owned()))
    }

    /// True when it covers a source of a plan; without a source, what belongs to the whole plan.
    fn covers(&self, plan: &str, source: Option<&str>) -> bool {
        match self.0.split_once('/') {
            None => true,
            Some((own, any)) => own == plan && (any == "*" || Some(any) == source),
        }
    }
}

/// Why the signature of a record, or its absence, puts it into quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// Its source signs since an earlier revision.
    #[error("the record is not signed, and its source signs")]
    Unsigned,
    /// The list has no key of that id.
    #[error("the record is signed by a key that is not listed")]
    UnknownKey,
    /// The digest is another one.
    #[error("the signature does not fit the record")]
    BadSignature,
    /// The key speaks for other sources.
    #[error("the record is signed by a key of another source")]
    ForeignKey,
    /// The key was retired before that revision.
    #[error("the record is signed by a key that was retired")]
    RetiredKey,
}

impl SignatureError {
    const ALL: [Self; 5] = [Self::Unsigned, Self::UnknownKey, Self::BadSignature, Self::ForeignKey, Self::RetiredKey];

    /// True of the label of one of them.
    pub(crate) fn is_label(label: &str) -> bool {
        Self::ALL.iter().any(|error| error.label() == label)
    }

    /// The metric label and quarantine reason.
    pub fn label(self) -> &'static str {
        match self {
            Self::Unsigned => "unsigned",
            Self::UnknownKey => "unknown_key",
            Self::BadSignature => "bad_signature",
            Self::ForeignKey => "foreign_key",
            Self::RetiredKey => "retired_key",
        }
    }
}

/// The signature of a record, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordSignature {
    /// Id of the key.
    pub key: Arc<str>,
    /// The keyed digest.
    pub mac: [u8; MAC_BYTES],
}

/// The line of a record with its signature.
pub(crate) fn line(record: &Record, signature: Option<&RecordSignature>) -> Vec<u8> {
    match signature {
        Some(signature) => wire::encode_with_signature(record, &signature.key, signature.mac),
        None => wire::encode(record),
    }
}

/// Whom a record is from, as far as its signature matters.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Plan id.
    pub plan: &'a str,
    /// Source id; `None` of a catalogue.
    pub source: Option<&'a str>,
    /// Its revision.
    pub revision: Micros,
}

impl<'a> Claim<'a> {
    /// The claim of an observation.
    pub fn of(observation: &'a Observation) -> Self {
        Self { plan: &observation.plan, source: Some(&observation.source), revision: observation.revision }
    }
}

impl<'a> From<&'a Record> for Claim<'a> {
    fn from(record: &'a Record) -> Self {
        Self { plan: record.plan(), source: record.source(), revision: record.revision() }
    }
}

/// The keys of a city. Empty, it verifies nothing and costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyList {
    /// The keys; no two have one id.
    pub keys: Vec<ListedKey>,
    /// From which revision on the records of a source must be signed.
    pub signed_since: Vec<(SourcePattern, Micros)>,
}

impl KeyList {
    /// True when nothing is verified.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.signed_since.is_empty()
    }

    /// Verifies the signature of a record's line. Without keys it is not verified: it is once there are some.
    pub fn verify<'a>(
        &self,
        claim: impl Into<Claim<'a>>,
        found: Option<wire::Signature<'_>>,
    ) -> Result<Option<RecordSignature>, SignatureError> {
        let signature = found.map(|found| RecordSignature { key: found.key.into(), mac: found.mac });
        if self.is_empty() {
            return Ok(signature);
        }
        self.admits(claim.into(), signature.as_ref())?;
        let Some(found) = found else { return Ok(None) };
        let listed = self.key(found.key).ok_or(SignatureError::UnknownKey)?;
        if listed.key.verifies(&found.covered, found.mac) { Ok(signature) } else { Err(SignatureError::BadSignature) }
    }

    /// Whether a record with a verified signature, or without one, may count.
    pub fn admits(&self, claim: Claim<'_>, signature: Option<&RecordSignature>) -> Result<(), SignatureError> {
        if self.is_empty() {
            return Ok(());
        }
        let Some(signature) = signature else {
            let must = |(pattern, since): &(SourcePattern, Micros)| {
                pattern.covers(claim.plan, claim.source) && claim.revision >= *since
            };
            return if self.signed_since.iter().any(must) { Err(SignatureError::Unsigned) } else { Ok(()) };
        };
        let listed = self.key(&signature.key).ok_or(SignatureError::UnknownKey)?;
        if !listed.sources.iter().any(|pattern| pattern.covers(claim.plan, claim.source)) {
            return Err(SignatureError::ForeignKey);
        }
        if listed.until.is_some_and(|until| claim.revision > until) {
            return Err(SignatureError::RetiredKey);
        }
        Ok(())
    }

    fn key(&self, id: &str) -> Option<&ListedKey> {
        self.keys.iter().find(|listed| listed.key.id() == id)
    }

    /// A digest of all that records are judged by here; two aggregators with the same one judge alike. It gives no secret
    /// away. 0 without keys.
    pub fn digest(&self) -> u64 {
        if self.is_empty() {
            return 0;
        }
        let mut lines: Vec<String> =
            self.signed_since.iter().map(|(p, since)| format!("{} {}", p.0, since.0)).collect();
        lines.extend(self.keys.iter().map(|listed| {
            let mut sources: Vec<&str> = listed.sources.iter().map(|pattern| pattern.0.as_str()).collect();
            sources.sort_unstable();
            let until = listed.until.map(|until| until.0);
            format!("{} {} {until:?} {}", listed.key.id(), listed.key.fingerprint(), sources.join(" "))
        }));
        lines.sort_unstable();
        xxh3_64(lines.join("\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::poll;

    fn key(id: &str) -> SigningKey {
        SigningKey::new(id, [7; 32]).unwrap()
    }

    fn patterns(texts: &[&str]) -> Vec<SourcePattern> {
        texts.iter().map(|text| SourcePattern::parse(text).unwrap()).collect()
    }

    fn list() -> KeyList {
        let listed = |id: &str, sources: &[&str], until: Option<i64>| ListedKey {
            key: key(id),
            sources: patterns(sources),
            until: until.map(Micros),
        };
        KeyList {
            keys: vec![
                listed("new", &["p/s", "p/t"], None),
                listed("old", &["p/*"], Some(50)),
                listed("q", &["q/*"], None),
            ],
            signed_since: vec![(SourcePattern::parse("p/s").unwrap(), Micros(20))],
        }
    }

    #[test]
    fn a_record_counts_when_its_key_may_speak_for_its_source_at_its_revision() {
        let other = SigningKey::new("new", [8; 32]).unwrap();
        let forged = |source: &str, time| wire::encode_signed(&poll(source, time), &other);
        let rows = [
            ("unsigned before", poll("s", 19), None, Ok(None)),
            ("unsigned since", poll("s", 20), None, Err("unsigned")),
            ("unsigned, another source", poll("t", 99), None, Ok(None)),
            ("signed", poll("s", 99), Some("new"), Ok(Some("new"))),
            ("signed before", poll("s", 1), Some("new"), Ok(Some("new"))),
            ("retired in time", poll("s", 50), Some("old"), Ok(Some("old"))),
            ("retired", poll("s", 51), Some("old"), Err("retired_key")),
            ("another plan's", poll("s", 99), Some("q"), Err("foreign_key")),
            ("not its source", poll("u", 99), Some("new"), Err("foreign_key")),
            ("not listed", poll("s", 99), Some("lost"), Err("unknown_key")),
        ];
        for (name, record, signer, expected) in rows {
            let line = match signer {
                Some(id) => wire::encode_signed(&record, &key(id)),
                None => wire::encode(&record),
            };
            let found = list().verify(&record, wire::signature(&line));
            let key = found.as_ref().map(|signature| signature.as_ref().map(|signature| signature.key.as_ref()));
            assert_eq!(key.map_err(|error| error.label()), expected, "{name}");
            if let Ok(signature) = found {
                assert_eq!(super::line(&record, signature.as_ref()), line, "{name}");
            }
        }
        assert_eq!(list().verify(&poll("s", 99), wire::signature(&forged("s", 99))), Err(SignatureError::BadSignature));
        let unverified = KeyList::default().verify(&poll("s", 99), wire::signature(&forged("s", 99))).unwrap();
        assert_eq!(unverified.unwrap().key.as_ref(), "new");
    }

    #[test]
    fn the_digest_differs_whenever_a_record_could_be_judged_otherwise() {
        let edits: [fn(&mut KeyList); 5] = [
            |list| list.keys[0].until = Some(Micros(1)),
            |list| list.keys[0].sources.clear(),
            |list| list.keys[0].key = SigningKey::new("new", [9; 32]).unwrap(),
            |list| list.signed_since[0].1 = Micros(21),
            |list| drop(list.keys.pop()),
        ];
        for edit in edits {
            let mut other = list();
            edit(&mut other);
            assert_ne!(other.digest(), list().digest());
        }
        let mut turned = list();
        turned.keys.reverse();
        assert_eq!(turned.digest(), list().digest());
        assert_eq!(KeyList::default().digest(), 0);
    }

    #[test]
    fn a_pattern_is_a_source_a_plan_or_everything() {
        for text in ["p/s", "p/*", "*"] {
            assert!(SourcePattern::parse(text).is_some(), "{text}");
        }
        for text in ["", "p", "p/", "/s", "p/s/t", "*/s", "p/s*", "**"] {
            assert_eq!(SourcePattern::parse(text), None, "{text}");
        }
    }
}
