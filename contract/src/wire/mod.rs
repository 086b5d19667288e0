//! The wire form: one JSON object a record, and back.
//!
//! Written so that any language can publish it and `kcat` can read it. Unknown fields, kinds and
//! versions are refused here, which is what sends a record to quarantine.
//!
//! The fields of a record are those of its type in [`crate::record`]; `kind` and `schema` stand before them on the line
//! and nowhere else, so no type repeats another. A signed line has `signed_by` and `mac` behind them.

mod body;
mod codec;
mod envelope;
mod error;
mod fields;
mod observation_line;
mod observation_reader;
mod rest_of_line;
mod schema;
mod sign;
mod signature;
#[cfg(test)]
mod tests;

pub use codec::{canonical, canonical_figure, decode, decode_with_signature, encode};
pub use envelope::{Envelope, envelope};
pub use error::WireError;
pub use observation_line::ObservationFields;
pub use observation_reader::{FigureIds, ObservationReader, ReadObservation};
pub use schema::schema;
pub use sign::{encode_signed, encode_with_signature};
pub use signature::{Signature, content, signature};
