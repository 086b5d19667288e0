//! The rows of a picture as the API, CSV files and tables have them.

use super::model::ChartData;
use super::row::{ChartPart, ChartRow, GapReason};
use crate::number::CanonicalNumber;
use schemars::JsonSchema;
use serde::Serialize;

/// One row of a picture: a figure at its moment, or a gap.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ChartRowReport {
    /// `state`, `year`, `mean`, `year_to_date` or `month`.
    pub part: &'static str,
    /// The period, such as `2020-04`, `FY2020` or the day of a state.
    pub period: String,
    /// Where it stands, RFC 3339: the instant of a state, the end of a period.
    pub as_of: String,
    /// In the KPI's unit, unrounded; `null` where there is a gap.
    pub value: Option<CanonicalNumber>,
    /// The value as it is compared, where that is rounded.
    pub compared: Option<CanonicalNumber>,
    /// The guide (目安) at the same moment, for the same months.
    pub guide: Option<CanonicalNumber>,
    /// Months of the fiscal year in the value.
    pub months: Option<usize>,
    /// 速報値
    pub provisional: bool,
    /// A bound that known parts alone settle; others are missing.
    pub incomplete: bool,
    /// True of a final figure that was changed later.
    pub restated: bool,
    /// What it was before; `null` where nothing tells.
    pub before: Option<CanonicalNumber>,
    /// Since when the value of now is known.
    pub restated_at: Option<String>,
    /// Why there is no value: `unknown`, `overdue`, `waiting` or `incomplete`.
    pub gap: Option<&'static str>,
    /// After the plan's end (その後): never judged.
    pub later: bool,
}

impl From<&ChartRow> for ChartRowReport {
    fn from(row: &ChartRow) -> Self {
        let number = |value: &Option<contract::exact::Exact>| value.clone().map(CanonicalNumber);
        let restated = row.restated.as_ref();
        Self {
            part: row.part.name(),
            period: row.period.to_string(),
            as_of: row.at.to_string(),
            value: number(&row.value),
            compared: number(&row.compared),
            guide: number(&row.guide),
            months: row.months,
            provisional: row.provisional,
            incomplete: row.incomplete,
            restated: restated.is_some(),
            before: restated.and_then(|change| number(&change.before)),
            restated_at: restated.map(|change| change.known_at.to_string()),
            gap: row.gap.map(GapReason::name),
            later: row.later,
        }
    }
}

impl ChartRowReport {
    /// Its place among all rows of its picture.
    pub fn key(&self) -> String {
        let place = ChartPart::ALL.iter().position(|part| part.name() == self.part).unwrap_or_default();
        format!("{place}:{}:{}", self.as_of, self.period)
    }
}

/// A piece of the guide (目安).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct GuideReport {
    /// The part that it belongs to.
    pub part: &'static str,
    /// Its first instant, RFC 3339.
    pub from: String,
    /// The first instant after it.
    pub to: String,
    /// The guide at its beginning.
    pub value_from: CanonicalNumber,
    /// The guide at its end; straight in between.
    pub value_to: CanonicalNumber,
}

/// A target, from when on it was known.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct TargetStepReport {
    /// When it became known; `null` where that is not recorded.
    pub known_at: Option<String>,
    /// In the KPI's unit.
    pub value: CanonicalNumber,
    /// The fiscal year at whose end it holds, such as `FY2021`.
    pub year: String,
}

/// A picture of a KPI.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ChartReport {
    /// Version of the rules of judging.
    pub rules_version: u32,
    /// The catalogue's word for its kind.
    pub kind: &'static str,
    /// Measured figures and gaps, by part, then in order of time.
    pub rows: Vec<ChartRowReport>,
    /// The guide, a function of time.
    pub guide: Vec<GuideReport>,
    /// Every published target in order; the last one holds.
    pub targets: Vec<TargetStepReport>,
    /// When the target was first met.
    pub reached: Option<String>,
}

impl From<&ChartData> for ChartReport {
    fn from(data: &ChartData) -> Self {
        Self {
            rules_version: crate::report::RULES_VERSION,
            kind: data.kind.word(),
            rows: data.rows.iter().map(ChartRowReport::from).collect(),
            guide: data
                .guide
                .iter()
                .map(|segment| GuideReport {
                    part: segment.part.name(),
                    from: segment.span.0.to_string(),
                    to: segment.span.1.to_string(),
                    value_from: CanonicalNumber(segment.values.0.clone()),
                    value_to: CanonicalNumber(segment.values.1.clone()),
                })
                .collect(),
            targets: data
                .targets
                .iter()
                .map(|step| TargetStepReport {
                    known_at: step.known_at.as_ref().map(ToString::to_string),
                    value: CanonicalNumber(step.value.clone()),
                    year: contract::period::Period::fiscal_year(step.year).to_string(),
                })
                .collect(),
            reached: data.reached.map(|at| at.to_string()),
        }
    }
}
