//! When figures are due: stale sources while a plan runs, and the wait for the last figure at its end.

use crate::rollup::View;
use contract::catalogue::{Combine, Kpi, Rhythm, SeriesRef, SeriesSource};
use contract::period::Period;
use contract::time::Moment;

/// The latest period of a source's rhythm whose due day and grace are over on `day`.
fn overdue(source: &SeriesSource, day: i32) -> Option<Period> {
    let latest = |rhythm: &Rhythm| {
        let passed = day - rhythm.expected_by_days - rhythm.grace_days;
        let midnight = Moment::midnight(contract::time::date_of(passed));
        // Missing means later than the last day, so the end lies before `passed`.
        let mut period = Period::closing(rhythm.every, midnight);
        if let Some(until) = rhythm.until {
            period = period.min(Period::closing(rhythm.every, until));
        }
        let held = |p: &Period| rhythm.last_day(*p) < day && rhythm.holds(*p);
        (0..4).map(|back| period.plus(-back)).find(held)
    };
    let periods = source.rhythm.iter().filter_map(latest);
    periods.filter(|p| source.takes_part(p.start(), p.end())).max_by_key(|p| p.end())
}

/// True when a figure that is due, with its grace over on `day`, is missing from every source that could
/// give it (of a sum: from its own source; of a ratio: in either part).
pub(super) fn is_stale(view: &View<'_>, kpi: &Kpi, day: i32) -> bool {
    kpi.measure.parts().into_iter().any(|of| {
        let series = view.series(of);
        series.sources.iter().enumerate().any(|(i, source)| {
            let Some(period) = overdue(source, day) else { return false };
            let only = (series.combine == Combine::Sum).then(|| u8::try_from(i).unwrap_or(u8::MAX));
            let flows = series.shape == contract::catalogue::Shape::Flow;
            let inside = |at: Moment| at > period.start() || (flows && at == period.start());
            !view.latest_known(of, only).is_some_and(inside)
        })
    })
}

/// The last period of a source's rhythm in the plan; `None` when it has no rhythm then.
pub(super) fn last_period(view: &View<'_>, source: &SeriesSource) -> Option<(Period, i32)> {
    let end = view.catalogue.plan.end();
    let periods = source.rhythm.iter().map(|rhythm| (Period::closing(rhythm.every, end), rhythm));
    periods.filter(|(p, rhythm)| rhythm.holds(*p)).map(|(p, rhythm)| (p, rhythm.last_day(p))).next_back()
}

/// The last civil day on which the plan's last figure of a KPI is still waited for: of several sources
/// the latest, without a rhythm the day the plan ends.
pub(super) fn last_day(view: &View<'_>, kpi: &Kpi) -> i32 {
    let end = view.catalogue.plan.end();
    let sources = |of: SeriesRef| view.series(of).sources.iter();
    let days = kpi.measure.parts().into_iter().flat_map(sources).filter(|s| s.takes_part(end, end));
    days.filter_map(|s| last_period(view, s)).map(|(_, day)| day).max().unwrap_or_else(|| end.day())
}
