//! Between the records and their JSON shapes.

use super::{
    CatalogueForm, FinalityForm, Form, ObservationForm, OutcomeForm, PeriodForm, PlaceForm, RejectForm, ValueForm,
    VisitForm, value_json,
};
use crate::record::{
    CatalogueText, Finality, Observation, Place, PollOutcome, PollRecord, Record, Reject, SCHEMA, Span, Value,
};
use crate::time::{Micros, Moment, parse_date};
use serde::de::Error;

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
pub(in crate::wire) fn read(kind: &str, bytes: &[u8]) -> Result<Record, serde_json::Error> {
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
            Record::Poll(PollRecord {
                plan: form.plan,
                source: form.source,
                id: form.id,
                collector: form.collector,
                time: Micros(form.time),
                outcome: match form.outcome {
                    OutcomeForm::Changed => PollOutcome::Changed,
                    OutcomeForm::Unchanged => PollOutcome::Unchanged,
                    OutcomeForm::Failed(reason) => PollOutcome::Failed(reason),
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
            Record::Poll(v) => Self::Visit(v.into()),
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

impl From<PollRecord> for VisitForm {
    fn from(v: PollRecord) -> Self {
        Self {
            kind: String::new(),
            schema: SCHEMA,
            plan: v.plan,
            source: v.source,
            id: v.id,
            collector: v.collector,
            time: v.time.0,
            outcome: match v.outcome {
                PollOutcome::Changed => OutcomeForm::Changed,
                PollOutcome::Unchanged => OutcomeForm::Unchanged,
                PollOutcome::Failed(reason) => OutcomeForm::Failed(reason),
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
