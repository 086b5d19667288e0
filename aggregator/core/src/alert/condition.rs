//! Whether a rule holds of a KPI, and what an alert has to say of it.

use super::facts::KpiFacts;
use super::landing::LandingFall;
use super::restated::RestatedStatus;
use super::rule::AlertRule;
use super::trend;
use crate::judge::{OverduePeriod, Phase, Status};
use contract::exact::Exact;
use contract::time::Moment;

/// What a rule finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It does not hold.
    Clear,
    /// Nothing can be said: an alert stays as it is.
    Open,
    /// It holds; the word says how bad it is.
    Holds(&'static str),
}

/// What an alert is about, beside the KPI itself.
#[derive(Clone, Debug, PartialEq)]
pub enum AlertSubject {
    /// Its value beside its path or target.
    Trend,
    /// The chance of reaching the target.
    Landing(Exact),
    /// Figures that were due.
    Overdue(Vec<OverduePeriod>),
    /// Missing months.
    Missing(Vec<OverduePeriod>),
    /// Statuses that corrections have changed.
    Restated(Vec<RestatedStatus>),
    /// What it is judged by was changed.
    TargetChanged,
}

/// What a notification says of a rule that holds.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertDetail {
    /// The moment since which the evidence shows it.
    pub began: Moment,
    /// What it is about.
    pub subject: AlertSubject,
}

/// Whether a rule holds.
pub fn evaluate(facts: &KpiFacts<'_>, rule: AlertRule) -> Finding {
    let when = |holds: bool, word| if holds { Finding::Holds(word) } else { Finding::Clear };
    let stale = || facts.judged().status == Some(Status::Stale);
    match rule {
        AlertRule::Trend => trend::fallen(facts).map_or(Finding::Clear, |status| Finding::Holds(status.name())),
        AlertRule::Landing => landing(facts),
        AlertRule::Overdue => {
            // What makes it stale is never without an alert.
            when(
                stale() && (!facts.lateness().overdue.is_empty() || facts.lateness().gaps.is_empty()),
                Status::Stale.name(),
            )
        }
        AlertRule::Missing => when(stale() && !facts.lateness().gaps.is_empty(), AlertRule::Missing.name()),
        AlertRule::Restated => when(!facts.restated.is_empty(), AlertRule::Restated.name()),
        AlertRule::TargetChanged => when(!facts.target_changes.is_empty(), AlertRule::TargetChanged.name()),
    }
}

/// A chance matters while the target can be reached or missed: behind it the verdict speaks.
fn landing(facts: &KpiFacts<'_>) -> Finding {
    let judged = facts.judged();
    if judged.phase != Phase::Running || judged.status == Some(Status::Achieved) {
        return Finding::Clear;
    }
    if facts.chances.is_empty() {
        return Finding::Open;
    }
    // It warns beforehand: what was off its path already needs no word about where it will land.
    let is_warning = |fall: &LandingFall| trend::fallen(facts).is_none() || fall.began < trend::began(facts);
    let fall = facts.landing().filter(is_warning);
    fall.map_or(Finding::Clear, |_| Finding::Holds(AlertRule::Landing.name()))
}

/// What a notification says of a rule that holds; `None` when it does not.
pub fn detail(facts: &KpiFacts<'_>, rule: AlertRule) -> Option<AlertDetail> {
    let first = |late: &[OverduePeriod]| late.iter().map(|one| one.since).min();
    Some(match rule {
        AlertRule::Trend => AlertDetail { began: trend::began(facts), subject: AlertSubject::Trend },
        AlertRule::Landing => {
            let fall = facts.landing()?;
            AlertDetail { began: fall.began, subject: AlertSubject::Landing(fall.chance) }
        }
        AlertRule::Overdue => {
            let late = facts.lateness().overdue;
            let began = first(&late).unwrap_or_else(|| facts.period.cutoff().at);
            AlertDetail { began, subject: AlertSubject::Overdue(late) }
        }
        AlertRule::Missing => {
            let late = facts.lateness().gaps;
            AlertDetail { began: first(&late)?, subject: AlertSubject::Missing(late) }
        }
        AlertRule::Restated => {
            let known = facts.restated.iter().map(|one| one.known).max()?;
            AlertDetail { began: known.moment(), subject: AlertSubject::Restated(facts.restated.to_vec()) }
        }
        AlertRule::TargetChanged => {
            AlertDetail { began: *facts.target_changes.last()?, subject: AlertSubject::TargetChanged }
        }
    })
}
