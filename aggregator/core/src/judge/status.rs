//! The status while a plan runs: target, path, tolerance and confirmation.

use super::judgement::Status;
use super::measure::{self, MeasuredValue};
use crate::report_period::Cutoff;
use crate::rollup::LedgerView;
use contract::catalogue::{Direction, Kpi};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use num_traits::Signed;

/// Status of a value, stale and no data aside.
pub(super) fn status(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Status {
    let now = unconfirmed(view, kpi, measured);
    if kpi.confirm <= 1 || now == Status::Achieved { now } else { confirmed(view, kpi, now) }
}

/// Status without confirmation.
fn unconfirmed(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Status {
    if is_achieved(view, kpi, measured) { Status::Achieved } else { against_path(view, kpi, measured) }
}

/// States are achieved as soon as they meet the target; a yearly sum in the target year, and one with an
/// upper limit only when the year is whole.
fn is_achieved(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> bool {
    let in_target_year = measured.months.as_ref().is_some_and(|m| {
        m.year == view.catalogue.plan.last_year && (kpi.direction == Direction::AtLeast || m.is_whole())
    });
    let may = kpi.kind.is_achieved_at_once() || kpi.kind.is_yearly_sum() && in_target_year;
    may && kpi.direction.meets(&measured.value, &kpi.target)
}

fn against_path(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Status {
    let expected = measure::expected(view, kpi, measured);
    let value = measure::compared(kpi, measured);
    if kpi.direction.meets(&value, &expected) {
        return Status::OnTrack;
    }
    if !kpi.kind.has_path() {
        return Status::OffTrack;
    }
    let tolerance = tolerance(kpi, measured);
    let limit = match kpi.direction {
        Direction::AtLeast => expected - tolerance,
        Direction::AtMost => expected + tolerance,
    };
    if kpi.direction.meets(&value, &limit) { Status::AtRisk } else { Status::OffTrack }
}

/// Distance from the path that is still at risk: a tenth of the way from b to t, of counts at least 1, and
/// of a part-year sum the share of its months.
fn tolerance(kpi: &Kpi, measured: &MeasuredValue) -> Exact {
    let base = kpi.tolerance.clone().unwrap_or_else(|| {
        let origin = kpi.origin().map_or_else(|| kpi.target.clone(), |o| o.value.clone());
        let tenth = (&kpi.target - origin).abs() / whole(10);
        if kpi.kind.is_ratio() { tenth } else { tenth.max(whole(1)) }
    });
    match &measured.months {
        Some(months) if kpi.kind.is_yearly_sum() => base * whole(months.numbers.len()) / whole(12),
        _ => base,
    }
}

/// The status with confirmation: the side changes only after `confirm` months in a row on the other side,
/// or at once when achieved; until then the last status of the confirmed side is held.
///
/// Folded over standing figures in calendar order, from the value known at the plan's start, so it does
/// not depend on when or how often anything was evaluated.
fn confirmed(view: &LedgerView<'_>, kpi: &Kpi, now: Status) -> Status {
    let meets = |status: Status| matches!(status, Status::OnTrack | Status::Achieved);
    let mut held: Option<Status> = None;
    let mut waiting = 0;
    for status in by_month(view, kpi).iter().map(|measured| unconfirmed(view, kpi, measured)) {
        let changes = held.is_some_and(|held| meets(held) != meets(status));
        waiting = if changes { waiting + 1 } else { 0 };
        if !changes || waiting >= kpi.confirm || status == Status::Achieved {
            held = Some(status);
            waiting = 0;
        }
    }
    held.unwrap_or(now)
}

/// The value known at the plan's start, then the latest figure of each month that has one.
fn by_month(view: &LedgerView<'_>, kpi: &Kpi) -> Vec<MeasuredValue> {
    let start = view.catalogue.plan.start();
    let value = |view: &LedgerView<'_>, year: i32| {
        if measure::is_state(view, kpi) {
            measure::state(view, kpi, measure::beginning(), view.cutoff.at)
        } else {
            measure::flow(view, kpi, year, false)
        }
    };
    let first = value(&view.at(Cutoff::including(start)), view.catalogue.plan.first_year - 1);
    let mut month = Period::holding(Grain::Month, start);
    let mut values: Vec<MeasuredValue> = first.into_iter().collect();
    while month.start() < view.cutoff.at {
        let cutoff = if month.end() < view.cutoff.at { Cutoff::including(month.end()) } else { view.cutoff };
        let found = value(&view.at(cutoff), month.within(Grain::FiscalYear).index);
        values.extend(found.filter(|m| m.at > start && Period::closing(Grain::Month, m.at) == month));
        month = month.next();
    }
    values
}
