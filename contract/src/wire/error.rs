//! Why bytes are no record.

use crate::record::SCHEMA;

/// Why bytes are no record. The text never quotes more than the decoder's own message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// Not JSON, or not an object with `kind` and `schema`.
    #[error("not a record: {0}")]
    Malformed(String),
    /// `kind` is none that this build knows.
    #[error("unknown kind of record")]
    UnknownKind,
    /// `schema` is later than [`SCHEMA`].
    #[error("schema version {0} is none of those that this build reads, 1 to {SCHEMA}")]
    UnknownSchema(u32),
    /// A field is missing, unknown or of the wrong type.
    #[error("not a valid {kind}: {message}")]
    Invalid {
        /// Kind of record.
        kind: &'static str,
        /// The decoder's message.
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
