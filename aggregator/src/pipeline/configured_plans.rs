//! The plans as a city configured them, and the digests by which a change of them is noticed.

use crate::keys::KeyList;
use crate::plan_states::PlanStates;
use aggregator_core::plan_state::PlanState;
use contract::catalogue::{self, Catalogue};
use contract::reader::Mistake;
use contract::record::SCHEMA;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64;

/// The name of this program's version among the digests: a later version may read what this one had to put into
/// quarantine.
const PROGRAM: &str = "program";
/// The name of the key list among the digests.
pub(crate) const KEYS: &str = "keys";

/// Catalogues by plan id.
#[derive(Clone, Debug, Default)]
pub struct ConfiguredPlans {
    plans: BTreeMap<String, (Arc<Catalogue>, u64)>,
}

impl ConfiguredPlans {
    /// Reads catalogues from their texts: (file name for mistakes, text). A later plan of the same id
    /// replaces an earlier one.
    pub fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Vec<Mistake>> {
        let mut configured = Self::default();
        let mut mistakes = Vec::new();
        for (file, text) in files {
            match catalogue::parse(file, text) {
                Ok(catalogue) => configured.add(catalogue, text),
                Err(found) => mistakes.extend(found),
            }
        }
        if mistakes.is_empty() { Ok(configured) } else { Err(mistakes) }
    }

    /// Adds a catalogue that was read from `text`.
    pub fn add(&mut self, catalogue: impl Into<Arc<Catalogue>>, text: &str) {
        let catalogue = catalogue.into();
        self.plans.insert(catalogue.plan.id.clone(), (catalogue, xxh3_64(text.as_bytes())));
    }

    /// The catalogue of a plan.
    pub fn catalogue(&self, plan: &str) -> Option<&Catalogue> {
        self.plans.get(plan).map(|(catalogue, _)| catalogue.as_ref())
    }

    /// All catalogues, by plan id.
    pub fn catalogues(&self) -> impl Iterator<Item = &Catalogue> {
        self.plans.values().map(|(catalogue, _)| catalogue.as_ref())
    }

    /// The states of all plans, without observations.
    pub fn empty_states(&self) -> PlanStates {
        self.plans.iter().map(|(id, (catalogue, _))| (id.clone(), PlanState::new(Arc::clone(catalogue)))).collect()
    }

    /// The same of some plans, as far as they are configured.
    pub(super) fn empty_states_of(&self, plans: &BTreeSet<String>) -> PlanStates {
        let configured = plans.iter().filter_map(|plan| self.plans.get_key_value(plan));
        configured.map(|(id, (catalogue, _))| (id.clone(), PlanState::new(Arc::clone(catalogue)))).collect()
    }

    /// The plans that are configured otherwise in `other`, or in one of both only.
    pub(super) fn differing(&self, other: &Self) -> BTreeSet<String> {
        let digest = |of: &Self, plan: &str| of.plans.get(plan).map(|(_, digest)| *digest);
        let all = self.plans.keys().chain(other.plans.keys());
        all.filter(|plan| digest(self, plan) != digest(other, plan)).cloned().collect()
    }

    /// What admission depends on: the texts of the catalogues, the keys, and the version of this program.
    pub(super) fn digests(&self, keys: &KeyList) -> BTreeMap<String, u64> {
        let plans = self.plans.iter().map(|(plan, (_, digest))| (format!("plan {plan}"), *digest));
        let version = format!("{} records {SCHEMA}", env!("CARGO_PKG_VERSION"));
        let program = (PROGRAM.to_owned(), xxh3_64(version.as_bytes()));
        plans.chain([program, (KEYS.to_owned(), keys.digest())]).collect()
    }
}
