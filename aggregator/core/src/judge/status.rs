//! The status while a plan runs: target, path, tolerance and confirmation.

use super::expected::{expected, season_of};
use super::judgement::Status;
use super::measure::{self, is_judged};
use super::value::{MeasuredValue, compared};
use crate::report_period::Cutoff;
use crate::rollup::LedgerView;
use contract::catalogue::{Direction, Kpi, Measure};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use num_traits::Signed;

/// Per cent of the expected sum that the tolerance is at least, when only one past year tells the season.
const ONE_YEAR_PERCENT: i32 = 3;

/// Status of a value, stale and no data aside. A settled bound does not wait for confirmation.
pub(super) fn status(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Status {
    let now = unconfirmed(view, kpi, measured);
    let at_once = kpi.confirm <= 1 || now == Status::Achieved || measured.settled.is_some();
    if at_once { now } else { honest(kpi, measured, confirmed(view, kpi, now)) }
}

/// The status that is shown of a value: `achieved` only while the value meets the target.
pub(super) fn honest(kpi: &Kpi, measured: &MeasuredValue, status: Status) -> Status {
    let met = kpi.direction.meets(&compared(kpi, &measured.value), &kpi.target);
    if status == Status::Achieved && !met { Status::OnTrack } else { status }
}

/// Status without confirmation.
fn unconfirmed(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Status {
    if measured.settled.is_some() {
        let met = kpi.direction == Direction::AtLeast;
        return if met { Status::Achieved } else { Status::OffTrack };
    }
    if is_achieved(view, kpi, measured) { Status::Achieved } else { against_path(view, kpi, measured) }
}

/// States are achieved as soon as they meet the target, a running total with an upper limit never; a yearly sum in the
/// target year, and one with an upper limit only when the year is whole.
fn is_achieved(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> bool {
    let in_target_year = measured.months.as_ref().is_some_and(|m| {
        m.year == view.catalogue.plan.last_year && (kpi.direction == Direction::AtLeast || m.is_whole())
    });
    let open_total = kpi.kind.is_running_total() && kpi.direction == Direction::AtMost;
    let may = kpi.kind.is_achieved_at_once() && !open_total || kpi.kind.is_yearly_sum() && in_target_year;
    may && kpi.direction.meets(&measured.value, &kpi.target)
}

fn against_path(view: &LedgerView<'_>, kpi: &Kpi, measured: &MeasuredValue) -> Status {
    let expected = expected(view, kpi, measured);
    let value = compared(kpi, &measured.value);
    if kpi.direction.meets(&value, &expected) {
        return Status::OnTrack;
    }
    if !kpi.kind.has_path() {
        return Status::OffTrack;
    }
    let Some(months) = measured.months.as_ref().filter(|m| !m.is_whole()) else {
        return beside(kpi, &value, &expected, tolerance(view, kpi));
    };
    let season = season_of(view, kpi, months.year);
    let share = || match &season {
        Some(season) => season.share(&months.numbers),
        None => whole(months.numbers.len()) / whole(12),
    };
    let scaled = if kpi.kind.is_yearly_sum() { tolerance(view, kpi) * share() } else { tolerance(view, kpi) };
    match season {
        Some(season) if season.years == 1 => {
            let least = &expected * whole(ONE_YEAR_PERCENT) / whole(100);
            beside(kpi, &value, &expected, scaled.max(least))
        }
        None if !is_hopeless(kpi, &value, &expected) => Status::AtRisk,
        _ => beside(kpi, &value, &expected, scaled),
    }
}

/// The status of a value on the wrong side of what is expected.
fn beside(kpi: &Kpi, value: &Exact, expected: &Exact, tolerance: Exact) -> Status {
    let limit = match kpi.direction {
        Direction::AtLeast => expected - tolerance,
        Direction::AtMost => expected + tolerance,
    };
    if kpi.direction.meets(value, &limit) { Status::AtRisk } else { Status::OffTrack }
}

/// True when no season could explain a part-year value: less than half of what is expected, or more than twice.
fn is_hopeless(kpi: &Kpi, value: &Exact, expected: &Exact) -> bool {
    match kpi.direction {
        Direction::AtLeast => value * whole(2) < *expected,
        Direction::AtMost => *value > expected * whole(2),
    }
}

/// Distance from the path that is still at risk: a tenth of the way from b to t, of figures at least one of their steps.
pub(crate) fn tolerance(view: &LedgerView<'_>, kpi: &Kpi) -> Exact {
    kpi.tolerance.clone().unwrap_or_else(|| {
        let origin = kpi.origin().map_or_else(|| kpi.target.clone(), |o| o.value.clone());
        let tenth = (&kpi.target - origin).abs() / whole(10);
        match kpi.measure {
            Measure::Series(of) => tenth.max(view.catalogue.decimals(of).step()),
            Measure::Ratio { .. } => tenth,
        }
    })
}

/// The status with confirmation: the side changes only after `confirm` months in a row on the other side,
/// or at once when achieved or settled; until then the last status of the confirmed side is held.
///
/// Folded over standing figures in calendar order, from the value known at the plan's start, so it does
/// not depend on when or how often anything was evaluated.
fn confirmed(view: &LedgerView<'_>, kpi: &Kpi, now: Status) -> Status {
    let meets = |status: Status| matches!(status, Status::OnTrack | Status::Achieved);
    let mut held: Option<Status> = None;
    let mut waiting = 0;
    for measured in by_month(view, kpi) {
        let status = unconfirmed(view, kpi, &measured);
        let changes = held.is_some_and(|held| meets(held) != meets(status));
        waiting = if changes { waiting + 1 } else { 0 };
        if !changes || waiting >= kpi.confirm || status == Status::Achieved || measured.settled.is_some() {
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
        measure::judged(view, kpi, year, false).filter(|measured| is_judged(kpi, measured))
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
