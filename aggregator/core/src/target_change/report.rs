//! Changes of targets as a report has them.

use super::first::FirstTarget;
use super::history::{RemovedKpi, TargetChange};
use crate::judge::{Judgement, Status};
use crate::number::CanonicalNumber;
use contract::catalogue::{Bilingual, Direction};
use contract::period::Period;
use contract::time::Micros;
use schemars::JsonSchema;
use serde::Serialize;

/// A KPI by its first published target.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FirstTargetReport {
    /// The id that the KPI had then.
    pub kpi: String,
    /// When it was published: the revision of the catalogue.
    pub known_at: Option<String>,
    /// The target.
    pub target: CanonicalNumber,
    /// `at_least` or `at_most`.
    pub direction: &'static str,
    /// Its unit.
    pub unit: Bilingual,
    /// The fiscal year at whose end it holds, such as `FY2021`.
    pub year: String,
    /// False when it cannot be judged any more, because what it measures is not in the catalogue.
    pub applicable: bool,
    /// Status word by it; `null` before the plan, and where it is not applicable.
    pub status: Option<&'static str>,
    /// The value by its counting rule.
    pub value: Option<CanonicalNumber>,
    /// (v - b) / (t - b) by it.
    pub progress: Option<CanonicalNumber>,
}

impl FirstTargetReport {
    /// The first target with the judgement by it.
    pub fn new(first: &FirstTarget, judged: Option<Judgement>) -> Self {
        let applicable = judged.is_some();
        let status = judged.as_ref().and_then(|judged| judged.status).map(Status::name);
        let (value, progress) = judged.map_or((None, None), |j| (j.measured.map(|m| m.value), j.progress));
        Self {
            kpi: first.kpi.clone(),
            known_at: first.known_at.as_ref().map(Micros::to_string),
            target: CanonicalNumber(first.target.clone()),
            direction: match first.direction {
                Direction::AtLeast => "at_least",
                Direction::AtMost => "at_most",
            },
            unit: first.unit.clone(),
            year: Period::fiscal_year(first.year).to_string(),
            applicable,
            status,
            value: value.map(CanonicalNumber),
            progress: progress.map(CanonicalNumber),
        }
    }
}

/// A change of what a KPI is judged by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TargetChangeReport {
    /// When it became known: the revision of the catalogue; `null` for one that is configured and not recorded yet.
    pub known_at: Option<String>,
    /// The KPI: an earlier id where this one replaces another.
    pub kpi: String,
    /// What was changed, such as `target` or `definition`.
    pub field: &'static str,
    /// What it was; `null` where there was none.
    pub before: Option<Bilingual>,
    /// What it is.
    pub after: Option<Bilingual>,
}

impl From<&TargetChange> for TargetChangeReport {
    fn from(change: &TargetChange) -> Self {
        let TargetChange { known_at, kpi, field, before, after } = change.clone();
        Self { known_at: known_at.as_ref().map(Micros::to_string), kpi, field: field.name(), before, after }
    }
}

/// A KPI that the plan no longer has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RemovedKpiReport {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Bilingual,
    /// When it became known; `null` where it is not recorded yet.
    pub known_at: Option<String>,
    /// Its last target, with side and unit.
    pub target: Bilingual,
    /// The KPI that measures the same series since.
    pub replaced_by: Option<String>,
}

impl From<&RemovedKpi> for RemovedKpiReport {
    fn from(removed: &RemovedKpi) -> Self {
        let RemovedKpi { id, name, known_at, target, replaced_by } = removed.clone();
        Self { id, name, known_at: known_at.as_ref().map(Micros::to_string), target, replaced_by }
    }
}
