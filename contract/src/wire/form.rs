//! The JSON shapes of the four records, as serde reads and writes them.

use crate::record::{Breakdown, CatalogueText, Finality, Observation, Outcome, Place, Record, Reject, SCHEMA, Span};
use crate::record::{Value, Visit};
use crate::time::{Micros, Moment, parse_date};
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
#[derive(Serialize, Deserialize, JsonSchema)]
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

fn boundary(text: &str) -> Option<Moment> {
    parse_date(text).map(Moment::midnight).or_else(|| Moment::parse(text))
}

fn span(form: &PeriodForm) -> Result<Span, serde_json::Error> {
    let bad = |what| serde_json::Error::custom(format!("period.{what} is no date or RFC 3339 instant in range"));
    match form {
        PeriodForm::AsOf { as_of } => Ok(Span::AsOf(Moment::parse(as_of).ok_or_else(|| bad("as_of"))?)),
        PeriodForm::During { from, to } => {
            Ok(Span::During(boundary(from).ok_or_else(|| bad("from"))?, boundary(to).ok_or_else(|| bad("to"))?))
        }
    }
}

fn span_form(span: Span) -> PeriodForm {
    let civil = |m: Moment| m == Moment::midnight(m.date());
    match span {
        Span::AsOf(at) => PeriodForm::AsOf { as_of: at.to_string() },
        Span::During(from, to) if civil(from) && civil(to) => {
            PeriodForm::During { from: from.date().to_string(), to: to.date().to_string() }
        }
        Span::During(from, to) => PeriodForm::During { from: from.to_string(), to: to.to_string() },
    }
}

/// Reads the record of a kind already checked.
pub(super) fn read(kind: &str, bytes: &[u8]) -> Result<Record, serde_json::Error> {
    Ok(match kind {
        "observation" => {
            let form: ObservationForm = serde_json::from_slice(bytes)?;
            Record::Observation(Observation {
                period: span(&form.period)?,
                plan: form.plan,
                series: form.series,
                definition: form.definition,
                source: form.source,
                value: match form.value {
                    ValueForm::Known(n) => Value::Known(n),
                    ValueForm::Unknown { unknown } => Value::Unknown(unknown),
                },
                breakdown: form.breakdown,
                finality: match form.finality {
                    FinalityForm::Provisional => Finality::Provisional,
                    FinalityForm::Final => Finality::Final,
                },
                revision: Micros(form.revision),
                visit: form.visit,
                place: form.place.map(|p| Place { sheet: p.sheet, row: p.row }),
            })
        }
        "visit" => {
            let form: VisitForm = serde_json::from_slice(bytes)?;
            Record::Visit(Visit {
                plan: form.plan,
                source: form.source,
                id: form.id,
                collector: form.collector,
                time: Micros(form.time),
                outcome: match form.outcome {
                    OutcomeForm::Changed => Outcome::Changed,
                    OutcomeForm::Unchanged => Outcome::Unchanged,
                    OutcomeForm::Failed(reason) => Outcome::Failed(reason),
                },
                address: form.address,
                sha256: form.sha256,
                bytes: form.bytes,
            })
        }
        "reject" => {
            let form: RejectForm = serde_json::from_slice(bytes)?;
            Record::Reject(Reject {
                plan: form.plan,
                source: form.source,
                visit: form.visit,
                time: Micros(form.time),
                reason: form.reason,
                file: form.file,
                sheet: form.sheet,
                row: form.row,
                column: form.column,
                hash: form.hash,
            })
        }
        _ => {
            let form: CatalogueForm = serde_json::from_slice(bytes)?;
            Record::Catalogue(CatalogueText { plan: form.plan, revision: Micros(form.revision), text: form.text })
        }
    })
}

impl From<Record> for Form {
    fn from(record: Record) -> Self {
        match record {
            Record::Observation(o) => Self::Observation(o.into()),
            Record::Visit(v) => Self::Visit(v.into()),
            Record::Reject(r) => Self::Reject(r.into()),
            Record::Catalogue(c) => Self::Catalogue(CatalogueForm {
                kind: String::new(),
                schema: SCHEMA,
                plan: c.plan,
                revision: c.revision.0,
                text: c.text,
            }),
        }
    }
}

impl From<Observation> for ObservationForm {
    fn from(o: Observation) -> Self {
        Self {
            kind: String::new(),
            schema: SCHEMA,
            plan: o.plan,
            series: o.series,
            definition: o.definition,
            source: o.source,
            period: span_form(o.period),
            value: value_json(&o.value),
            breakdown: o.breakdown,
            finality: match o.finality {
                Finality::Provisional => FinalityForm::Provisional,
                Finality::Final => FinalityForm::Final,
            },
            revision: o.revision.0,
            visit: o.visit,
            place: o.place.map(|p| PlaceForm { sheet: p.sheet, row: p.row }),
        }
    }
}

impl From<Visit> for VisitForm {
    fn from(v: Visit) -> Self {
        Self {
            kind: String::new(),
            schema: SCHEMA,
            plan: v.plan,
            source: v.source,
            id: v.id,
            collector: v.collector,
            time: v.time.0,
            outcome: match v.outcome {
                Outcome::Changed => OutcomeForm::Changed,
                Outcome::Unchanged => OutcomeForm::Unchanged,
                Outcome::Failed(reason) => OutcomeForm::Failed(reason),
            },
            address: v.address,
            sha256: v.sha256,
            bytes: v.bytes,
        }
    }
}

impl From<Reject> for RejectForm {
    fn from(r: Reject) -> Self {
        Self {
            kind: String::new(),
            schema: SCHEMA,
            plan: r.plan,
            source: r.source,
            visit: r.visit,
            time: r.time.0,
            reason: r.reason,
            file: r.file,
            sheet: r.sheet,
            row: r.row,
            column: r.column,
            hash: r.hash,
        }
    }
}
