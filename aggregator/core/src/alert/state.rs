//! When a condition has lasted long enough to notify, and when it is over.
//!
//! ```text
//!           holds             hold over: Fired            worse: Worsened
//! inactive -------> pending -------------------> firing ------------------> firing
//!     ^---------------/                             |
//!     ^---------------------------------------------/
//!          holds not                 holds not: Resolved
//! ```
//!
//! - **hold**: how long a rule must hold without a break before the alert fires.
//! - **episode**: from the firing of an alert to its end, named by the moment since which the evidence shows it.

use super::rule::Severity;
use contract::time::Micros;
use std::time::Duration;

/// Where the alert of a KPI and a rule stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AlertState {
    /// The rule does not hold.
    #[default]
    Inactive,
    /// The rule holds, but not for long enough.
    Pending {
        /// Since when it holds.
        since: Micros,
    },
    /// It has fired, and the rule still holds.
    Firing {
        /// The name of the episode.
        since: Micros,
    },
}

impl AlertState {
    /// The word in stores and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending { .. } => "pending",
            Self::Firing { .. } => "firing",
        }
    }

    /// True when time alone changes it at `now`: the hold is over, or the clock was set back.
    pub fn is_due(self, now: Micros, hold: Duration) -> bool {
        let Self::Pending { since } = self else { return false };
        now < since || has_lasted(since, now, hold)
    }
}

/// A change of an alert that is notified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AlertTransition {
    /// The rule has held for as long as the hold.
    Fired {
        /// The name of the episode.
        since: Micros,
    },
    /// What it has found got worse: the same alert, not another one.
    Worsened {
        /// The name of the episode.
        since: Micros,
    },
    /// It holds no more.
    Resolved {
        /// The name of the episode.
        since: Micros,
    },
}

impl AlertTransition {
    /// The word in ids and stores.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fired { .. } => "fired",
            Self::Worsened { .. } => "worsened",
            Self::Resolved { .. } => "resolved",
        }
    }

    /// The transition of a word.
    pub fn from_name(name: &str, since: Micros) -> Option<Self> {
        [Self::Fired { since }, Self::Worsened { since }, Self::Resolved { since }]
            .into_iter()
            .find(|one| one.name() == name)
    }

    /// The name of the episode.
    pub fn since(self) -> Micros {
        match self {
            Self::Fired { since } | Self::Worsened { since } | Self::Resolved { since } => since,
        }
    }
}

/// The name of an episode that fires at `now`: the moment since which the evidence shows it, so that another store that
/// reads the same records gives it the same name. It never has the name of an earlier one: a correction that is taken back
/// brings an alert again, and receivers drop what they know.
pub fn episode(began: Micros, earlier: Option<Micros>, now: Micros) -> Micros {
    let began = began.min(now);
    earlier.filter(|earlier| *earlier >= began).map_or(began, |earlier| Micros(earlier.0 + 1))
}

/// The transition of an alert that fires, when what its rule has found became worse.
pub fn worsened(state: AlertState, before: Severity, after: Severity) -> Option<AlertTransition> {
    match state {
        AlertState::Firing { since } if after > before => Some(AlertTransition::Worsened { since }),
        _ => None,
    }
}

/// The next state, and the transition to notify. A clock that was set back begins a hold anew: nothing fires
/// early, and nothing waits for the clock to catch up.
pub fn step(state: AlertState, active: bool, now: Micros, hold: Duration) -> (AlertState, Option<AlertTransition>) {
    match (state, active) {
        (AlertState::Inactive | AlertState::Pending { .. }, false) => (AlertState::Inactive, None),
        (AlertState::Firing { since }, false) => (AlertState::Inactive, Some(AlertTransition::Resolved { since })),
        (AlertState::Firing { .. }, true) => (state, None),
        (AlertState::Inactive, true) => begun(now, now, hold),
        (AlertState::Pending { since }, true) => begun(since.min(now), now, hold),
    }
}

fn begun(since: Micros, now: Micros, hold: Duration) -> (AlertState, Option<AlertTransition>) {
    if has_lasted(since, now, hold) {
        return (AlertState::Firing { since }, Some(AlertTransition::Fired { since }));
    }
    (AlertState::Pending { since }, None)
}

fn has_lasted(since: Micros, now: Micros, hold: Duration) -> bool {
    let lasted = now.0.saturating_sub(since.0);
    u64::try_from(lasted).is_ok_and(|lasted| Duration::from_micros(lasted) >= hold)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens, the condition at seconds, and the transitions: the second, the word, since when.
    type Row = (&'static str, &'static [(i64, bool)], &'static [(i64, &'static str, i64)]);

    const HOLD: Duration = Duration::from_mins(5);

    fn at(second: i64) -> Micros {
        Micros(second * 1_000_000)
    }

    /// Steps through (second, whether the rule holds) and gives the transitions, each with its second.
    fn transitions(steps: &[(i64, bool)]) -> Vec<(i64, &'static str, i64)> {
        let (mut state, mut transitions) = (AlertState::Inactive, Vec::new());
        for (second, active) in steps {
            let (next, event) = step(state, *active, at(*second), HOLD);
            transitions.extend(event.map(|event| (*second, event.name(), event.since().0 / 1_000_000)));
            state = next;
        }
        transitions
    }

    #[test]
    fn an_alert_fires_after_the_hold_resolves_once_and_fires_again() {
        let rows: [Row; 8] = [
            ("good stays silent", &[(0, false), (999, false)], &[]),
            (
                "fires when the hold is over, once",
                &[(0, true), (299, true), (300, true), (900, true)],
                &[(300, "fired", 0)],
            ),
            (
                "flapping inside the hold never fires",
                &[(0, true), (200, false), (250, true), (400, false), (500, true), (799, true)],
                &[],
            ),
            (
                "resolves once",
                &[(0, true), (300, true), (400, false), (500, false)],
                &[(300, "fired", 0), (400, "resolved", 0)],
            ),
            (
                "fires again as another episode",
                &[(0, true), (300, true), (400, false), (500, true), (800, true)],
                &[(300, "fired", 0), (400, "resolved", 0), (800, "fired", 500)],
            ),
            (
                "a clock set back begins the hold anew",
                &[(1000, true), (100, true), (399, true), (400, true)],
                &[(400, "fired", 100)],
            ),
            (
                "a clock set back while firing changes nothing",
                &[(0, true), (300, true), (-50, true)],
                &[(300, "fired", 0)],
            ),
            ("and resolves", &[(0, true), (300, true), (-50, false)], &[(300, "fired", 0), (-50, "resolved", 0)]),
        ];
        for (name, steps, expected) in rows {
            assert_eq!(transitions(steps), expected, "{name}");
        }
    }

    #[test]
    fn without_a_hold_it_fires_at_once() {
        let (state, event) = step(AlertState::Inactive, true, at(7), Duration::ZERO);
        assert_eq!(
            (state, event),
            (AlertState::Firing { since: at(7) }, Some(AlertTransition::Fired { since: at(7) }))
        );
    }

    #[test]
    fn time_alone_is_waited_for_only_while_pending() {
        let pending = AlertState::Pending { since: at(100) };
        let due = [99, 100, 399, 400].map(|second| pending.is_due(at(second), HOLD));
        assert_eq!(due, [true, false, false, true]);
        assert!(
            !AlertState::Inactive.is_due(at(999), HOLD) && !AlertState::Firing { since: at(0) }.is_due(at(999), HOLD)
        );
    }

    #[test]
    fn an_episode_is_named_by_the_evidence_and_never_twice_alike() {
        assert_eq!(episode(at(5), None, at(9)), at(5));
        assert_eq!(episode(at(5), Some(at(4)), at(9)), at(5));
        assert_eq!(episode(at(5), Some(at(5)), at(9)), Micros(at(5).0 + 1));
        assert_eq!(episode(at(5), Some(Micros(at(5).0 + 1)), at(9)), Micros(at(5).0 + 2));
        assert_eq!(episode(at(9), None, at(5)), at(5), "not in the future of a clock that was set back");
    }

    #[test]
    fn only_what_fires_gets_worse() {
        let firing = AlertState::Firing { since: at(3) };
        let of = |state, before, after| worsened(state, before, after).map(|one| (one.name(), one.since()));
        assert_eq!(of(firing, Severity::Warning, Severity::Critical), Some(("worsened", at(3))));
        assert_eq!(of(firing, Severity::Critical, Severity::Warning), None);
        assert_eq!(of(firing, Severity::Warning, Severity::Warning), None);
        assert_eq!(of(AlertState::Pending { since: at(3) }, Severity::Info, Severity::Critical), None);
        for word in ["fired", "worsened", "resolved"] {
            assert_eq!(AlertTransition::from_name(word, at(1)).map(AlertTransition::name), Some(word));
        }
    }
}
