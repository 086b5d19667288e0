//! The kinds of record that travel on the bus.
//!
//! Field order is wire order, and the comments of types and fields stand in `record.schema.json` too. Ids are texts
//! here; the aggregator interns them.

use crate::period::{Grain, Period};
use crate::time::{Micros, Moment};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::breakdown::Breakdown;
pub use crate::poll_size::PollSize;

/// Newest version of the record schema; all from 1 on are read. A line is written with the lowest version that has all its
/// fields, so that an aggregator of the version before still understands most of what a newer collector writes.
///
/// Version 2 adds the size and digest of a poll, retractions, notes, and signatures.
pub const SCHEMA: u32 = 2;

/// A record of the Shihyo bus.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema)]
#[schemars(title = "Shihyo record", tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// A figure for one period.
    Observation(Observation),
    /// One poll of one source, changed or not.
    #[schemars(rename = "visit")]
    Poll(PollRecord),
    /// A row that could not be read; never its text.
    Reject(Reject),
    /// The text of a plan's catalogue, when it changes.
    Catalogue(CatalogueText),
    /// Takes back what a source reported at some revisions. Since schema 2.
    Retraction(Retraction),
    /// A text that a person wrote; never judged. Since schema 2.
    Note(Note),
}

impl Record {
    /// The plan it belongs to: the key on the bus.
    pub fn plan(&self) -> &str {
        match self {
            Self::Observation(o) => &o.plan,
            Self::Poll(v) => &v.plan,
            Self::Reject(r) => &r.plan,
            Self::Catalogue(c) => &c.plan,
            Self::Retraction(r) => &r.plan,
            Self::Note(n) => &n.plan,
        }
    }

    /// When it was seen.
    pub fn revision(&self) -> Micros {
        match self {
            Self::Observation(o) => o.revision,
            Self::Poll(v) => v.time,
            Self::Reject(r) => r.time,
            Self::Catalogue(c) => c.revision,
            Self::Retraction(r) => r.revision,
            Self::Note(n) => n.revision,
        }
    }

    /// The source that it is from; `None` of a catalogue, which is the city's own.
    pub fn source(&self) -> Option<&str> {
        match self {
            Self::Observation(o) => Some(&o.source),
            Self::Poll(v) => Some(&v.source),
            Self::Reject(r) => Some(&r.source),
            Self::Retraction(r) => Some(&r.source),
            Self::Note(n) => Some(&n.source),
            Self::Catalogue(_) => None,
        }
    }

    /// The poll that it belongs to: that poll's record counts it. `None` of the poll record itself.
    pub fn poll(&self) -> Option<&str> {
        match self {
            Self::Observation(o) => Some(&o.visit),
            Self::Reject(r) => Some(&r.visit),
            Self::Note(n) => Some(&n.visit),
            Self::Poll(_) | Self::Catalogue(_) | Self::Retraction(_) => None,
        }
    }

    /// The lowest schema version that has all its fields.
    pub fn schema(&self) -> u32 {
        match self {
            Self::Observation(_) | Self::Reject(_) | Self::Catalogue(_) => 1,
            Self::Poll(poll) => 1 + u32::from(poll.size.is_some()),
            Self::Retraction(_) | Self::Note(_) => 2,
        }
    }
}

/// The period a figure describes, as it travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Span {
    /// A state or a reading at an instant.
    AsOf(Moment),
    /// A count from the first instant to before the second.
    During(Moment, Moment),
}

impl Span {
    /// The span of a flow's period.
    pub fn of(period: Period) -> Self {
        Self::During(period.start(), period.end())
    }

    /// The period of `grain` that this span is for a flow; `None` when it is not exactly one.
    pub fn flow(self, grain: Grain) -> Option<Period> {
        match self {
            Self::During(from, to) => Period::between(grain, from, to),
            Self::AsOf(_) => None,
        }
    }

    /// The instant that this span is for a level or counter whose instants are cut to `grain`
    /// (hour or day), as the period that starts at it; `None` when it is no such instant.
    pub fn instant(self, grain: Grain) -> Option<Period> {
        match self {
            Self::AsOf(moment) => {
                let period = Period::holding(grain.instant(), moment);
                (period.start() == moment).then_some(period)
            }
            Self::During(..) => None,
        }
    }
}

/// A source's figure: an exact integer in the series' unit, or that it is not known, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// The figure.
    Known(i64),
    /// No figure; never 0.
    Unknown(String),
}

/// Whether the source holds the figure for settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finality {
    /// The period still runs, or the source states it.
    Provisional,
    /// Settled, until it is corrected.
    Final,
}

impl Finality {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Provisional => "provisional",
            Self::Final => "final",
        }
    }
}

/// Where in a file a figure stood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "PlaceForm", description = "")]
pub struct Place {
    /// Sheet of a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Row, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
}

/// A figure for one period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// Plan id.
    pub plan: String,
    /// Series id of the plan's catalogue.
    pub series: String,
    /// Counting rule, of the series' definitions.
    pub definition: String,
    /// The configured source that measured it.
    pub source: String,
    /// What the figure describes.
    pub period: Span,
    /// Exact integer in steps of the definition (`10^-decimals` of the series' unit), or why there is none.
    pub value: Value,
    /// One dimension, label to integer in the same steps, complete for the period.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::breakdown::read")]
    pub breakdown: Option<Breakdown>,
    /// Whether the source holds it for settled.
    pub finality: Finality,
    /// Microseconds since 1970 at which it was seen.
    pub revision: Micros,
    /// Id of the visit it came from.
    pub visit: String,
    /// Where in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// How a poll ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "OutcomeForm", description = "")]
pub enum PollOutcome {
    /// Something new was read.
    Changed,
    /// The same as before.
    Unchanged,
    /// Not read, and the typed reason.
    Failed(String),
}

/// One poll of one source, changed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PollRecord {
    /// Plan id.
    pub plan: String,
    /// Source id.
    pub source: String,
    /// Id of this visit.
    pub id: String,
    /// The collector that made it.
    pub collector: String,
    /// Microseconds since 1970.
    pub time: Micros,
    /// How it ended.
    pub outcome: PollOutcome,
    /// Address asked.
    pub address: String,
    /// SHA-256 of the bytes read, lower-case hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Bytes read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// How many records belong to it. Since schema 2; without it nobody can notice that a part was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<PollSize>,
}

/// A row that could not be read; never its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// Plan id.
    pub plan: String,
    /// Source id.
    pub source: String,
    /// Id of the visit that met it.
    pub visit: String,
    /// Microseconds since 1970.
    pub time: Micros,
    /// Typed reason.
    pub reason: String,
    /// File or address.
    pub file: String,
    /// Sheet of a workbook.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// Row, counted from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// Column, as its role or header word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// Hash of the row.
    pub hash: String,
}

/// The text of a plan's catalogue, when it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogueText {
    /// Plan id.
    pub plan: String,
    /// Microseconds since 1970.
    pub revision: Micros,
    /// The file, whole.
    pub text: String,
}

/// Takes back everything that a source reported at some revisions: it counts no more, whether it came before or comes later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retraction {
    /// Plan id.
    pub plan: String,
    /// Source id.
    pub source: String,
    /// First revision taken back, in microseconds since 1970.
    pub from: Micros,
    /// Last revision taken back.
    pub to: Micros,
    /// Microseconds since 1970 at which it was stated.
    pub revision: Micros,
    /// Who stated it.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl Retraction {
    /// True when it takes back that revision of its source.
    pub fn covers(&self, revision: Micros) -> bool {
        (self.from..=self.to).contains(&revision)
    }
}

/// A text that a person wrote about a KPI or a figure. The latest of the same subject, topic and language stands; an empty
/// text takes it away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// Plan id.
    pub plan: String,
    /// The register it stands in.
    pub source: String,
    /// The KPI it is about; of a figure's remark, the series.
    pub subject: NoteSubject,
    /// What it is: a cause, a next step, a grade, a remark.
    pub topic: String,
    /// What it is about in time.
    pub period: Span,
    /// `ja` or `en`.
    pub language: String,
    /// The text, as it was written.
    pub text: String,
    /// Microseconds since 1970 at which it was seen.
    pub revision: Micros,
    /// Id of the poll it came from.
    pub visit: String,
    /// Where in the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

/// What a note is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoteSubject {
    /// A KPI, by its id.
    Kpi(String),
    /// A series, by its id.
    Series(String),
}
