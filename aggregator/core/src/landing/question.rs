//! What is asked of a KPI at a moment: its figures by then, and the fiscal years whose end is asked about.

use super::figures::{self, GrainFigures};
use super::silence::LandingSilence;
use crate::judge::{self, Judgement, path};
use crate::report_period::ReportPeriod;
use crate::rollup::LedgerView;
use ::landing::{FigureKind, LandingRequest, LandingTarget};
use contract::catalogue::{Direction, Kpi};
use contract::exact::{Exact, canonical};
use contract::period::Period;
use std::fmt;
use xxhash_rust::xxh3::xxh3_128;

/// The version of the answers: raised whenever the same question is answered with other numbers, so that answers that were
/// kept are not used any more.
const VERSION: u32 = 1;

/// Equal for equal questions, whatever plan they were asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LandingKey(pub [u8; 16]);

/// A fiscal year whose end is asked about.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AskedYear {
    pub(super) year: i32,
    /// What is to be reached.
    pub(super) goal: Exact,
}

/// All that an answer depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct LandingQuestion {
    /// Finest first.
    pub(super) figures: Vec<GrainFigures>,
    /// The plan's last year.
    pub(super) target: AskedYear,
    /// The fiscal year asked, of the yearly kinds while it is not the last.
    pub(super) year: Option<AskedYear>,
    pub(super) direction: Direction,
}

/// The question of a KPI at the end of a report period, or why none is asked beside that judgement.
pub fn question(
    view: &LedgerView<'_>,
    kpi: &Kpi,
    judged: &Judgement,
    period: ReportPeriod,
) -> Result<LandingQuestion, LandingSilence> {
    LandingSilence::of(kpi, judged).map_or_else(|| Ok(evidence(view, kpi, period)), Err)
}

/// The question of a KPI at the end of a report period, whatever its judgement.
pub fn evidence(view: &LedgerView<'_>, kpi: &Kpi, period: ReportPeriod) -> LandingQuestion {
    let view = view.at(period.cutoff());
    let plan = &view.catalogue.plan;
    let asked = period.year();
    let is_yearly = !judge::follows_figures(&view, kpi);
    let year = (plan.first_year..plan.last_year).contains(&asked) && is_yearly;
    let goal = if year { path::goal(kpi, plan, asked) } else { None };
    LandingQuestion {
        figures: figures::by_grain(&view, kpi),
        target: AskedYear { year: plan.last_year, goal: kpi.target.clone() },
        year: goal.map(|goal| AskedYear { year: asked, goal }),
        direction: kpi.direction,
    }
}

impl LandingQuestion {
    /// The requests of the target year and of the year asked to the figures of one grain; none of a year before them.
    pub(super) fn requests(&self, figures: &GrainFigures) -> [Option<Result<LandingRequest, LandingSilence>>; 2] {
        [Some(&self.target), self.year.as_ref()].map(|asked| {
            let request = self.request(figures, asked?)?;
            Some(self.hole(figures, &request).map_or(Ok(request), Err))
        })
    }

    /// Of what is summed over periods, one that holds an unknown month before the last known one: it is past, so that
    /// nothing will be known of it by waiting, and a coarser period does not hide it.
    fn hole(&self, figures: &GrainFigures, request: &LandingRequest) -> Option<LandingSilence> {
        if !matches!(figures.series.kind, FigureKind::Sum | FigureKind::Mean) {
            return None;
        }
        let finest = self.figures.first()?;
        let period = |index: usize| finest.first.plus(i32::try_from(index).unwrap_or(i32::MAX));
        let last = finest.series.values.iter().rposition(Option::is_some)?;
        let unknown = (0..last).filter(|index| finest.series.values[*index].is_none()).map(period);
        let is_open = |unknown: &Period| {
            let own = unknown.within(figures.first.grain);
            let index = usize::try_from(own.index - figures.first.index).ok();
            let known = index.and_then(|index| *figures.series.values.get(index)?);
            known.is_none() && index.is_some_and(|index| request.periods.contains(&index))
        };
        let found = unknown.into_iter().find(is_open)?;
        Some(LandingSilence::UnknownPeriod { period: found.to_string() })
    }

    /// The periods of a year as indexes into the figures of one grain.
    fn request(&self, figures: &GrainFigures, asked: &AskedYear) -> Option<LandingRequest> {
        let grain = figures.first.grain;
        let year = Period::fiscal_year(asked.year);
        let index = |period: Period| usize::try_from(period.index - figures.first.index).ok();
        let periods = index(Period::holding(grain, year.start()))?..=index(Period::closing(grain, year.end()))?;
        let goal = figures::double(&asked.goal);
        let target = goal.map(|goal| match self.direction {
            Direction::AtLeast => LandingTarget::AtLeast(goal),
            Direction::AtMost => LandingTarget::AtMost(goal),
        });
        Some(LandingRequest { periods, target })
    }

    /// The key of its answer.
    pub fn key(&self) -> LandingKey {
        let mut bytes = VERSION.to_le_bytes().to_vec();
        let mut add = |text: &dyn fmt::Debug| bytes.extend_from_slice(format!("{text:?};").as_bytes());
        for one in &self.figures {
            let series = &one.series;
            add(&(one.first, one.provisional, series.kind, series.definition_start));
            add(&(series.bounds.lower.map(f64::to_bits), series.bounds.upper.map(f64::to_bits)));
            for value in &series.values {
                add(&value.map(f64::to_bits));
            }
        }
        for asked in [Some(&self.target), self.year.as_ref()] {
            add(&asked.map(|asked| (asked.year, canonical(&asked.goal))));
        }
        add(&self.direction);
        LandingKey(xxh3_128(&bytes).to_le_bytes())
    }
}
