//! The revisions that were taken back, by source.

use contract::record::Retraction;
use contract::time::Micros;
use std::collections::BTreeMap;

/// The revisions of one plan that were taken back: a set, so the order in which retractions come plays no part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Retractions(BTreeMap<String, Vec<Retraction>>);

impl Retractions {
    /// Adds a retraction; false when nothing is new.
    pub(crate) fn add(&mut self, retraction: &Retraction) -> bool {
        let known = self.0.entry(retraction.source.clone()).or_default();
        let is_new = !known.iter().any(|other| (other.from, other.to) == (retraction.from, retraction.to));
        known.extend(is_new.then(|| retraction.clone()));
        is_new
    }

    /// True when that revision of a source was taken back.
    pub(crate) fn hold(&self, source: &str, revision: Micros) -> bool {
        // Almost always there is none at all.
        let known = if self.0.is_empty() { None } else { self.0.get(source) };
        known.is_some_and(|known| known.iter().any(|retraction| retraction.covers(revision)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_a_retraction_are_taken_back_and_other_sources_are_not() {
        let retraction = |source: &str, from, to| Retraction {
            plan: "p".into(),
            source: source.into(),
            from: Micros(from),
            to: Micros(to),
            revision: Micros(9),
            by: "staff".into(),
            reason: "clock".into(),
        };
        let mut retractions = Retractions::default();
        assert!(!retractions.hold("s", Micros(5)));
        assert!(retractions.add(&retraction("s", 5, 7)));
        assert!(!retractions.add(&retraction("s", 5, 7)));
        assert!(retractions.add(&retraction("s", 11, 11)));
        let held: Vec<i64> = (0..15).filter(|at| retractions.hold("s", Micros(*at))).collect();
        assert_eq!(held, [5, 6, 7, 11]);
        assert!(!retractions.hold("t", Micros(5)));
    }
}
