//! The parts of an explanation. The doc comments are the descriptions in the OpenAPI document.

use crate::vintage::{PlanVintage, UnsettledReason};
use aggregator_core::report::{CanonicalNumber, KpiReport};
use contract::catalogue::Bilingual;
use contract::decimals::Decimals;
use contract::record::Finality;
use serde::Serialize;

/// Figures shown of one part, the latest: a fiscal year of days. An explanation counts those that it leaves out.
pub const MAX_FIGURES: usize = 366;
/// Corrections shown of one figure, the latest.
pub const MAX_CORRECTIONS: usize = 20;

/// Why a KPI cannot be explained.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The plan has no such KPI.
    #[error("the plan {plan} has no KPI {kpi}{hint}")]
    UnknownKpi {
        /// The plan.
        plan: String,
        /// The id that was asked for.
        kpi: String,
        /// The nearest id it has, or all of them.
        hint: String,
    },
}

/// A KPI explained.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Explanation {
    /// Version of the rules of judging.
    pub rules_version: u32,
    /// Plan id.
    pub plan: String,
    /// An invented plan (見本).
    pub sample: bool,
    /// The moment asked.
    pub on: String,
    /// What was known when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_at: Option<Vintage>,
    /// Name.
    pub name: Bilingual,
    /// Unit of its value.
    pub unit: Bilingual,
    /// The catalogue's word for its kind.
    pub kind: &'static str,
    /// The judgement, as in a report.
    pub kpi: KpiReport,
    /// The status for Japanese readers.
    pub status_ja: Option<&'static str>,
    /// Fiscal year and months a flow's value is made of, April = 1.
    pub months: Option<MonthsUsed>,
    /// The series it measures.
    pub parts: Vec<SeriesEvidence>,
    /// Which source to connect where there is no data.
    pub connect: Option<Bilingual>,
    /// What a reader must know.
    pub note: Option<Bilingual>,
    /// Where the plan says so.
    pub citation: String,
}

/// What was known when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Vintage {
    /// The time.
    pub time: String,
    /// True when the answer never changes any more.
    pub settled: bool,
    /// Why it may.
    #[schemars(with = "Vec<String>")]
    pub doubts: Vec<UnsettledReason>,
}

impl From<&PlanVintage> for Vintage {
    fn from(vintage: &PlanVintage) -> Self {
        Self { time: vintage.at.to_string(), settled: vintage.is_settled(), doubts: vintage.doubts.clone() }
    }
}

/// The months of a flow's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct MonthsUsed {
    /// `FY2019`
    pub year: String,
    /// April = 1.
    pub numbers: Vec<i32>,
}

/// One series of a KPI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct SeriesEvidence {
    /// Series id.
    pub series: String,
    /// Definition id.
    pub definition: String,
    /// Name of the series.
    pub name: Bilingual,
    /// The counting rule in words.
    pub rule: Bilingual,
    /// Unit of its figures.
    pub unit: Bilingual,
    /// The rollups that the value is taken from, in order.
    pub rollups: Vec<RollupUsed>,
    /// The standing figures behind it, in order of period and source; the latest [`MAX_FIGURES`].
    pub figures: Vec<FigureEvidence>,
    /// How many earlier ones are left out.
    pub more: usize,
}

/// A rollup of the periods the value is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RollupUsed {
    /// `2019-04`, `FY2019Q1`, `FY2019`
    pub period: String,
    /// In the series' unit.
    pub value: Option<CanonicalNumber>,
    /// Ended, and all parts known.
    pub complete: bool,
    /// Some part is provisional.
    pub provisional: bool,
    /// Some part is a final figure that was changed later.
    pub restated: bool,
}

/// A standing figure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct FigureEvidence {
    /// `2019-04`, `2019-04-01`, or the instant of a state.
    pub period: String,
    /// The configured source.
    pub source: String,
    /// What stands.
    #[serde(flatten)]
    pub current: RevisionEvidence,
    /// What stood before, latest first; the latest [`MAX_CORRECTIONS`].
    pub corrections: Vec<RevisionEvidence>,
    /// How many earlier ones are left out.
    pub more_corrections: usize,
}

/// What a source said once, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RevisionEvidence {
    /// In the series' unit; `null` when unknown.
    pub value: Option<CanonicalNumber>,
    /// Digits after the point of its definition.
    #[serde(skip)]
    pub decimals: Decimals,
    /// Why it is unknown.
    pub unknown: Option<String>,
    /// `provisional` or `final`.
    pub finality: &'static str,
    /// When it was seen.
    pub revision: String,
    /// Sheet of a workbook.
    pub sheet: Option<String>,
    /// Row, counted from 1.
    pub row: Option<u32>,
    /// Id of the visit.
    pub visit: String,
    /// The visit; `null` while its record has not come.
    #[serde(rename = "seen")]
    pub poll: Option<PollEvidence>,
}

impl RevisionEvidence {
    /// The figure as readers see it.
    pub fn shown(&self) -> String {
        match &self.value {
            Some(value) => contract::exact::grouped(&value.0, self.decimals.digits()),
            None => format!("– ({})", self.unknown.as_deref().unwrap_or("?")),
        }
    }

    /// 速報値
    pub fn provisional(&self) -> bool {
        self.finality == Finality::Provisional.name()
    }
}

/// A figure that was changed after it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestatedFigure {
    /// The day of its state, or the last of its period (day number).
    pub day: i32,
    /// Name of the series.
    pub series: Bilingual,
    /// What stands, and what stood before.
    pub figure: FigureEvidence,
}

/// A visit, as evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct PollEvidence {
    /// When.
    pub time: String,
    /// The collector that made it.
    pub collector: String,
    /// Address asked.
    pub address: String,
    /// SHA-256 of the bytes read.
    pub sha256: Option<String>,
    /// Bytes read.
    pub bytes: Option<u64>,
}
