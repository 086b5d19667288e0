//! Which observation stood for each figure at both times, by the upsert rule.

use super::{FigureChange, MAX_CHANGES};
use crate::explain::RevisionEvidence;
use crate::explain::evidence::{PollLookup, label, tell};
use crate::store::{StoreError, StoreReader};
use crate::vintage;
use aggregator_core::plan_state::PlanState;
use contract::record::{Observation, Span};
use contract::time::Micros;
use contract::wire;
use std::collections::BTreeMap;

/// Series, definition, period, source.
type StandingKey = (String, String, Span, String);

/// What stands: the greatest (revision, canonical bytes), and where it is kept.
#[derive(Clone, Debug)]
struct StandingFigure {
    revision: Micros,
    canonical: Vec<u8>,
    kept: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    /// In the store of that number, under an id.
    Store(usize, i64),
    /// In quarantine, and admitted by the catalogue asked about.
    Quarantine(Box<Observation>),
}

#[derive(Debug, Default)]
struct Both {
    before: Option<StandingFigure>,
    after: Option<StandingFigure>,
}

/// The figures that differ, in order, and how many more there are.
pub(super) fn changes(
    readers: &[StoreReader],
    before: (&PlanState, Micros),
    after: (&PlanState, Micros),
) -> Result<(Vec<FigureChange>, usize), StoreError> {
    let plan = after.0.catalogue.plan.id.as_str();
    let mut all: BTreeMap<StandingKey, Both> = BTreeMap::new();
    let mut take = |observation: &Observation, kept: &dyn Fn() -> Kept| {
        if observation.plan != plan || observation.revision > after.1 {
            return;
        }
        let known_before = observation.revision <= before.1 && before.0.admit(observation).is_ok();
        let known_after = after.0.admit(observation).is_ok();
        if !known_before && !known_after {
            return;
        }
        let (series, definition) = (observation.series.clone(), observation.definition.clone());
        let both = all.entry((series, definition, observation.period, observation.source.clone())).or_default();
        let canonical = wire::canonical(observation);
        for (known, slot) in [(known_before, &mut both.before), (known_after, &mut both.after)] {
            let greater = slot
                .as_ref()
                .is_none_or(|stands| (observation.revision, &canonical) > (stands.revision, &stands.canonical));
            if known && greater {
                *slot =
                    Some(StandingFigure { revision: observation.revision, canonical: canonical.clone(), kept: kept() });
            }
        }
    };
    for (number, reader) in readers.iter().enumerate() {
        reader.at_one_moment(|reader| {
            reader.each_observation(after.1, |id, observation| take(observation, &|| Kept::Store(number, id)))?;
            vintage::each_quarantined(reader, |one| {
                if let Some(observation) = vintage::observation(one) {
                    take(&observation, &|| Kept::Quarantine(Box::new(observation.clone())));
                }
            })
        })?;
    }
    let canonical = |standing: &Option<StandingFigure>| standing.as_ref().map(|standing| standing.canonical.clone());
    all.retain(|_, both| canonical(&both.before) != canonical(&both.after));
    let more = all.len().saturating_sub(MAX_CHANGES);
    let mut visits = PollLookup::new(readers);
    let mut changes = Vec::new();
    for ((series, definition, span, source), both) in all.into_iter().take(MAX_CHANGES) {
        let was = both.before.map(|standing| said(readers, &standing, &mut visits)).transpose()?;
        let is = both.after.map(|standing| said(readers, &standing, &mut visits)).transpose()?;
        // A series that was dropped is still in the earlier catalogue.
        let found = [after.0, before.0].into_iter().find_map(|book| book.catalogue.series_named(&series));
        let period = found.map_or_else(|| format!("{span:?}"), |(_, found)| label(span, found.shape, found.grain));
        changes.push(FigureChange { series, definition, period, source, before: was, after: is });
    }
    Ok((changes, more))
}

fn said(
    readers: &[StoreReader],
    standing: &StandingFigure,
    visits: &mut PollLookup<'_>,
) -> Result<RevisionEvidence, StoreError> {
    let observation = match &standing.kept {
        Kept::Store(number, id) => readers[*number].observation(*id)?,
        Kept::Quarantine(observation) => (**observation).clone(),
    };
    let visit = visits.find(&observation)?;
    Ok(tell(&observation, visit))
}
