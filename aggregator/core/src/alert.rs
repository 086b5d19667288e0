//! Alerts: when a bad status has lasted long enough to notify, and when it is over.
//!
//! ```text
//!            bad              hold over: Fired
//! inactive -------> pending -------------------> firing
//!     ^---------------/                             |
//!     ^---------------------------------------------/
//!            good                    good: Resolved
//! ```
//!
//! - **hold**: how long a rule must hold without a break before the alert fires.
//! - **since**: when an episode began; with the KPI and the rule it names the alert for good.

use crate::judge::Status;
use contract::time::Micros;
use std::time::Duration;

/// A condition of a KPI that raises an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertRule {
    /// It is behind its path, or has missed its target.
    Trend,
    /// Its source is overdue.
    Overdue,
}

impl AlertRule {
    /// All rules.
    pub const ALL: [Self; 2] = [Self::Trend, Self::Overdue];

    /// The word in ids and stores.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trend => "trend",
            Self::Overdue => "overdue",
        }
    }

    /// The rule of a word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.name() == name)
    }

    /// True for the status words that this rule alerts on.
    pub fn alerts_on(self, status: &str) -> bool {
        let bad: &[Status] = match self {
            Self::Trend => &[Status::OffTrack, Status::Missed],
            Self::Overdue => &[Status::Stale],
        };
        bad.iter().any(|bad| bad.name() == status)
    }
}

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
        /// Since when it holds.
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
        /// Since when it holds.
        since: Micros,
    },
    /// It holds no more.
    Resolved {
        /// Since when it held.
        since: Micros,
    },
}

impl AlertTransition {
    /// The word in ids and stores.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fired { .. } => "fired",
            Self::Resolved { .. } => "resolved",
        }
    }

    /// When the episode began.
    pub fn since(self) -> Micros {
        match self {
            Self::Fired { since } | Self::Resolved { since } => since,
        }
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
    fn rules_alert_on_their_statuses() {
        let alerted =
            |rule: AlertRule| Status::ALL.map(Status::name).into_iter().filter(|s| rule.alerts_on(s)).collect();
        let alerted: [Vec<&str>; 2] = AlertRule::ALL.map(alerted);
        assert_eq!(alerted, [vec!["off_track", "missed"], vec!["stale"]]);
        assert_eq!(AlertRule::ALL.map(|rule| AlertRule::from_name(rule.name())), AlertRule::ALL.map(Some));
    }
}
