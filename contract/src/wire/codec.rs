//! Writes and reads lines.

use super::body;
use super::error::WireError;
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

/// The record as one line of JSON, without a line end; fields in schema order.
pub fn encode(record: &Record) -> Vec<u8> {
    match record {
        Record::Observation(observation) => line("observation", observation),
        Record::Poll(poll) => line("visit", poll),
        Record::Reject(reject) => line("reject", reject),
        Record::Catalogue(catalogue) => line("catalogue", catalogue),
    }
}

fn line(kind: &'static str, body: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(&Line { kind, schema: SCHEMA, body }).unwrap_or_default()
}

/// How [`encode`] begins an observation.
const OBSERVATION: &[u8] = b"{\"kind\":\"observation\",\"schema\":1,";

/// Reads one record.
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
    let invalid = |kind: &'static str, e: &serde_json::Error| WireError::Invalid { kind, message: e.to_string() };
    if bytes.starts_with(OBSERVATION) {
        // By far the most records: their kind and version need no pass of their own.
        return read("observation", bytes).map_err(|e| invalid("observation", &e));
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|e| WireError::Malformed(e.to_string()))?;
    let kind = head.kind.as_ref();
    let known = ["observation", "visit", "reject", "catalogue"].into_iter().find(|known| *known == kind);
    let Some(kind) = known else { return Err(WireError::UnknownKind) };
    if head.schema != SCHEMA {
        return Err(WireError::UnknownSchema(head.schema));
    }
    read(kind, bytes).map_err(|e| invalid(kind, &e))
}

/// Reads a record whose kind and version were checked.
fn read(kind: &str, bytes: &[u8]) -> Result<Record, serde_json::Error> {
    match kind {
        "observation" => body::read(bytes).map(Record::Observation),
        "visit" => body::read(bytes).map(Record::Poll),
        "reject" => body::read(bytes).map(Record::Reject),
        _ => body::read(bytes).map(Record::Catalogue),
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
