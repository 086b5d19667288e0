//! What becomes of a record: stored, a duplicate, or quarantined with a reason.
//!
//! Decided from the record, the catalogue and the figures stored before, in one place for records
//! that just came and for records that waited in quarantine.

use crate::plan_states::PlanStates;
use aggregator_core::admit::AdmissionError;
use aggregator_core::ledger::{FigureKey, InsertOutcome};
use contract::catalogue;
use contract::record::{CatalogueText, Record};
use contract::wire;
use serde::Deserialize;

/// The reason of a catalogue record whose text is no catalogue of its plan.
const INVALID_CATALOGUE: &str = "invalid_catalogue";

/// A record as it was read, or the reason why it cannot be.
pub(super) type DecodeResult = Result<Record, &'static str>;

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Disposition {
    /// An observation to be stored.
    Observation(FigureKey),
    /// The very same observation is stored.
    Duplicate,
    /// A visit, reject or catalogue to be stored; the store knows whether it is there.
    Fact,
    /// To be quarantined, for this reason.
    Quarantined(&'static str),
}

/// Reads a record.
pub(super) fn decode(body: &[u8]) -> DecodeResult {
    wire::decode(body).map_err(|error| error.label())
}

/// Decides, and enters an observation in its state.
pub(super) fn decide(states: &mut PlanStates, read: &DecodeResult) -> Disposition {
    let record = match read {
        Ok(record) => record,
        Err(reason) => return Disposition::Quarantined(reason),
    };
    let Some(state) = states.get_mut(record.plan()) else {
        return Disposition::Quarantined(AdmissionError::UnknownPlan.label());
    };
    match record {
        Record::Observation(observation) => match state.insert(observation) {
            Ok((_, InsertOutcome::Duplicate)) => Disposition::Duplicate,
            Ok((key, InsertOutcome::Stands | InsertOutcome::Superseded)) => Disposition::Observation(key),
            Err(refusal) => Disposition::Quarantined(refusal.label()),
        },
        Record::Catalogue(text) if !is_catalogue(text) => Disposition::Quarantined(INVALID_CATALOGUE),
        Record::Catalogue(_) | Record::Poll(_) | Record::Reject(_) => Disposition::Fact,
    }
}

/// True when yesterday's judgement can be made again with this text.
fn is_catalogue(text: &CatalogueText) -> bool {
    catalogue::parse("record", &text.text).is_ok_and(|catalogue| catalogue.plan.id == text.plan)
}

/// The plan that a record names, even one that cannot be read.
pub(super) fn plan(read: &DecodeResult, body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        plan: String,
    }
    match read {
        Ok(record) => Some(record.plan().to_owned()),
        Err(_) => serde_json::from_slice::<Named>(body).ok().map(|named| named.plan),
    }
}
