//! The records that were published last, as checkpoints of the outbox beside the state: a digest cannot be published again.
//!
//! ```text
//! published/<plan>/<source>/figure/<series>/<definition>/<period>   the observation that stands, as it was published
//! published/<plan>/<source>/poll/<id>                               a poll record that such an observation names
//! published/<plan>/<source>/note/<hash of what it is about>         a text that stands
//! published/<plan>/<source>/retraction/<from>-<to>                  what was taken back
//! published/<plan>//catalogue                                       the last catalogue
//! ```

use super::state::key_name;
use crate::document::sha256;
use crate::sources::ParsedKey;
use bus::{BusError, Checkpoint, Outbox, Outgoing};
use contract::record::{Note, Observation, Record};
use std::collections::BTreeSet;

/// The prefix of all notes.
pub(crate) const PREFIX: &str = "published/";

/// The notes of records that are published together, `outgoing` being the form in which they are.
pub(crate) fn notes(records: &[Record], outgoing: &[Outgoing]) -> Checkpoint {
    let polls = named_polls(records);
    records
        .iter()
        .zip(outgoing)
        .filter_map(|(record, out)| Some((name(record, &polls)?, Some(out.body.clone()))))
        .collect()
}

/// The ids of the polls that observations come from.
pub(super) fn named_polls(records: &[Record]) -> BTreeSet<&str> {
    let observed = records.iter().filter(|record| matches!(record, Record::Observation(_) | Record::Note(_)));
    observed.filter_map(Record::poll).collect()
}

/// The name of a record's note; `None` of one that is not remembered.
pub(super) fn name(record: &Record, polls: &BTreeSet<&str>) -> Option<String> {
    let of = |source: &str, what: String| Some(format!("{PREFIX}{}/{source}/{what}", record.plan()));
    match record {
        Record::Observation(observation) => Some(figure_of(observation)),
        Record::Poll(poll) if polls.contains(poll.id.as_str()) => of(&poll.source, format!("poll/{}", poll.id)),
        Record::Note(note) => of(&note.source, format!("note/{}", sha256(about(note).as_bytes()))),
        Record::Retraction(one) => of(&one.source, format!("retraction/{}-{}", one.from.0, one.to.0)),
        Record::Catalogue(text) => Some(catalogue(&text.plan)),
        Record::Poll(_) | Record::Reject(_) => None,
    }
}

/// The note of a figure of a source.
pub(crate) fn figure(plan: &str, source: &str, key: &ParsedKey) -> String {
    format!("{PREFIX}{plan}/{source}/figure/{}", key_name(key))
}

fn figure_of(observation: &Observation) -> String {
    let Observation { plan, source, series, definition, period, .. } = observation;
    let key = ParsedKey { series: series.clone(), definition: definition.clone(), span: *period };
    figure(plan, source, &key)
}

/// What a text is about: a later one about the same replaces it.
fn about(note: &Note) -> String {
    format!("{:?} {:?} {:?} {:?}", note.subject, note.topic, note.period, note.language)
}

/// The note of the last catalogue of a plan.
pub(crate) fn catalogue(plan: &str) -> String {
    format!("{PREFIX}{plan}//catalogue")
}

/// The text of the catalogue in its note.
pub(crate) fn catalogue_in(notes: &[(String, Vec<u8>)]) -> Option<String> {
    match contract::wire::decode(&notes.first()?.1) {
        Ok(Record::Catalogue(text)) => Some(text.text),
        _ => None,
    }
}

/// True when the last catalogue of a plan is remembered.
pub(crate) fn remembers_catalogue(outbox: &dyn Outbox, plan: &str) -> Result<bool, BusError> {
    Ok(!outbox.checkpoints(&catalogue(plan))?.is_empty())
}

/// The plan and the source of a note; a catalogue has no source.
pub(crate) fn owner(name: &str) -> Option<(&str, &str)> {
    let (plan, rest) = name.strip_prefix(PREFIX)?.split_once('/')?;
    Some((plan, rest.split_once('/')?.0))
}
