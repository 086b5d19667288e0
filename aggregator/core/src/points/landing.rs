//! The moments at which a KPI is asked where it will land, so that the answers are there before anybody asks: the last two
//! days of each month from a year before the plan to a year after it, and the day of now.
//!
//! Between two closings every day asks the same question ([`crate::landing`]): a state closes a month at the midnight that
//! ends it, which the last day does not see yet, and a flow on the last day.

use crate::landing::{KpiLandings, LandingQuestion, evidence};
use crate::plan_state::PlanState;
use crate::report_period::ReportPeriod;
use contract::period::{Grain, Period};

/// Fiscal years around the plan in which questions are answered beforehand.
const YEARS_AROUND: i32 = 1;

/// The days of a KPI that are still to be asked, in order.
#[derive(Clone, Debug)]
pub struct LandingWalk {
    kpi: usize,
    days: Vec<i32>,
}

impl LandingWalk {
    /// True when none is left.
    pub fn is_over(&self) -> bool {
        self.days.is_empty()
    }
}

impl PlanState {
    /// The days of a KPI up to `today`; none of one that never lands, or without a figure.
    pub fn landing_walk(&self, kpi: usize, today: i32) -> LandingWalk {
        let (of, plan) = (&self.catalogue.kpis[kpi], &self.catalogue.plan);
        let has_figures =
            of.measure.parts().iter().all(|of| self.ledger().bucket_range(of.series, of.definition).is_some());
        if !of.kind.has_path() || !has_figures {
            return LandingWalk { kpi, days: Vec::new() };
        }
        let first = Period::holding(Grain::Month, Period::fiscal_year(plan.first_year - YEARS_AROUND).start());
        let last = Period::closing(Grain::Month, Period::fiscal_year(plan.last_year + YEARS_AROUND).end());
        let months = (first.index..=last.index).map(|index| Period { grain: Grain::Month, index });
        let ends = months.flat_map(|month| [month.end().day() - 2, month.end().day() - 1]);
        let mut days: Vec<i32> = ends.filter(|day| *day < today).chain([today]).collect();
        days.dedup();
        LandingWalk { kpi, days }
    }

    /// The questions of up to `limit` more days of a walk.
    pub fn landing_questions(&self, walk: &mut LandingWalk, limit: usize) -> Vec<LandingQuestion> {
        let more = limit.min(walk.days.len());
        let ask = |day: i32| {
            let period = ReportPeriod(Period { grain: Grain::Day, index: day });
            evidence(&self.view(period.cutoff()), &self.catalogue.kpis[walk.kpi], period)
        };
        walk.days.drain(..more).map(ask).collect()
    }

    /// All answers of a KPI up to `today`, computed now: milliseconds for each closing.
    pub fn landings_until(&self, kpi: usize, today: i32) -> KpiLandings {
        let mut landings = KpiLandings::default();
        for question in self.landing_questions(&mut self.landing_walk(kpi, today), usize::MAX) {
            let key = question.key();
            let answer = landings.answers.get(&key).cloned().unwrap_or_else(|| question.answer());
            landings.add(key, answer);
        }
        landings
    }
}
