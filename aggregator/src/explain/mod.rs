//! From a KPI to the files its figures came from.
//!
//! ```text
//! KPI --judged--> value --made of--> rollups --of--> figures --seen in--> visits (address, hash, time)
//!                                                        `--replaced--> corrections, with theirs
//! ```
//!
//! An [`Explanation`] is a value: text ([`Explanation::text`]) and JSON are two looks at it. It computes no
//! figure of its own; judging and rolling up are the core's, evidence is the store's.

pub(crate) mod evidence;
mod parts;
mod text;

use crate::store::{StoreError, StoreReader};
use crate::vintage::{NOW, UnsettledReason};
use aggregator_core::judge::judge;
use aggregator_core::plan_state::PlanState;
use aggregator_core::report::KpiReport;
use aggregator_core::report_period::ReportPeriod;
use aggregator_core::rollup::LedgerView;
use contract::catalogue::Kpi;
use contract::reader::nearest;
use contract::record::{Finality, Span};
use contract::time::Micros;
use serde::Serialize;

/// Figures shown of one part, the latest: a fiscal year of days. Hours of a year are more; how many are
/// left out is said.
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
        /// What was asked for.
        kpi: String,
        /// The nearest id it has, or all of them.
        hint: String,
    },
    /// A store cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A text in two languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Bilingual {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl From<&contract::catalogue::Bilingual> for Bilingual {
    fn from(text: &contract::catalogue::Bilingual) -> Self {
        Self { ja: text.ja.clone(), en: text.en.clone() }
    }
}

/// A KPI explained.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Explanation {
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
    /// Unit of its integers.
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
    pub value: Option<i128>,
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
    pub said: RevisionEvidence,
    /// What stood before, latest first; the latest [`MAX_CORRECTIONS`].
    pub corrections: Vec<RevisionEvidence>,
    /// How many earlier ones are left out.
    pub more_corrections: usize,
}

/// What a source said once, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct RevisionEvidence {
    /// The integer; `null` when unknown.
    pub value: Option<i64>,
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
    pub seen: Option<PollEvidence>,
}

impl RevisionEvidence {
    /// The figure as readers see it.
    pub fn shown(&self) -> String {
        match self.value {
            Some(value) => contract::exact::grouped(&contract::exact::whole(value), 0),
            None => format!("– ({})", self.unknown.as_deref().unwrap_or("?")),
        }
    }
}

impl RevisionEvidence {
    /// 速報値
    pub fn provisional(&self) -> bool {
        self.finality == Finality::Provisional.name()
    }
}

/// A figure that was changed after it had been told.
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

/// Explains a KPI of a book at a moment asked, with evidence up to the time that the book is of
/// (`known`, else all). Reads the log of observations whole: may take a second at a million of them.
pub fn explain(
    readers: &[StoreReader],
    book: &PlanState,
    kpi: &str,
    ask: ReportPeriod,
    known: Option<(Micros, &[UnsettledReason])>,
) -> Result<Explanation, ExplainError> {
    let catalogue = &book.catalogue;
    let Some(found) = catalogue.kpis.iter().find(|k| k.id == kpi) else {
        return Err(ExplainError::UnknownKpi {
            plan: catalogue.plan.id.clone(),
            kpi: kpi.to_owned(),
            hint: nearest(kpi, catalogue.kpis.iter().map(|k| k.id.as_str())),
        });
    };
    let view = LedgerView::new(catalogue, book.ledger(), ask.cutoff());
    let judged = judge(&view, found, ask);
    let mut parts = Vec::new();
    for of in found.measure.parts() {
        let scope = parts::scope(&view, found, ask, &judged, of);
        let upto = known.map_or(NOW, |(at, _)| at);
        let figures = evidence::figures(readers, book, of, upto, &scope)?;
        parts.push(parts::part(&view, of, &scope, figures));
    }
    let mut report = book.report(ask, false);
    let index = report.kpis.iter().position(|k| k.id == kpi).unwrap_or(0);
    Ok(Explanation {
        plan: catalogue.plan.id.clone(),
        sample: catalogue.plan.sample,
        on: ask.0.to_string(),
        known_at: known.map(|(at, doubts)| Vintage {
            time: at.to_string(),
            settled: doubts.is_empty(),
            doubts: doubts.to_vec(),
        }),
        name: (&found.name).into(),
        unit: (&found.unit).into(),
        kind: found.kind.word(),
        kpi: report.kpis.swap_remove(index),
        status_ja: judged.status.map(aggregator_core::judge::Status::name_ja),
        months: judged
            .measured
            .as_ref()
            .and_then(|m| m.months.as_ref())
            .map(|months| MonthsUsed { year: format!("FY{}", months.year), numbers: months.numbers.clone() }),
        parts,
        connect: found.connect.as_ref().map(Bilingual::from),
        note: found.note.as_ref().map(Bilingual::from),
        citation: found.citation.clone(),
    })
}

/// The figures of a KPI's series seen at a moment asked whose value was changed after it had been told, in order of
/// their days; of many the latest [`MAX_FIGURES`]. Reads the log of observations whole, as [`explain`] does.
pub fn restated(
    readers: &[StoreReader],
    book: &PlanState,
    kpi: &Kpi,
    ask: ReportPeriod,
    upto: Option<Micros>,
) -> Result<Vec<RestatedFigure>, StoreError> {
    let mut found = Vec::new();
    for of in kpi.measure.parts() {
        let name = Bilingual::from(&book.catalogue.series[of.series].name);
        for (span, figure) in evidence::changed(readers, book, of, upto.unwrap_or(NOW), ask.cutoff())? {
            let day = match span {
                Span::AsOf(at) => at.day(),
                Span::During(from, to) => (to.day() - 1).max(from.day()),
            };
            found.push(RestatedFigure { day, series: name.clone(), figure });
        }
    }
    found.sort_by_key(|change| change.day);
    found.drain(..found.len().saturating_sub(MAX_FIGURES));
    Ok(found)
}
