//! Records that are dated later than this machine's clock: the clock of their collector was ahead, or this one is behind.
//!
//! They decide nothing: what the bus took in time stands, what was ahead even of the bus is in quarantine. They are named,
//! because until that moment no honest correction stands above them, and their collector publishes none.

use crate::health::{Component, DegradedReason, Health};
use crate::keys::Claim;
use crate::store::{StoreError, StoreReader};
use contract::record::Record;
use contract::time::{MAX_AHEAD, Micros};
use std::collections::{BTreeMap, BTreeSet};

/// Sources that a message names; more are counted.
const MAX_NAMED: usize = 5;

/// The latest date of the records of each source, where it was later than the clock.
#[derive(Debug, Default)]
pub(super) struct FutureRecords {
    latest: BTreeMap<(String, String), Micros>,
    /// What was reported last.
    reported: Option<String>,
}

impl FutureRecords {
    /// Forgets all: something was retracted, and what was not is loaded again.
    pub(super) fn clear(&mut self) {
        self.latest.clear();
    }

    /// Takes in the latest poll of each source of some plans of a store, without those that were retracted.
    pub(super) fn load(
        &mut self,
        reader: &StoreReader,
        plans: &BTreeSet<String>,
        now: Micros,
    ) -> Result<(), StoreError> {
        for plan in plans {
            for poll in reader.last_polls(plan)? {
                self.take((&Record::Poll(poll)).into(), now);
            }
        }
        Ok(())
    }

    /// Takes in a record, whatever became of it.
    pub(super) fn take(&mut self, claim: Claim<'_>, now: Micros) {
        if is_future(claim.revision, now) {
            let source = claim.source.unwrap_or_default();
            self.note((claim.plan.to_owned(), source.to_owned()), claim.revision);
        }
    }

    fn note(&mut self, key: (String, String), time: Micros) {
        let latest = self.latest.entry(key).or_insert(time);
        *latest = time.max(*latest);
    }

    /// Reports what is still in the future, and that nothing is any more.
    pub(super) fn report(&mut self, health: &Health, now: Micros) {
        self.latest.retain(|_, time| is_future(*time, now));
        let text = self.text();
        if text == self.reported {
            return;
        }
        match &text {
            Some(error) => {
                tracing::warn!(error, "records are dated in the future");
                health.degrade(Component::Clock, DegradedReason::Ahead, error.clone(), None, now);
            }
            None => health.recover(Component::Clock),
        }
        self.reported = text;
    }

    fn text(&self) -> Option<String> {
        let named = self.latest.iter().take(MAX_NAMED);
        let of = |plan: &str, source: &str| format!("{plan} {source}").trim_end().to_owned();
        let named: Vec<String> =
            named.map(|((plan, source), time)| format!("{} up to {time}", of(plan, source))).collect();
        let more = self.latest.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!named.is_empty()).then(|| {
            format!(
                "records are dated later than this machine's clock: {}{more}; the clock of their collector was ahead, or \
                 this one is behind: correct the one that is wrong",
                named.join(", ")
            )
        })
    }
}

fn is_future(time: Micros, now: Micros) -> bool {
    time.0 > now.0.saturating_add(MAX_AHEAD.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::poll;

    #[test]
    fn a_poll_from_the_future_is_named_until_the_clock_has_passed_it() {
        let (mut records, health, now) = (FutureRecords::default(), Health::default(), Micros(1_000_000_000));
        let limit = Micros(now.0 + MAX_AHEAD.0);
        records.take((&poll("in-time", limit.0)).into(), now);
        records.report(&health, now);
        assert_eq!(health.snapshot().warning(), None);
        records.take((&poll("s", limit.0 + 1_000_000)).into(), now);
        records.take((&poll("s", limit.0 + 1)).into(), now);
        records.report(&health, now);
        let snapshot = health.snapshot();
        assert_eq!(snapshot.degraded[&Component::Clock].reason, DegradedReason::Ahead);
        let warning = snapshot.warning().unwrap();
        assert!(warning.contains(&format!("clock: p s up to {}; the clock", Micros(limit.0 + 1_000_000))), "{warning}");
        records.report(&health, Micros(now.0 + 1_000_000));
        assert_eq!(health.snapshot().warning(), None);
    }
}
