//! Where there is no figure, and why.

use super::row::{ChartPart, ChartRow, GapReason};
use crate::judge;
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, SeriesRef};
use contract::period::{Grain, Period};
use contract::time::Moment;
use std::collections::BTreeSet;

/// Periods of a rhythm that are looked back over from the latest overdue one.
const MOST_OVERDUE: i32 = 60;

/// Why a period of a flow or counter that has ended has no figure.
pub(super) fn reason(view: &LedgerView<'_>, of: SeriesRef, period: Period, day: i32) -> GapReason {
    if view.is_delivered(of, None, period) {
        return GapReason::Unknown;
    }
    let sources = view.series(of).sources.iter();
    let mut taking_part = sources.filter(|source| source.takes_part(period.start(), period.end()));
    if taking_part.any(|source| judge::is_over(source, period, day)) { GapReason::Overdue } else { GapReason::Waiting }
}

/// Gaps of a state after a moment: instants that a source calls unknown, and periods that are overdue behind the last known one.
pub(super) fn of_states(
    view: &LedgerView<'_>,
    kpi: &Kpi,
    known: &[ChartRow],
    after: Moment,
    day: i32,
) -> Vec<ChartRow> {
    let month = |at: Moment| Period::closing(Grain::Month, at);
    let held: BTreeSet<Period> = known.iter().map(|row| month(row.at)).collect();
    let unknown = unknown_instants(view, kpi, after);
    let unknown: BTreeSet<Moment> = unknown.into_iter().filter(|at| !held.contains(&month(*at))).collect();
    let gap = |at: &Moment| ChartRow::gap(ChartPart::State, Period::holding(Grain::Day, *at), *at, GapReason::Unknown);
    let mut gaps: Vec<ChartRow> = unknown.iter().map(gap).collect();
    let last = known.iter().map(|row| row.at).max().unwrap_or(after).max(after);
    // What comes after the plan is not waited for.
    let end = view.catalogue.plan.end();
    let is_open = |period: &Period| {
        period.start() >= last
            && period.end() <= end
            && !unknown.iter().any(|at| Period::closing(period.grain, *at) == *period)
    };
    let overdue = overdue(view, kpi, day).into_iter().filter(is_open);
    gaps.extend(overdue.map(|period| ChartRow::gap(ChartPart::State, period, period.end(), GapReason::Overdue)));
    gaps
}

/// Instants at which a figure of the KPI is called unknown.
fn unknown_instants(view: &LedgerView<'_>, kpi: &Kpi, after: Moment) -> BTreeSet<Moment> {
    let mut found = BTreeSet::new();
    for of in kpi.measure.parts() {
        let entries = view.ledger.between(of.series, of.definition, after, view.cutoff.at);
        let unknown = entries.filter(|entry| entry.value().is_none() && view.sees(of, entry));
        found.extend(unknown.map(|entry| view.period(of, entry).start()).filter(|at| *at > after));
    }
    found
}

/// Every period of a rhythm that is overdue: the latest of each source, and those before it in a row.
fn overdue(view: &LedgerView<'_>, kpi: &Kpi, day: i32) -> BTreeSet<Period> {
    let mut found = BTreeSet::new();
    for late in judge::overdue_periods(view, kpi, day) {
        let source = &view.catalogue.series[late.series].sources[late.source];
        let due = |period: &Period| {
            source.takes_part(period.start(), period.end())
                && source.rhythm.iter().any(|rhythm| rhythm.every == period.grain && rhythm.holds(*period))
        };
        found.extend((0..MOST_OVERDUE).map(|back| late.period.plus(-back)).take_while(due));
    }
    found
}
