//! The JSON of those fields that are not written as their type is: a period, a value and a finality.

use crate::record::{Finality, Span, Value};
use crate::time::{Moment, parse_date};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// The three fields that a period can have: `as_of`, or `from` and `to`.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    as_of: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    to: Option<String>,
}

/// A field that may be absent but not `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let civil = |m: Moment| m == Moment::midnight(m.date());
        let bounds = match *self {
            Self::AsOf(at) => Bounds { as_of: Some(at.to_string()), ..Bounds::default() },
            Self::During(from, to) if civil(from) && civil(to) => {
                Bounds { from: Some(from.date().to_string()), to: Some(to.date().to_string()), ..Bounds::default() }
            }
            Self::During(from, to) => {
                Bounds { from: Some(from.to_string()), to: Some(to.to_string()), ..Bounds::default() }
            }
        };
        bounds.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bad = |what| D::Error::custom(format!("period.{what} is no date or RFC 3339 instant in range"));
        let boundary = |text: &str| parse_date(text).map(Moment::midnight).or_else(|| Moment::parse(text));
        match Bounds::deserialize(deserializer)? {
            Bounds { as_of: Some(as_of), from: None, to: None } => {
                Ok(Self::AsOf(Moment::parse(&as_of).ok_or_else(|| bad("as_of"))?))
            }
            Bounds { as_of: None, from: Some(from), to: Some(to) } => {
                Ok(Self::During(boundary(&from).ok_or_else(|| bad("from"))?, boundary(&to).ok_or_else(|| bad("to"))?))
            }
            _ => Err(D::Error::custom("a period has `as_of`, or `from` and `to`")),
        }
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "PeriodForm".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let text = |description: &str| json_schema!({ "description": description, "type": "string" });
        json_schema!({
            "description": "`{\"as_of\": instant}` or `{\"from\": date, \"to\": date}`, half open.",
            "anyOf": [
                {
                    "description": "A state or reading.",
                    "type": "object",
                    "properties": { "as_of": text("RFC 3339 with offset.") },
                    "required": ["as_of"],
                    "additionalProperties": false,
                },
                {
                    "description": "A count during a period.",
                    "type": "object",
                    "properties": {
                        "from": text("First date, or instant of an hour."),
                        "to": text("The date, or instant, after it."),
                    },
                    "required": ["from", "to"],
                    "additionalProperties": false,
                },
            ],
        })
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(n) => serializer.serialize_i64(*n),
            Self::Unknown(reason) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("unknown", reason)?;
                map.end()
            }
        }
    }
}

/// Exact integers only: `1.0` and `1e3` are no integers here.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Value;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer or {\"unknown\": reason}")
            }
            fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
                Ok(Value::Known(n))
            }
            fn visit_u64<E: Error>(self, n: u64) -> Result<Value, E> {
                i64::try_from(n).map(Value::Known).map_err(|_| E::custom("integer beyond 64 bits"))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
                let Some((key, unknown)) = map.next_entry::<String, String>()? else {
                    return Err(A::Error::missing_field("unknown"));
                };
                if key != "unknown" || map.next_key::<String>()?.is_some() {
                    return Err(A::Error::custom("expected only the field `unknown`"));
                }
                Ok(Value::Unknown(unknown))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl JsonSchema for Value {
    fn schema_name() -> Cow<'static, str> {
        "ValueForm".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "anyOf": [
                { "description": "The figure.", "type": "integer", "format": "int64" },
                {
                    "description": "No figure; never 0.",
                    "type": "object",
                    "properties": { "unknown": { "description": "Why.", "type": "string" } },
                    "required": ["unknown"],
                },
            ],
        })
    }
}

impl JsonSchema for Finality {
    fn schema_name() -> Cow<'static, str> {
        "FinalityForm".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": ["provisional", "final"] })
    }
}
