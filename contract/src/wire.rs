//! The wire form: one JSON object a record, and back.
//!
//! Written so that any language can publish it and `kcat` can read it. Unknown fields, kinds and
//! versions are refused here, which is what sends a record to quarantine.

mod envelope;
mod form;
#[cfg(test)]
mod tests;

pub use envelope::{Envelope, envelope};
pub use form::schema;

use crate::record::{Breakdown, Finality, Observation, Record, SCHEMA, Value};
use form::{Form, Peek};

/// Why bytes are no record. The text never quotes more than the decoder's own message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not JSON, or not an object with `kind` and `schema`.
    #[error("not a record: {0}")]
    Malformed(String),
    /// `kind` is none of the four.
    #[error("unknown kind of record")]
    UnknownKind,
    /// `schema` is not [`SCHEMA`].
    #[error("schema version {0} is not {SCHEMA}, the one this build reads")]
    UnknownSchema(u32),
    /// A field is missing, unknown or of the wrong type.
    #[error("not a valid {kind}: {message}")]
    Invalid {
        /// Kind of record.
        kind: &'static str,
        /// What the decoder said.
        message: String,
    },
}

impl WireError {
    /// The metric label and quarantine reason.
    pub fn label(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::UnknownKind => "unknown_kind",
            Self::UnknownSchema(_) => "unknown_schema",
            Self::Invalid { .. } => "invalid_record",
        }
    }
}

/// The record as one line of JSON, without a line end; fields in schema order.
pub fn encode(record: &Record) -> Vec<u8> {
    serde_json::to_vec(&Form::from(record.clone())).unwrap_or_default()
}

/// How [`encode`] begins an observation.
const OBSERVATION: &[u8] = b"{\"kind\":\"observation\",\"schema\":1,";

/// Reads one record.
pub fn decode(bytes: &[u8]) -> Result<Record, WireError> {
    let invalid = |kind: &'static str, e: &serde_json::Error| WireError::Invalid { kind, message: e.to_string() };
    if bytes.starts_with(OBSERVATION) {
        // By far the most records: their kind and version need no pass of their own.
        return form::read("observation", bytes).map_err(|e| invalid("observation", &e));
    }
    let peek: Peek = serde_json::from_slice(bytes).map_err(|e| WireError::Malformed(e.to_string()))?;
    let kind = peek.kind.as_ref();
    let known = ["observation", "visit", "reject", "catalogue"].into_iter().find(|known| *known == kind);
    let Some(kind) = known else { return Err(WireError::UnknownKind) };
    if peek.schema != SCHEMA {
        return Err(WireError::UnknownSchema(peek.schema));
    }
    form::read(kind, bytes).map_err(|e| invalid(kind, &e))
}

/// Canonical JSON of `[value, breakdown or null, finality]`, labels sorted by code point: what breaks
/// a tie between equal revisions in the upsert rule.
pub fn canonical_figure(value: &Value, breakdown: Option<&Breakdown>, finality: Finality) -> Vec<u8> {
    let value = form::value_json(value);
    serde_json::to_vec(&(value, breakdown, finality.name())).unwrap_or_default()
}

/// [`canonical_figure`] of an observation.
pub fn canonical(observation: &Observation) -> Vec<u8> {
    canonical_figure(&observation.value, observation.breakdown.as_ref(), observation.finality)
}
