//! The report as a value, and its canonical JSON.
//!
//! A report is a pure function of figures, catalogue and report period: no revisions, no evidence, no
//! coordinates, so that two machines with the same records print the same bytes.

use crate::display;
use crate::grade::{self, GradeReport};
use crate::judge::{DatedValue, Judgement, PaceGoal, Phase, Status, judge};
use crate::landing::{KnownLandings, LandingReport, question};
use crate::ledger::Ledger;
use crate::report_period::ReportPeriod;
use crate::rollup::{LedgerView, PlanRollups, Rollup, RollupKey};
use crate::target_change::{FirstTargetReport, RemovedKpiReport, TargetChangeReport, TargetHistory};
use contract::catalogue::{Catalogue, Kpi};
use contract::period::Period;
use contract::time::Moment;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

pub use crate::number::CanonicalNumber;

/// The version of the rules of judging; another one can give another status from the same figures.
pub const RULES_VERSION: u32 = 2;

/// A value and the moment it describes.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ReportedValue {
    /// In the KPI's unit.
    pub value: CanonicalNumber,
    /// RFC 3339.
    pub as_of: String,
}

impl From<DatedValue> for ReportedValue {
    fn from(past: DatedValue) -> Self {
        Self { value: CanonicalNumber(past.value), as_of: past.at.to_string() }
    }
}

/// How many months of a fiscal year are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MonthsReport {
    /// Complete ones.
    pub known: usize,
    /// All of a fiscal year.
    pub of: usize,
}

/// One KPI; fields in schema order.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct KpiReport {
    /// Id.
    pub id: String,
    /// Phase word.
    pub phase: &'static str,
    /// Status word; `null` before the plan.
    pub status: Option<&'static str>,
    /// Value in the KPI's unit, unrounded as far as canonical numbers go.
    pub value: Option<CanonicalNumber>,
    /// Value as it is shown, with its unit.
    pub value_text: Option<String>,
    /// The moment the value describes.
    pub as_of: Option<String>,
    /// 速報値
    pub provisional: bool,
    /// Baseline b; `null` where a start is declared.
    pub baseline: Option<CanonicalNumber>,
    /// Target t.
    pub target: CanonicalNumber,
    /// The guide (目安) at the value's moment.
    pub path: Option<CanonicalNumber>,
    /// (v - b) / (t - b).
    pub progress: Option<CanonicalNumber>,
    /// Change per month still needed.
    pub required_pace: Option<CanonicalNumber>,
    /// What that pace leads to: `guide` or `target`.
    pub required_pace_for: Option<&'static str>,
    /// The fiscal year that `progress` is of, such as `FY2021`; `null` for states.
    pub progress_year: Option<String>,
    /// How many months of the judged fiscal year are known.
    pub months: Option<MonthsReport>,
    /// Months that ended without a complete figure, such as `2020-05`.
    pub missing: Vec<String>,
    /// A bound settles the KPI although months are missing.
    pub incomplete: bool,
    /// Id of the source that gave the value; `null` when several did.
    pub source: Option<String>,
    /// An older value where there is none to judge.
    pub carried: Option<ReportedValue>,
    /// A later value after the plan (その後), unjudged.
    pub later: Option<ReportedValue>,
    /// The KPI by its first published target; `null` where nothing that decides its status was changed since.
    pub first_target: Option<FirstTargetReport>,
    /// Every change of what it is judged by, the earliest first.
    pub target_changes: Vec<TargetChangeReport>,
    /// Where it is expected to land (見通し); absent from a judgement as it is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub landing: Option<LandingReport>,
    /// Grades (段階評価) by the catalogue's scales; absent without any. No status depends on them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub grades: Vec<GradeReport>,
}

/// One rollup of the canonical export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RollupReport {
    /// Series id.
    pub series: String,
    /// Definition id.
    pub definition: String,
    /// Grain word.
    pub grain: &'static str,
    /// `FY2019`, `FY2019Q1`, `2019-04`, `2019-04-01`, or the first instant of an hour.
    pub period: String,
    /// In the series' unit.
    pub value: Option<CanonicalNumber>,
    /// Ended, and all parts known.
    pub complete: bool,
    /// Some part is provisional.
    pub provisional: bool,
}

/// A policy summed up: counts of statuses and its worst KPI, never a mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct PolicyReport {
    /// Id.
    pub id: String,
    /// KPIs by status word; a status that no KPI has is absent.
    pub statuses: BTreeMap<&'static str, usize>,
    /// Id of the worst KPI; `null` before the plan.
    pub worst: Option<String>,
}

/// One plan.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PlanReport {
    /// Id.
    pub id: String,
    /// The report period.
    pub on: String,
    /// Phase word of its least advanced KPI.
    pub phase: &'static str,
    /// An invented plan (見本).
    pub sample: bool,
    /// KPIs by id.
    pub kpis: Vec<KpiReport>,
    /// Policies by id.
    pub policies: Vec<PolicyReport>,
    /// KPIs that were published and are not in the plan any more, in the order in which they were removed.
    pub removed_kpis: Vec<RemovedKpiReport>,
    /// Every rollup, when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollups: Option<Vec<RollupReport>>,
}

/// A report over plans, by id.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// Version of the rules of judging.
    pub rules_version: u32,
    /// Plans by id.
    pub plans: Vec<PlanReport>,
}

impl From<Vec<PlanReport>> for Report {
    fn from(plans: Vec<PlanReport>) -> Self {
        Self { rules_version: RULES_VERSION, plans }
    }
}

impl Report {
    /// Canonical JSON: keys in schema order, no spaces, UTF-8 unescaped.
    pub fn canonical_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Judges every KPI of a plan at the end of a report period, in the order of the catalogue.
pub fn judgements(view: &LedgerView<'_>, period: ReportPeriod) -> Vec<Judgement> {
    view.catalogue.kpis.iter().map(|kpi| judge(view, kpi, period)).collect()
}

/// The report of one plan; takes what it can from `settled` rollups, lists every rollup when `rollups` is set, and has the
/// landings that are known where `landings` is given.
pub fn plan(
    (catalogue, targets): (&Catalogue, &TargetHistory),
    ledger: &Ledger,
    settled: Option<&PlanRollups>,
    period: ReportPeriod,
    rollups: bool,
    landings: Option<&KnownLandings>,
) -> PlanReport {
    let view = match settled {
        Some(settled) => LedgerView::with_rollups(catalogue, ledger, period.cutoff(), settled),
        None => LedgerView::new(catalogue, ledger, period.cutoff()),
    };
    let judged = judgements(&view, period);
    let phase = judged.iter().map(|j| j.phase).min().unwrap_or(Phase::Before);
    let policies = policies(catalogue, &judged);
    let landing = |kpi: &Kpi, judged: &Judgement| {
        let known = landings?;
        let answer = question(&view, kpi, judged, period).and_then(|question| known.answer(&question));
        Some(LandingReport::new(kpi, judged, &answer))
    };
    let report = |(index, (kpi, judged)): (usize, (&Kpi, Judgement))| {
        let (landing, first) = (landing(kpi, &judged), targets.first(&kpi.id));
        let lands = landing.as_ref().and_then(|landing| Some(&landing.target.as_ref()?.expected.0));
        let grades = grade::grades(catalogue, index, &judged, lands, period);
        KpiReport {
            landing,
            grades,
            first_target: first.map(|first| FirstTargetReport::new(first, first.judge(ledger, settled, period))),
            target_changes: targets.of(&kpi.id).iter().map(TargetChangeReport::from).collect(),
            ..kpi_report(catalogue, kpi, judged)
        }
    };
    let mut kpis: Vec<KpiReport> = catalogue.kpis.iter().zip(judged).enumerate().map(report).collect();
    kpis.sort_by(|a, b| a.id.cmp(&b.id));
    let rows = || view.all().into_iter().map(|row| rollup_report(catalogue, row)).collect();
    PlanReport {
        id: catalogue.plan.id.clone(),
        on: period.0.to_string(),
        phase: phase.name(),
        sample: catalogue.plan.sample,
        kpis,
        policies,
        removed_kpis: targets.removed().iter().map(RemovedKpiReport::from).collect(),
        rollups: rollups.then(rows),
    }
}

fn kpi_report(catalogue: &Catalogue, kpi: &Kpi, judged: Judgement) -> KpiReport {
    let measured = judged.measured.as_ref();
    let at = |m: Moment| m.to_string();
    let guide = judged.path.clone().filter(|_| kpi.kind.has_path() && judged.phase != Phase::Closed);
    let source = judged.source(catalogue).map(str::to_owned);
    KpiReport {
        id: kpi.id.clone(),
        phase: judged.phase.name(),
        status: judged.status.map(Status::name),
        value: measured.map(|m| CanonicalNumber(m.value.clone())),
        value_text: measured.map(|m| display::value(kpi, &m.value, guide.as_ref(), &kpi.unit.ja)),
        as_of: measured.map(|m| at(m.at)),
        provisional: measured.is_some_and(|m| m.provisional),
        baseline: kpi.baseline.as_ref().map(|b| CanonicalNumber(b.value.clone())),
        target: CanonicalNumber(kpi.target.clone()),
        path: judged.path.map(CanonicalNumber),
        progress: judged.progress.map(CanonicalNumber),
        required_pace: judged.required_pace.map(CanonicalNumber),
        required_pace_for: judged.required_pace_for.map(PaceGoal::name),
        progress_year: judged.progress_year.map(|year| Period::fiscal_year(year).to_string()),
        months: judged.months.map(|months| MonthsReport { known: months.known, of: months.of }),
        missing: judged.missing.iter().map(Period::to_string).collect(),
        incomplete: judged.incomplete,
        source,
        carried: judged.carried.map(ReportedValue::from),
        later: judged.later.map(ReportedValue::from),
        first_target: None,
        target_changes: Vec::new(),
        landing: None,
        grades: Vec::new(),
    }
}

fn policies(catalogue: &Catalogue, judged: &[Judgement]) -> Vec<PolicyReport> {
    let report = |(index, policy): (usize, &contract::catalogue::Policy)| {
        let own = catalogue.kpis.iter().zip(judged).filter(|(kpi, _)| kpi.policy == index);
        let own: Vec<(Status, &str)> = own.filter_map(|(kpi, j)| Some((j.status?, kpi.id.as_str()))).collect();
        let mut statuses = BTreeMap::new();
        for (status, _) in &own {
            *statuses.entry(status.name()).or_insert(0) += 1;
        }
        let worst = own.iter().min().map(|(_, id)| (*id).to_owned());
        PolicyReport { id: policy.id.clone(), statuses, worst }
    };
    let mut reports: Vec<PolicyReport> = catalogue.policies.iter().enumerate().map(report).collect();
    reports.sort_by(|a, b| a.id.cmp(&b.id));
    reports
}

fn rollup_report(catalogue: &Catalogue, (key, rollup): (RollupKey, Rollup)) -> RollupReport {
    let series = &catalogue.series[usize::from(key.series)];
    let definition = &series.definitions[usize::from(key.definition)];
    RollupReport {
        series: series.id.clone(),
        definition: definition.id.clone(),
        grain: key.period.grain.name(),
        period: key.period.to_string(),
        value: rollup.value.map(|steps| CanonicalNumber(definition.decimals.in_unit(steps))),
        complete: rollup.complete,
        provisional: rollup.provisional,
    }
}
