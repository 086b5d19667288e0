//! Writes and reads lines.

use super::body;
use super::error::WireError;
use super::observation_line;
use super::signature::{Signature, head, signature, unsigned_content};
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

/// The kinds of record, each with the version that brought it.
const KINDS: [(&str, u32); 6] =
    [("observation", 1), ("visit", 1), ("reject", 1), ("catalogue", 1), ("retraction", 2), ("note", 2)];

/// Reads one record. A signature is not verified here: see [`decode_with_signature`].
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
    decode_with_signature(bytes).map(|(record, _)| record)
}

/// Reads one record, and its signature, which is not verified yet.
pub fn decode_with_signature(bytes: &[u8]) -> Result<(Record, Option<Signature<'_>>), WireError> {
    let signature = signature(bytes);
    Ok((read_line(bytes, signature.as_ref())?, signature))
}

fn read_line(bytes: &[u8], signature: Option<&Signature<'_>>) -> Result<Record, WireError> {
    if let Some((kind, schema)) = canonical_head(bytes) {
        let (kind, since) = known(kind, schema)?;
        // A copy of the fields as an object of their own costs less than to pass over what stands before them.
        let fields = signature.filter(|_| schema > 1).map_or_else(|| unsigned_content(bytes), |one| one.covered[1]);
        if let Some(observation) = Some(fields).filter(|_| kind == "observation").and_then(observation_line::read) {
            return Ok(Record::Observation(observation));
        }
        let mut object = Vec::with_capacity(fields.len() + 1);
        object.push(b'{');
        object.extend_from_slice(fields);
        return checked(read(kind, &object, Form::Fields), (kind, since), schema);
    }
    let head: Head = serde_json::from_slice(bytes).map_err(|e| WireError::Malformed(e.to_string()))?;
    let (kind, since) = known(head.kind.as_ref(), head.schema)?;
    checked(read(kind, bytes, Form::Line), (kind, since), head.schema)
}

/// Kind and version of a line that begins as [`encode`] writes it.
fn canonical_head(line: &[u8]) -> Option<(&str, u32)> {
    let start = head(line)?;
    let version = line[..start - 1].last()? - b'0';
    let kind = line.strip_prefix(b"{\"kind\":\"")?.split(|byte| *byte == b'"').next()?;
    Some((std::str::from_utf8(kind).ok()?, u32::from(version)))
}

/// The kind, and the version that brought it, if this build reads both.
fn known(kind: &str, schema: u32) -> Result<(&'static str, u32), WireError> {
    let known = KINDS.into_iter().find(|(known, _)| *known == kind).ok_or(WireError::UnknownKind)?;
    if (1..=SCHEMA).contains(&schema) { Ok(known) } else { Err(WireError::UnknownSchema(schema)) }
}

fn checked(
    read: Result<Record, serde_json::Error>,
    (kind, since): (&'static str, u32),
    schema: u32,
) -> Result<Record, WireError> {
    let record = read.map_err(|e| WireError::Invalid { kind, message: e.to_string() })?;
    if schema < record.schema().max(since) {
        let message = format!("a field that schema version {schema} does not have");
        return Err(WireError::Invalid { kind, message });
    }
    Ok(record)
}

/// What a record is read from.
#[derive(Clone, Copy)]
enum Form {
    /// A whole line, with kind and version.
    Line,
    /// An object of its fields alone.
    Fields,
}

/// Reads a record whose kind and version were checked.
fn read(kind: &str, bytes: &[u8], form: Form) -> Result<Record, serde_json::Error> {
    match kind {
        "observation" => fields(bytes, form).map(Record::Observation),
        "visit" => fields(bytes, form).map(Record::Poll),
        "reject" => fields(bytes, form).map(Record::Reject),
        "catalogue" => fields(bytes, form).map(Record::Catalogue),
        "retraction" => fields(bytes, form).map(Record::Retraction),
        _ => fields(bytes, form).map(Record::Note),
    }
}

fn fields<'de, T: Deserialize<'de>>(bytes: &'de [u8], form: Form) -> Result<T, serde_json::Error> {
    match form {
        Form::Line => body::read(bytes),
        Form::Fields => serde_json::from_slice(bytes),
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
