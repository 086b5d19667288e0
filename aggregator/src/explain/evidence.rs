//! The figures behind a value, what they replaced, and the visits that saw them.

use super::parts::EvidenceScope;
use super::{FigureEvidence, MAX_CORRECTIONS, MAX_FIGURES, PollEvidence, RevisionEvidence};
use crate::store::{StoreError, StoreReader};
use crate::vintage;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report_period::Cutoff;
use contract::catalogue::{SeriesRef, Shape};
use contract::period::{Grain, Period};
use contract::record::{Observation, PollRecord, Span, Value};
use contract::time::Micros;
use contract::wire;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// All revisions of one figure, by (period, source).
type Revisions = BTreeMap<(Span, String), Vec<Observation>>;

/// The standing figures of a series in a scope, in order, with their corrections and visits.
pub(super) fn figures(
    readers: &[StoreReader],
    book: &PlanState,
    of: SeriesRef,
    upto: Micros,
    scope: &EvidenceScope,
) -> Result<Vec<FigureEvidence>, StoreError> {
    let revisions = revisions(readers, book, of, upto, &|span| scope.holds(span))?;
    // Only those that will be shown have their visits looked up.
    let hidden = revisions.len().saturating_sub(MAX_FIGURES);
    let mut visits = PollLookup::new(readers);
    let told = revisions.into_iter().enumerate().map(|(index, (key, said))| {
        let visits = (index >= hidden).then_some(&mut visits);
        figure(book, of, key, said, visits)
    });
    told.collect()
}

/// The figures of a series that are seen, and whose value is not what was said first.
pub(super) fn changed(
    readers: &[StoreReader],
    book: &PlanState,
    of: SeriesRef,
    upto: Micros,
    cut: Cutoff,
) -> Result<Vec<(Span, FigureEvidence)>, StoreError> {
    let ids = ids(book, of);
    let mut several = BTreeSet::new();
    for reader in readers {
        several.extend(reader.said_again(ids, upto)?);
    }
    if several.is_empty() {
        // Most series were never corrected: the log need not be read again.
        return Ok(Vec::new());
    }
    let seen = |span: Span| match span {
        Span::AsOf(at) => cut.sees_instant(at),
        Span::During(_, to) => cut.sees_flow(to),
    };
    let revisions = revisions(readers, book, of, upto, &|span| seen(span) && several.contains(&span))?;
    let moved = |said: &[Observation]| said.iter().any(|one| one.value != said[0].value);
    let mut visits = PollLookup::new(readers);
    let mut found = Vec::new();
    for (key, said) in revisions.into_iter().filter(|(_, said)| moved(said)) {
        found.push((key.0, figure(book, of, key, said, Some(&mut visits))?));
    }
    Ok(found)
}

/// One figure with what stood before; only the latest, and without their visits, where nobody will look at them.
fn figure(
    book: &PlanState,
    of: SeriesRef,
    (span, source): (Span, String),
    mut said: Vec<Observation>,
    mut visits: Option<&mut PollLookup<'_>>,
) -> Result<FigureEvidence, StoreError> {
    let series = &book.catalogue.series[of.series];
    // The upsert rule: the greatest (revision, canonical bytes) stands.
    said.sort_by_cached_key(|o| Reverse((o.revision, wire::canonical(o))));
    let shown = if visits.is_none() { 1 } else { said.len().min(1 + MAX_CORRECTIONS) };
    let mut told = Vec::with_capacity(shown);
    for observation in &said[..shown] {
        let visit = visits.as_mut().map(|visits| visits.find(observation)).transpose()?.flatten();
        told.push(tell(observation, visit));
    }
    let more_corrections = said.len() - shown;
    let corrections = told.split_off(1);
    let stands = told.remove(0);
    let period = label(span, series.shape, series.grain);
    Ok(FigureEvidence { period, source, said: stands, corrections, more_corrections })
}

fn ids(book: &PlanState, of: SeriesRef) -> (&str, &str, &str) {
    let series = &book.catalogue.series[of.series];
    (&book.catalogue.plan.id, &series.id, &series.definitions[of.definition].id)
}

/// Every admitted observation of a series whose period is wanted, those in quarantine that the book's catalogue admits too.
fn revisions(
    readers: &[StoreReader],
    book: &PlanState,
    of: SeriesRef,
    upto: Micros,
    wanted: &dyn Fn(Span) -> bool,
) -> Result<Revisions, StoreError> {
    let ids = ids(book, of);
    let mut found = Vec::new();
    for reader in readers {
        found.extend(reader.observations_of(ids, upto, wanted)?);
        vintage::each_quarantined(reader, |one| {
            let ours = |o: &Observation| {
                (o.plan.as_str(), o.series.as_str(), o.definition.as_str()) == ids
                    && o.revision <= upto
                    && wanted(o.period)
            };
            found.extend(vintage::observation(one).filter(ours));
        })?;
    }
    let mut revisions = Revisions::new();
    for observation in found.into_iter().filter(|o| book.admit(o).is_ok()) {
        let same = revisions.entry((observation.period, observation.source.clone())).or_default();
        let known =
            |o: &Observation| o.revision == observation.revision && wire::canonical(o) == wire::canonical(&observation);
        if !same.iter().any(known) {
            same.push(observation);
        }
    }
    Ok(revisions)
}

pub(crate) fn tell(observation: &Observation, visit: Option<PollRecord>) -> RevisionEvidence {
    let (value, unknown) = match &observation.value {
        Value::Known(n) => (Some(*n), None),
        Value::Unknown(reason) => (None, Some(reason.clone())),
    };
    let place = observation.place.clone().unwrap_or_default();
    RevisionEvidence {
        value,
        unknown,
        finality: observation.finality.name(),
        revision: observation.revision.to_string(),
        sheet: place.sheet,
        row: place.row,
        visit: observation.visit.clone(),
        seen: visit.map(seen),
    }
}

/// A visit, as readers see it.
pub(crate) fn seen(visit: PollRecord) -> PollEvidence {
    PollEvidence {
        time: visit.time.to_string(),
        collector: visit.collector,
        address: visit.address,
        sha256: visit.sha256,
        bytes: visit.bytes,
    }
}

/// A period as readers know it: a flow's name, a state's date or instant.
pub(crate) fn label(span: Span, shape: Shape, grain: Grain) -> String {
    let period = match shape {
        Shape::Flow => span.flow(grain),
        Shape::Level | Shape::Counter => span.instant(grain),
    };
    period.as_ref().map_or_else(|| format!("{span:?}"), Period::to_string)
}

/// Visits that were looked up: a file has many figures.
pub(crate) struct PollLookup<'a> {
    readers: &'a [StoreReader],
    known: HashMap<String, Option<PollRecord>>,
}

impl<'a> PollLookup<'a> {
    pub(crate) fn new(readers: &'a [StoreReader]) -> Self {
        Self { readers, known: HashMap::new() }
    }

    pub(crate) fn find(&mut self, observation: &Observation) -> Result<Option<PollRecord>, StoreError> {
        if let Some(known) = self.known.get(&observation.visit) {
            return Ok(known.clone());
        }
        let mut found = None;
        for reader in self.readers {
            found = found.or(reader.visit(&observation.plan, &observation.visit)?);
        }
        self.known.insert(observation.visit.clone(), found.clone());
        Ok(found)
    }
}
