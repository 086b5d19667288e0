//! A naive oracle of figures and judging, written from DESIGN.md, RULES.md and KPIS.md alone.
//!
//! Slow and simple: loops over plain records. It shares nothing with the implementation but `contract`. Each place where
//! the documents had to be read in one of several ways is marked `CHOICE` with the sentence in question.

#![allow(dead_code, unreachable_pub, missing_docs, clippy::pedantic, clippy::unwrap_used)]

mod bounds;
mod counter;
mod due;
mod editions;
mod expected;
mod figures;
mod gaps;
mod judge;
mod path;
mod rollups;
mod rules;
mod rules_of_years;
mod standing;
mod status;
mod tests;
mod totals;
mod values;

use contract::catalogue::Catalogue;
use contract::exact::Exact;
use contract::period::{Grain, Period};
use contract::record::Observation;
use contract::time::Moment;
use std::collections::BTreeMap;

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
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct KpiAnswer {
    pub id: String,
    pub phase: String,
    pub status: Option<String>,
    pub value: Option<Exact>,
    pub as_of: Option<Moment>,
    pub provisional: bool,
    pub path: Option<Exact>,
    pub progress: Option<Exact>,
    pub progress_year: Option<i32>,
    pub required_pace: Option<Exact>,
    pub required_pace_for: Option<&'static str>,
    /// Known months of how many.
    pub months: Option<(usize, usize)>,
    pub missing: Vec<String>,
    pub incomplete: bool,
    pub source: Option<String>,
    pub carried: Option<(Exact, Moment)>,
    pub later: Option<(Exact, Moment)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct RollupAnswer {
    pub series: String,
    pub definition: String,
    pub grain: Grain,
    pub period: String,
    pub value: Option<i128>,
    pub complete: bool,
    pub provisional: bool,
}

/// All that is known of a plan: any list of observations (duplicates, quarantined ones and any order allowed).
/// For `--known-at` hand in only what was known.
pub struct Oracle<'a>(standing::Standing<'a>);

impl<'a> Oracle<'a> {
    pub fn of(catalogue: &'a Catalogue, observations: &'a [Observation]) -> Self {
        Self(standing::Standing::of(catalogue, observations))
    }

    /// The report at `on`.
    pub fn report(&self, on: Period) -> Answer {
        let asked = Asked { on };
        // CHOICE (order of the KPIs): DESIGN 8 "arrays by id and period" - by id, code point order.
        let mut kpis: Vec<KpiAnswer> =
            self.0.catalogue.kpis.iter().map(|kpi| judge::kpi(&self.0, kpi, asked)).collect();
        kpis.sort_by(|a, b| a.id.cmp(&b.id));
        let order = ["before", "running", "closing", "closed"];
        let rank = |phase: &str| order.iter().position(|p| *p == phase).unwrap();
        // "A plan's phase is its least advanced KPI's." CHOICE (a plan without KPIs): by the calendar alone.
        let calendar = match asked.stage(&self.0) {
            Stage::Before => "before",
            Stage::Running => "running",
            Stage::Ended => "closed",
        };
        let least = kpis.iter().map(|k| k.phase.as_str()).min_by_key(|p| rank(p)).unwrap_or(calendar);
        let phase = least.to_owned();
        Answer { phase, kpis }
    }

    /// The rollups of the canonical export at `on`, by series, definition, grain, start.
    pub fn rollups(&self, on: Period) -> Vec<RollupAnswer> {
        rollups::all(&self.0, Asked { on }.cut())
    }

    /// How often each rule mattered in the reports so far.
    pub fn notes(&self) -> BTreeMap<&'static str, u64> {
        self.0.notes.borrow().clone()
    }
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
    /// "`--on 2022-03` ends at the plan's end and gives the verdict like `--on FY2021`; periods after it likewise".
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
