//! What becomes of a record: stored, a duplicate, or quarantined with a reason.
//!
//! Decided from the record, the catalogue and the figures stored before, in one place for records
//! that just came and for records that waited in quarantine.

use super::Shelf;
use aggregator_core::admit::Refusal;
use aggregator_core::ledger::{Key, Stored};
use contract::catalogue;
use contract::record::{CatalogueText, Record};
use contract::wire;
use serde::Deserialize;

/// The reason of a catalogue record whose text is no catalogue of its plan.
const INVALID_CATALOGUE: &str = "invalid_catalogue";

/// A record as it was read, or the reason why it cannot be.
pub(super) type Read = Result<Record, &'static str>;

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// An observation to be stored.
    Figure(Key),
    /// The very same observation is stored.
    Duplicate,
    /// A visit, reject or catalogue to be stored; the store knows whether it is there.
    Fact,
    /// To be quarantined, for this reason.
    Refused(&'static str),
}

/// Reads a record.
pub(super) fn read(body: &[u8]) -> Read {
    wire::decode(body).map_err(|error| error.label())
}

/// Decides, and enters an observation in its book.
pub(super) fn decide(books: &mut Shelf, read: &Read) -> Fate {
    let record = match read {
        Ok(record) => record,
        Err(reason) => return Fate::Refused(reason),
    };
    let Some(book) = books.get_mut(record.plan()) else { return Fate::Refused(Refusal::UnknownPlan.label()) };
    match record {
        Record::Observation(observation) => match book.enter(observation) {
            Ok((_, Stored::Duplicate)) => Fate::Duplicate,
            Ok((key, Stored::Stands | Stored::Superseded)) => Fate::Figure(key),
            Err(refusal) => Fate::Refused(refusal.label()),
        },
        Record::Catalogue(text) if !is_catalogue(text) => Fate::Refused(INVALID_CATALOGUE),
        Record::Catalogue(_) | Record::Visit(_) | Record::Reject(_) => Fate::Fact,
    }
}

/// True when yesterday's judgement can be made again with this text.
fn is_catalogue(text: &CatalogueText) -> bool {
    catalogue::parse("record", &text.text).is_ok_and(|catalogue| catalogue.plan.id == text.plan)
}

/// The plan that a record names, even one that cannot be read.
pub(super) fn plan(read: &Read, body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        plan: String,
    }
    match read {
        Ok(record) => Some(record.plan().to_owned()),
        Err(_) => serde_json::from_slice::<Named>(body).ok().map(|named| named.plan),
    }
}
