//! The disposition of a record: stored, a duplicate, or quarantined with a reason.
//!
//! Decided from the record, the time at which the bus took it, the catalogue and the figures stored before, in one
//! place for new records and for records in quarantine.

use crate::keys::{KeyList, RecordSignature, SignatureError};
use crate::plan_states::PlanStates;
use aggregator_core::admit::{AdmissionError, is_ahead};
use aggregator_core::ledger::{FigureKey, InsertOutcome};
use aggregator_core::plan_state::InsertResult;
use contract::catalogue::{self, Catalogue, KnownDecimals};
use contract::record::{CatalogueText, Record};
use contract::time::Micros;
use contract::wire;
use serde::Deserialize;

/// The reason of a catalogue record whose text is no catalogue of its plan.
const INVALID_CATALOGUE: &str = "invalid_catalogue";

/// The reason of a catalogue record that gives a definition other decimals than the configured catalogue.
const DECIMALS_CHANGED: &str = "decimals_changed";

/// A decoded record whose signature, or its absence, is in order.
#[derive(Debug)]
pub(crate) struct DecodedRecord {
    pub(crate) record: Record,
    /// Its signature.
    pub(crate) signature: Option<RecordSignature>,
}

/// A decoded record, or the reason for which it must be quarantined.
pub(crate) type DecodeResult = Result<DecodedRecord, &'static str>;

/// The disposition of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disposition {
    /// An observation to be stored.
    Observation(FigureKey),
    /// The very same observation is stored.
    Duplicate,
    /// A record of another kind to be stored; the store finds out whether it is a duplicate.
    Fact,
    /// To be quarantined, for this reason.
    Quarantined(&'static str),
}

impl From<InsertResult> for Disposition {
    fn from(inserted: InsertResult) -> Self {
        match inserted {
            Ok((_, InsertOutcome::Duplicate)) => Self::Duplicate,
            Ok((key, InsertOutcome::Stands | InsertOutcome::Superseded)) => Self::Observation(key),
            Err(error) => Self::Quarantined(error.label()),
        }
    }
}

/// Decodes a record and verifies its signature.
pub(crate) fn decode(body: &[u8], keys: &KeyList) -> DecodeResult {
    let (record, found) = wire::decode_with_signature(body).map_err(|error| error.label())?;
    let signature = keys.verify(&record, found).map_err(SignatureError::label)?;
    Ok(DecodedRecord { record, signature })
}

/// Decides about a record, and inserts an observation into the state of its plan. `appended` is when the bus took it, where
/// that is judged.
pub(crate) fn decide(states: &mut PlanStates, decoded: &DecodeResult, appended: Option<Micros>) -> Disposition {
    let record = match decoded {
        // Before all else, so that a copy that came too early is decided the same before and behind one that did not.
        Ok(decoded) if appended.is_some_and(|appended| is_ahead(decoded.record.revision(), appended)) => {
            return Disposition::Quarantined(AdmissionError::Future.label());
        }
        Ok(decoded) => &decoded.record,
        Err(reason) => return Disposition::Quarantined(reason),
    };
    let Some(state) = states.get_mut(record.plan()) else {
        return Disposition::Quarantined(AdmissionError::UnknownPlan.label());
    };
    match record {
        Record::Observation(observation) => state.insert(observation).into(),
        Record::Catalogue(text) => {
            if let Some(reason) = refusal(text, &state.catalogue) {
                return Disposition::Quarantined(reason);
            }
            state.publish(text);
            Disposition::Fact
        }
        Record::Poll(_) | Record::Reject(_) | Record::Retraction(_) | Record::Note(_) => Disposition::Fact,
    }
}

/// Why a catalogue record does not count: its text is no catalogue of its plan, so that judgements of its time cannot be
/// reproduced, or it gives figures another meaning than they have.
fn refusal(text: &CatalogueText, configured: &Catalogue) -> Option<&'static str> {
    let Some(published) = catalogue::parse("record", &text.text).ok().filter(|read| read.plan.id == text.plan) else {
        return Some(INVALID_CATALOGUE);
    };
    let change = KnownDecimals::of(configured).changed_by(&published).into_iter().next()?;
    tracing::error!(plan = text.plan, %change, "a published catalogue is in quarantine");
    Some(DECIMALS_CHANGED)
}

/// The plan that a record names, even one that cannot be read.
pub(crate) fn plan(decoded: &DecodeResult, body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct PlanOnly {
        plan: String,
    }
    match decoded {
        Ok(decoded) => Some(decoded.record.plan().to_owned()),
        Err(_) => serde_json::from_slice::<PlanOnly>(body).ok().map(|record| record.plan),
    }
}
