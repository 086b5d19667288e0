//! Which plans have series of their own: a limit, so that thousands of plans do not make a scrape of 40 MB.

use parking_lot::RwLock;
use std::collections::BTreeSet;

/// The plans with series of their own; all unless a limit was set.
#[derive(Debug, Default)]
pub(super) struct PlanLimit(RwLock<Option<BTreeSet<String>>>);

impl PlanLimit {
    /// Names the first plans by id, as many as the limit allows.
    pub(super) fn set<'a>(&self, limit: usize, plans: impl Iterator<Item = &'a str>) {
        let mut named: Vec<&str> = plans.collect();
        named.sort_unstable();
        named.truncate(limit);
        *self.0.write() = Some(named.into_iter().map(str::to_owned).collect());
    }

    /// True for a plan with series of its own.
    pub(super) fn names(&self, plan: &str) -> bool {
        self.0.read().as_ref().is_none_or(|named| named.contains(plan))
    }
}
