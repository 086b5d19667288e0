//! Scales of grades as cities word them: beside the status, never instead of it.

use crate::bilingual::Bilingual;
use crate::exact::{Exact, whole};
use jiff::civil::Date;

/// A scale of grades (段階評価).
#[derive(Clone, Debug)]
pub struct GradeScale {
    /// Id.
    pub id: String,
    /// Name.
    pub name: Bilingual,
    /// Who published it, and where.
    pub source: Option<Bilingual>,
    /// Indexes of its KPIs; `None` for all.
    pub kpis: Option<Vec<usize>>,
    /// A person enters its grades; else they are computed.
    pub entered: bool,
    /// Its grades, best first.
    pub bands: Vec<GradeBand>,
    /// What stands where no grade can be given.
    pub none: Option<GradeWord>,
    /// Line in the file.
    pub line: u32,
}

impl GradeScale {
    /// True when a KPI has grades of it.
    pub fn covers(&self, kpi: usize) -> bool {
        self.kpis.as_ref().is_none_or(|kpis| kpis.contains(&kpi))
    }
}

/// A grade as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GradeWord {
    /// The mark: `S`, `3`.
    pub word: String,
    /// What it means.
    pub name: Bilingual,
}

/// A grade and the bound that gives it. The first band whose bound is met holds, so bands leave no gap and never overlap.
#[derive(Clone, Debug)]
pub struct GradeBand {
    /// The grade.
    pub grade: GradeWord,
    /// `None` of the last band, which takes what is left, and of grades that a person enters.
    pub bound: Option<GradeBound>,
}

/// What a value must reach.
#[derive(Clone, Debug, PartialEq)]
pub struct GradeBound {
    /// What the share is of.
    pub of: GradeMeasure,
    /// The share: 1 is all of it.
    pub share: Exact,
    /// The border itself belongs to the band.
    pub inclusive: bool,
}

/// What the share of a bound is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GradeMeasure {
    /// The way from baseline to target.
    Progress,
    /// The target.
    Target,
    /// In year n of N the n-th part of the target.
    TargetByYear,
    /// The baseline; where less is better, as much above it as the share is below it.
    Baseline,
    /// The way from baseline to target, of the value expected at the plan's end.
    Landing,
}

impl GradeMeasure {
    /// The words of a catalogue.
    pub(super) const WORDS: [(&'static str, Self); 5] = [
        ("progress", Self::Progress),
        ("target", Self::Target),
        ("target_by_year", Self::TargetByYear),
        ("baseline", Self::Baseline),
        ("landing", Self::Landing),
    ];
}

/// What the bounds of a KPI are made of.
#[derive(Clone, Copy, Debug)]
pub struct GradeBasis<'a> {
    /// Baseline, or the declared start that serves as one.
    pub origin: Option<&'a Exact>,
    /// Target.
    pub target: &'a Exact,
    /// More is better.
    pub at_least: bool,
    /// The year of the plan that the value is of, from 1, and the years of the plan.
    pub year: (i32, i32),
}

impl GradeBound {
    /// The border in the KPI's unit; `None` where it says nothing of such a KPI: without a baseline, with a target that is the
    /// baseline, or a share of the target where less is better.
    pub fn border(&self, basis: &GradeBasis<'_>) -> Option<Exact> {
        let share = &self.share;
        match self.of {
            GradeMeasure::Progress | GradeMeasure::Landing => {
                let origin = basis.origin.filter(|origin| *origin != basis.target)?;
                Some(origin + share * (basis.target - origin))
            }
            GradeMeasure::Target => basis.at_least.then(|| share * basis.target),
            GradeMeasure::TargetByYear => {
                let (year, years) = basis.year;
                basis.at_least.then(|| share * basis.target * whole(year) / whole(years))
            }
            GradeMeasure::Baseline if basis.at_least => Some(basis.origin? * share),
            GradeMeasure::Baseline => Some(basis.origin? * (whole(2) - share)),
        }
    }
}

/// A grade that a person entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnteredGrade {
    /// Id of the scale.
    pub scale: String,
    /// The mark.
    pub word: String,
    /// The fiscal year that it is of.
    pub year: i32,
    /// Who entered it: a section, no person.
    pub by: Bilingual,
    /// When.
    pub on: Date,
    /// Line in the file.
    pub line: u32,
}
