//! The JSON shapes of the four records, as serde reads and writes them.

mod convert;

pub(super) use convert::read;

use crate::record::{Breakdown, Value};
use schemars::JsonSchema;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::fmt;

/// The two fields that say how to read the rest.
#[derive(Deserialize)]
pub(super) struct Peek<'a> {
    #[serde(borrow)]
    pub(super) kind: Cow<'a, str>,
    pub(super) schema: u32,
}

/// A record of the Shihyo bus.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[schemars(title = "Shihyo record")]
pub(super) enum Form {
    Observation(ObservationForm),
    Visit(VisitForm),
    Reject(RejectForm),
    Catalogue(CatalogueForm),
}

/// A figure for one period.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ObservationForm {
    #[serde(default, skip_serializing)]
    #[schemars(skip)]
    #[expect(dead_code, reason = "read so that it is no unknown field")]
    kind: String,
    /// Version of this schema.
    schema: u32,
    /// Plan id.
    plan: String,
    /// Series id of the plan's catalogue.
    series: String,
    /// Counting rule, of the series' definitions.
    definition: String,
    /// The configured source that measured it.
    source: String,
    /// What the figure describes.
    period: PeriodForm,
    /// Exact integer in the series' unit, or why there is none.
    value: ValueForm,
    /// One dimension, label to integer, complete for the period.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "unique_labels")]
    breakdown: Option<Breakdown>,
    /// Whether the source holds it for settled.
    finality: FinalityForm,
    /// Microseconds since 1970 at which it was seen.
    revision: i64,
    /// Id of the visit it came from.
    visit: String,
    /// Where in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<PlaceForm>,
}

/// `{"as_of": instant}` or `{"from": date, "to": date}`, half open.
#[derive(Serialize, JsonSchema)]
#[serde(untagged, deny_unknown_fields)]
enum PeriodForm {
    /// A state or reading.
    AsOf {
        /// RFC 3339 with offset.
        as_of: String,
    },
    /// A count during a period.
    During {
        /// First date, or instant of an hour.
        from: String,
        /// The date, or instant, after it.
        to: String,
    },
}

/// The three fields a period can have, read without the buffer that an untagged enum needs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bounds {
    #[serde(default, deserialize_with = "present")]
    as_of: Option<String>,
    #[serde(default, deserialize_with = "present")]
    from: Option<String>,
    #[serde(default, deserialize_with = "present")]
    to: Option<String>,
}

/// A field that may be absent but not `null`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for PeriodForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Bounds::deserialize(deserializer)? {
            Bounds { as_of: Some(as_of), from: None, to: None } => Ok(Self::AsOf { as_of }),
            Bounds { as_of: None, from: Some(from), to: Some(to) } => Ok(Self::During { from, to }),
            _ => Err(D::Error::custom("a period has `as_of`, or `from` and `to`")),
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum ValueForm {
    /// The figure.
    Known(i64),
    /// No figure; never 0.
    Unknown {
        /// Why.
        unknown: String,
    },
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum FinalityForm {
    Provisional,
    Final,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PlaceForm {
    /// Sheet of a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sheet: Option<String>,
    /// Row, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row: Option<u32>,
}

/// One poll of one source, changed or not.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct VisitForm {
    #[serde(default, skip_serializing)]
    #[schemars(skip)]
    #[expect(dead_code, reason = "read so that it is no unknown field")]
    kind: String,
    /// Version of this schema.
    schema: u32,
    /// Plan id.
    plan: String,
    /// Source id.
    source: String,
    /// Id of this visit.
    id: String,
    /// The collector that made it.
    collector: String,
    /// Microseconds since 1970.
    time: i64,
    /// How it ended.
    outcome: OutcomeForm,
    /// Address asked.
    address: String,
    /// SHA-256 of the bytes read, lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// Bytes read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum OutcomeForm {
    /// Something new was read.
    Changed,
    /// The same as before.
    Unchanged,
    /// Not read, and the typed reason.
    Failed(String),
}

/// A row that could not be read; never its text.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RejectForm {
    #[serde(default, skip_serializing)]
    #[schemars(skip)]
    #[expect(dead_code, reason = "read so that it is no unknown field")]
    kind: String,
    /// Version of this schema.
    schema: u32,
    /// Plan id.
    plan: String,
    /// Source id.
    source: String,
    /// Id of the visit that met it.
    visit: String,
    /// Microseconds since 1970.
    time: i64,
    /// Typed reason.
    reason: String,
    /// File or address.
    file: String,
    /// Sheet of a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sheet: Option<String>,
    /// Row, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    row: Option<u32>,
    /// Column, as its role or header word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// Hash of the row.
    hash: String,
}

/// The text of a plan's catalogue, when it changes.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CatalogueForm {
    #[serde(default, skip_serializing)]
    #[schemars(skip)]
    #[expect(dead_code, reason = "read so that it is no unknown field")]
    kind: String,
    /// Version of this schema.
    schema: u32,
    /// Plan id.
    plan: String,
    /// Microseconds since 1970.
    revision: i64,
    /// The file, whole.
    text: String,
}

/// JSON Schema of the wire form, generated from the types above; checked in as `contract/record.schema.json`.
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Form).to_value()
}

pub(super) fn value_json(value: &Value) -> ValueForm {
    match value {
        Value::Known(n) => ValueForm::Known(*n),
        Value::Unknown(reason) => ValueForm::Unknown { unknown: reason.clone() },
    }
}

/// Exact integers only: `1.0` and `1e3` are no integers here.
impl<'de> Deserialize<'de> for ValueForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = ValueForm;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer or {\"unknown\": reason}")
            }
            fn visit_i64<E>(self, n: i64) -> Result<ValueForm, E> {
                Ok(ValueForm::Known(n))
            }
            fn visit_u64<E: Error>(self, n: u64) -> Result<ValueForm, E> {
                i64::try_from(n).map(ValueForm::Known).map_err(|_| E::custom("integer beyond 64 bits"))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ValueForm, A::Error> {
                let Some((key, unknown)) = map.next_entry::<String, String>()? else {
                    return Err(A::Error::missing_field("unknown"));
                };
                if key != "unknown" || map.next_key::<String>()?.is_some() {
                    return Err(A::Error::custom("expected only the field `unknown`"));
                }
                Ok(ValueForm::Unknown { unknown })
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A label said twice would make the figure depend on the reader: refused.
fn unique_labels<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Breakdown>, D::Error> {
    struct Labels;
    impl<'de> Visitor<'de> for Labels {
        type Value = Option<Breakdown>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map from label to integer")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut labels = Breakdown::new();
            while let Some((label, count)) = map.next_entry::<String, i64>()? {
                if labels.insert(label, count).is_some() {
                    return Err(A::Error::custom("a breakdown label stands twice"));
                }
            }
            Ok(Some(labels))
        }
    }
    deserializer.deserialize_any(Labels)
}
