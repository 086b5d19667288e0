//! The guide (目安) of a picture: a function of time alone, from the baseline year to the plan's end.
//!
//! Of sums within a year it depends on which months are missing, because like is compared with like, but never on a value of that
//! year.

use super::model::GuideSegment;
use super::row::ChartPart;
use crate::judge::{self, path};
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, SeriesRef};
use contract::exact::{Exact, whole};
use contract::period::{Grain, Period};
use contract::time::Moment;

/// Months of a fiscal year, April = 1.
pub(super) fn numbers(period: Period) -> impl Iterator<Item = usize> {
    period.parts(Grain::Month).map(|month| usize::try_from((month.index - 3).rem_euclid(12)).unwrap_or(0) + 1)
}

/// The fiscal years of the guide: from the baseline's to the plan's last; none of a KPI without a path.
fn years(view: &LedgerView<'_>, kpi: &Kpi) -> std::ops::RangeInclusive<i32> {
    let plan = &view.catalogue.plan;
    let first = kpi.origin().map_or(plan.first_year, |origin| origin.year);
    let last = if kpi.kind.has_path() { plan.last_year } else { first - 1 };
    first..=last
}

fn goal(view: &LedgerView<'_>, kpi: &Kpi, year: i32) -> Exact {
    let origin = || kpi.origin().map_or_else(|| kpi.target.clone(), |origin| origin.value.clone());
    path::goal(kpi, &view.catalogue.plan, year).unwrap_or_else(origin)
}

/// Of states: straight by days between the goals of the years.
pub(super) fn of_states(view: &LedgerView<'_>, kpi: &Kpi) -> Vec<GuideSegment> {
    let slack = judge::tolerance(view, kpi);
    let segment = |year: i32| GuideSegment {
        part: ChartPart::State,
        year,
        span: (Period::fiscal_year(year).start(), Period::fiscal_year(year).end()),
        values: (goal(view, kpi, year - 1), goal(view, kpi, year)),
        slack: (slack.clone(), slack.clone()),
    };
    years(view, kpi).map(segment).collect()
}

/// Of what is counted by fiscal year: one step a year, and within the years the goals of their months.
pub(super) fn of_years(view: &LedgerView<'_>, kpi: &Kpi, of: SeriesRef) -> Vec<GuideSegment> {
    let (none, slack) = (whole(0), judge::tolerance(view, kpi));
    let part = if kpi.kind.is_monthly_mean() { ChartPart::Mean } else { ChartPart::Year };
    let flat = |part, year, period: Period, value: Exact, slack: &Exact| GuideSegment {
        part,
        year,
        span: (period.start(), period.end()),
        values: (value.clone(), value),
        slack: (slack.clone(), slack.clone()),
    };
    let mut all: Vec<GuideSegment> = years(view, kpi)
        .map(|year| flat(part, year, Period::fiscal_year(year), goal(view, kpi, year), &slack))
        .collect();
    let unit = view.series(of).grain.max(Grain::Month);
    if unit == Grain::FiscalYear {
        return all;
    }
    for year in years(view, kpi) {
        let missing = judge::missing_months(view, of, year);
        let (goals, mut sum) = (judge::month_goals(view, kpi, year), whole(0));
        for period in Period::fiscal_year(year).parts(unit) {
            let own: Exact = numbers(period).filter_map(|k| goals.get(k - 1)).sum();
            if kpi.kind.is_monthly_mean() {
                let mean = own * whole(12) / whole(numbers(period).count().max(1));
                all.push(flat(ChartPart::Month, year, period, mean, &none));
                continue;
            }
            let before = sum.clone();
            if !period.parts(Grain::Month).any(|month| missing.contains(&month)) {
                sum += &own;
            }
            all.push(flat(ChartPart::Month, year, period, own, &none));
            let (values, slack) = ((before, sum.clone()), (none.clone(), none.clone()));
            let span: (Moment, Moment) = (period.start(), period.end());
            all.push(GuideSegment { part: ChartPart::YearToDate, year, span, values, slack });
        }
    }
    all.sort_by_key(|segment| (segment.part, segment.span));
    all
}
