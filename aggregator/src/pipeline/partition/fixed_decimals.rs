//! Refuses a catalogue that changes the decimals of a definition: what is stored would mean other amounts.

use crate::plan_states::PlanStates;
use crate::store::{StoreError, StoreReader};
use contract::catalogue::{self, Catalogue};
use contract::time::Micros;

/// Compares a configured catalogue with the definitions that the store knows, with figures of a version before decimals, and
/// with the latest catalogue that was published.
pub(super) fn check(store: &StoreReader, configured: &Catalogue, states: &PlanStates) -> Result<(), StoreError> {
    let plan = &configured.plan.id;
    let mut known = store.known_decimals(plan)?;
    let is_new =
        |known: &catalogue::KnownDecimals, series: &str, definition: &str| known.get(series, definition).is_none();
    let mut compares = false;
    for (index, series) in configured.series.iter().enumerate() {
        for (rule, definition) in series.definitions.iter().enumerate() {
            if !is_new(&known, &series.id, &definition.id) {
                continue;
            }
            compares = true;
            // It has figures and is not known: a version before stored them, when all figures were whole.
            let has_figures = states.get(plan).is_some_and(|state| state.ledger().bucket_range(index, rule).is_some());
            if has_figures {
                known.put(&series.id, &definition.id, 0);
            }
        }
    }
    if compares && let Some(published) = store.catalogue_at(plan, Micros(i64::MAX))? {
        // Only valid texts are stored; one that is not valid any more tells nothing.
        if let Ok(published) = catalogue::parse("record", &published.text) {
            known.learn(&published);
        }
    }
    match known.changed_by(configured).into_iter().next() {
        Some(change) => Err(StoreError::Decimals { plan: plan.clone(), change }),
        None => Ok(()),
    }
}
