//! What the stores hold of all plans beside their observations, read once for however many plans are answered.
//!
//! Catalogues, retractions and quarantine have no order by plan: a report of 1,741 plans would read them 1,741 times. The observations
//! of a plan are read by the plan, one plan after the other, so that all plans are one pass and one plan is in memory.

use crate::keys::SignatureError;
use crate::store::{QuarantinedRecord, Snapshot, StoreError, StoreReader};
use aggregator_core::admit::{AdmissionError, is_ahead};
use contract::catalogue::{self, Catalogue};
use contract::record::{Observation, Record, Retraction};
use contract::time::Micros;
use contract::wire;
use std::collections::{BTreeMap, BTreeSet};

/// Quarantined records read at once; each has at most 1 MB.
const STEP: usize = 500;

/// Catalogues, retractions and quarantine of some plans, of one moment. What is read of the stores while this lives is of that moment too.
#[derive(Debug)]
pub struct SharedFacts<'a> {
    readers: &'a [StoreReader],
    _moment: Vec<Snapshot<'a>>,
    /// By plan, revision and text.
    catalogues: BTreeMap<String, BTreeSet<(Micros, String)>>,
    retractions: BTreeMap<String, Vec<Retraction>>,
    /// Observations that a catalogue may admit.
    quarantined: BTreeMap<String, Vec<Observation>>,
    /// Since when records wait in quarantine, by plan; without a plan those that may be of any.
    waiting: BTreeMap<Option<String>, Vec<Micros>>,
}

impl<'a> SharedFacts<'a> {
    /// Those of all plans.
    pub fn read(readers: &'a [StoreReader]) -> Result<Self, StoreError> {
        Self::of(readers, |_| true)
    }

    /// Those of one plan.
    pub fn of_plan(readers: &'a [StoreReader], plan: &str) -> Result<Self, StoreError> {
        Self::of(readers, |other| other == plan)
    }

    fn of(readers: &'a [StoreReader], is_wanted: impl Fn(&str) -> bool) -> Result<Self, StoreError> {
        let mut found = Self {
            readers,
            _moment: readers.iter().map(StoreReader::snapshot).collect::<Result<_, _>>()?,
            catalogues: BTreeMap::new(),
            retractions: BTreeMap::new(),
            quarantined: BTreeMap::new(),
            waiting: BTreeMap::new(),
        };
        for reader in readers {
            reader.each_recorded_catalogue(Micros(i64::MAX), |text| {
                if is_wanted(&text.plan) {
                    found.catalogues.entry(text.plan).or_default().insert((text.revision, text.text));
                }
            })?;
            for (record, _) in reader.statements(Micros(i64::MAX))? {
                if let Record::Retraction(retraction) = record
                    && is_wanted(&retraction.plan)
                {
                    found.retractions.entry(retraction.plan.clone()).or_default().push(retraction);
                }
            }
            each_quarantined(reader, |one| found.take(one, &is_wanted))?;
        }
        Ok(found)
    }

    fn take(&mut self, one: &QuarantinedRecord, is_wanted: impl Fn(&str) -> bool) {
        if let Some(observation) = observation(one).filter(|observation| is_wanted(&observation.plan)) {
            self.quarantined.entry(observation.plan.clone()).or_default().push(observation);
        }
        // What was retracted is part of every earlier answer, and of no later one.
        if one.reason == AdmissionError::Retracted.label() {
            return;
        }
        let record = wire::decode(&one.body).ok();
        let is_of_any = record.is_none() || one.reason == AdmissionError::UnknownPlan.label();
        let plan = one.plan.clone().filter(|_| !is_of_any);
        if is_of_any || plan.as_deref().is_some_and(is_wanted) {
            let since = record.map_or(one.at.time, |record| record.revision().min(one.at.time));
            self.waiting.entry(plan).or_default().push(since);
        }
    }

    /// The stores.
    pub fn readers(&self) -> &'a [StoreReader] {
        self.readers
    }

    /// The recorded catalogues of a plan, by revision and text.
    pub(crate) fn catalogues(&self, plan: &str) -> impl Iterator<Item = (Micros, &str)> {
        self.catalogues.get(plan).into_iter().flatten().map(|(revision, text)| (*revision, text.as_str()))
    }

    /// The recorded catalogue of a plan with the greatest (revision, text) up to a time; `None` where there is none, or where it
    /// is not valid any more.
    pub(crate) fn catalogue_at(&self, plan: &str, at: Micros) -> Option<(Micros, Catalogue)> {
        let (revision, text) = self.catalogues(plan).filter(|(revision, _)| *revision <= at).last()?;
        Some((revision, catalogue::parse("record", text).ok()?))
    }

    pub(crate) fn retractions(&self, plan: &str) -> &[Retraction] {
        self.retractions.get(plan).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn quarantined(&self, plan: &str) -> &[Observation] {
        self.quarantined.get(plan).map_or(&[], Vec::as_slice)
    }

    /// How many quarantined records may belong to a plan and had arrived, or been collected, by a time.
    pub(crate) fn waiting(&self, plan: &str, at: Micros) -> u64 {
        let of = [None, Some(plan.to_owned())];
        of.iter().filter_map(|plan| self.waiting.get(plan)).flatten().filter(|since| **since <= at).count() as u64
    }
}

/// Calls `each` with every quarantined record.
pub fn each_quarantined(reader: &StoreReader, mut each: impl FnMut(&QuarantinedRecord)) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let step = reader.quarantined(after, STEP)?;
        let Some(last) = step.last() else { return Ok(()) };
        after = last.id;
        step.iter().for_each(&mut each);
    }
}

/// The observation that a quarantined record is, if it is one that a catalogue may admit: its signature is in order, which is
/// no matter of time, and it was not ahead when the bus took it.
pub(crate) fn observation(one: &QuarantinedRecord) -> Option<Observation> {
    if SignatureError::is_label(&one.reason) {
        return None;
    }
    match wire::decode(&one.body) {
        Ok(Record::Observation(observation)) => {
            let is_future = one.reason == AdmissionError::Future.label();
            Some(observation).filter(|observation| !(is_future && is_ahead(observation.revision, one.at.time)))
        }
        _ => None,
    }
}
