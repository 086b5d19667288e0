//! Points of KPIs: judged as at the end of certain civil days, and the path alone for the days to come.
//!
//! The days of a KPI, all as known by a day `today`:
//!
//! - of one that is read as a state (level, ratio, running total, assessed level) each day of a figure of its
//!   series: of a state or reading the day of its `as_of`, of a flow the last day of its period. The others have a
//!   value only when a month, quarter or year is whole, and those end with a month;
//! - the last day of each month from the end of the baseline's fiscal year (without a baseline: from the month
//!   before the plan) to the end of the plan;
//! - the day after the plan, and the first day on which its last figure is not waited for any more: verdicts.
//!
//! From the day after `today` to the plan's last day the ends of months show the path alone.

use crate::judge::{self, Judgement, Phase, Status};
use crate::landing::{KnownLandings, Landing, LandingAnswer, LandingSilence, evidence};
use crate::plan_state::PlanState;
use crate::report_period::ReportPeriod;
use crate::rollup::LedgerView;
use contract::catalogue::{Kpi, Shape};
use contract::exact::Exact;
use contract::period::{Grain, Period};
use contract::time::{Moment, date_of};
use std::collections::BTreeSet;

/// One KPI on one day.
#[derive(Clone, Debug, PartialEq)]
pub struct KpiPoint {
    /// The day (day number).
    pub day: i32,
    /// Phase of the KPI.
    pub phase: Phase,
    /// Status; `None` before the plan and in the days to come.
    pub status: Option<Status>,
    /// The value judged.
    pub value: Option<Exact>,
    /// What the value is compared with; without a value, from the plan's start to its end, the guide (目安) at
    /// the end of the day.
    pub path: Option<Exact>,
    /// (v - b) / (t - b).
    pub progress: Option<Exact>,
    /// Some part of the value is provisional (速報値).
    pub provisional: bool,
    /// Where it is expected to land, as far as that is known.
    pub landing: Option<Landing>,
}

impl KpiPoint {
    /// 00:00 of its day.
    pub fn time(&self) -> Moment {
        Moment::midnight(date_of(self.day))
    }
}

/// The days of a KPI that are still to be shown.
#[derive(Clone, Debug, Default)]
pub struct KpiWalk {
    kpi: usize,
    today: i32,
    days: Vec<i32>,
}

impl KpiWalk {
    /// The days (day numbers) that are left, in order.
    pub fn days(&self) -> &[i32] {
        &self.days
    }

    /// True when none is left.
    pub fn is_over(&self) -> bool {
        self.days.is_empty()
    }
}

/// The last day of a period.
fn last_day(period: Period) -> i32 {
    period.end().day() - 1
}

impl PlanState {
    /// All days of a KPI (its index in the catalogue) as known on the day `today`, latest first to be shown.
    pub fn kpi_walk(&self, kpi: usize, today: i32) -> KpiWalk {
        let view = self.view(on_day(today).cutoff());
        let (of, plan) = (&self.catalogue.kpis[kpi], &self.catalogue.plan);
        let mut days = BTreeSet::new();
        if judge::follows_figures(&view, of) {
            days.extend(figure_days(&view, of));
        }
        days.extend([plan.end().day(), judge::verdict_day(&view, of)]);
        days.retain(|day| *day <= today);
        let since = of.origin().map_or(plan.first_year - 1, |origin| origin.year);
        let first = Period::closing(Grain::Month, Period::fiscal_year(since).end());
        let last = Period::closing(Grain::Month, plan.end());
        days.extend((first.index..=last.index).map(|index| last_day(Period { grain: Grain::Month, index })));
        KpiWalk { kpi, today, days: days.into_iter().collect() }
    }

    /// Shows up to `limit` more days of a walk.
    pub fn kpi_points(&self, walk: &mut KpiWalk, limit: usize) -> Vec<KpiPoint> {
        let rest = walk.days.len().saturating_sub(limit);
        let view = self.view(on_day(walk.today).cutoff());
        let kpi = &self.catalogue.kpis[walk.kpi];
        let mut landings = LandingsByMonth { known: &self.landings, last: None };
        walk.days.drain(rest..).rev().map(|day| point(&view, kpi, day, walk.today, &mut landings)).collect()
    }
}

fn on_day(day: i32) -> ReportPeriod {
    ReportPeriod(Period { grain: Grain::Day, index: day })
}

/// The days of the figures of a KPI's series.
fn figure_days(view: &LedgerView<'_>, kpi: &Kpi) -> BTreeSet<i32> {
    let mut days = BTreeSet::new();
    for of in kpi.measure.parts() {
        let flow = view.series(of).shape == Shape::Flow;
        let day = |period: Period| if flow { last_day(period).max(period.start().day()) } else { period.start().day() };
        days.extend(view.ledger.figures(of.series, of.definition).map(|entry| day(view.period(of, entry))));
    }
    days
}

/// Days between the same closings ask the same question: it is made once.
struct LandingsByMonth<'a> {
    known: &'a KnownLandings,
    /// What a question is made of, and its answer.
    last: Option<((i32, i32), LandingAnswer)>,
}

impl LandingsByMonth<'_> {
    fn answer(&mut self, view: &LedgerView<'_>, kpi: &Kpi, judged: &Judgement, day: ReportPeriod) -> Option<Landing> {
        if LandingSilence::of(kpi, judged).is_some() {
            return None;
        }
        let at_day = view.at(day.cutoff());
        let month = Period::holding(Grain::Month, day.cutoff().at).plus(-1);
        let has_ended = kpi.measure.parts().iter().all(|of| at_day.has_ended(at_day.series(*of), month));
        let made_of = (month.index - i32::from(!has_ended), day.year());
        let answer = match self.last.take() {
            Some((of, answer)) if of == made_of => answer,
            _ => self.known.answer(&evidence(view, kpi, day)),
        };
        let landing = answer.clone().ok();
        self.last = Some((made_of, answer));
        landing
    }
}

fn point(view: &LedgerView<'_>, kpi: &Kpi, day: i32, today: i32, landings: &mut LandingsByMonth<'_>) -> KpiPoint {
    let plan = &view.catalogue.plan;
    let end = on_day(day).cutoff().at;
    let guide = || (end > plan.start() && end <= plan.end()).then(|| judge::guide(view, kpi, end));
    if day > today {
        let phase = if end <= plan.start() { Phase::Before } else { Phase::Running };
        let (status, value, progress) = (None, None, None);
        return KpiPoint { day, phase, status, value, path: guide(), progress, provisional: false, landing: None };
    }
    let judged = judge::judge(view, kpi, on_day(day));
    let landing = landings.answer(view, kpi, &judged, on_day(day));
    let provisional = judged.measured.as_ref().is_some_and(|m| m.provisional);
    let value = judged.measured.map(|m| m.value);
    let path = judged.path.or_else(|| if value.is_none() { guide() } else { None });
    KpiPoint {
        day,
        phase: judged.phase,
        status: judged.status,
        value,
        path,
        progress: judged.progress,
        provisional,
        landing,
    }
}
