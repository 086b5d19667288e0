//! Which plans the first page lists, in which order: from summaries, so that a page costs a report of only those that it shows.

use super::list_query::ListQuery;
use super::search::SearchWords;
use aggregator_core::judge::Status;
use aggregator_core::plan_state::PlanState;
use aggregator_core::plan_summary::PlanSummary;
use aggregator_core::report_period::ReportPeriod;
use contract::period::Period;

/// Plans on one page.
pub(super) const PLANS_A_PAGE: usize = 20;
/// Summaries that one request computes at most. The others are taken as they were last; a task brings them up to date.
pub(super) const MAX_SUMMARIES: usize = 64;

/// One page of the plans that a query finds.
pub(super) struct PlanSelection<'a> {
    /// The plans of the page.
    pub(super) plans: Vec<&'a PlanState>,
    /// Plans that are found on all pages.
    pub(super) found: usize,
    /// The page, from 1.
    pub(super) page: usize,
    /// Pages, at least one.
    pub(super) pages: usize,
    /// Of all plans with the names that are searched: how many plans have a KPI of each status, and how many such KPIs there are.
    pub(super) counts: Vec<(Status, usize, usize)>,
    /// Plans whose summary is not known yet.
    pub(super) unknown: usize,
}

/// The moment at which a plan is shown unless another is asked for.
pub(super) fn default_period(plan: &PlanState, today: Period) -> ReportPeriod {
    ReportPeriod(plan.catalogue.plan.default_on.unwrap_or(today))
}

/// Selects the plans of a page. Order and statuses are those of each plan's default moment, whatever moment is shown.
pub(super) fn select<'a>(
    plans: impl Iterator<Item = &'a PlanState>,
    today: Period,
    query: &ListQuery,
) -> PlanSelection<'a> {
    let words = SearchWords::new(&query.search);
    let mut computed = 0;
    let mut summary = |plan: &PlanState| -> Option<PlanSummary> {
        let period = default_period(plan, today);
        plan.known_summary(period).or_else(|| {
            computed += 1;
            if computed <= MAX_SUMMARIES { Some(plan.summary(period)) } else { plan.last_summary(period) }
        })
    };
    let named = plans.filter(|plan| words.find_in(&plan.catalogue.plan));
    let mut found: Vec<(&PlanState, Option<PlanSummary>)> = named.map(|plan| (plan, summary(plan))).collect();
    let unknown = found.iter().filter(|(_, summary)| summary.is_none()).count();
    let count = |status: Status| {
        let counts = found.iter().filter_map(|(_, summary)| Some(summary.as_ref()?.count(status)));
        let having: Vec<usize> = counts.filter(|kpis| *kpis > 0).collect();
        (status, having.len(), having.iter().sum())
    };
    let counts = Status::ALL.map(count).into_iter().filter(|(_, plans, _)| *plans > 0).collect();
    if let Some(status) = query.status {
        found.retain(|(_, summary)| summary.is_some_and(|summary| summary.count(status) > 0));
    }
    found.sort_by_cached_key(|(plan, summary)| {
        let id = plan.catalogue.plan.id.clone();
        (summary.is_none(), summary.map(|summary| summary.urgency()), id)
    });
    let pages = found.len().div_ceil(PLANS_A_PAGE).max(1);
    let page = query.page.min(pages);
    let plans = found.iter().skip((page - 1) * PLANS_A_PAGE).take(PLANS_A_PAGE).map(|(plan, _)| *plan).collect();
    PlanSelection { plans, found: found.len(), page, pages, counts, unknown }
}
