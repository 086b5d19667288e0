//! Numbers in canonical form, as exports have them.

use contract::exact::{self, Exact};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A number in canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalNumber(pub Exact);

impl Serialize for CanonicalNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = RawValue::from_string(exact::canonical(&self.0)).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

impl JsonSchema for CanonicalNumber {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "description": "Exact, in canonical form; half up to 6 places" })
    }
}
