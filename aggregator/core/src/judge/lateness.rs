//! What makes a KPI stale, and its status beneath that.

use super::due::{self, OverduePeriod};
use super::judgement::{Judgement, Phase, Status};
use super::{gaps, status};
use crate::report_period::{Cutoff, ReportPeriod};
use crate::rollup::LedgerView;
use contract::catalogue::Kpi;
use contract::period::Period;
use contract::time::date_of;

/// The figures that were due and make a KPI stale.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lateness {
    /// The latest that each source owes.
    pub overdue: Vec<OverduePeriod>,
    /// Months inside the judged year that are missing although later figures are known.
    pub gaps: Vec<OverduePeriod>,
}

/// What makes a judged KPI stale at the end of a report period; nothing when it is not stale.
pub fn lateness(view: &LedgerView<'_>, kpi: &Kpi, period: ReportPeriod, judged: &Judgement) -> Lateness {
    let Some(measured) = judged.measured.as_ref().filter(|_| judged.status == Some(Status::Stale)) else {
        return Lateness::default();
    };
    let asked = asked(view, period, judged);
    let (view, day) = (view.at(asked.cutoff()), asked.day());
    let since = measured.settled.map(|year| Period::fiscal_year(year).end());
    let mut found = Lateness { overdue: due::overdue_periods(&view, kpi, day, since), gaps: Vec::new() };
    for (late, is_known_later) in gaps::late(&view, kpi, measured, asked.year(), day) {
        if is_known_later {
            found.gaps.push(late);
        } else if !found.overdue.iter().any(|one| (one.series, one.source) == (late.series, late.source)) {
            found.overdue.push(late);
        }
    }
    found
}

/// The status that a judged KPI would have if nothing were overdue: the status of its evidence.
pub fn status_beneath(view: &LedgerView<'_>, kpi: &Kpi, period: ReportPeriod, judged: &Judgement) -> Option<Status> {
    match (judged.status, &judged.measured) {
        (Some(Status::Stale), Some(measured)) => {
            let end = view.catalogue.plan.end();
            let view = match judged.phase {
                Phase::Closing => view.at(Cutoff::including(end)),
                _ => view.at(period.cutoff()),
            };
            Some(status::honest(kpi, measured, status::status(&view, kpi, measured)))
        }
        (status, _) => status,
    }
}

/// The day of which a status is: while a verdict is waited for, the plan's last.
fn asked(view: &LedgerView<'_>, period: ReportPeriod, judged: &Judgement) -> ReportPeriod {
    let last = || ReportPeriod(Period::day(date_of(view.catalogue.plan.end().day() - 1)));
    if judged.phase == Phase::Closing { last() } else { period }
}
