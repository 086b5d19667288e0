//! How a plan stands in a few numbers, remembered until a figure or the moment asked changes: lists of many plans are ordered,
//! searched and counted by it without a report of each.

use crate::judge::{Judgement, Phase, SourceDue, Status};
use crate::report_period::ReportPeriod;
use std::cmp::Reverse;
use std::sync::{Mutex, PoisonError};

/// How a plan stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanSummary {
    /// Phase of its least advanced KPI.
    pub phase: Phase,
    /// KPIs by status, in the order of [`Status::ALL`]; a KPI whose plan has not begun has none.
    counts: [usize; Status::ALL.len()],
    /// KPIs of the plan.
    pub kpis: usize,
    /// Sources of series whose next figure is overdue.
    pub overdue_sources: usize,
}

impl PlanSummary {
    pub(crate) fn new(judged: &[Judgement], sources: &[SourceDue], period: ReportPeriod) -> Self {
        let count = |status| judged.iter().filter(|judgement| judgement.status == Some(status)).count();
        let is_overdue = |source: &&SourceDue| source.due.is_some_and(|due| due < period.0.end());
        Self {
            phase: judged.iter().map(|judgement| judgement.phase).min().unwrap_or(Phase::Before),
            counts: Status::ALL.map(count),
            kpis: judged.len(),
            overdue_sources: sources.iter().filter(is_overdue).count(),
        }
    }

    /// How many KPIs have a status.
    pub fn count(&self, status: Status) -> usize {
        Status::ALL.iter().position(|one| *one == status).map_or(0, |index| self.counts[index])
    }

    /// True when no KPI has a figure to judge.
    pub fn is_without_data(&self) -> bool {
        self.count(Status::NoData) == self.kpis
    }

    /// Lists are in this order: plans with data, those that are not closed, and of these the ones with the most KPIs that need
    /// attention, the worst status first.
    pub fn urgency(&self) -> impl Ord + use<> {
        (self.is_without_data(), self.phase == Phase::Closed, Reverse(self.counts))
    }
}

/// The last summary of a plan, and what it was made from: the number of changes to the plan, and the moment asked.
#[derive(Debug, Default)]
pub(crate) struct SummaryMemo(Mutex<Option<((u64, ReportPeriod), PlanSummary)>>);

impl SummaryMemo {
    /// What was remembered last, and whether it was made from the same.
    pub(crate) fn get(&self, from: (u64, ReportPeriod)) -> Option<(PlanSummary, bool)> {
        let memo = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        memo.map(|(made_from, summary)| (summary, made_from == from))
    }

    pub(crate) fn set(&self, from: (u64, ReportPeriod), summary: PlanSummary) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((from, summary));
    }
}
