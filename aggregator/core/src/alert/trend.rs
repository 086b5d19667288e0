//! Whether a KPI has fallen off its path, and since when.
//!
//! The statuses at the ends of the months are looked back at, as the figures stand now. `off_track` begins a fall and only a
//! value that meets its path ends one: in between, within the tolerance or without a figure, nothing changes. A value that
//! moves around the border of the tolerance raises one alert, not many.

use super::facts::KpiFacts;
use crate::judge::{self, Judgement, Phase, Status};
use crate::report_period::ReportPeriod;
use contract::period::{Grain, Period};
use contract::time::{Moment, date_of};

/// What a status says of a fall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// It falls, or has fallen.
    Off(Status),
    /// It meets its path, or is not judged.
    On,
    /// Nothing.
    Unchanged,
}

fn course(status: Option<Status>, phase: Phase, at_risk: bool) -> Course {
    match status {
        Some(bad @ (Status::OffTrack | Status::Missed)) => Course::Off(bad),
        Some(Status::AtRisk) if at_risk => Course::Off(Status::AtRisk),
        Some(Status::AtRisk | Status::Stale | Status::NoData) if phase != Phase::Closed => Course::Unchanged,
        _ => Course::On,
    }
}

/// What the trend of a KPI has come to: the status that an alert names; `None` when it is on its path.
pub(super) fn fallen(facts: &KpiFacts<'_>) -> Option<Status> {
    match now(facts) {
        Course::Off(status) => Some(status),
        Course::On => None,
        Course::Unchanged => back(facts).map(|(_, course)| course).find_map(|course| match course {
            Course::Off(status) => Some(Some(status)),
            Course::On => Some(None),
            Course::Unchanged => None,
        })?,
    }
}

/// The earliest evidence of the fall that stands.
pub(super) fn began(facts: &KpiFacts<'_>) -> Moment {
    let own = facts.judged().measured.as_ref().map(|measured| measured.at);
    let mut began = if matches!(now(facts), Course::Off(_)) { own } else { None };
    for (at, course) in back(facts) {
        match course {
            Course::Off(_) => began = at.or(began),
            Course::On => break,
            Course::Unchanged => {}
        }
    }
    began.or(own).unwrap_or_else(|| facts.period.cutoff().at)
}

fn now(facts: &KpiFacts<'_>) -> Course {
    let judged = facts.judged();
    course(beneath(facts, facts.period, judged), judged.phase, facts.at_risk)
}

fn beneath(facts: &KpiFacts<'_>, period: ReportPeriod, judged: &Judgement) -> Option<Status> {
    judge::status_beneath(facts.view, facts.kpi, period, judged)
}

/// The moments of the values at the ends of earlier months and what each says, latest first, to the plan's start.
fn back<'a>(facts: &'a KpiFacts<'_>) -> impl Iterator<Item = (Option<Moment>, Course)> + 'a {
    let plan = &facts.view.catalogue.plan;
    let last = facts.period.day().min(plan.end().day());
    let mut month = Period::holding(Grain::Month, Moment::midnight(date_of(last)));
    std::iter::from_fn(move || {
        let period = ReportPeriod(Period::day(date_of(month.start().day() - 1)));
        if month.start() <= plan.start() {
            return None;
        }
        month = month.plus(-1);
        let judged = judge::judge(facts.view, facts.kpi, period);
        let at = judged.measured.as_ref().map(|measured| measured.at);
        Some((at, course(beneath(facts, period, &judged), judged.phase, facts.at_risk)))
    })
}
