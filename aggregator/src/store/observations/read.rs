//! What may be asked of the stored observations.

use super::decode::{Decoder, span};
use crate::keys::RecordSignature;
use crate::store::derived_mark::DerivedMark;
use crate::store::error::StoreError;
use crate::store::name_cache::number;
use crate::store::reader::StoreReader;
use crate::store::runs::{RunEntry, each_in_run, each_of_all, each_of_plan, runs_of};
use contract::record::{Observation, Span};
use contract::time::Micros;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Which observation: the numbers of its plan and series, and its own, which rises in the order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObservationId {
    pub(super) plan: i64,
    pub(super) series: i64,
    pub(super) id: i64,
}

impl ObservationId {
    /// True when it came after those that a mark stands for.
    pub(crate) fn came_after(self, mark: DerivedMark) -> bool {
        self.id >= mark.0
    }

    fn of(entry: &RunEntry) -> Self {
        Self { plan: entry.plan, series: entry.series, id: entry.id }
    }
}

/// A stored observation.
#[derive(Clone, Debug)]
pub struct StoredObservation<'a> {
    /// Where it is.
    pub id: ObservationId,
    /// The record.
    pub observation: &'a Observation,
    /// Its signature.
    pub signature: Option<RecordSignature>,
}

/// Hands observations to `each`.
fn hand_over<'a>(
    connection: &'a Connection,
    whole: bool,
    mut each: impl FnMut(StoredObservation<'_>) + 'a,
) -> impl FnMut(&RunEntry) -> rusqlite::Result<()> + 'a {
    let mut decoder = Decoder::new(connection, whole);
    move |entry| {
        let signature = decoder.signature(entry)?;
        each(StoredObservation { id: ObservationId::of(entry), observation: decoder.decode(entry)?, signature });
        Ok(())
    }
}

impl StoreReader {
    /// Hands every observation to `each`, in no order that means anything. Poll and place are left out: figures do not need
    /// them, and a start must be fast.
    pub fn each_observation(&self, each: impl FnMut(StoredObservation<'_>)) -> Result<(), StoreError> {
        self.run_at_one_moment(|connection| each_of_all(connection, hand_over(connection, false, each)))
    }

    /// The same with poll and place.
    pub fn each_whole_observation(&self, each: impl FnMut(StoredObservation<'_>)) -> Result<(), StoreError> {
        self.run_at_one_moment(|connection| each_of_all(connection, hand_over(connection, true, each)))
    }

    /// Hands every observation of a plan to `each`, as [`Self::each_observation`] does, and reads no others.
    pub fn each_observation_of(&self, plan: &str, each: impl FnMut(StoredObservation<'_>)) -> Result<(), StoreError> {
        self.run_at_one_moment(|connection| match number(connection, plan)? {
            Some(plan) => each_of_plan(connection, (plan, None), hand_over(connection, false, each)),
            None => Ok(()),
        })
    }

    /// Some observations, whole.
    pub fn observations(
        &self,
        ids: &BTreeSet<ObservationId>,
    ) -> Result<BTreeMap<ObservationId, Observation>, StoreError> {
        let all: Vec<ObservationId> = ids.iter().copied().collect();
        let mut found = BTreeMap::new();
        self.run_at_one_moment(|connection| {
            let mut decoder = Decoder::new(connection, true);
            for wanted in all.chunk_by(|one, other| (one.plan, one.series) == (other.plan, other.series)) {
                let of = (wanted[0].plan, Some(wanted[0].series));
                let (least, greatest) = (wanted[0].id, wanted[wanted.len() - 1].id);
                for run in runs_of(connection, of.0, of.1)?.iter().filter(|run| run.may_hold(least..=greatest)) {
                    each_in_run(connection, run, of, |entry| {
                        let id = ObservationId::of(entry);
                        if ids.contains(&id) {
                            found.insert(id, decoder.decode(entry)?.clone());
                        }
                        Ok(())
                    })?;
                }
            }
            Ok(())
        })?;
        Ok(found)
    }

    /// The next at most `limit` observations of a plan after the one with the id `after` (0: from the first), whole,
    /// each with its id; of one series and one source where they are named. Reads runs until no other can have an earlier one.
    pub fn observations_after(
        &self,
        plan: &str,
        (series, source): (Option<&str>, Option<&str>),
        after: i64,
        limit: usize,
    ) -> Result<Vec<(i64, Observation)>, StoreError> {
        self.run_at_one_moment(|connection| {
            let known = |text: Option<&str>| text.map(|text| number(connection, text)).transpose();
            // A name that was never said has no observation.
            let (plan, series, source) = (number(connection, plan)?, known(series)?, known(source)?);
            let (Some(plan), false, false) = (plan, series == Some(None), source == Some(None)) else {
                return Ok(Vec::new());
            };
            let (of, source) = ((plan, series.flatten()), source.flatten());
            let mut next: BTreeMap<i64, RunEntry> = BTreeMap::new();
            for run in runs_of(connection, of.0, of.1)?.iter().filter(|run| run.may_hold(after.saturating_add(1)..)) {
                let last = next.last_key_value().map(|(id, _)| *id);
                if next.len() >= limit && last.is_none_or(|last| !run.may_hold(..last)) {
                    break;
                }
                each_in_run(connection, run, of, |entry| {
                    if entry.id > after && source.is_none_or(|source| entry.source == source) {
                        next.insert(entry.id, entry.clone());
                    }
                    while next.len() > limit {
                        next.pop_last();
                    }
                    Ok(())
                })?;
            }
            let mut decoder = Decoder::new(connection, true);
            next.values().map(|entry| Ok((entry.id, decoder.decode(entry)?.clone()))).collect()
        })
    }

    /// The observations of one series and definition whose period is wanted, whole, up to a revision, as they arrived.
    pub fn observations_of(
        &self,
        of: (&str, &str, &str),
        upto: Micros,
        wanted: impl Fn(Span) -> bool,
    ) -> Result<Vec<Observation>, StoreError> {
        self.run_at_one_moment(|connection| {
            let mut decoder = Decoder::new(connection, true);
            let mut found = Vec::new();
            each_of_definition(connection, of, upto, |entry| {
                if wanted(span(entry)) {
                    found.push((entry.id, decoder.decode(entry)?.clone()));
                }
                Ok(())
            })?;
            found.sort_by_key(|(id, _)| *id);
            Ok(found.into_iter().map(|(_, observation)| observation).collect())
        })
    }

    /// The periods of one series and definition about which a source has said something more than once, up to a revision.
    pub fn restated_spans(&self, of: (&str, &str, &str), upto: Micros) -> Result<BTreeSet<Span>, StoreError> {
        self.run_at_one_moment(|connection| {
            let mut counts: HashMap<(i64, Span), u32> = HashMap::new();
            each_of_definition(connection, of, upto, |entry| {
                *counts.entry((entry.source, span(entry))).or_default() += 1;
                Ok(())
            })?;
            Ok(counts.into_iter().filter(|(_, count)| *count > 1).map(|((_, span), _)| span).collect())
        })
    }
}

/// Hands the entries of one series and definition up to a revision to `each`.
fn each_of_definition(
    connection: &Connection,
    (plan, series, definition): (&str, &str, &str),
    upto: Micros,
    mut each: impl FnMut(&RunEntry) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let numbers = (number(connection, plan)?, number(connection, series)?, number(connection, definition)?);
    let (Some(plan), Some(series), Some(definition)) = numbers else { return Ok(()) };
    each_of_plan(connection, (plan, Some(series)), |entry| {
        let is_ours = entry.definition == definition && entry.revision <= upto.0;
        if is_ours { each(entry) } else { Ok(()) }
    })
}
