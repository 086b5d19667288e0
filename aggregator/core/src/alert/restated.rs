//! Published statuses that a correction has changed.
//!
//! A status of the end of a month was published when it was shown on that day or later, from final figures. It is compared
//! with the same status as it would be today had no final figure been changed in the last days. What came late, and what was
//! provisional before, is no correction. An alert of this kind names something that happened: it ends after some days.

use super::correction::{FigureCorrection, before_corrections, corrections};
use crate::judge::{Status, judge, status_beneath};
use crate::ledger::Ledger;
use crate::report_period::ReportPeriod;
use crate::rollup::LedgerView;
use contract::catalogue::Kpi;
use contract::period::{Grain, Period};
use contract::time::{Micros, Moment, date_of};

/// Days for which something that happened is alerted on.
pub const NOTICE_DAYS: i32 = 7;

/// A published status that a correction has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestatedStatus {
    /// The day of the status (day number).
    pub day: i32,
    /// As it was published.
    pub before: Status,
    /// As it is now.
    pub after: Status,
    /// When the latest correction of its figures became known.
    pub known: Micros,
}

/// The statuses that corrections of the last days have changed as of a day, the latest day first; of each KPI of the
/// catalogue.
pub fn restated(view: &LedgerView<'_>, today: i32) -> Vec<Vec<RestatedStatus>> {
    let since = Moment::midnight(date_of(today - NOTICE_DAYS));
    let corrections = corrections(view.ledger, since.micros());
    if corrections.is_empty() {
        return vec![Vec::new(); view.catalogue.kpis.len()];
    }
    let published = before_corrections(view.catalogue, view.ledger, since.micros());
    let kpis = view.catalogue.kpis.iter();
    kpis.map(|kpi| of_kpi(view, (&published, &corrections), kpi, since)).collect()
}

fn of_kpi(
    view: &LedgerView<'_>,
    (published, corrections): (&Ledger, &[FigureCorrection]),
    kpi: &Kpi,
    since: Moment,
) -> Vec<RestatedStatus> {
    let parts = kpi.measure.parts();
    let own = |one: &&FigureCorrection| {
        let (series, definition) = (usize::from(one.key.series), usize::from(one.key.definition));
        parts.iter().any(|of| (of.series, of.definition) == (series, definition))
    };
    let own: Vec<&FigureCorrection> = corrections.iter().filter(own).collect();
    let Some(first) = own.iter().map(|one| one.period.start()).min() else { return Vec::new() };
    let known = own.iter().map(|one| one.revision).max().unwrap_or_default();
    let plan = &view.catalogue.plan;
    let mut days: Vec<i32> = month_ends(first.max(plan.start()), since).collect();
    // A verdict is published behind the plan's end.
    days.extend((since > plan.end()).then_some(since.day() - 1));
    let status = |ledger: &Ledger, day: i32| {
        let period = ReportPeriod(Period::day(date_of(day)));
        let view = LedgerView::new(view.catalogue, ledger, period.cutoff());
        status_beneath(&view, kpi, period, &judge(&view, kpi, period))
    };
    let changed = |day: i32| {
        let (before, after) = (status(published, day)?, status(view.ledger, day)?);
        (before != after).then_some(RestatedStatus { day, before, after, known })
    };
    days.into_iter().rev().filter(|day| *day < plan.end().day() || since > plan.end()).filter_map(changed).collect()
}

/// The last days (day numbers) of the months that end after `from` and up to `to`.
fn month_ends(from: Moment, to: Moment) -> impl Iterator<Item = i32> {
    let months = Period::holding(Grain::Month, from).index..Period::holding(Grain::Month, to).index;
    months.map(|index| Period { grain: Grain::Month, index }.end().day() - 1)
}
