//! The figures behind a value, what they replaced, and the polls that read them.

use super::model::{FigureEvidence, MAX_CORRECTIONS, MAX_FIGURES, PollEvidence, RevisionEvidence};
use super::parts::EvidenceScope;
use crate::store::{StoreError, StoreReader};
use crate::vintage;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::CanonicalNumber;
use aggregator_core::report_period::Cutoff;
use contract::catalogue::{SeriesRef, Shape};
use contract::decimals::Decimals;
use contract::period::{Grain, Period};
use contract::record::{Observation, PollRecord, Span, Value};
use contract::time::Micros;
use contract::wire;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// All revisions of one figure, by (period, source).
type Revisions = BTreeMap<(Span, String), Vec<Observation>>;

/// The current figures of a series in a scope, in order, with their corrections and polls.
pub(super) fn figures(
    readers: &[StoreReader],
    plan: &PlanState,
    of: SeriesRef,
    upto: Micros,
    scope: &EvidenceScope,
) -> Result<Vec<FigureEvidence>, StoreError> {
    let revisions = revisions(readers, plan, of, upto, &|span| scope.contains(span))?;
    // Only the polls of those that are shown are looked up.
    let hidden = revisions.len().saturating_sub(MAX_FIGURES);
    let mut polls = PollLookup::new(readers);
    let figures = revisions.into_iter().enumerate().map(|(index, (key, revisions))| {
        let polls = (index >= hidden).then_some(&mut polls);
        figure(plan, of, key, revisions, polls)
    });
    figures.collect()
}

/// The figures of a series that count by the cutoff, and whose value is not the first one.
pub(super) fn changed(
    readers: &[StoreReader],
    plan: &PlanState,
    of: SeriesRef,
    upto: Micros,
    cutoff: Cutoff,
) -> Result<Vec<(Span, FigureEvidence)>, StoreError> {
    let ids = ids(plan, of);
    let mut corrected = BTreeSet::new();
    for reader in readers {
        corrected.extend(reader.restated_spans(ids, upto)?);
    }
    if corrected.is_empty() {
        // Most series were never corrected: their observations need not be read.
        return Ok(Vec::new());
    }
    let counts = |span: Span| match span {
        Span::AsOf(at) => cutoff.sees_instant(at),
        Span::During(_, to) => cutoff.sees_flow(to),
    };
    let revisions = revisions(readers, plan, of, upto, &|span| counts(span) && corrected.contains(&span))?;
    let changed = |all: &[Observation]| all.iter().any(|one| one.value != all[0].value);
    let mut polls = PollLookup::new(readers);
    let mut found = Vec::new();
    for (key, revisions) in revisions.into_iter().filter(|(_, all)| changed(all)) {
        found.push((key.0, figure(plan, of, key, revisions, Some(&mut polls))?));
    }
    Ok(found)
}

/// One figure with what it replaced; without `polls` only the current revision.
fn figure(
    plan: &PlanState,
    of: SeriesRef,
    (span, source): (Span, String),
    mut revisions: Vec<Observation>,
    mut polls: Option<&mut PollLookup<'_>>,
) -> Result<FigureEvidence, StoreError> {
    let series = &plan.catalogue.series[of.series];
    // The upsert rule: the greatest (revision, canonical bytes) counts.
    revisions.sort_by_cached_key(|o| Reverse((o.revision, wire::canonical(o))));
    let shown = if polls.is_none() { 1 } else { revisions.len().min(1 + MAX_CORRECTIONS) };
    let mut evidence = Vec::with_capacity(shown);
    for observation in &revisions[..shown] {
        let poll = polls.as_mut().map(|polls| polls.find(observation)).transpose()?.flatten();
        evidence.push(revision_evidence(observation, poll, plan.catalogue.decimals(of)));
    }
    let more_corrections = revisions.len() - shown;
    let corrections = evidence.split_off(1);
    let current = evidence.remove(0);
    let period = label(span, series.shape, series.grain);
    Ok(FigureEvidence { period, source, current, corrections, more_corrections })
}

fn ids(plan: &PlanState, of: SeriesRef) -> (&str, &str, &str) {
    let series = &plan.catalogue.series[of.series];
    (&plan.catalogue.plan.id, &series.id, &series.definitions[of.definition].id)
}

/// Every observation of a series whose period is wanted, with those in quarantine that the plan's catalogue admits.
fn revisions(
    readers: &[StoreReader],
    plan: &PlanState,
    of: SeriesRef,
    upto: Micros,
    wanted: &dyn Fn(Span) -> bool,
) -> Result<Revisions, StoreError> {
    let ids = ids(plan, of);
    let mut found = Vec::new();
    for reader in readers {
        found.extend(reader.observations_of(ids, upto, wanted)?);
        vintage::each_quarantined(reader, |one| {
            let matches = |o: &Observation| {
                (o.plan.as_str(), o.series.as_str(), o.definition.as_str()) == ids
                    && o.revision <= upto
                    && wanted(o.period)
            };
            found.extend(vintage::observation(one).filter(matches));
        })?;
    }
    let mut revisions = Revisions::new();
    for observation in found.into_iter().filter(|o| plan.admit(o).is_ok()) {
        let same = revisions.entry((observation.period, observation.source.clone())).or_default();
        let equal =
            |o: &Observation| o.revision == observation.revision && wire::canonical(o) == wire::canonical(&observation);
        if !same.iter().any(equal) {
            same.push(observation);
        }
    }
    Ok(revisions)
}

/// The evidence of one revision of a figure whose definition has `decimals`.
pub(crate) fn revision_evidence(
    observation: &Observation,
    poll: Option<PollRecord>,
    decimals: Decimals,
) -> RevisionEvidence {
    let (value, unknown) = match &observation.value {
        Value::Known(n) => (Some(CanonicalNumber(decimals.in_unit(*n))), None),
        Value::Unknown(reason) => (None, Some(reason.clone())),
    };
    let place = observation.place.clone().unwrap_or_default();
    RevisionEvidence {
        value,
        decimals,
        unknown,
        finality: observation.finality.name(),
        revision: observation.revision.to_string(),
        sheet: place.sheet,
        row: place.row,
        visit: observation.visit.clone(),
        poll: poll.map(poll_evidence),
    }
}

/// The evidence of a poll.
pub(crate) fn poll_evidence(poll: PollRecord) -> PollEvidence {
    PollEvidence {
        time: poll.time.to_string(),
        collector: poll.collector,
        address: poll.address,
        sha256: poll.sha256,
        bytes: poll.bytes,
    }
}

/// The label of a period: the name of a flow's period, the date or instant of a state.
pub(crate) fn label(span: Span, shape: Shape, grain: Grain) -> String {
    let period = match shape {
        Shape::Flow => span.flow(grain),
        Shape::Level | Shape::Counter => span.instant(grain),
    };
    period.as_ref().map_or_else(|| format!("{span:?}"), Period::to_string)
}

/// Polls, each looked up once: a file has many figures.
pub(crate) struct PollLookup<'a> {
    readers: &'a [StoreReader],
    found: HashMap<String, Option<PollRecord>>,
}

impl<'a> PollLookup<'a> {
    pub(crate) fn new(readers: &'a [StoreReader]) -> Self {
        Self { readers, found: HashMap::new() }
    }

    pub(crate) fn find(&mut self, observation: &Observation) -> Result<Option<PollRecord>, StoreError> {
        if let Some(poll) = self.found.get(&observation.visit) {
            return Ok(poll.clone());
        }
        let mut found = None;
        for reader in self.readers {
            found = found.or(reader.poll(&observation.plan, &observation.visit)?);
        }
        self.found.insert(observation.visit.clone(), found.clone());
        Ok(found)
    }
}
