//! A naive oracle of figures and judging, written from DESIGN.md, RULES.md and KPIS.md alone.
//!
//! Slow and simple: every call recomputes everything from the list of observations. It shares nothing
//! with the implementation but `contract`. Each place where the documents had to be read in one of several
//! ways is marked `CHOICE` with the sentence in question.

#![allow(dead_code, unused_imports, unreachable_pub, missing_docs, clippy::pedantic, clippy::unwrap_used)]

mod figures;
mod judge;
mod path;
mod rollups;
mod standing;
#[cfg(test)]
mod tests;
mod values;

use contract::catalogue::Catalogue;
use contract::exact::Exact;
use contract::period::{Grain, Period};
use contract::record::Observation;
use contract::time::Moment;

pub use standing::quarantined;

/// `--on DATE` (a day), `--on YYYY-MM` (a month) or `--on FYyyyy` (a fiscal year).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    pub on: Period,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub phase: String,
    /// By id.
    pub kpis: Vec<KpiAnswer>,
    /// By series, definition, grain, start.
    pub rollups: Vec<RollupAnswer>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct KpiAnswer {
    pub id: String,
    pub phase: String,
    pub status: Option<String>,
    pub value: Option<Exact>,
    pub as_of: Option<Moment>,
    pub provisional: bool,
    pub baseline: Option<Exact>,
    pub target: Exact,
    pub path: Option<Exact>,
    pub progress: Option<Exact>,
    pub required_pace: Option<Exact>,
    pub carried: Option<(Exact, Moment)>,
    pub later: Option<(Exact, Moment)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RollupAnswer {
    pub series: String,
    pub definition: String,
    pub grain: Grain,
    pub period: String,
    pub value: Option<Exact>,
    pub complete: bool,
    pub provisional: bool,
}

/// The report and the canonical export at `on`, from any list of observations (duplicates, quarantined ones
/// and any order allowed). For `--known-at` hand in only what was known.
pub fn report(catalogue: &Catalogue, observations: &[Observation], on: Period) -> Answer {
    let standing = standing::Standing::of(catalogue, observations);
    let asked = Asked { on };
    // CHOICE (order of the KPIs): DESIGN 8 "arrays by id and period" - by id, code point order, not the plan's order.
    let mut kpis: Vec<KpiAnswer> = catalogue.kpis.iter().map(|kpi| judge::kpi(&standing, kpi, asked)).collect();
    kpis.sort_by(|a, b| a.id.cmp(&b.id));
    let order = ["before", "running", "closing", "closed"];
    let rank = |phase: &str| order.iter().position(|p| *p == phase).unwrap();
    // CHOICE (a plan without KPIs): "A plan's phase is its least advanced KPI's." - none: by the calendar alone.
    let calendar = match asked.stage(&standing) {
        Stage::Before => "before",
        Stage::Running => "running",
        Stage::Ended => "closed",
    };
    let least = kpis.iter().map(|k| k.phase.as_str()).min_by_key(|p| rank(p)).unwrap_or(calendar);
    let phase = least.to_owned();
    Answer { phase, kpis, rollups: rollups::all(&standing, asked.cut()) }
}

/// How far a question sees.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    /// The end boundary: the midnight that ends the day, the end of the month or year.
    pub at: Moment,
    /// True when the boundary instant itself is seen (month, fiscal year).
    pub inclusive: bool,
}

impl Cut {
    pub fn through(at: Moment) -> Self {
        Self { at, inclusive: true }
    }

    /// DESIGN 6: "`as_of` before the next midnight"; month and year: "end boundary included".
    pub fn sees(self, as_of: Moment) -> bool {
        if self.inclusive { as_of <= self.at } else { as_of < self.at }
    }

    /// DESIGN 6: "flows ended by it".
    pub fn sees_flow(self, period: Period) -> bool {
        period.end() <= self.at
    }

    /// RULES Kinds: "the fiscal year is that of the day asked".
    pub fn year(self) -> i32 {
        Period::closing(Grain::FiscalYear, self.at).index
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Before,
    Running,
    Ended,
}

impl Asked {
    pub fn is_day(self) -> bool {
        self.on.grain == Grain::Day
    }

    pub fn is_year(self) -> bool {
        self.on.grain == Grain::FiscalYear
    }

    pub fn cut(self) -> Cut {
        Cut { at: self.on.end(), inclusive: !self.is_day() }
    }

    /// Day number of the day asked.
    pub fn day(self) -> i32 {
        self.on.start().day()
    }

    /// RULES: "the plan runs on 2022-03-31 and has ended on 2022-04-01; it is `before` on 2019-03-31";
    /// "`--on 2022-03` ends at the plan's end and gives the verdict like `--on FY2021`".
    fn stage(self, standing: &standing::Standing) -> Stage {
        let (start, end) = (standing.catalogue.plan.start(), standing.catalogue.plan.end());
        let at = self.on.end();
        // CHOICE (a month or year ending at the plan's start): 2019-03 and FY2018 see the instant 2019-04-01T00:00
        // ("end boundary included"), which is the plan's first; they are `before` all the same, like 2019-03-31.
        if at <= start {
            Stage::Before
        } else if if self.is_day() { at > end } else { at >= end } {
            Stage::Ended
        } else {
            Stage::Running
        }
    }
}
