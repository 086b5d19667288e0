//! Writes and reads lines.

use super::body;
use super::error::WireError;
use super::signature::signature;
use crate::breakdown::Breakdown;
use crate::record::{Finality, Observation, Record, SCHEMA, Value};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A line as it is written: its kind and version stand first.
#[derive(Serialize)]
struct Line<'a, T> {
    kind: &'static str,
    schema: u32,
    #[serde(flatten)]
    body: &'a T,
}

/// The kind and version of a line.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
    schema: u32,
}

/// The record as one line of JSON, without a line end; fields in schema order, and the lowest version that has them.
pub fn encode(record: &Record) -> Vec<u8> {
    let schema = record.schema();
    match record {
        Record::Observation(observation) => line("observation", schema, observation),
        Record::Poll(poll) => line("visit", schema, poll),
        Record::Reject(reject) => line("reject", schema, reject),
        Record::Catalogue(catalogue) => line("catalogue", schema, catalogue),
        Record::Retraction(retraction) => line("retraction", schema, retraction),
        Record::Note(note) => line("note", schema, note),
    }
}

fn line(kind: &'static str, schema: u32, body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(&Line { kind, schema, body }).unwrap_or_default()
}

/// How [`encode`] begins an observation, unsigned and signed.
const OBSERVATION: [&[u8]; 2] =
    [b"{\"kind\":\"observation\",\"schema\":1,", b"{\"kind\":\"observation\",\"schema\":2,"];
/// The kinds of record, each with the version that brought it.
const KINDS: [(&str, u32); 6] =
    [("observation", 1), ("visit", 1), ("reject", 1), ("catalogue", 1), ("retraction", 2), ("note", 2)];

/// Reads one record. A signature is not verified here: see [`super::signature()`].
///
/// ```
/// use contract::record::{CatalogueText, Record};
/// use contract::time::Micros;
/// use contract::wire;
///
/// let text = CatalogueText { plan: "p".into(), revision: Micros(7), text: "[plan]".into() };
/// let record = Record::Catalogue(text);
/// let line = wire::encode(&record);
/// assert_eq!(line, br#"{"kind":"catalogue","schema":1,"plan":"p","revision":7,"text":"[plan]"}"#);
/// assert_eq!(wire::decode(&line), Ok(record));
/// assert_eq!(wire::decode(b"{}").unwrap_err().label(), "malformed");
/// ```
pub fn decode(bytes: &[u8]) -> Result<Record, WireError> {
    let invalid = |kind: &'static str, message: String| WireError::Invalid { kind, message };
    if let Some(version) = OBSERVATION.iter().position(|start| bytes.starts_with(start)) {
        // By far the most records: their kind and version need no pass of their own.
        return read("observation", bytes, version > 0).map_err(|e| invalid("observation", e.to_string()));
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|e| WireError::Malformed(e.to_string()))?;
    let known = KINDS.into_iter().find(|(kind, _)| *kind == head.kind.as_ref());
    let Some((kind, since)) = known else { return Err(WireError::UnknownKind) };
    if !(1..=SCHEMA).contains(&head.schema) {
        return Err(WireError::UnknownSchema(head.schema));
    }
    let record = read(kind, bytes, head.schema > 1).map_err(|e| invalid(kind, e.to_string()))?;
    if head.schema < record.schema().max(since) {
        return Err(invalid(kind, format!("a field that schema version {} does not have", head.schema)));
    }
    Ok(record)
}

/// Reads a record whose kind and version were checked.
fn read(kind: &str, bytes: &[u8], may_be_signed: bool) -> Result<Record, serde_json::Error> {
    let signed = may_be_signed && signature(bytes).is_some();
    match kind {
        "observation" => body::read(bytes, signed).map(Record::Observation),
        "visit" => body::read(bytes, signed).map(Record::Poll),
        "reject" => body::read(bytes, signed).map(Record::Reject),
        "catalogue" => body::read(bytes, signed).map(Record::Catalogue),
        "retraction" => body::read(bytes, signed).map(Record::Retraction),
        _ => body::read(bytes, signed).map(Record::Note),
    }
}

/// Canonical JSON of `[value, breakdown or null, finality]`, labels sorted by code point: what breaks
/// a tie between equal revisions in the upsert rule.
pub fn canonical_figure(value: &Value, breakdown: Option<&Breakdown>, finality: Finality) -> Vec<u8> {
    serde_json::to_vec(&(value, breakdown, finality.name())).unwrap_or_default()
}

/// [`canonical_figure`] of an observation.
pub fn canonical(observation: &Observation) -> Vec<u8> {
    canonical_figure(&observation.value, observation.breakdown.as_ref(), observation.finality)
}
