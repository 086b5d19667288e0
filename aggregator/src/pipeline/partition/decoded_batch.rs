//! A batch whose records are decoded: an observation is a few numbers, and what many of them say is there once.
//!
//! Lines as our collectors write them are read without the JSON library. It reads all others, and alone says what is wrong
//! with a line, so which of both read a line changes nothing.

use super::disposition::{self, DecodeResult, DecodedRecord};
use crate::keys::{Claim, KeyList, RecordSignature, SignatureError};
use bus::Batch;
use contract::borrowed::{BorrowedObservation, BorrowedPlace, BorrowedValue};
use contract::record::{Breakdown, Finality, Observation, Record, Span};
use contract::time::Micros;
use contract::wire::{FigureIds, ObservationFields, ObservationReader};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// A batch with its records decoded.
#[derive(Debug)]
pub(crate) struct DecodedBatch {
    pub(crate) batch: Batch,
    /// The records, in their order.
    pub(crate) records: Vec<BatchRecord>,
    /// What its observations are figures of.
    pub(crate) ids: Vec<Arc<FigureIds>>,
    /// Their other texts.
    texts: Vec<Arc<str>>,
}

/// A record of a batch.
#[derive(Debug)]
pub(crate) enum BatchRecord {
    /// An observation.
    Observation(BatchObservation),
    /// A record of another kind, or the reason for which it must be quarantined.
    Other(Box<DecodeResult>),
}

/// An observation of a batch, whose texts are those of the batch.
#[derive(Debug)]
pub(crate) struct BatchObservation {
    /// Place of its ids.
    pub(crate) ids: u32,
    visit: TextNumber,
    period: Span,
    value: NumberedValue,
    breakdown: Option<Box<Breakdown>>,
    finality: Finality,
    /// When it was seen.
    pub(crate) revision: Micros,
    place: Option<(Option<TextNumber>, Option<u32>)>,
    /// Its signature.
    pub(crate) signature: Option<Box<RecordSignature>>,
}

/// The place of a text among those of the batch.
#[derive(Clone, Copy, Debug)]
struct TextNumber(u32);

#[derive(Clone, Copy, Debug)]
enum NumberedValue {
    Known(i64),
    Unknown(TextNumber),
}

impl DecodedBatch {
    /// Whom the records that could be read are from.
    pub(crate) fn claims(&self) -> impl Iterator<Item = Claim<'_>> {
        self.records.iter().filter_map(|record| match record {
            BatchRecord::Observation(one) => Some(claim(&self.ids[one.ids as usize], one.revision)),
            BatchRecord::Other(read) => read.as_ref().as_ref().ok().map(|read| (&read.record).into()),
        })
    }

    /// The ids of an observation.
    pub(crate) fn ids_of(&self, one: &BatchObservation) -> &FigureIds {
        &self.ids[one.ids as usize]
    }

    /// An observation with its texts.
    pub(crate) fn observation<'a>(&'a self, one: &'a BatchObservation) -> BorrowedObservation<'a> {
        let (ids, text) = (self.ids_of(one), |number: TextNumber| &*self.texts[number.0 as usize]);
        BorrowedObservation {
            plan: &ids.plan,
            series: &ids.series,
            definition: &ids.definition,
            source: &ids.source,
            period: one.period,
            value: match one.value {
                NumberedValue::Known(number) => BorrowedValue::Known(number),
                NumberedValue::Unknown(reason) => BorrowedValue::Unknown(text(reason)),
            },
            breakdown: one.breakdown.as_deref(),
            finality: one.finality,
            revision: one.revision,
            visit: text(one.visit),
            place: one.place.map(|(sheet, row)| BorrowedPlace { sheet: sheet.map(text), row }),
        }
    }
}

fn claim(ids: &FigureIds, revision: Micros) -> Claim<'_> {
    Claim { plan: &ids.plan, source: Some(&ids.source), revision }
}

/// Decodes one batch after the other.
#[derive(Debug, Default)]
pub(crate) struct BatchDecoder {
    observations: ObservationReader,
    texts: BatchTexts,
}

impl BatchDecoder {
    /// Decodes every record of a batch, and verifies the signatures.
    pub(crate) fn decode(&mut self, batch: Batch, keys: &KeyList) -> DecodedBatch {
        let records = batch.iter().map(|(_, _, body)| self.record(body, keys)).collect();
        let texts = std::mem::take(&mut self.texts).texts;
        DecodedBatch { batch, records, ids: self.observations.end_batch(), texts }
    }

    fn record(&mut self, body: &[u8], keys: &KeyList) -> BatchRecord {
        if let Some(read) = self.observations.read(body) {
            let claimed = self.observations.ids(read.ids).map(|ids| claim(ids, read.fields.revision));
            let verified = claimed.map(|claim| keys.verify(claim, read.signature));
            return match verified {
                Some(Ok(signature)) => BatchRecord::Observation(self.numbered(read.ids, read.fields, signature)),
                Some(Err(error)) => BatchRecord::Other(Box::new(Err(SignatureError::label(error)))),
                None => BatchRecord::Other(Box::new(disposition::decode(body, keys))),
            };
        }
        match disposition::decode(body, keys) {
            Ok(DecodedRecord { record: Record::Observation(observation), signature }) => {
                let ids = self.observations.add(&observation);
                BatchRecord::Observation(self.numbered(ids, fields(&observation), signature))
            }
            other => BatchRecord::Other(Box::new(other)),
        }
    }

    fn numbered(
        &mut self,
        ids: u32,
        fields: ObservationFields<'_>,
        signature: Option<RecordSignature>,
    ) -> BatchObservation {
        let mut number = |text: &str| self.texts.number(text);
        BatchObservation {
            ids,
            visit: number(fields.visit),
            period: fields.period,
            value: match fields.value {
                BorrowedValue::Known(known) => NumberedValue::Known(known),
                BorrowedValue::Unknown(reason) => NumberedValue::Unknown(number(reason)),
            },
            breakdown: fields.breakdown.map(Box::new),
            finality: fields.finality,
            revision: fields.revision,
            place: fields.place.map(|place| (place.sheet.map(number), place.row)),
            signature: signature.map(Box::new),
        }
    }
}

/// The fields of an observation that the JSON library read.
fn fields(observation: &Observation) -> ObservationFields<'_> {
    let BorrowedObservation { period, value, finality, revision, visit, place, .. } = observation.borrowed();
    ObservationFields { period, value, breakdown: observation.breakdown.clone(), finality, revision, visit, place }
}

/// The texts of a batch, each once.
#[derive(Debug, Default)]
struct BatchTexts {
    texts: Vec<Arc<str>>,
    numbers: FxHashMap<Arc<str>, TextNumber>,
}

impl BatchTexts {
    fn number(&mut self, text: &str) -> TextNumber {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = TextNumber(u32::try_from(self.texts.len()).unwrap_or(u32::MAX));
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.numbers.insert(text, number);
        number
    }
}
